#include "zcrypto/hash.hpp"

#include <sodium.h>

#include "keccak.hpp"
#include "raw.hpp"
#include "sha2.hpp"
#include "sodium_ready.hpp"
#include "zcrypto/errc.hpp"
// After sha2.hpp, which allows OpenSSL's plain functions.
#include <openssl/ripemd.h>

namespace zcrypto {
namespace {

template <typename Hash>
Hash::Digest digest(Parts parts) noexcept {
    Hash hash;
    for (const auto part : parts) hash.update(part);
    typename Hash::Digest out;
    hash.finish(out);
    return out;
}

template <typename Hash>
Hash::Digest hmac(const HmacInput& input) noexcept {
    typename Hash::Digest out;
    detail::Hmac<Hash>{input.key}.update(input.message).finish(out);
    return out;
}

}  // namespace

base::Digest sha256(base::ByteView message) noexcept { return sha256(Parts{&message, 1}); }
base::Digest sha256(Parts parts) noexcept { return digest<detail::Sha256>(parts); }
Digest512 sha512(base::ByteView message) noexcept { return sha512(Parts{&message, 1}); }
Digest512 sha512(Parts parts) noexcept { return digest<detail::Sha512>(parts); }
Secret<64> sha512_secret(Parts parts) {
    Secret<64> out;
    detail::Sha512 hash;
    for (const auto part : parts) hash.update(part);
    hash.finish(out.expose_mutable());
    return out;
}
base::FixedBytes<20> ripemd160(base::ByteView message) noexcept {
    base::FixedBytes<20> out;
    RIPEMD160(base::as_u8(message), message.size(), out_u8(out));
    return out;
}

base::Digest sha3_256(base::ByteView message) noexcept {
    base::Digest out;
    detail::sha3_256().absorb(message).squeeze(out);
    return out;
}
Digest512 sha3_512(base::ByteView message) noexcept {
    Digest512 out;
    detail::sha3_512().absorb(message).squeeze(out);
    return out;
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

base::Digest hmac_sha256(const HmacInput& input) noexcept { return hmac<detail::Sha256>(input); }
Digest512 hmac_sha512(const HmacInput& input) noexcept { return hmac<detail::Sha512>(input); }

}  // namespace zcrypto
