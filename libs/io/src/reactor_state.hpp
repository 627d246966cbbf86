#pragma once
// What a Reactor holds; private to io.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "fd.hpp"
#include "io/reactor.hpp"
#include "timer_heap.hpp"

namespace io {

struct Watch {
    int fd;  ///< -1 once unwatched.
    Ready interest;
    FdHandler handler;
    bool registered = false;  ///< Known to epoll; not while it waits for nothing, for epoll reports hang-ups always.
};

struct Reactor::State {
    Fd epoll;
    Fd wake;  ///< eventfd; written when the inbox stops being empty and on stop().

    // Only the reactor's thread.
    std::unordered_map<int, std::unique_ptr<Watch>> watches;  // unkeyed: descriptors
    std::vector<std::unique_ptr<Watch>> dead_watches;  ///< Unwatched this turn; collected events still point at them.
    TimerHeap timers;
    Timer* firing_timer = nullptr;
    Deferred* running_deferred = nullptr;
    Deferred* deferred_head = nullptr;
    Deferred* deferred_tail = nullptr;
    std::uint64_t deferred_pass = 0;  ///< Stamps Deferreds, so that a pass ends where it began to grow.
    std::vector<Task> deferred_tasks;
    std::vector<Task> graveyard;  ///< Callbacks whose owners died inside them.
    std::vector<Task> inbox_batch;
    std::size_t inbox_next = 0;  ///< First task of inbox_batch that has not run.
    bool in_turn = false;

    // Any thread.
    std::atomic<std::thread::id> thread;
    std::atomic<bool> stopping{false};
    std::mutex inbox_mutex;
    std::vector<Task> inbox;
    std::size_t pending = 0;   ///< Posted and not yet run, in inbox or inbox_batch.
    std::size_t reserved = 0;  ///< Places promised by reserve_post().

    void wake_up() noexcept;
    void unlink(Deferred& deferred) noexcept;
    [[nodiscard]] bool has_deferred() const noexcept { return deferred_head || !deferred_tasks.empty(); }
};

}  // namespace io
