#pragma once
// Answers that come from other threads, on their way to the reactor. Unlike Reactor::post() it cannot refuse: what it
// holds is bounded by the calls under way (one end each) and by their stream buffers.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "io/reactor.hpp"
#include "io/timer.hpp"

namespace rpc {

class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
    static std::shared_ptr<Mailbox> make(io::Reactor& reactor);
    ~Mailbox() = default;
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    /// Any thread. After close() the task is destroyed unrun.
    void push(io::Task task);
    /// Reactor's thread: runs what waits.
    void drain();
    /// Reactor's thread, before the reactor goes: nothing runs any more, the reactor is not touched again.
    void close();

    /// True on the reactor's thread. Does not touch the reactor, which may be gone before the last handle of a call.
    [[nodiscard]] bool on_thread() const noexcept {
        return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }
    /// Called on the reactor's thread now and then: the thread that runs a reactor need not be the one that made it.
    void claim_thread() noexcept { thread_.store(std::this_thread::get_id(), std::memory_order_relaxed); }

 private:
    explicit Mailbox(io::Reactor& reactor) noexcept : reactor_{reactor} {}
    void refill();
    void wake();

    std::atomic<std::thread::id> thread_{std::this_thread::get_id()};
    io::Reactor& reactor_;
    std::optional<io::Timer> retry_;  ///< Runs while the reactor's inbox has no place for our wake-up.
    std::mutex mutex_;
    std::vector<io::Task> tasks_;
    bool reserved_ = false;  ///< One inbox place is set aside; push() uses it for the first task.
    bool closed_ = false;
};

}  // namespace rpc
