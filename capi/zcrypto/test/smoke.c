/* A C99 program as a user would write it: every group of functions once, known answers where they are short. */
#include <ghost/zcrypto.h>
#include <stdio.h>
#include <string.h>

static int failures = 0;

static void check(int ok, const char* what) {
    if (!ok) {
        printf("FAILED: %s (%s)\n", what, zcrypto_last_error());
        ++failures;
    }
}

static void check_hex(const uint8_t* bytes, size_t len, const char* hex, const char* what) {
    char text[2 * 64 + 1];
    size_t i;
    for (i = 0; i < len; ++i) sprintf(text + 2 * i, "%02x", bytes[i]);
    check(strcmp(text, hex) == 0, what);
}

int main(void) {
    const uint8_t message[3] = {'a', 'b', 'c'};
    uint8_t public_key[ZCRYPTO_ED25519_PUBLIC_KEY_SIZE];
    uint8_t private_key[ZCRYPTO_ED25519_PRIVATE_KEY_SIZE];
    uint8_t signature[ZCRYPTO_ED25519_SIGNATURE_SIZE];
    uint8_t digest[64];
    uint8_t compressed[ZCRYPTO_SECP256K1_PUBLIC_KEY_SIZE];
    uint8_t recovered[ZCRYPTO_SECP256K1_PUBLIC_KEY_SIZE];
    uint8_t id = 9;
    uint8_t nonce[24] = {0};
    uint8_t sealed[3 + ZCRYPTO_AEAD_TAG_SIZE];
    uint8_t opened[3];
    uint8_t peer_public[32], peer_private[32], ours[32], theirs[32];
    zcrypto_ed25519_item item;
    uint8_t verdict = 9;

    printf("zcrypto %s\n", zcrypto_version());
    check(zcrypto_self_test() == GHOST_OK, "self-test");
    check(strcmp(ghost_error_string(GHOST_OK), "no error") == 0, "error table");

    check(zcrypto_sha256_hash(message, sizeof message, digest) == GHOST_OK, "sha256");
    check_hex(digest, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "sha256 value");
    check(zcrypto_blake3_hash(NULL, 0, digest) == GHOST_OK, "blake3");
    check_hex(digest, 32, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262", "blake3 value");

    check(zcrypto_ed25519_keypair(public_key, private_key) == GHOST_OK, "keypair");
    check(zcrypto_ed25519_sign(private_key, message, sizeof message, signature) == GHOST_OK, "sign");
    check(zcrypto_ed25519_verify(public_key, message, sizeof message, signature) == GHOST_OK, "verify");
    check(zcrypto_ed25519_verify(public_key, message, 2, signature) == GHOST_ERR_INVALID_SIGNATURE, "other message");
    item.public_key = public_key;
    item.message = message;
    item.message_len = sizeof message;
    item.signature = signature;
    check(zcrypto_ed25519_verify_batch(&item, 1, &verdict) == GHOST_OK && verdict == 1, "batch");

    check(zcrypto_secp256k1_keypair(compressed, private_key) == GHOST_OK, "secp256k1 keypair");
    check(zcrypto_secp256k1_sign_recoverable(private_key, digest, signature, &id) == GHOST_OK && id < 4, "recoverable");
    check(zcrypto_secp256k1_verify(compressed, digest, signature) == GHOST_OK, "secp256k1 verify");
    check(zcrypto_secp256k1_recover(digest, signature, id, recovered) == GHOST_OK &&
              memcmp(recovered, compressed, sizeof recovered) == 0,
          "recover");

    check(zcrypto_x25519_keypair(public_key, private_key) == GHOST_OK, "x25519 keypair");
    check(zcrypto_x25519_keypair(peer_public, peer_private) == GHOST_OK, "x25519 keypair");
    check(zcrypto_x25519(private_key, peer_public, ours) == GHOST_OK, "x25519");
    check(zcrypto_x25519(peer_private, public_key, theirs) == GHOST_OK && zcrypto_equal(ours, theirs, 32) == 1,
          "agree");

    check(zcrypto_random(nonce, sizeof nonce) == GHOST_OK, "random");
    check(zcrypto_aead_seal(ZCRYPTO_AEAD_XCHACHA20_POLY1305, ours, nonce, sizeof nonce, NULL, 0, message,
                            sizeof message, sealed) == GHOST_OK,
          "seal");
    check(zcrypto_aead_open(ZCRYPTO_AEAD_XCHACHA20_POLY1305, ours, nonce, sizeof nonce, NULL, 0, sealed, sizeof sealed,
                            opened) == GHOST_OK &&
              memcmp(opened, message, 3) == 0,
          "open");
    zcrypto_secure_zero(private_key, sizeof private_key);
    check(private_key[0] == 0 && private_key[31] == 0, "secure_zero");
    check(zcrypto_ml_kem_768_keypair(digest, digest) == GHOST_ERR_NOT_ENABLED, "post-quantum is off by default");

    printf("%d failures\n", failures);
    return failures != 0;
}
