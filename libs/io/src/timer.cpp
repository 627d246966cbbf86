#include "io/timer.hpp"

#include <algorithm>
#include <limits>

#include "reactor_state.hpp"
#include "timer_heap.hpp"

namespace io {

void TimerHeap::sift_up(std::size_t at, Node node) noexcept {
    while (at > 0) {
        const auto parent = (at - 1) / kArity;
        if (heap_[parent].deadline_ns <= node.deadline_ns) break;
        place(at, heap_[parent]);
        at = parent;
    }
    place(at, node);
}

void TimerHeap::sift_down(std::size_t at, Node node) noexcept {
    for (;;) {
        const auto first = at * kArity + 1;
        if (first >= heap_.size()) break;
        const auto last = std::min(first + kArity, heap_.size());
        auto least = first;
        for (auto child = first + 1; child < last; ++child) {
            if (heap_[child].deadline_ns < heap_[least].deadline_ns) least = child;
        }
        if (heap_[least].deadline_ns >= node.deadline_ns) break;
        place(at, heap_[least]);
        at = least;
    }
    place(at, node);
}

void TimerHeap::settle(std::size_t at, Node node) noexcept {
    if (at > 0 && heap_[(at - 1) / kArity].deadline_ns > node.deadline_ns) {
        sift_up(at, node);
    } else {
        sift_down(at, node);
    }
}

bool TimerHeap::is_due(const Timer& timer) noexcept { return timer.index_ != Timer::kIdle && (timer.index_ & kDue); }

void TimerHeap::pop_at(std::size_t at) noexcept {
    const auto last = heap_.back();
    heap_.pop_back();
    if (at < heap_.size()) settle(at, last);
}

void TimerHeap::set(Timer& timer, std::uint64_t deadline_ns) {
    const Node node{deadline_ns, &timer};
    if (is_due(timer)) remove(timer);
    if (timer.index_ == Timer::kIdle) {
        heap_.push_back(node);
        sift_up(heap_.size() - 1, node);
    } else {
        settle(timer.index_, node);
    }
}

void TimerHeap::remove(Timer& timer) noexcept {
    if (is_due(timer)) {
        due_[timer.index_ & ~kDue] = nullptr;
    } else {
        pop_at(timer.index_);
    }
    timer.index_ = Timer::kIdle;
}

void TimerHeap::collect_due(std::uint64_t now_ns) {
    due_.clear();
    due_next_ = 0;
    while (!heap_.empty() && heap_.front().deadline_ns <= now_ns) {
        auto* timer = heap_.front().timer;
        pop_at(0);
        timer->index_ = due_.size() | kDue;
        due_.push_back(timer);
    }
}

Timer* TimerHeap::take_due() noexcept {
    while (due_next_ < due_.size()) {
        if (auto* timer = due_[due_next_++]) {
            timer->index_ = Timer::kIdle;
            return timer;
        }
    }
    return nullptr;
}

Timer::~Timer() {
    cancel();
    auto& state = *reactor_.state_;
    if (state.firing_timer != this) return;
    // Inside our own callback: its captures must live until it returns.
    state.firing_timer = nullptr;
    state.graveyard.push_back(std::move(callback_));
}

void Timer::arm(std::uint64_t deadline_ns) {
    if (armed() && deadline_ns_ == deadline_ns) return;
    deadline_ns_ = deadline_ns;
    reactor_.state_->timers.set(*this, deadline_ns);
}

void Timer::arm_after(std::uint64_t delay_ns) {
    const auto now = reactor_.now_ns();
    arm(delay_ns > std::numeric_limits<std::uint64_t>::max() - now ? std::numeric_limits<std::uint64_t>::max()
                                                                   : now + delay_ns);
}

void Timer::cancel() noexcept {
    if (armed()) reactor_.state_->timers.remove(*this);
}

}  // namespace io
