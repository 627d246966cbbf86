#pragma once
// A one-shot deadline on a reactor. Re-arming is cheap: QUIC does it for every packet.

#include <cstddef>
#include <cstdint>

#include "io/reactor.hpp"

namespace io {

/// Owned by the object it serves; the callback is bound once. All calls on the reactor's thread.
/// Destroying a timer disarms it, also inside its own callback.
class Timer {
 public:
    Timer(Reactor& reactor, Task callback) noexcept : reactor_{reactor}, callback_{std::move(callback)} {}
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    /// Fires once, in the first turn whose now_ns() is at or past `deadline_ns` of the reactor's clock. Replaces an
    /// earlier deadline. O(log n); nothing when the deadline is the one already set. A deadline in the past fires in
    /// the next timer pass, never from inside this call. Timers with one deadline fire in no particular order.
    void arm(std::uint64_t deadline_ns);
    /// Relative to the reactor's now_ns(); saturates.
    void arm_after(std::uint64_t delay_ns);
    void cancel() noexcept;
    [[nodiscard]] bool armed() const noexcept { return index_ != kIdle; }
    /// Meaningful while armed().
    [[nodiscard]] std::uint64_t deadline_ns() const noexcept { return deadline_ns_; }

 private:
    friend class Reactor;
    friend class TimerHeap;
    static constexpr std::size_t kIdle = static_cast<std::size_t>(-1);

    Reactor& reactor_;
    Task callback_;
    std::uint64_t deadline_ns_ = 0;
    std::size_t index_ = kIdle;  ///< Position in the reactor's heap.
};

}  // namespace io
