#include "zcrypto/kdf.hpp"

#include <sodium.h>

#include <algorithm>

#include "pq_secret.hpp"
#include "raw.hpp"
#include "sha2.hpp"
#include "sodium_ready.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto {

namespace {

/// RFC 5869, 2.3: T(i) = HMAC(PRK, T(i-1) || info || i).
template <typename Hash>
base::Result<void> expand(base::ByteView extracted, base::ByteView info, base::MutableBytes out) noexcept {
    using Hmac = detail::Hmac<Hash>;
    detail::Wiped<typename Hmac::Digest> block;
    if (out.size() > 255 * block->size()) return base::fail(Errc::out_of_range, "HKDF output");
    const Hmac keyed{extracted};
    for (std::uint8_t round = 1; !out.empty(); ++round) {
        const std::byte number[] = {std::byte{round}};
        Hmac hmac{keyed};
        if (round > 1) hmac.update(*block);
        hmac.update(info).update(number).finish(*block);
        const auto count = std::min(out.size(), block->size());
        std::copy_n(block->begin(), count, out.begin());
        out = out.subspan(count);
    }
    return {};
}

template <typename Hash>
base::Result<void> hkdf(const HkdfInput& input, base::MutableBytes out) noexcept {
    detail::Wiped<typename Hash::Digest> extracted;
    detail::Hmac<Hash>{input.salt}.update(input.key_material).finish(*extracted);
    return expand<Hash>(*extracted, input.info, out);
}

/// RFC 8018, 5.2: T(i) = U1 ^ U2 ^ …, U1 = HMAC(password, salt || i), and each further U the HMAC of the one before.
template <typename Hash>
base::Result<void> pbkdf2(const Pbkdf2Input& input, base::MutableBytes out) noexcept {
    using Hmac = detail::Hmac<Hash>;
    if (input.iterations == 0 || input.iterations > 10'000'000) return base::fail(Errc::out_of_range, "iterations");
    constexpr std::size_t kBlocksMax = 0xffff'ffff;  // The number of a block has four bytes.
    if (out.size() / typename Hmac::Digest{}.size() >= kBlocksMax) {
        return base::fail(Errc::out_of_range, "PBKDF2 output");
    }
    const Hmac keyed{input.password};
    for (std::uint32_t index = 1; !out.empty(); ++index) {
        base::FixedBytes<4> number;
        base::store_be(number.data(), index);
        detail::Wiped<typename Hmac::Digest> u, t;
        Hmac{keyed}.update(input.salt).update(number).finish(*u);
        *t = *u;
        for (std::uint32_t round = 1; round < input.iterations; ++round) {
            Hmac{keyed}.update(*u).finish(*u);
            for (std::size_t i = 0; i < t->size(); ++i) (*t)[i] ^= (*u)[i];
        }
        const auto count = std::min(out.size(), t->size());
        std::copy_n(t->begin(), count, out.begin());
        out = out.subspan(count);
    }
    return {};
}

}  // namespace

Secret<32> hkdf_sha256_extract(base::ByteView salt, base::ByteView key_material) {
    Secret<32> out;
    detail::Hmac<detail::Sha256>{salt}.update(key_material).finish(out.expose_mutable());
    return out;
}

base::Result<void> hkdf_sha256_expand(base::ByteView extracted, base::ByteView info, base::MutableBytes out) noexcept {
    return expand<detail::Sha256>(extracted, info, out);
}

base::Result<void> hkdf_sha256(const HkdfInput& input, base::MutableBytes out) noexcept {
    return hkdf<detail::Sha256>(input, out);
}

base::Result<void> hkdf_sha512(const HkdfInput& input, base::MutableBytes out) noexcept {
    return hkdf<detail::Sha512>(input, out);
}

base::Result<void> pbkdf2_hmac_sha256(const Pbkdf2Input& input, base::MutableBytes out) noexcept {
    return pbkdf2<detail::Sha256>(input, out);
}

base::Result<void> pbkdf2_hmac_sha512(const Pbkdf2Input& input, base::MutableBytes out) noexcept {
    return pbkdf2<detail::Sha512>(input, out);
}

base::Result<void> Argon2Params::check() const noexcept {
    if (passes < kMinPasses) return base::fail(Errc::weak_parameters, "Argon2id passes");
    if (memory_bytes < kMinMemoryBytes) return base::fail(Errc::weak_parameters, "Argon2id memory");
    if (passes > kMaxPasses) return base::fail(Errc::out_of_range, "Argon2id passes");
    if (memory_bytes > kMaxMemoryBytes) return base::fail(Errc::out_of_range, "Argon2id memory");
    return {};
}

base::Result<void> argon2id(base::ByteView password, const Argon2Salt& salt, const Argon2Params& params,
                            base::MutableBytes out) noexcept {
    static_assert(sizeof(Argon2Salt) == crypto_pwhash_argon2id_SALTBYTES);
    GC_CHECK(params.check());
    if (out.size() < 16 || out.size() > 64) return base::fail(Errc::bad_length, "Argon2id output");
    if (password.size() > (1u << 20)) return base::fail(Errc::out_of_range, "password size");
    sodium_ready();
    static const char nothing = 0;
    const auto* const text = password.empty() ? &nothing : reinterpret_cast<const char*>(password.data());
    if (crypto_pwhash_argon2id(out_u8(out), out.size(), text, password.size(), base::as_u8(salt), params.passes,
                               static_cast<std::size_t>(params.memory_bytes),
                               crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
        return base::fail(Errc::out_of_memory, "Argon2id");
    }
    return {};
}

}  // namespace zcrypto
