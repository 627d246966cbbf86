#pragma once
// The reactor's deadlines: a 4-ary min-heap of {deadline, timer} in which each timer knows its place, so that re-arming
// moves it instead of searching for it. Four children fit one cache line.

#include <cstdint>
#include <vector>

#include "io/timer.hpp"

namespace io {

class TimerHeap {
 public:
    [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
    [[nodiscard]] std::uint64_t next_deadline_ns() const noexcept { return heap_.front().deadline_ns; }

    void set(Timer& timer, std::uint64_t deadline_ns);
    void remove(Timer& timer) noexcept;

    /// Moves every timer due at `now_ns` to the due list, earliest first. They stay armed, and a timer that is set
    /// again before its turn comes goes back to the heap: what a callback arms for the past waits for the next pass.
    void collect_due(std::uint64_t now_ns);
    /// The next due timer, disarmed; null when there are no more.
    Timer* take_due() noexcept;

 private:
    struct Node {
        std::uint64_t deadline_ns;
        Timer* timer;
    };
    static constexpr std::size_t kArity = 4;
    static constexpr std::size_t kDue = std::size_t{1} << 63;  ///< In Timer::index_: a place in due_, not in heap_.

    void place(std::size_t at, Node node) noexcept {
        heap_[at] = node;
        node.timer->index_ = at;
    }
    void sift_up(std::size_t at, Node node) noexcept;
    void sift_down(std::size_t at, Node node) noexcept;
    void settle(std::size_t at, Node node) noexcept;
    static bool is_due(const Timer& timer) noexcept;
    void pop_at(std::size_t at) noexcept;
    std::vector<Node> heap_;
    std::vector<Timer*> due_;  ///< Null where a timer was cancelled or set again.
    std::size_t due_next_ = 0;
};

}  // namespace io
