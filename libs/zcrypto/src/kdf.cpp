#include "zcrypto/kdf.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <limits>

#include "evp_md.hpp"
#include "pq_secret.hpp"
#include "raw.hpp"
#include "sodium_ready.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto {

namespace {

/// RFC 5869, 2.3: T(i) = HMAC(PRK, T(i-1) || info || i).
template <std::size_t N>
base::Result<void> expand(base::FixedBytes<N> (*hmac)(const HmacInput&) noexcept, base::ByteView extracted,
                          base::ByteView info, base::MutableBytes out) {
    if (out.size() > 255 * N) return base::fail(Errc::out_of_range, "HKDF output");
    base::Bytes block;  // Wiped below.
    block.reserve(N + info.size() + 1);
    detail::Wiped<base::FixedBytes<N>> previous;
    for (std::uint8_t round = 1; !out.empty(); ++round) {
        block.clear();
        if (round > 1) block.insert(block.end(), previous->begin(), previous->end());
        block.insert(block.end(), info.begin(), info.end());
        block.push_back(std::byte{round});
        *previous = hmac({.key = extracted, .message = block});
        const auto count = std::min(out.size(), N);
        std::copy_n(previous->begin(), count, out.begin());
        out = out.subspan(count);
    }
    secure_wipe(block);
    return {};
}

base::Result<void> pbkdf2(Evp algorithm, const Pbkdf2Input& input, base::MutableBytes out) noexcept {
    if (input.iterations == 0 || input.iterations > 10'000'000) return base::fail(Errc::out_of_range, "iterations");
    constexpr std::size_t kMax = std::numeric_limits<int>::max() / 2;
    if (input.password.size() > kMax || input.salt.size() > kMax || out.size() > kMax) {
        return base::fail(Errc::out_of_range, "PBKDF2 input size");
    }
    if (out.empty()) return {};
    // A null password makes OpenSSL call strlen on it when the length is 0 in some versions: give it a real address.
    static const char nothing = 0;
    const auto* const password =
        input.password.empty() ? &nothing : reinterpret_cast<const char*>(input.password.data());
    const auto ok = PKCS5_PBKDF2_HMAC(password, static_cast<int>(input.password.size()), base::as_u8(input.salt),
                                      static_cast<int>(input.salt.size()), static_cast<int>(input.iterations),
                                      evp_md(algorithm), static_cast<int>(out.size()), out_u8(out));
    GC_ASSERT(ok == 1);
    return {};
}

}  // namespace

Secret<32> hkdf_sha256_extract(base::ByteView salt, base::ByteView key_material) {
    Secret<32> out;
    auto extracted = hmac_sha256({.key = salt, .message = key_material});
    std::ranges::copy(extracted, out.expose_mutable().begin());
    secure_wipe(extracted);
    return out;
}

base::Result<void> hkdf_sha256_expand(base::ByteView extracted, base::ByteView info, base::MutableBytes out) {
    return expand(&hmac_sha256, extracted, info, out);
}

base::Result<void> hkdf_sha256(const HkdfInput& input, base::MutableBytes out) {
    detail::Wiped<base::FixedBytes<32>> extracted;
    *extracted = hmac_sha256({.key = input.salt, .message = input.key_material});
    return expand(&hmac_sha256, *extracted, input.info, out);
}

base::Result<void> hkdf_sha512(const HkdfInput& input, base::MutableBytes out) {
    detail::Wiped<base::FixedBytes<64>> extracted;
    *extracted = hmac_sha512({.key = input.salt, .message = input.key_material});
    return expand(&hmac_sha512, *extracted, input.info, out);
}

base::Result<void> pbkdf2_hmac_sha256(const Pbkdf2Input& input, base::MutableBytes out) noexcept {
    return pbkdf2(Evp::sha256, input, out);
}

base::Result<void> pbkdf2_hmac_sha512(const Pbkdf2Input& input, base::MutableBytes out) noexcept {
    return pbkdf2(Evp::sha512, input, out);
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
