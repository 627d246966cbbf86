//! Builds with plain rustc (capi/zcrypto/test/rust_smoke.sh) and with `cargo test`.
use std::ffi::CStr;
use zcrypto_sys::*;

fn run() {
    let (mut public_key, mut private_key) = ([0u8; 32], [0u8; 32]);
    let mut signature = [0u8; ZCRYPTO_ED25519_SIGNATURE_SIZE];
    let message = b"one payment, through everything";
    unsafe {
        assert_eq!(zcrypto_self_test(), GHOST_OK);
        assert_eq!(zcrypto_ed25519_keypair(public_key.as_mut_ptr(), private_key.as_mut_ptr()), GHOST_OK);
        let code = zcrypto_ed25519_sign(private_key.as_ptr(), message.as_ptr(), message.len(), signature.as_mut_ptr());
        assert_eq!(code, GHOST_OK);
        let verify = |m: &[u8], s: &[u8]| zcrypto_ed25519_verify(public_key.as_ptr(), m.as_ptr(), m.len(), s.as_ptr());
        assert_eq!(verify(message, &signature), GHOST_OK);
        assert_eq!(verify(b"another", &signature), GHOST_ERR_INVALID_SIGNATURE);
        assert!(!CStr::from_ptr(zcrypto_last_error()).to_bytes().is_empty());

        let item = zcrypto_ed25519_item {
            public_key: public_key.as_ptr(),
            message: message.as_ptr(),
            message_len: message.len(),
            signature: signature.as_ptr(),
        };
        let mut verdicts = [9u8; 3];
        assert_eq!(zcrypto_ed25519_verify_batch([item; 3].as_ptr(), 3, verdicts.as_mut_ptr()), GHOST_OK);
        assert_eq!(verdicts, [1, 1, 1]);

        let mut digest = [0u8; 32];
        assert_eq!(zcrypto_sha256_hash(b"abc".as_ptr(), 3, digest.as_mut_ptr()), GHOST_OK);
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
        let (mut compressed, mut scalar) = ([0u8; 33], [0u8; 32]);
        assert_eq!(zcrypto_secp256k1_keypair(compressed.as_mut_ptr(), scalar.as_mut_ptr()), GHOST_OK);
        assert_eq!(zcrypto_secp256k1_sign(scalar.as_ptr(), digest.as_ptr(), signature.as_mut_ptr()), GHOST_OK);
        assert_eq!(zcrypto_secp256k1_verify(compressed.as_ptr(), digest.as_ptr(), signature.as_ptr()), GHOST_OK);
        println!("zcrypto {} from Rust: ok", CStr::from_ptr(zcrypto_version()).to_string_lossy());
    }
}

#[cfg(not(test))]
fn main() {
    run()
}

#[test]
fn signs_verifies_and_hashes() {
    run()
}
