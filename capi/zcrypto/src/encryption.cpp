#include "call.hpp"
#include "zcrypto/aead.hpp"
#include "zcrypto/kdf.hpp"
#include "zcrypto/x25519.hpp"

using namespace capi_zcrypto;
namespace x25519 = zcrypto::x25519;

namespace {

struct AeadCall {
    int algorithm;
    const uint8_t* key;
    const uint8_t* nonce;
    size_t nonce_len;
    base::ByteView associated_data;
    base::ByteView text;
};

base::Result<void> check(const AeadCall& c) noexcept {
    if (c.algorithm < ZCRYPTO_AEAD_XCHACHA20_POLY1305 || c.algorithm > ZCRYPTO_AEAD_AES_256_GCM) {
        return base::fail(base::Errc::invalid_argument, "AEAD algorithm");
    }
    const std::size_t size = c.algorithm == ZCRYPTO_AEAD_XCHACHA20_POLY1305 ? 24 : 12;
    if (c.nonce_len != size) return base::fail(zcrypto::Errc::bad_length, "AEAD nonce");
    // OpenSSL counts in int; nothing sensible is sealed in one piece of this size.
    if (c.text.size() > (std::size_t{1} << 31) - 64 || c.associated_data.size() > (std::size_t{1} << 31) - 64) {
        return base::fail(zcrypto::Errc::out_of_range, "AEAD text");
    }
    return {};
}

/// Calls `seal` or `open` of the algorithm: a pair of overloads, one for each length of nonce. `out` may overlap
/// anything.
base::Result<void> seal(const AeadCall& c, base::MutableBytes out) {
    const auto key = secret<32>(c.key);
    if (c.algorithm == ZCRYPTO_AEAD_XCHACHA20_POLY1305) {
        return zcrypto::xchacha20poly1305_seal_into(
            {.key = key, .nonce = fixed<24>(c.nonce), .text = c.text, .associated_data = c.associated_data}, out);
    }
    const zcrypto::ChaChaInput input{
        .key = key, .nonce = fixed<12>(c.nonce), .text = c.text, .associated_data = c.associated_data};
    return c.algorithm == ZCRYPTO_AEAD_AES_256_GCM ? zcrypto::aes256gcm_seal_into(input, out)
                                                   : zcrypto::chacha20poly1305_seal_into(input, out);
}

base::Result<base::Bytes> open(const AeadCall& c) {
    const auto key = secret<32>(c.key);
    if (c.algorithm == ZCRYPTO_AEAD_XCHACHA20_POLY1305) {
        return zcrypto::xchacha20poly1305_open(
            {.key = key, .nonce = fixed<24>(c.nonce), .text = c.text, .associated_data = c.associated_data});
    }
    const zcrypto::ChaChaInput input{
        .key = key, .nonce = fixed<12>(c.nonce), .text = c.text, .associated_data = c.associated_data};
    return c.algorithm == ZCRYPTO_AEAD_AES_256_GCM ? zcrypto::aes256gcm_open(input)
                                                   : zcrypto::chacha20poly1305_open(input);
}

}  // namespace

extern "C" {

int zcrypto_x25519_keypair(uint8_t* public_key, uint8_t* private_key) {
    return call(all_given(public_key, private_key), [&]() -> base::Result<void> {
        const auto key = x25519::generate(base::system_random());
        give(x25519::public_key_of(key), public_key);
        give(key.expose(), private_key);
        return {};
    });
}

int zcrypto_x25519_public_key(const uint8_t* private_key, uint8_t* public_key) {
    return call(all_given(private_key, public_key), [&]() -> base::Result<void> {
        give(x25519::public_key_of(secret<32>(private_key)), public_key);
        return {};
    });
}

int zcrypto_x25519(const uint8_t* private_key, const uint8_t* peer_public_key, uint8_t* shared_secret) {
    return call(all_given(private_key, peer_public_key, shared_secret), [&]() -> base::Result<void> {
        GC_TRY(const auto shared, x25519::agree(secret<32>(private_key), fixed<32>(peer_public_key)));
        give(shared.expose(), shared_secret);
        return {};
    });
}

int zcrypto_hkdf_sha256(const uint8_t* key_material, size_t key_material_len, const uint8_t* salt, size_t salt_len,
                        const uint8_t* info, size_t info_len, uint8_t* output, size_t output_len) {
    const auto ok = given(key_material, key_material_len) && given(salt, salt_len) && given(info, info_len) &&
                    given(output, output_len);
    return call(ok, [&]() -> base::Result<void> {
        if (output_len > 255 * 32) return base::fail(zcrypto::Errc::out_of_range, "HKDF output");
        if (key_material_len > INT32_MAX || salt_len > INT32_MAX || info_len > INT32_MAX) {
            return base::fail(zcrypto::Errc::out_of_range, "HKDF input");
        }
        zcrypto::SecretBytes out{output_len};
        GC_CHECK(zcrypto::hkdf_sha256({.key_material = bytes(key_material, key_material_len),
                                       .salt = bytes(salt, salt_len),
                                       .info = bytes(info, info_len)},
                                      out.expose_mutable()));
        give(out.expose(), output);
        return {};
    });
}

int zcrypto_argon2id(const uint8_t* password, size_t password_len, const uint8_t* salt, uint32_t passes,
                     uint64_t memory_bytes, uint8_t* output, size_t output_len) {
    if (const int code = tested(&argon2_works, "Argon2id"); code != GHOST_OK) return code;
    return call(given(password, password_len) && all_given(salt, output), [&]() -> base::Result<void> {
        if (output_len < 16 || output_len > 64) return base::fail(zcrypto::Errc::bad_length, "Argon2id output");
        zcrypto::SecretBytes out{output_len};
        GC_CHECK(zcrypto::argon2id(bytes(password, password_len), fixed<16>(salt),
                                   {.passes = passes, .memory_bytes = memory_bytes}, out.expose_mutable()));
        give(out.expose(), output);
        return {};
    });
}

int zcrypto_aead_seal(int algorithm, const uint8_t* key, const uint8_t* nonce, size_t nonce_len,
                      const uint8_t* associated_data, size_t associated_data_len, const uint8_t* plaintext,
                      size_t plaintext_len, uint8_t* ciphertext) {
    const auto ok = all_given(key, nonce, ciphertext) && given(associated_data, associated_data_len) &&
                    given(plaintext, plaintext_len);
    return call(ok, [&]() -> base::Result<void> {
        const AeadCall c{.algorithm = algorithm,
                         .key = key,
                         .nonce = nonce,
                         .nonce_len = nonce_len,
                         .associated_data = bytes(associated_data, associated_data_len),
                         .text = bytes(plaintext, plaintext_len)};
        GC_CHECK(check(c));
        // Straight to the caller: with the checks done, sealing either succeeds or finds no memory before it writes.
        return seal(c, {reinterpret_cast<std::byte*>(ciphertext), plaintext_len + ZCRYPTO_AEAD_TAG_SIZE});
    });
}

int zcrypto_aead_open(int algorithm, const uint8_t* key, const uint8_t* nonce, size_t nonce_len,
                      const uint8_t* associated_data, size_t associated_data_len, const uint8_t* ciphertext,
                      size_t ciphertext_len, uint8_t* plaintext) {
    const auto ok = all_given(key, nonce) && given(associated_data, associated_data_len) &&
                    given(ciphertext, ciphertext_len) && (plaintext || ciphertext_len <= ZCRYPTO_AEAD_TAG_SIZE);
    return call(ok, [&]() -> base::Result<void> {
        const AeadCall c{.algorithm = algorithm,
                         .key = key,
                         .nonce = nonce,
                         .nonce_len = nonce_len,
                         .associated_data = bytes(associated_data, associated_data_len),
                         .text = bytes(ciphertext, ciphertext_len)};
        GC_CHECK(check(c));
        // Not straight to the caller, whose buffer stays as it is when the tag is wrong.
        GC_TRY(auto opened, open(c));
        if (plaintext) give(opened, plaintext);
        zcrypto::secure_wipe(opened);
        return {};
    });
}

}  // extern "C"
