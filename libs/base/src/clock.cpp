#include "base/clock.hpp"

#include <ctime>

namespace base {
namespace {

std::uint64_t read_ns(clockid_t id) noexcept {
    timespec at{};
    clock_gettime(id, &at);
    return static_cast<std::uint64_t>(at.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(at.tv_nsec);
}

class SystemClock final : public Clock {
 public:
    [[nodiscard]] std::uint64_t now_ns() const noexcept override { return read_ns(CLOCK_MONOTONIC); }
    [[nodiscard]] std::uint64_t unix_ms() const noexcept override { return read_ns(CLOCK_REALTIME) / 1'000'000; }
};

}  // namespace

const Clock& system_clock() noexcept {
    static const SystemClock clock;
    return clock;
}

}  // namespace base
