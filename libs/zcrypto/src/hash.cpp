#include "zcrypto/hash.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>

#include "raw.hpp"

namespace zcrypto {
namespace {

/// A fetched algorithm: fetching on each call costs three times a 64-byte hash. Never freed, so that hashing works
/// in destructors of static objects too.
const EVP_MD* algorithm(const char* name) noexcept {
    const auto* const md = EVP_MD_fetch(nullptr, name, nullptr);
    GC_ASSERT(md != nullptr);
    return md;
}
const EVP_MD* sha256_algorithm() noexcept {
    static const auto* const md = algorithm("SHA256");
    return md;
}
const EVP_MD* sha512_algorithm() noexcept {
    static const auto* const md = algorithm("SHA512");
    return md;
}

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

/// One context per thread and algorithm, reused: initialising it again is all a new message needs.
EVP_MD_CTX* thread_context(const EVP_MD* md) noexcept {
    thread_local Context contexts[2];
    auto& context = contexts[md == sha512_algorithm() ? 1 : 0];
    if (!context) context.reset(EVP_MD_CTX_new());
    GC_ASSERT(context != nullptr);
    return context.get();
}

template <std::size_t N>
base::FixedBytes<N> digest(const EVP_MD* md, Parts parts) noexcept {
    base::FixedBytes<N> out;
    auto* const context = thread_context(md);
    bool ok = EVP_DigestInit_ex2(context, md, nullptr) == 1;
    for (const auto part : parts) ok = ok && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
    ok = ok && EVP_DigestFinal_ex(context, out_u8(out), nullptr) == 1;
    GC_ASSERT(ok);
    return out;
}

template <std::size_t N>
base::FixedBytes<N> hmac(const EVP_MD* md, const HmacInput& input) noexcept {
    static const std::uint8_t nothing = 0;  // OpenSSL takes a null key for "the previous key".
    base::FixedBytes<N> out;
    unsigned int size = 0;
    const auto* const key = input.key.empty() ? &nothing : base::as_u8(input.key);
    const auto* const done = HMAC(md, key, static_cast<int>(input.key.size()), base::as_u8(input.message),
                                  input.message.size(), out_u8(out), &size);
    GC_ASSERT(done != nullptr && size == N);
    return out;
}

}  // namespace

base::Digest sha256(base::ByteView message) noexcept { return sha256(Parts{&message, 1}); }
base::Digest sha256(Parts parts) noexcept { return digest<32>(sha256_algorithm(), parts); }
Digest512 sha512(base::ByteView message) noexcept { return sha512(Parts{&message, 1}); }
Digest512 sha512(Parts parts) noexcept { return digest<64>(sha512_algorithm(), parts); }

base::Digest hmac_sha256(const HmacInput& input) noexcept { return hmac<32>(sha256_algorithm(), input); }
Digest512 hmac_sha512(const HmacInput& input) noexcept { return hmac<64>(sha512_algorithm(), input); }

}  // namespace zcrypto
