/* zcrypto: GhostChain's cryptographic primitives for C, C++, Rust, Zig and whatever else calls C. C99 and C++.
 *
 *   #include <ghost/zcrypto.h>                       cc main.c $(pkg-config --cflags --libs zcrypto)
 *
 *   uint8_t public_key[ZCRYPTO_ED25519_PUBLIC_KEY_SIZE], private_key[ZCRYPTO_ED25519_PRIVATE_KEY_SIZE];
 *   uint8_t signature[ZCRYPTO_ED25519_SIGNATURE_SIZE];
 *   if (zcrypto_ed25519_keypair(public_key, private_key) != GHOST_OK) ...
 *
 * RETURN VALUE   GHOST_OK (0) or a negative GHOST_ERR_* of <ghost/error.h>. Every function that returns int may also
 *                return GHOST_ERR_INVALID_ARGUMENT (a null pointer where bytes are needed), GHOST_ERR_SELF_TEST,
 *                GHOST_ERR_OUT_OF_MEMORY and GHOST_ERR_INTERNAL; further codes are named where they occur.
 * OUTPUT         is written only on success. On an error no byte of any output buffer has changed.
 * SIZES          are exact. `uint8_t out[32]` needs 32 writable bytes. A pointer may be null where its length is 0.
 * OVERLAP        Outputs may overlap inputs in any way: inputs are read before outputs are written. Two outputs of one
 *                call must not overlap each other.
 * THREADS        Every function may be called from any thread at any time, without initialisation. Buffers must not
 *                be changed by others during the call.
 * SELF-TEST      The first call computes published answers of the algorithms (well below 10 ms) and every function
 *                refuses with GHOST_ERR_SELF_TEST if one comes out wrong.
 * SECRETS        Copies that the library makes of keys live in memory that is locked, left out of core dumps and wiped.
 *                The caller's buffers are the caller's: zcrypto_secure_zero().
 * FORK           A child may call everything.
 */
#ifndef GHOST_ZCRYPTO_H
#define GHOST_ZCRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include "ghost/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the library ------------------------------------------------------------------------------------------------ */

/* "0.1.0". Static. */
GHOST_API const char* zcrypto_version(void);

/* What went wrong in this thread's most recent failing call, for a person: "zcrypto: … (where)". Empty before any
 * failure. Valid until this thread's next failure. Never holds secrets. */
GHOST_API const char* zcrypto_last_error(void);

/* Runs all known-answer tests, also those of algorithms that test themselves at their first use only (Argon2id,
 * post-quantum): some 50 ms. GHOST_ERR_SELF_TEST when one fails. */
GHOST_API int zcrypto_self_test(void);

/* `len` bytes from the kernel's random generator. */
GHOST_API int zcrypto_random(uint8_t* out, size_t len);

/* Overwrites memory; no compiler drops it. Does nothing for a null pointer. */
GHOST_API void zcrypto_secure_zero(void* memory, size_t len);

/* 1 when the `len` bytes are equal, 0 when not or when a pointer is null and len is not 0; without a branch on them. */
GHOST_API int zcrypto_equal(const uint8_t* a, const uint8_t* b, size_t len);

/* ---- Ed25519 (RFC 8032; verification by ZIP-215) ----------------------------------------------------------------- */

#define ZCRYPTO_ED25519_PUBLIC_KEY_SIZE 32
#define ZCRYPTO_ED25519_PRIVATE_KEY_SIZE 32 /* the seed, from which everything else is derived */
#define ZCRYPTO_ED25519_SIGNATURE_SIZE 64

/* A new key pair. */
GHOST_API int zcrypto_ed25519_keypair(uint8_t* public_key, uint8_t* private_key);

/* The public key (32) of a private key (32). */
GHOST_API int zcrypto_ed25519_public_key(const uint8_t* private_key, uint8_t* public_key);

/* Signs; writes 64 bytes. The public key is derived from the private key again: an interface that took both could be
 * tricked into leaking the private one. */
GHOST_API int zcrypto_ed25519_sign(const uint8_t* private_key, const uint8_t* message, size_t message_len,
                                   uint8_t* signature);

/* GHOST_OK when valid by ZIP-215 (the cofactored rule, the same alone and in a batch; what the chain uses), else
 * GHOST_ERR_INVALID_SIGNATURE. */
GHOST_API int zcrypto_ed25519_verify(const uint8_t* public_key, const uint8_t* message, size_t message_len,
                                     const uint8_t* signature);

/* The same, and additionally refuses keys of small order and encodings that are not canonical: for logins and
 * identities, never for consensus. */
GHOST_API int zcrypto_ed25519_verify_strict(const uint8_t* public_key, const uint8_t* message, size_t message_len,
                                            const uint8_t* signature);

typedef struct zcrypto_ed25519_item {
    const uint8_t* public_key; /* 32 bytes */
    const uint8_t* message;
    size_t message_len;
    const uint8_t* signature; /* 64 bytes */
} zcrypto_ed25519_item;

/* Verifies `count` signatures together, several times faster than one by one and with the same verdicts. GHOST_OK when
 * all are valid (and for none), else GHOST_ERR_INVALID_SIGNATURE. `verdicts`, if not null, gets `count` bytes in both
 * of these cases: 1 valid, 0 not. */
GHOST_API int zcrypto_ed25519_verify_batch(const zcrypto_ed25519_item* items, size_t count, uint8_t* verdicts);

/* ---- secp256k1 (ECDSA, low S) -------------------------------------------------------------------------------------
 */

#define ZCRYPTO_SECP256K1_PUBLIC_KEY_SIZE 33 /* compressed */
#define ZCRYPTO_SECP256K1_PRIVATE_KEY_SIZE 32
#define ZCRYPTO_SECP256K1_SIGNATURE_SIZE 64 /* r || s, big-endian */

/* A new key pair: public key (33), private key (32). */
GHOST_API int zcrypto_secp256k1_keypair(uint8_t* public_key, uint8_t* private_key);

/* GHOST_ERR_INVALID_KEY for zero and for the group order or more. */
GHOST_API int zcrypto_secp256k1_public_key(const uint8_t* private_key, uint8_t* public_key);

/* Signs a 32-byte hash of the message, deterministically (RFC 6979); writes 64 bytes. GHOST_ERR_INVALID_KEY as above.
 */
GHOST_API int zcrypto_secp256k1_sign(const uint8_t* private_key, const uint8_t* message_hash, uint8_t* signature);

/* The same, and writes the recovery id, 0 to 3, to *recovery_id. */
GHOST_API int zcrypto_secp256k1_sign_recoverable(const uint8_t* private_key, const uint8_t* message_hash,
                                                 uint8_t* signature, uint8_t* recovery_id);

/* public_key has 33 bytes. GHOST_ERR_INVALID_KEY when it is no point; GHOST_ERR_INVALID_SIGNATURE, also for a high S.
 */
GHOST_API int zcrypto_secp256k1_verify(const uint8_t* public_key, const uint8_t* message_hash,
                                       const uint8_t* signature);

/* The public key (33) that verifies a signature. GHOST_ERR_INVALID_SIGNATURE when there is none. */
GHOST_API int zcrypto_secp256k1_recover(const uint8_t* message_hash, const uint8_t* signature, uint8_t recovery_id,
                                        uint8_t* public_key);

/* ---- hashes --------------------------------------------------------------------------------------------------------
 */

/* Each writes 32 bytes, those named 512 write 64. */
GHOST_API int zcrypto_blake3_hash(const uint8_t* input, size_t input_len, uint8_t* output);
GHOST_API int zcrypto_sha256_hash(const uint8_t* input, size_t input_len, uint8_t* output);
GHOST_API int zcrypto_sha512_hash(const uint8_t* input, size_t input_len, uint8_t* output);
GHOST_API int zcrypto_sha3_256_hash(const uint8_t* input, size_t input_len, uint8_t* output);
GHOST_API int zcrypto_sha3_512_hash(const uint8_t* input, size_t input_len, uint8_t* output);
/* Keccak with the padding from before SHA-3: Ethereum's hash. */
GHOST_API int zcrypto_keccak256_hash(const uint8_t* input, size_t input_len, uint8_t* output);

/* BLAKE2b with 1 to 64 bytes of output and an optional key of at most 64; else GHOST_ERR_INVALID_LENGTH. */
GHOST_API int zcrypto_blake2b_hash(const uint8_t* key, size_t key_len, const uint8_t* input, size_t input_len,
                                   uint8_t* output, size_t output_len);

/* BLAKE3 with a 32-byte key. */
GHOST_API int zcrypto_blake3_keyed_hash(const uint8_t* key, const uint8_t* input, size_t input_len, uint8_t* output);

/* BLAKE3's key derivation. `context` is a fixed text, unique to the application and purpose. Any output_len. */
GHOST_API int zcrypto_blake3_derive_key(const char* context, const uint8_t* material, size_t material_len,
                                        uint8_t* output, size_t output_len);

/* HMAC; any key length; 32 bytes. */
GHOST_API int zcrypto_hmac_sha256(const uint8_t* key, size_t key_len, const uint8_t* input, size_t input_len,
                                  uint8_t* output);

/* ---- X25519 (RFC 7748) ---------------------------------------------------------------------------------------------
 */

#define ZCRYPTO_X25519_KEY_SIZE 32

GHOST_API int zcrypto_x25519_keypair(uint8_t* public_key, uint8_t* private_key);
GHOST_API int zcrypto_x25519_public_key(const uint8_t* private_key, uint8_t* public_key);

/* The raw shared secret (32): put it through zcrypto_hkdf_sha256 together with both public keys. GHOST_ERR_INVALID_KEY
 * for a public key of small order, with which the result would not depend on ours. */
GHOST_API int zcrypto_x25519(const uint8_t* private_key, const uint8_t* peer_public_key, uint8_t* shared_secret);

/* ---- key derivation ------------------------------------------------------------------------------------------------
 */

/* RFC 5869. GHOST_ERR_OUT_OF_RANGE above 8160 bytes of output. */
GHOST_API int zcrypto_hkdf_sha256(const uint8_t* key_material, size_t key_material_len, const uint8_t* salt,
                                  size_t salt_len, const uint8_t* info, size_t info_len, uint8_t* output,
                                  size_t output_len);

#define ZCRYPTO_ARGON2ID_SALT_SIZE 16
#define ZCRYPTO_ARGON2ID_PASSES 3               /* a sound choice in 2026, with … */
#define ZCRYPTO_ARGON2ID_MEMORY (64u * 1048576) /* … bytes of memory */

/* A key of 16 to 64 bytes from a password (RFC 9106, one lane). Takes 0.1 s and more, and `memory_bytes` of memory.
 * GHOST_ERR_WEAK_PARAMETERS below 2 passes or 19 MiB, GHOST_ERR_OUT_OF_RANGE above 64 passes, 1 GiB or a password of
 * 1 MiB, GHOST_ERR_INVALID_LENGTH for other output sizes. */
GHOST_API int zcrypto_argon2id(const uint8_t* password, size_t password_len, const uint8_t* salt, uint32_t passes,
                               uint64_t memory_bytes, uint8_t* output, size_t output_len);

/* ---- authenticated encryption
 * ---------------------------------------------------------------------------------------- */

#define ZCRYPTO_AEAD_KEY_SIZE 32
#define ZCRYPTO_AEAD_TAG_SIZE 16
#define ZCRYPTO_AEAD_XCHACHA20_POLY1305 1 /* 24-byte nonce, may be random: the one to choose */
#define ZCRYPTO_AEAD_CHACHA20_POLY1305 2  /* 12-byte nonce that must never repeat under a key (RFC 8439) */
#define ZCRYPTO_AEAD_AES_256_GCM 3        /* 12-byte nonce that must never repeat under a key (SP 800-38D) */

/* Writes plaintext_len + 16 bytes: the ciphertext and its tag. GHOST_ERR_INVALID_ARGUMENT for another algorithm,
 * GHOST_ERR_INVALID_LENGTH for another nonce length. */
GHOST_API int zcrypto_aead_seal(int algorithm, const uint8_t* key, const uint8_t* nonce, size_t nonce_len,
                                const uint8_t* associated_data, size_t associated_data_len, const uint8_t* plaintext,
                                size_t plaintext_len, uint8_t* ciphertext);

/* Writes ciphertext_len - 16 bytes. GHOST_ERR_AUTHENTICATION for a wrong key, nonce, associated data or changed
 * ciphertext: nothing is released. GHOST_ERR_INVALID_LENGTH also below 16 bytes. */
GHOST_API int zcrypto_aead_open(int algorithm, const uint8_t* key, const uint8_t* nonce, size_t nonce_len,
                                const uint8_t* associated_data, size_t associated_data_len, const uint8_t* ciphertext,
                                size_t ciphertext_len, uint8_t* plaintext);

/* ---- post-quantum
 * ---------------------------------------------------------------------------------------------------- */

/* These algorithms are young and off by default: each returns GHOST_ERR_NOT_ENABLED until the program has asked for
 * them. ZCRYPTO_PQ_HYBRID is the level to choose; ZCRYPTO_PQ_ALL adds the bare algorithms, for protocols that combine
 * them themselves. The private keys are the short seeds of the standards. */
#define ZCRYPTO_PQ_OFF 0
#define ZCRYPTO_PQ_HYBRID 1
#define ZCRYPTO_PQ_ALL 2

/* For the whole process. GHOST_ERR_INVALID_ARGUMENT for another level; GHOST_ERR_NOT_ENABLED when this build has none.
 */
GHOST_API int zcrypto_pq_enable(int level);

/* X-Wing: X25519 and ML-KEM-768, secure while either is (draft-connolly-cfrg-xwing-kem-10). Level HYBRID. */
#define ZCRYPTO_X25519_ML_KEM_768_PUBLIC_KEY_SIZE 1216
#define ZCRYPTO_X25519_ML_KEM_768_PRIVATE_KEY_SIZE 32
#define ZCRYPTO_X25519_ML_KEM_768_CIPHERTEXT_SIZE 1120

GHOST_API int zcrypto_x25519_ml_kem_768_keypair(uint8_t* public_key, uint8_t* private_key);
/* The public key (1216) of a private key (32). */
GHOST_API int zcrypto_x25519_ml_kem_768_public_key(const uint8_t* private_key, uint8_t* public_key);
/* A ciphertext (1120) for the owner of the key and the shared key (32). GHOST_ERR_INVALID_KEY for a malformed key. */
GHOST_API int zcrypto_x25519_ml_kem_768_encapsulate(const uint8_t* public_key, uint8_t* ciphertext,
                                                    uint8_t* shared_key);
/* The shared key (32). A ciphertext that was not made for this key gives another, unpredictable one, not an error. */
GHOST_API int zcrypto_x25519_ml_kem_768_decapsulate(const uint8_t* private_key, const uint8_t* ciphertext,
                                                    uint8_t* shared_key);

/* ML-KEM-768 (FIPS 203). Level ALL. */
#define ZCRYPTO_ML_KEM_768_PUBLIC_KEY_SIZE 1184
#define ZCRYPTO_ML_KEM_768_PRIVATE_KEY_SIZE 64 /* d || z */
#define ZCRYPTO_ML_KEM_768_CIPHERTEXT_SIZE 1088

GHOST_API int zcrypto_ml_kem_768_keypair(uint8_t* public_key, uint8_t* private_key);
GHOST_API int zcrypto_ml_kem_768_public_key(const uint8_t* private_key, uint8_t* public_key);
GHOST_API int zcrypto_ml_kem_768_encapsulate(const uint8_t* public_key, uint8_t* ciphertext, uint8_t* shared_key);
GHOST_API int zcrypto_ml_kem_768_decapsulate(const uint8_t* private_key, const uint8_t* ciphertext,
                                             uint8_t* shared_key);

/* ML-DSA-65 (FIPS 204, pure). Level ALL. Uses some 150 KiB of stack. */
#define ZCRYPTO_ML_DSA_65_PUBLIC_KEY_SIZE 1952
#define ZCRYPTO_ML_DSA_65_PRIVATE_KEY_SIZE 32 /* xi */
#define ZCRYPTO_ML_DSA_65_SIGNATURE_SIZE 3309

GHOST_API int zcrypto_ml_dsa_65_keypair(uint8_t* public_key, uint8_t* private_key);
GHOST_API int zcrypto_ml_dsa_65_public_key(const uint8_t* private_key, uint8_t* public_key);
/* `context` separates uses of one key; at most 255 bytes, else GHOST_ERR_OUT_OF_RANGE. Signing is hedged with random.
 */
GHOST_API int zcrypto_ml_dsa_65_sign(const uint8_t* private_key, const uint8_t* message, size_t message_len,
                                     const uint8_t* context, size_t context_len, uint8_t* signature);
GHOST_API int zcrypto_ml_dsa_65_verify(const uint8_t* public_key, const uint8_t* message, size_t message_len,
                                       const uint8_t* context, size_t context_len, const uint8_t* signature);

#ifdef __cplusplus
}
#endif
#endif
