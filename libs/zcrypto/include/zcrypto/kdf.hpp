#pragma once
// Key derivation. HKDF for strong key material, PBKDF2 only because BIP-39 and SLIP-39 demand it, Argon2id for
// passwords. Outputs go to the caller's memory: give it `Secret::expose_mutable()`.

#include "base/bytes.hpp"
#include "zcrypto/errc.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto {

struct HkdfInput {
    base::ByteView key_material;
    base::ByteView salt = {};  ///< Empty: as many zero bytes as the hash has (RFC 5869).
    base::ByteView info = {};
};
/// RFC 5869 with SHA-256. `out_of_range` above 255 * 32 bytes of output.
base::Result<void> hkdf_sha256(const HkdfInput& input, base::MutableBytes out) noexcept;
/// The same with SHA-512; up to 255 * 64 bytes.
base::Result<void> hkdf_sha512(const HkdfInput& input, base::MutableBytes out) noexcept;
/// The two halves of RFC 5869 for protocols that keep the extracted key.
Secret<32> hkdf_sha256_extract(base::ByteView salt, base::ByteView key_material);
base::Result<void> hkdf_sha256_expand(base::ByteView extracted, base::ByteView info, base::MutableBytes out) noexcept;

struct Pbkdf2Input {
    base::ByteView password;
    base::ByteView salt;
    std::uint32_t iterations;  ///< 1 to 10^7.
};
base::Result<void> pbkdf2_hmac_sha256(const Pbkdf2Input& input, base::MutableBytes out) noexcept;
base::Result<void> pbkdf2_hmac_sha512(const Pbkdf2Input& input, base::MutableBytes out) noexcept;

/// Cost of Argon2id (RFC 9106, one lane). Parameters stored in a file are checked before use: a file must neither
/// weaken the hash nor exhaust the machine.
struct Argon2Params {
    std::uint32_t passes = 3;
    std::uint64_t memory_bytes = 64ull << 20;

    static constexpr std::uint32_t kMinPasses = 2;
    static constexpr std::uint32_t kMaxPasses = 64;
    static constexpr std::uint64_t kMinMemoryBytes = 19ull << 20;
    static constexpr std::uint64_t kMaxMemoryBytes = 1ull << 30;
    /// `weak_parameters` below the minima, `out_of_range` above the maxima.
    [[nodiscard]] base::Result<void> check() const noexcept;
    friend bool operator==(const Argon2Params&, const Argon2Params&) = default;
};
using Argon2Salt = base::FixedBytes<16>;
/// Blocks for as long as the parameters ask (0.1 s and more): run it on an offload thread. Output 16 to 64 bytes.
base::Result<void> argon2id(base::ByteView password, const Argon2Salt& salt, const Argon2Params& params,
                            base::MutableBytes out) noexcept;

}  // namespace zcrypto
