#include "zcrypto/aead.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <functional>
#include <limits>

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

bool overlap(base::ByteView a, base::ByteView b) noexcept {
    const std::less<> before;  // Total, also between different arrays.
    return !a.empty() && !b.empty() && before(a.data(), b.data() + b.size()) && before(b.data(), a.data() + a.size());
}

/// Makes overlapping inputs safe: the constructions work in place or apart, not shifted. After this the text is either
/// apart from `out` or at its front, and the rest is not in `out` at all.
class Untangled {
 public:
    Untangled(base::ByteView text, base::ByteView associated_data, base::MutableBytes out)
        : text_{text}, associated_data_{associated_data} {
        if (overlap(associated_data, out)) {
            copy_ = base::to_bytes(associated_data);
            associated_data_ = copy_;
        }
        if (overlap(text, out) && text.data() != out.data()) {
            if (text.size() <= out.size()) {
                std::memmove(out.data(), text.data(), text.size());
                text_ = out.first(text.size());
            } else {  // Opening: the text is longer than what comes out of it.
                text_copy_ = base::to_bytes(text);
                text_ = text_copy_;
            }
        }
    }
    [[nodiscard]] base::ByteView text() const noexcept { return text_; }
    [[nodiscard]] base::ByteView associated_data() const noexcept { return associated_data_; }

 private:
    base::ByteView text_, associated_data_;
    base::Bytes copy_, text_copy_;  // Public data: associated data and ciphertext.
};

template <typename Nonce>
base::Result<void> seal_with(Seal function, const AeadInput<Nonce>& input, base::MutableBytes out) {
    if (out.size() != input.text.size() + kAeadTagSize) return base::fail(Errc::bad_length, "room for ciphertext");
    sodium_ready();
    const auto nonce = input.nonce;  // The caller's may lie in `out`.
    const Untangled safe{input.text, input.associated_data, out};
    function(out_u8(out), nullptr, base::as_u8(safe.text()), safe.text().size(), base::as_u8(safe.associated_data()),
             safe.associated_data().size(), nullptr, base::as_u8(nonce), base::as_u8(input.key.expose()));
    return {};
}

/// `out` has room for the plaintext. libsodium checks the tag before it decrypts, so failure writes nothing of it.
template <typename Nonce>
base::Result<void> open_with(Open function, const AeadInput<Nonce>& input, base::MutableBytes out) {
    if (input.text.size() < kAeadTagSize) return base::fail(Errc::bad_length, "ciphertext without a tag");
    if (out.size() != input.text.size() - kAeadTagSize) return base::fail(Errc::bad_length, "room for plaintext");
    sodium_ready();
    const auto nonce = input.nonce;
    const Untangled safe{input.text, input.associated_data, out};
    std::uint8_t nowhere = 0;
    if (function(out.empty() ? &nowhere : out_u8(out), nullptr, nullptr, base::as_u8(safe.text()), safe.text().size(),
                 base::as_u8(safe.associated_data()), safe.associated_data().size(), base::as_u8(nonce),
                 base::as_u8(input.key.expose())) != 0) {
        secure_wipe(out);
        return base::fail(Errc::authentication_failed, "aead");
    }
    return {};
}

template <typename Nonce>
base::Bytes seal_bytes(Seal function, const AeadInput<Nonce>& input) {
    base::Bytes out(input.text.size() + kAeadTagSize);
    const auto done = seal_with(function, input, out);
    GC_ASSERT(done.has_value());
    return out;
}

template <typename Nonce>
base::Result<base::Bytes> open_bytes(Open function, const AeadInput<Nonce>& input) {
    if (input.text.size() < kAeadTagSize) return base::fail(Errc::bad_length, "ciphertext without a tag");
    base::Bytes out(input.text.size() - kAeadTagSize);
    GC_CHECK(open_with(function, input, out));
    return out;
}

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};

/// Fetched once; never freed.
const EVP_CIPHER* aes_256_gcm() noexcept {
    static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    GC_ASSERT(cipher != nullptr);
    return cipher;
}

constexpr std::size_t kGcmTextMax = std::numeric_limits<int>::max();

}  // namespace

base::Bytes xchacha20poly1305_seal(const XChaChaInput& input) {
    return seal_bytes(&crypto_aead_xchacha20poly1305_ietf_encrypt, input);
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

base::Result<void> xchacha20poly1305_seal_into(const XChaChaInput& input, base::MutableBytes out) {
    return seal_with(&crypto_aead_xchacha20poly1305_ietf_encrypt, input, out);
}

base::Result<void> xchacha20poly1305_open_into(const XChaChaInput& input, base::MutableBytes out) {
    return open_with(&crypto_aead_xchacha20poly1305_ietf_decrypt, input, out);
}

base::Bytes chacha20poly1305_seal(const ChaChaInput& input) {
    return seal_bytes(&crypto_aead_chacha20poly1305_ietf_encrypt, input);
}

base::Result<base::Bytes> chacha20poly1305_open(const ChaChaInput& input) {
    return open_bytes(&crypto_aead_chacha20poly1305_ietf_decrypt, input);
}

base::Result<void> chacha20poly1305_seal_into(const ChaChaInput& input, base::MutableBytes out) {
    return seal_with(&crypto_aead_chacha20poly1305_ietf_encrypt, input, out);
}

base::Result<void> chacha20poly1305_open_into(const ChaChaInput& input, base::MutableBytes out) {
    return open_with(&crypto_aead_chacha20poly1305_ietf_decrypt, input, out);
}

/// A context a direction: each keeps the expanded key and takes a new nonce per message.
struct Aes256Gcm::Contexts {
    std::unique_ptr<EVP_CIPHER_CTX, FreeContext> seal{EVP_CIPHER_CTX_new()};
    std::unique_ptr<EVP_CIPHER_CTX, FreeContext> open{EVP_CIPHER_CTX_new()};
};

Aes256Gcm::Aes256Gcm(const AeadKey& key) : contexts_{std::make_unique<Contexts>()} {
    const auto* const bytes = base::as_u8(key.expose());
    const bool ok = contexts_->seal && contexts_->open &&
                    EVP_EncryptInit_ex2(contexts_->seal.get(), aes_256_gcm(), bytes, nullptr, nullptr) == 1 &&
                    EVP_DecryptInit_ex2(contexts_->open.get(), aes_256_gcm(), bytes, nullptr, nullptr) == 1;
    GC_ASSERT(ok);
}
Aes256Gcm::Aes256Gcm(Aes256Gcm&&) noexcept = default;
Aes256Gcm& Aes256Gcm::operator=(Aes256Gcm&&) noexcept = default;
Aes256Gcm::~Aes256Gcm() = default;

base::Result<void> Aes256Gcm::seal_into(const GcmMessage& message, base::MutableBytes out) {
    if (message.text.size() > kGcmTextMax || message.associated_data.size() > kGcmTextMax) {
        return base::fail(Errc::out_of_range, "AES-GCM input");
    }
    if (out.size() != message.text.size() + kAeadTagSize) return base::fail(Errc::bad_length, "room for ciphertext");
    const auto nonce = message.nonce;
    const Untangled safe{message.text, message.associated_data, out};
    auto* const context = contexts_->seal.get();
    int size = 0, rest = 0;
    bool ok = EVP_EncryptInit_ex2(context, nullptr, nullptr, base::as_u8(nonce), nullptr) == 1;
    if (!safe.associated_data().empty()) {
        ok = ok && EVP_EncryptUpdate(context, nullptr, &size, base::as_u8(safe.associated_data()),
                                     static_cast<int>(safe.associated_data().size())) == 1;
    }
    size = 0;
    if (!safe.text().empty()) {
        ok = ok && EVP_EncryptUpdate(context, out_u8(out), &size, base::as_u8(safe.text()),
                                     static_cast<int>(safe.text().size())) == 1;
    }
    const auto tag = out.last(kAeadTagSize);
    ok = ok && EVP_EncryptFinal_ex(context, out_u8(tag), &rest) == 1 && rest == 0 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kAeadTagSize), out_u8(tag)) == 1;
    GC_ASSERT(ok);
    return {};
}

base::Result<void> Aes256Gcm::open_into(const GcmMessage& message, base::MutableBytes out) {
    if (message.text.size() > kGcmTextMax || message.associated_data.size() > kGcmTextMax) {
        return base::fail(Errc::out_of_range, "AES-GCM input");
    }
    if (message.text.size() < kAeadTagSize) return base::fail(Errc::bad_length, "ciphertext without a tag");
    if (out.size() != message.text.size() - kAeadTagSize) return base::fail(Errc::bad_length, "room for plaintext");
    const auto nonce = message.nonce;
    base::FixedBytes<kAeadTagSize> tag;  // Before the text moves.
    std::memcpy(tag.data(), message.text.last(kAeadTagSize).data(), tag.size());
    const Untangled safe{message.text.first(out.size()), message.associated_data, out};
    auto* const context = contexts_->open.get();
    int size = 0, rest = 0;
    std::uint8_t nowhere[kAeadTagSize];
    bool ok = EVP_DecryptInit_ex2(context, nullptr, nullptr, base::as_u8(nonce), nullptr) == 1;
    if (!safe.associated_data().empty()) {
        ok = ok && EVP_DecryptUpdate(context, nullptr, &size, base::as_u8(safe.associated_data()),
                                     static_cast<int>(safe.associated_data().size())) == 1;
    }
    if (!safe.text().empty()) {
        ok = ok && EVP_DecryptUpdate(context, out_u8(out), &size, base::as_u8(safe.text()),
                                     static_cast<int>(safe.text().size())) == 1;
    }
    ok = ok && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()), out_u8(tag)) == 1;
    GC_ASSERT(ok);
    if (EVP_DecryptFinal_ex(context, nowhere, &rest) != 1) {
        // OpenSSL decrypts before it knows the tag: nothing of that may stay.
        secure_wipe(out);
        return base::fail(Errc::authentication_failed, "AES-GCM");
    }
    return {};
}

base::Bytes aes256gcm_seal(const GcmInput& input) {
    base::Bytes out(input.text.size() + kAeadTagSize);
    const auto done = Aes256Gcm{input.key}.seal_into(
        {.nonce = input.nonce, .text = input.text, .associated_data = input.associated_data}, out);
    GC_ASSERT(done.has_value());
    return out;
}

base::Result<base::Bytes> aes256gcm_open(const GcmInput& input) {
    if (input.text.size() < kAeadTagSize) return base::fail(Errc::bad_length, "ciphertext without a tag");
    base::Bytes out(input.text.size() - kAeadTagSize);
    GC_CHECK(Aes256Gcm{input.key}.open_into(
        {.nonce = input.nonce, .text = input.text, .associated_data = input.associated_data}, out));
    return out;
}

}  // namespace zcrypto
