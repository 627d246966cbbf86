#pragma once
// One thread, one epoll, everything that lives on it.
//
//   wait ─▶ descriptor handlers ─▶ expired timers ─▶ inbox (bounded) ─▶ deferred (the write pass) ─▶ wait …
//            one timestamp a turn: now_ns()
//
// Handlers record what happened and mark themselves dirty (Deferred::schedule); the deferred pass at the end of the
// turn does the writing, once for each dirty object however many events it saw.
//
// Thread: everything is for the reactor's own thread (the one inside run()/run_once(); before the first run, the one
// that made it), except post(), reserve_post(), post_reserved(), stop(), on_thread().
// Any handler may unwatch, destroy timers, destroy Deferreds and other objects, including the one that called it.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "io/error.hpp"

namespace io {

class Timer;
class Deferred;
struct Watch;

using Task = std::move_only_function<void()>;

/// What a descriptor is ready for, or what its watcher waits for. A failure or a hang-up arrives as everything that is
/// waited for, so that the next system call reports it.
struct Ready {
    bool read = false;
    bool write = false;
    friend bool operator==(const Ready&, const Ready&) = default;
};
using FdHandler = std::move_only_function<void(Ready)>;

class Reactor {
 public:
    struct Options {
        const base::Clock* clock = &base::system_clock();  ///< Must outlive the reactor.
        std::size_t inbox_max = 65536;                     ///< Tasks waiting (and reserved) at most.
        std::size_t inbox_batch_max = 1024;                ///< Tasks run in one turn at most.
    };
    /// `limit_reached` when the process is out of descriptors.
    static base::Result<std::unique_ptr<Reactor>> make(Options options);
    static base::Result<std::unique_ptr<Reactor>> make() { return make(Options{}); }
    /// Tasks that did not run are destroyed unrun. Watches, Timers and Deferreds must be gone before.
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    /// Turns until stop(). Tasks posted before stop() still run, and one last deferred pass is made.
    void run();
    /// One turn that waits at most `max_wait_ns` (0 polls). For tests and for loops owned by others.
    void run_once(std::uint64_t max_wait_ns);
    /// Makes run() return after its current turn. Any thread; sticky.
    void stop() noexcept;

    /// The clock as read at the start of this turn's work. Monotonic nanoseconds.
    [[nodiscard]] std::uint64_t now_ns() const noexcept { return now_ns_; }
    /// Reads the clock again and moves now_ns() forward; for long turns only.
    std::uint64_t refresh_now() noexcept;
    [[nodiscard]] const base::Clock& clock() const noexcept { return *options_.clock; }
    /// True on the thread that runs (or, before the first run, made) this reactor. Any thread.
    [[nodiscard]] bool on_thread() const noexcept;

    /// Calls `handler` whenever `fd` is ready (level-triggered). The descriptor stays the caller's: unwatch it before
    /// closing it. One watch a descriptor. `limit_reached`, `system`.
    base::Result<void> watch(int fd, Ready interest, FdHandler handler);
    /// Changes what is waited for; `fd` must be watched. Costs no system call when nothing changes.
    base::Result<void> modify(int fd, Ready interest) noexcept;
    /// No handler call after this, also not for readiness already collected this turn. Ignores unknown descriptors.
    void unwatch(int fd) noexcept;

    /// Runs `task` on the reactor's thread in a later turn, in order of arrival. False, and the task destroyed, when
    /// the inbox is full. Any thread.
    [[nodiscard]] bool post(Task task);
    /// Sets one inbox place aside for a later post_reserved(), which then cannot fail. False when full. Any thread.
    [[nodiscard]] bool reserve_post() noexcept;
    void post_reserved(Task task);
    void cancel_reservation() noexcept;

    /// Runs `task` once, after this turn's handlers and before the next wait. What a deferred task defers runs in the
    /// next turn, which then does not sleep. An object that can die first uses a Deferred instead.
    void defer(Task task);

 private:
    friend class Timer;
    friend class Deferred;
    struct State;

    Reactor(Options options, std::unique_ptr<State> state) noexcept;
    void turn(std::uint64_t max_wait_ns);
    void run_expired_timers();
    std::size_t run_inbox(std::size_t max);
    bool enqueue(Task& task, bool has_place);
    base::Result<void> register_watch(Watch& watch, Ready interest) noexcept;
    void bury() noexcept;
    void run_deferred();
    void claim_thread() noexcept;

    Options options_;
    std::uint64_t now_ns_;
    std::unique_ptr<State> state_;
};

/// A callback bound once that runs at most once a turn, in the deferred pass. Owned by the object it serves; destroying
/// it (also inside its own callback) takes it out of the pass.
class Deferred {
 public:
    Deferred(Reactor& reactor, Task callback) noexcept : reactor_{reactor}, callback_{std::move(callback)} {}
    ~Deferred();
    Deferred(const Deferred&) = delete;
    Deferred& operator=(const Deferred&) = delete;

    /// Marks it for this turn's pass; a second call before it runs changes nothing.
    void schedule() noexcept;
    void cancel() noexcept;
    [[nodiscard]] bool scheduled() const noexcept { return scheduled_; }

 private:
    friend class Reactor;
    Reactor& reactor_;
    Task callback_;
    Deferred* previous_ = nullptr;
    Deferred* next_ = nullptr;
    std::uint64_t pass_ = 0;
    bool scheduled_ = false;
};

}  // namespace io
