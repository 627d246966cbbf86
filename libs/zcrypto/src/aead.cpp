#include "zcrypto/aead.hpp"

#include <sodium.h>

#include "raw.hpp"
#include "sodium_ready.hpp"

namespace zcrypto {
namespace {

static_assert(kAeadTagSize == crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(kAeadTagSize == crypto_aead_chacha20poly1305_ietf_ABYTES);

// libsodium's two constructions share their C shape.
using Seal = int (*)(unsigned char*, unsigned long long*, const unsigned char*, unsigned long long,
                     const unsigned char*, unsigned long long, const unsigned char*, const unsigned char*,
                     const unsigned char*);
using Open = int (*)(unsigned char*, unsigned long long*, unsigned char*, const unsigned char*, unsigned long long,
                     const unsigned char*, unsigned long long, const unsigned char*, const unsigned char*);

template <typename Nonce>
base::Bytes seal_with(Seal function, const AeadInput<Nonce>& input) {
    sodium_ready();
    base::Bytes out(input.text.size() + kAeadTagSize);
    function(out_u8(out), nullptr, base::as_u8(input.text), input.text.size(), base::as_u8(input.associated_data),
             input.associated_data.size(), nullptr, base::as_u8(input.nonce), base::as_u8(input.key.expose()));
    return out;
}

/// `out` has room for the plaintext. libsodium checks the tag before it decrypts, so failure writes nothing of it.
template <typename Nonce>
base::Result<void> open_with(Open function, const AeadInput<Nonce>& input, base::MutableBytes out) noexcept {
    sodium_ready();
    std::uint8_t nowhere = 0;
    if (function(out.empty() ? &nowhere : out_u8(out), nullptr, nullptr, base::as_u8(input.text), input.text.size(),
                 base::as_u8(input.associated_data), input.associated_data.size(), base::as_u8(input.nonce),
                 base::as_u8(input.key.expose())) != 0) {
        return base::fail(Errc::authentication_failed, "aead");
    }
    return {};
}

template <typename Nonce>
base::Result<base::Bytes> open_bytes(Open function, const AeadInput<Nonce>& input) {
    if (input.text.size() < kAeadTagSize) return base::fail(Errc::bad_length, "ciphertext without a tag");
    base::Bytes out(input.text.size() - kAeadTagSize);
    GC_CHECK(open_with(function, input, out));
    return out;
}

}  // namespace

base::Bytes xchacha20poly1305_seal(const XChaChaInput& input) {
    return seal_with(&crypto_aead_xchacha20poly1305_ietf_encrypt, input);
}

base::Result<base::Bytes> xchacha20poly1305_open(const XChaChaInput& input) {
    return open_bytes(&crypto_aead_xchacha20poly1305_ietf_decrypt, input);
}

base::Result<SecretBytes> xchacha20poly1305_open_secret(const XChaChaInput& input) {
    if (input.text.size() < kAeadTagSize) return base::fail(Errc::bad_length, "ciphertext without a tag");
    if (input.text.size() - kAeadTagSize > SecretBytes::kMaxSize) return base::fail(Errc::out_of_range, "secret size");
    SecretBytes out{input.text.size() - kAeadTagSize};
    GC_CHECK(open_with(&crypto_aead_xchacha20poly1305_ietf_decrypt, input, out.expose_mutable()));
    return out;
}

base::Bytes chacha20poly1305_seal(const ChaChaInput& input) {
    return seal_with(&crypto_aead_chacha20poly1305_ietf_encrypt, input);
}

base::Result<base::Bytes> chacha20poly1305_open(const ChaChaInput& input) {
    return open_bytes(&crypto_aead_chacha20poly1305_ietf_decrypt, input);
}

}  // namespace zcrypto
