//! Asks pkg-config where libzcrypto is; ZCRYPTO_LIB_DIR overrides it. No dependencies.
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=ZCRYPTO_LIB_DIR");
    if let Ok(folder) = std::env::var("ZCRYPTO_LIB_DIR") {
        println!("cargo:rustc-link-search=native={folder}");
        return;
    }
    let found = Command::new("pkg-config").args(["--libs-only-L", "zcrypto"]).output();
    if let Ok(output) = found {
        for word in String::from_utf8_lossy(&output.stdout).split_whitespace() {
            if let Some(folder) = word.strip_prefix("-L") {
                println!("cargo:rustc-link-search=native={folder}");
            }
        }
    }
}
