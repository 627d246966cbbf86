#include "zcrypto/hash.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include <limits>
#include <memory>

#include "evp_md.hpp"
#include "keccak.hpp"
#include "raw.hpp"
#include "sodium_ready.hpp"
#include "zcrypto/errc.hpp"

namespace zcrypto {
namespace {

/// Fetching an algorithm on each call costs three times a 64-byte hash. Never freed, so that hashing works in
/// destructors of static objects too.
const EVP_MD* fetch(const char* name) noexcept {
    const auto* const md = EVP_MD_fetch(nullptr, name, nullptr);
    GC_ASSERT(md != nullptr);
    return md;
}

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

/// One context per thread and algorithm, reused: initialising it again is all a new message needs.
EVP_MD_CTX* thread_context(Evp algorithm) noexcept {
    thread_local Context contexts[kEvpCount];
    auto& context = contexts[static_cast<std::size_t>(algorithm)];
    if (!context) context.reset(EVP_MD_CTX_new());
    GC_ASSERT(context != nullptr);
    return context.get();
}

void digest_into(EVP_MD_CTX* context, Evp algorithm, Parts parts, base::MutableBytes out) noexcept {
    bool ok = EVP_DigestInit_ex2(context, evp_md(algorithm), nullptr) == 1;
    for (const auto part : parts) ok = ok && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
    ok = ok && EVP_DigestFinal_ex(context, out_u8(out), nullptr) == 1;
    GC_ASSERT(ok);
}

template <std::size_t N>
base::FixedBytes<N> digest(Evp algorithm, Parts parts) noexcept {
    base::FixedBytes<N> out;
    digest_into(thread_context(algorithm), algorithm, parts, out);
    return out;
}

template <std::size_t N>
base::FixedBytes<N> hmac(Evp algorithm, const HmacInput& input) noexcept {
    static const std::uint8_t nothing = 0;  // OpenSSL takes a null key for "the previous key".
    base::FixedBytes<N> out;
    unsigned int size = 0;
    const auto* const key = input.key.empty() ? &nothing : base::as_u8(input.key);
    GC_ASSERT(input.key.size() <= std::numeric_limits<int>::max());
    const auto* const done = HMAC(evp_md(algorithm), key, static_cast<int>(input.key.size()),
                                  base::as_u8(input.message), input.message.size(), out_u8(out), &size);
    GC_ASSERT(done != nullptr && size == N);
    return out;
}

}  // namespace

const EVP_MD* evp_md(Evp algorithm) noexcept {
    static const EVP_MD* const fetched[kEvpCount] = {fetch("SHA256"), fetch("SHA512"), fetch("SHA3-256"),
                                                     fetch("SHA3-512"), fetch("RIPEMD160")};
    return fetched[static_cast<std::size_t>(algorithm)];
}

base::Digest sha256(base::ByteView message) noexcept { return sha256(Parts{&message, 1}); }
base::Digest sha256(Parts parts) noexcept { return digest<32>(Evp::sha256, parts); }
Digest512 sha512(base::ByteView message) noexcept { return sha512(Parts{&message, 1}); }
Digest512 sha512(Parts parts) noexcept { return digest<64>(Evp::sha512, parts); }
Secret<64> sha512_secret(Parts parts) {
    Secret<64> out;
    auto* const context = thread_context(Evp::sha512);
    digest_into(context, Evp::sha512, parts, out.expose_mutable());
    EVP_MD_CTX_reset(context);  // Wipes the chaining value, which is the digest, and the last block, which holds input.
    return out;
}
base::Digest sha3_256(base::ByteView message) noexcept { return digest<32>(Evp::sha3_256, Parts{&message, 1}); }
Digest512 sha3_512(base::ByteView message) noexcept { return digest<64>(Evp::sha3_512, Parts{&message, 1}); }
base::FixedBytes<20> ripemd160(base::ByteView message) noexcept {
    return digest<20>(Evp::ripemd160, Parts{&message, 1});
}

void shake128(base::ByteView message, base::MutableBytes out) noexcept {
    detail::shake128().absorb(message).squeeze(out);
}
void shake256(base::ByteView message, base::MutableBytes out) noexcept {
    detail::shake256().absorb(message).squeeze(out);
}
base::Digest keccak256(base::ByteView message) noexcept {
    base::Digest out;
    detail::keccak_256().absorb(message).squeeze(out);
    return out;
}

base::Digest blake2b_256(base::ByteView message) noexcept {
    base::Digest out;
    const auto done = blake2b({.message = message}, out);
    GC_ASSERT(done.has_value());
    return out;
}

Digest512 blake2b_512(base::ByteView message) noexcept {
    Digest512 out;
    const auto done = blake2b({.message = message}, out);
    GC_ASSERT(done.has_value());
    return out;
}

base::Result<void> blake2b(const Blake2bInput& input, base::MutableBytes out) noexcept {
    // libsodium names 16 bytes as its minima but computes every size of RFC 7693.
    if (out.empty() || out.size() > crypto_generichash_blake2b_BYTES_MAX) return base::fail(Errc::bad_length, "output");
    if (input.key.size() > crypto_generichash_blake2b_KEYBYTES_MAX) return base::fail(Errc::bad_length, "key");
    sodium_ready();
    const auto status =
        crypto_generichash_blake2b(out_u8(out), out.size(), base::as_u8(input.message), input.message.size(),
                                   input.key.empty() ? nullptr : base::as_u8(input.key), input.key.size());
    GC_ASSERT(status == 0);
    return {};
}

base::Digest hmac_sha256(const HmacInput& input) noexcept { return hmac<32>(Evp::sha256, input); }
Digest512 hmac_sha512(const HmacInput& input) noexcept { return hmac<64>(Evp::sha512, input); }

}  // namespace zcrypto
