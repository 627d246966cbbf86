#pragma once
// Randomness arrives by parameter. Keys and nonces come from SystemRandom; SeededRandom repeats a test or simulation.

#include <cstdint>

#include "base/bytes.hpp"

namespace base {

class Random {
 public:
    virtual ~Random() = default;
    virtual void fill(MutableBytes out) noexcept = 0;

    std::uint64_t u64() noexcept {
        FixedBytes<8> raw;
        fill(raw);
        return load_le<std::uint64_t>(raw.data());
    }
    /// Uniform in [0, bound); bound > 0. Rejection sampling, so no modulo bias.
    std::uint64_t below(std::uint64_t bound) noexcept;
};

/// getrandom(2). Thread-safe; ends the process when the kernel cannot give entropy.
Random& system_random() noexcept;

/// xoshiro256** seeded through splitmix64: the same bytes for the same seed on every machine. Never for secrets.
class SeededRandom final : public Random {
 public:
    explicit SeededRandom(std::uint64_t seed) noexcept;
    void fill(MutableBytes out) noexcept override;

 private:
    std::uint64_t next() noexcept;
    std::uint64_t state_[4];
};

}  // namespace base
