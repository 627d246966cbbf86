//! zcrypto: GhostChain's cryptographic primitives. Declarations only; ghost/zcrypto.h says what each function
//! does, which sizes it takes and what it returns. Made by capi/bindings/generate.py. Link with -lzcrypto.

pub const GHOST_OK: c_int = 0;
pub const GHOST_ERR_INVALID_ARGUMENT: c_int = -1;
pub const GHOST_ERR_INVALID_LENGTH: c_int = -2;
pub const GHOST_ERR_INVALID_KEY: c_int = -3;
pub const GHOST_ERR_INVALID_SIGNATURE: c_int = -4;
pub const GHOST_ERR_AUTHENTICATION: c_int = -5;
pub const GHOST_ERR_OUT_OF_RANGE: c_int = -6;
pub const GHOST_ERR_WEAK_PARAMETERS: c_int = -7;
pub const GHOST_ERR_OUT_OF_MEMORY: c_int = -8;
pub const GHOST_ERR_SELF_TEST: c_int = -9;
pub const GHOST_ERR_NOT_ENABLED: c_int = -10;
pub const GHOST_ERR_INTERNAL: c_int = -11;
pub const GHOST_ERR_NOT_FOUND: c_int = -12;
pub const GHOST_ERR_TIMED_OUT: c_int = -13;
pub const GHOST_ERR_CLOSED: c_int = -14;
pub const GHOST_ERR_WOULD_BLOCK: c_int = -15;
pub const GHOST_ERR_OVERLOADED: c_int = -16;
pub const GHOST_ERR_IO: c_int = -17;
pub const GHOST_ERR_DENIED: c_int = -18;
pub const GHOST_ERR_MALFORMED: c_int = -19;
pub const GHOST_ERR_OUT_OF_GAS: c_int = -20;
pub const GHOST_ERR_TRAP: c_int = -21;
pub const ZCRYPTO_ED25519_PUBLIC_KEY_SIZE: usize = 32;
pub const ZCRYPTO_ED25519_PRIVATE_KEY_SIZE: usize = 32;
pub const ZCRYPTO_ED25519_SIGNATURE_SIZE: usize = 64;
pub const ZCRYPTO_SECP256K1_PUBLIC_KEY_SIZE: usize = 33;
pub const ZCRYPTO_SECP256K1_PRIVATE_KEY_SIZE: usize = 32;
pub const ZCRYPTO_SECP256K1_SIGNATURE_SIZE: usize = 64;
pub const ZCRYPTO_X25519_KEY_SIZE: usize = 32;
pub const ZCRYPTO_ARGON2ID_SALT_SIZE: usize = 16;
pub const ZCRYPTO_ARGON2ID_PASSES: u32 = 3;
pub const ZCRYPTO_ARGON2ID_MEMORY: u64 = 67108864;
pub const ZCRYPTO_AEAD_KEY_SIZE: usize = 32;
pub const ZCRYPTO_AEAD_TAG_SIZE: usize = 16;
pub const ZCRYPTO_AEAD_XCHACHA20_POLY1305: c_int = 1;
pub const ZCRYPTO_AEAD_CHACHA20_POLY1305: c_int = 2;
pub const ZCRYPTO_AEAD_AES_256_GCM: c_int = 3;
pub const ZCRYPTO_PQ_OFF: c_int = 0;
pub const ZCRYPTO_PQ_HYBRID: c_int = 1;
pub const ZCRYPTO_PQ_ALL: c_int = 2;
pub const ZCRYPTO_X25519_ML_KEM_768_PUBLIC_KEY_SIZE: usize = 1216;
pub const ZCRYPTO_X25519_ML_KEM_768_PRIVATE_KEY_SIZE: usize = 32;
pub const ZCRYPTO_X25519_ML_KEM_768_CIPHERTEXT_SIZE: usize = 1120;
pub const ZCRYPTO_ML_KEM_768_PUBLIC_KEY_SIZE: usize = 1184;
pub const ZCRYPTO_ML_KEM_768_PRIVATE_KEY_SIZE: usize = 64;
pub const ZCRYPTO_ML_KEM_768_CIPHERTEXT_SIZE: usize = 1088;
pub const ZCRYPTO_ML_DSA_65_PUBLIC_KEY_SIZE: usize = 1952;
pub const ZCRYPTO_ML_DSA_65_PRIVATE_KEY_SIZE: usize = 32;
pub const ZCRYPTO_ML_DSA_65_SIGNATURE_SIZE: usize = 3309;

pub const zcrypto_ed25519_item = extern struct {
    public_key: ?[*]const u8,
    message: ?[*]const u8,
    message_len: usize,
    signature: ?[*]const u8,
};

pub extern fn ghost_error_string(code: c_int) [*:0]const u8;
pub extern fn zcrypto_version() [*:0]const u8;
pub extern fn zcrypto_last_error() [*:0]const u8;
pub extern fn zcrypto_self_test() c_int;
pub extern fn zcrypto_random(out: ?[*]u8, len: usize) c_int;
pub extern fn zcrypto_secure_zero(memory: ?*anyopaque, len: usize) void;
pub extern fn zcrypto_equal(a: ?[*]const u8, b: ?[*]const u8, len: usize) c_int;
pub extern fn zcrypto_ed25519_keypair(public_key: ?[*]u8, private_key: ?[*]u8) c_int;
pub extern fn zcrypto_ed25519_public_key(private_key: ?[*]const u8, public_key: ?[*]u8) c_int;
pub extern fn zcrypto_ed25519_sign(private_key: ?[*]const u8, message: ?[*]const u8, message_len: usize, signature: ?[*]u8) c_int;
pub extern fn zcrypto_ed25519_verify(public_key: ?[*]const u8, message: ?[*]const u8, message_len: usize, signature: ?[*]const u8) c_int;
pub extern fn zcrypto_ed25519_verify_strict(public_key: ?[*]const u8, message: ?[*]const u8, message_len: usize, signature: ?[*]const u8) c_int;
pub extern fn zcrypto_ed25519_verify_batch(items: ?[*]const zcrypto_ed25519_item, count: usize, verdicts: ?[*]u8) c_int;
pub extern fn zcrypto_secp256k1_keypair(public_key: ?[*]u8, private_key: ?[*]u8) c_int;
pub extern fn zcrypto_secp256k1_public_key(private_key: ?[*]const u8, public_key: ?[*]u8) c_int;
pub extern fn zcrypto_secp256k1_sign(private_key: ?[*]const u8, message_hash: ?[*]const u8, signature: ?[*]u8) c_int;
pub extern fn zcrypto_secp256k1_sign_recoverable(private_key: ?[*]const u8, message_hash: ?[*]const u8, signature: ?[*]u8, recovery_id: ?[*]u8) c_int;
pub extern fn zcrypto_secp256k1_verify(public_key: ?[*]const u8, message_hash: ?[*]const u8, signature: ?[*]const u8) c_int;
pub extern fn zcrypto_secp256k1_recover(message_hash: ?[*]const u8, signature: ?[*]const u8, recovery_id: u8, public_key: ?[*]u8) c_int;
pub extern fn zcrypto_blake3_hash(input: ?[*]const u8, input_len: usize, output: ?[*]u8) c_int;
pub extern fn zcrypto_sha256_hash(input: ?[*]const u8, input_len: usize, output: ?[*]u8) c_int;
pub extern fn zcrypto_sha512_hash(input: ?[*]const u8, input_len: usize, output: ?[*]u8) c_int;
pub extern fn zcrypto_sha3_256_hash(input: ?[*]const u8, input_len: usize, output: ?[*]u8) c_int;
pub extern fn zcrypto_sha3_512_hash(input: ?[*]const u8, input_len: usize, output: ?[*]u8) c_int;
pub extern fn zcrypto_keccak256_hash(input: ?[*]const u8, input_len: usize, output: ?[*]u8) c_int;
pub extern fn zcrypto_blake2b_hash(key: ?[*]const u8, key_len: usize, input: ?[*]const u8, input_len: usize, output: ?[*]u8, output_len: usize) c_int;
pub extern fn zcrypto_blake3_keyed_hash(key: ?[*]const u8, input: ?[*]const u8, input_len: usize, output: ?[*]u8) c_int;
pub extern fn zcrypto_blake3_derive_key(context: ?[*:0]const u8, material: ?[*]const u8, material_len: usize, output: ?[*]u8, output_len: usize) c_int;
pub extern fn zcrypto_hmac_sha256(key: ?[*]const u8, key_len: usize, input: ?[*]const u8, input_len: usize, output: ?[*]u8) c_int;
pub extern fn zcrypto_x25519_keypair(public_key: ?[*]u8, private_key: ?[*]u8) c_int;
pub extern fn zcrypto_x25519_public_key(private_key: ?[*]const u8, public_key: ?[*]u8) c_int;
pub extern fn zcrypto_x25519(private_key: ?[*]const u8, peer_public_key: ?[*]const u8, shared_secret: ?[*]u8) c_int;
pub extern fn zcrypto_hkdf_sha256(key_material: ?[*]const u8, key_material_len: usize, salt: ?[*]const u8, salt_len: usize, info: ?[*]const u8, info_len: usize, output: ?[*]u8, output_len: usize) c_int;
pub extern fn zcrypto_argon2id(password: ?[*]const u8, password_len: usize, salt: ?[*]const u8, passes: u32, memory_bytes: u64, output: ?[*]u8, output_len: usize) c_int;
pub extern fn zcrypto_aead_seal(algorithm: c_int, key: ?[*]const u8, nonce: ?[*]const u8, nonce_len: usize, associated_data: ?[*]const u8, associated_data_len: usize, plaintext: ?[*]const u8, plaintext_len: usize, ciphertext: ?[*]u8) c_int;
pub extern fn zcrypto_aead_open(algorithm: c_int, key: ?[*]const u8, nonce: ?[*]const u8, nonce_len: usize, associated_data: ?[*]const u8, associated_data_len: usize, ciphertext: ?[*]const u8, ciphertext_len: usize, plaintext: ?[*]u8) c_int;
pub extern fn zcrypto_pq_enable(level: c_int) c_int;
pub extern fn zcrypto_x25519_ml_kem_768_keypair(public_key: ?[*]u8, private_key: ?[*]u8) c_int;
pub extern fn zcrypto_x25519_ml_kem_768_public_key(private_key: ?[*]const u8, public_key: ?[*]u8) c_int;
pub extern fn zcrypto_x25519_ml_kem_768_encapsulate(public_key: ?[*]const u8, ciphertext: ?[*]u8, shared_key: ?[*]u8) c_int;
pub extern fn zcrypto_x25519_ml_kem_768_decapsulate(private_key: ?[*]const u8, ciphertext: ?[*]const u8, shared_key: ?[*]u8) c_int;
pub extern fn zcrypto_ml_kem_768_keypair(public_key: ?[*]u8, private_key: ?[*]u8) c_int;
pub extern fn zcrypto_ml_kem_768_public_key(private_key: ?[*]const u8, public_key: ?[*]u8) c_int;
pub extern fn zcrypto_ml_kem_768_encapsulate(public_key: ?[*]const u8, ciphertext: ?[*]u8, shared_key: ?[*]u8) c_int;
pub extern fn zcrypto_ml_kem_768_decapsulate(private_key: ?[*]const u8, ciphertext: ?[*]const u8, shared_key: ?[*]u8) c_int;
pub extern fn zcrypto_ml_dsa_65_keypair(public_key: ?[*]u8, private_key: ?[*]u8) c_int;
pub extern fn zcrypto_ml_dsa_65_public_key(private_key: ?[*]const u8, public_key: ?[*]u8) c_int;
pub extern fn zcrypto_ml_dsa_65_sign(private_key: ?[*]const u8, message: ?[*]const u8, message_len: usize, context: ?[*]const u8, context_len: usize, signature: ?[*]u8) c_int;
pub extern fn zcrypto_ml_dsa_65_verify(public_key: ?[*]const u8, message: ?[*]const u8, message_len: usize, context: ?[*]const u8, context_len: usize, signature: ?[*]const u8) c_int;
