#include "zcrypto/aead.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <new>

#include "pq_secret.hpp"
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

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

Context new_context() {
    Context context{EVP_CIPHER_CTX_new()};
    if (!context) throw std::bad_alloc{};
    return context;
}

/// Fetched once; never freed.
const EVP_CIPHER* fetch(const char* name) noexcept {
    const auto* const cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
    GC_ASSERT(cipher != nullptr);
    return cipher;
}
const EVP_CIPHER* aes_256_gcm() noexcept {
    static const auto* const cipher = fetch("AES-256-GCM");
    return cipher;
}
const EVP_CIPHER* chacha20_poly1305() noexcept {
    static const auto* const cipher = fetch("ChaCha20-Poly1305");
    return cipher;
}

// OpenSSL counts in int.
constexpr std::size_t kTextMax = std::numeric_limits<int>::max();
int int_size(base::ByteView bytes) noexcept { return static_cast<int>(bytes.size()); }

/// The thread's context for messages that bring their key. It holds none between them.
class OneShot {
 public:
    OneShot() {
        thread_local const auto context = new_context();
        context_ = context.get();
    }
    ~OneShot() { EVP_CIPHER_CTX_reset(context_); }  // Wipes the expanded key.
    OneShot(const OneShot&) = delete;
    OneShot& operator=(const OneShot&) = delete;
    [[nodiscard]] EVP_CIPHER_CTX* get() const noexcept { return context_; }

 private:
    EVP_CIPHER_CTX* context_ = nullptr;
};

/// Without a cipher and key: those that the context has.
struct Keying {
    const EVP_CIPHER* cipher = nullptr;
    const std::uint8_t* key = nullptr;
    base::FixedBytes<12> nonce;  // A copy: the caller's may lie in the output.
};

/// Before the first byte of output is written: that OpenSSL has no memory for a key is the one way to fail.
void init_seal(EVP_CIPHER_CTX* context, const Keying& keying) {
    if (EVP_EncryptInit_ex2(context, keying.cipher, keying.key, base::as_u8(keying.nonce), nullptr) != 1) {
        throw std::bad_alloc{};
    }
}
void init_open(EVP_CIPHER_CTX* context, const Keying& keying) {
    if (EVP_DecryptInit_ex2(context, keying.cipher, keying.key, base::as_u8(keying.nonce), nullptr) != 1) {
        throw std::bad_alloc{};
    }
}

/// The text's size and the tag's; sizes are checked and inputs untangled.
void evp_seal(EVP_CIPHER_CTX* context, const Untangled& safe, base::MutableBytes out) noexcept {
    int size = 0, rest = 0;
    bool ok = true;
    if (!safe.associated_data().empty()) {
        ok = EVP_EncryptUpdate(context, nullptr, &size, base::as_u8(safe.associated_data()),
                               int_size(safe.associated_data())) == 1;
    }
    if (!safe.text().empty()) {
        ok = ok && EVP_EncryptUpdate(context, out_u8(out), &size, base::as_u8(safe.text()), int_size(safe.text())) == 1;
    }
    const auto tag = out.last(kAeadTagSize);
    ok = ok && EVP_EncryptFinal_ex(context, out_u8(tag), &rest) == 1 && rest == 0 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kAeadTagSize), out_u8(tag)) == 1;
    GC_ASSERT(ok);
}

using Tag = base::FixedBytes<kAeadTagSize>;

base::Result<void> evp_open(EVP_CIPHER_CTX* context, const Untangled& safe, Tag tag, base::MutableBytes out) noexcept {
    int size = 0, rest = 0;
    std::uint8_t nowhere[kAeadTagSize];
    bool ok = true;
    if (!safe.associated_data().empty()) {
        ok = EVP_DecryptUpdate(context, nullptr, &size, base::as_u8(safe.associated_data()),
                               int_size(safe.associated_data())) == 1;
    }
    if (!safe.text().empty()) {
        ok = ok && EVP_DecryptUpdate(context, out_u8(out), &size, base::as_u8(safe.text()), int_size(safe.text())) == 1;
    }
    ok = ok && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()), out_u8(tag)) == 1;
    GC_ASSERT(ok);
    if (EVP_DecryptFinal_ex(context, nowhere, &rest) != 1) {
        // OpenSSL decrypts before it knows the tag: nothing of that may stay.
        secure_wipe(out);
        return base::fail(Errc::authentication_failed, "AEAD tag");
    }
    return {};
}

base::Result<void> check_seal(base::ByteView text, base::MutableBytes out) noexcept {
    if (out.size() != text.size() + kAeadTagSize) return base::fail(Errc::bad_length, "room for ciphertext");
    return {};
}
base::Result<void> check_open(base::ByteView text, base::MutableBytes out) noexcept {
    if (text.size() < kAeadTagSize) return base::fail(Errc::bad_length, "ciphertext without a tag");
    if (out.size() != text.size() - kAeadTagSize) return base::fail(Errc::bad_length, "room for plaintext");
    return {};
}

/// Takes the tag off before the text may move.
Tag tag_of(base::ByteView text) noexcept {
    Tag tag;
    std::memcpy(tag.data(), text.last(kAeadTagSize).data(), tag.size());
    return tag;
}

// ---- ChaCha20-Poly1305: OpenSSL's vector code is twice as fast as libsodium's, but setting it up costs more than a
// short message.
constexpr std::size_t kLongText = 2048;

template <typename Nonce>
bool is_long(const AeadInput<Nonce>& input) noexcept {
    return input.text.size() >= kLongText && input.text.size() <= kTextMax && input.associated_data.size() <= kTextMax;
}

/// The key and nonce of RFC 8439 that a message of ours comes down to.
struct ChaChaKeying {
    ChaChaKeying(const AeadKey& given, const ChaChaNonce& its_nonce) noexcept : nonce{its_nonce} {
        std::ranges::copy(given.expose(), key->begin());
    }
    /// draft-irtf-cfrg-xchacha-03, 2.3: a key of its own for each first 16 bytes of the nonce.
    ChaChaKeying(const AeadKey& given, const XChaChaNonce& its_nonce) noexcept {
        crypto_core_hchacha20(out_u8(*key), base::as_u8(its_nonce), base::as_u8(given.expose()), nullptr);
        std::copy_n(its_nonce.begin() + 16, 8, nonce.begin() + 4);
    }
    [[nodiscard]] Keying keying() noexcept { return {chacha20_poly1305(), out_u8(*key), nonce}; }

    detail::Wiped<base::FixedBytes<32>> key;
    ChaChaNonce nonce{};
};

template <typename Nonce>
base::Result<void> seal_with(Seal function, const AeadInput<Nonce>& input, base::MutableBytes out) {
    GC_CHECK(check_seal(input.text, out));
    sodium_ready();
    if (is_long(input)) {
        ChaChaKeying chacha{input.key, input.nonce};
        const OneShot context;
        init_seal(context.get(), chacha.keying());
        evp_seal(context.get(), Untangled{input.text, input.associated_data, out}, out);
        return {};
    }
    const auto nonce = input.nonce;  // The caller's may lie in `out`.
    const Untangled safe{input.text, input.associated_data, out};
    function(out_u8(out), nullptr, base::as_u8(safe.text()), safe.text().size(), base::as_u8(safe.associated_data()),
             safe.associated_data().size(), nullptr, base::as_u8(nonce), base::as_u8(input.key.expose()));
    return {};
}

/// `out` has room for the plaintext. On failure it holds zeros.
template <typename Nonce>
base::Result<void> open_with(Open function, const AeadInput<Nonce>& input, base::MutableBytes out) {
    GC_CHECK(check_open(input.text, out));
    sodium_ready();
    if (is_long(input)) {
        ChaChaKeying chacha{input.key, input.nonce};
        const OneShot context;
        init_open(context.get(), chacha.keying());
        const auto tag = tag_of(input.text);
        return evp_open(context.get(), Untangled{input.text.first(out.size()), input.associated_data, out}, tag, out);
    }
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

base::Result<void> check_gcm(base::ByteView text, base::ByteView associated_data) noexcept {
    if (text.size() > kTextMax || associated_data.size() > kTextMax) {
        return base::fail(Errc::out_of_range, "AES-GCM input");
    }
    return {};
}

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

/// A context a direction, made when it is first needed: it keeps the expanded key and takes a new nonce per message.
struct Aes256Gcm::State {
    AeadKey key;
    Context seal, open;
};

Aes256Gcm::Aes256Gcm(const AeadKey& key) : state_{std::make_unique<State>(key.clone())} {}
Aes256Gcm::Aes256Gcm(Aes256Gcm&&) noexcept = default;
Aes256Gcm& Aes256Gcm::operator=(Aes256Gcm&&) noexcept = default;
Aes256Gcm::~Aes256Gcm() = default;

base::Result<void> Aes256Gcm::seal_into(const GcmMessage& message, base::MutableBytes out) {
    GC_CHECK(check_gcm(message.text, message.associated_data));
    GC_CHECK(check_seal(message.text, out));
    auto& context = state_->seal;
    const bool fresh = !context;
    if (fresh) context = new_context();
    init_seal(context.get(), {.cipher = fresh ? aes_256_gcm() : nullptr,
                              .key = fresh ? base::as_u8(state_->key.expose()) : nullptr,
                              .nonce = message.nonce});
    evp_seal(context.get(), Untangled{message.text, message.associated_data, out}, out);
    return {};
}

base::Result<void> Aes256Gcm::open_into(const GcmMessage& message, base::MutableBytes out) {
    GC_CHECK(check_gcm(message.text, message.associated_data));
    GC_CHECK(check_open(message.text, out));
    auto& context = state_->open;
    const bool fresh = !context;
    if (fresh) context = new_context();
    init_open(context.get(), {.cipher = fresh ? aes_256_gcm() : nullptr,
                              .key = fresh ? base::as_u8(state_->key.expose()) : nullptr,
                              .nonce = message.nonce});
    const auto tag = tag_of(message.text);
    return evp_open(context.get(), Untangled{message.text.first(out.size()), message.associated_data, out}, tag, out);
}

base::Result<void> aes256gcm_seal_into(const GcmInput& input, base::MutableBytes out) {
    GC_CHECK(check_gcm(input.text, input.associated_data));
    GC_CHECK(check_seal(input.text, out));
    const OneShot context;
    init_seal(context.get(), {.cipher = aes_256_gcm(), .key = base::as_u8(input.key.expose()), .nonce = input.nonce});
    evp_seal(context.get(), Untangled{input.text, input.associated_data, out}, out);
    return {};
}

base::Result<void> aes256gcm_open_into(const GcmInput& input, base::MutableBytes out) {
    GC_CHECK(check_gcm(input.text, input.associated_data));
    GC_CHECK(check_open(input.text, out));
    const OneShot context;
    init_open(context.get(), {.cipher = aes_256_gcm(), .key = base::as_u8(input.key.expose()), .nonce = input.nonce});
    const auto tag = tag_of(input.text);
    return evp_open(context.get(), Untangled{input.text.first(out.size()), input.associated_data, out}, tag, out);
}

base::Bytes aes256gcm_seal(const GcmInput& input) {
    base::Bytes out(input.text.size() + kAeadTagSize);
    const auto done = aes256gcm_seal_into(input, out);
    GC_ASSERT(done.has_value());
    return out;
}

base::Result<base::Bytes> aes256gcm_open(const GcmInput& input) {
    if (input.text.size() < kAeadTagSize) return base::fail(Errc::bad_length, "ciphertext without a tag");
    base::Bytes out(input.text.size() - kAeadTagSize);
    GC_CHECK(aes256gcm_open_into(input, out));
    return out;
}

}  // namespace zcrypto
