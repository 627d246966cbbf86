#pragma once
// Keccak-f[1600] and the sponge over it (FIPS 202), shared by Keccak-256 and the post-quantum algorithms, which need
// SHAKE as a stream. No table, no branch on data: safe for secrets. Not thread-safe per object.

#include <array>
#include <cstdint>

#include "base/bytes.hpp"

namespace zcrypto::detail {

using KeccakState = std::array<std::uint64_t, 25>;

/// The permutation, 24 rounds.
void keccak_f1600(KeccakState& state) noexcept;

/// Absorb any number of times, then squeeze any number of times. Copying forks the computation.
class Keccak {
 public:
    /// `rate` in bytes, a multiple of 8; `suffix` holds the domain bits and the first bit of the padding.
    constexpr Keccak(std::size_t rate, std::uint8_t suffix) noexcept : rate_{rate}, suffix_{suffix} {}

    Keccak& absorb(base::ByteView bytes) noexcept;
    void squeeze(base::MutableBytes out) noexcept;
    /// Overwrites the state; for secret input.
    void wipe() noexcept;

 private:
    void pad() noexcept;

    KeccakState state_{};
    std::size_t rate_;
    std::size_t at_ = 0;  ///< Position inside the block.
    std::uint8_t suffix_;
    bool squeezing_ = false;
};

constexpr Keccak shake128() noexcept { return {168, 0x1f}; }
constexpr Keccak shake256() noexcept { return {136, 0x1f}; }
constexpr Keccak sha3_256() noexcept { return {136, 0x06}; }
constexpr Keccak sha3_512() noexcept { return {72, 0x06}; }
/// Ethereum's: the padding from before FIPS 202.
constexpr Keccak keccak_256() noexcept { return {136, 0x01}; }

}  // namespace zcrypto::detail
