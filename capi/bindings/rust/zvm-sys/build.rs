// Where libzvm is: pkg-config's answer in ZVM_LIB_DIR, or the linker's own folders.
fn main() {
    println!("cargo:rerun-if-env-changed=ZVM_LIB_DIR");
    if let Ok(folder) = std::env::var("ZVM_LIB_DIR") {
        println!("cargo:rustc-link-search=native={folder}");
    }
}
