#pragma once
// Time arrives by parameter: production gives SystemClock, tests and the simulator their own.

#include <cstdint>

namespace base {

class Clock {
 public:
    virtual ~Clock() = default;
    /// Monotonic nanoseconds; the origin means nothing.
    [[nodiscard]] virtual std::uint64_t now_ns() const noexcept = 0;
    /// Milliseconds since the Unix epoch; may step.
    [[nodiscard]] virtual std::uint64_t unix_ms() const noexcept = 0;
};

/// CLOCK_MONOTONIC and CLOCK_REALTIME. Thread-safe.
const Clock& system_clock() noexcept;

/// Stands still until told. Not thread-safe.
class ManualClock final : public Clock {
 public:
    explicit ManualClock(std::uint64_t start_ns = 1, std::uint64_t unix_ms = 1'700'000'000'000) noexcept
        : ns_{start_ns}, unix_ms_{unix_ms} {}
    [[nodiscard]] std::uint64_t now_ns() const noexcept override { return ns_; }
    [[nodiscard]] std::uint64_t unix_ms() const noexcept override { return unix_ms_ + (ns_ / 1'000'000); }
    void advance_ns(std::uint64_t by) noexcept { ns_ += by; }

 private:
    std::uint64_t ns_;
    std::uint64_t unix_ms_;
};

}  // namespace base
