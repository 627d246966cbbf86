#pragma once
// A reactor with its own named thread.

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "io/reactor.hpp"

namespace io {

class ReactorThread {
 public:
    /// Makes the reactor and runs it on a new thread called `name` (its first 15 characters). Signals of
    /// block_termination_signals() are blocked on it. `limit_reached` when no thread can be started.
    static base::Result<std::unique_ptr<ReactorThread>> start(const std::string& name, Reactor::Options options);
    static base::Result<std::unique_ptr<ReactorThread>> start(const std::string& name) {
        return start(name, Reactor::Options{});
    }
    /// stop(), then destroys the reactor. Objects on the reactor must be gone: use run_and_wait() to tear them down.
    ~ReactorThread();
    ReactorThread(const ReactorThread&) = delete;
    ReactorThread& operator=(const ReactorThread&) = delete;

    [[nodiscard]] Reactor& reactor() noexcept { return *reactor_; }
    /// Runs `task` on the reactor and waits until it has finished; at once when called on that thread or after stop().
    /// Never full: it waits for a place in the inbox. Not from another reactor's thread, and not while another thread
    /// is in stop().
    void run_and_wait(Task task);
    /// Stops the reactor and joins the thread. Not from the reactor's own thread. Idempotent.
    void stop() noexcept;

 private:
    ReactorThread(std::unique_ptr<Reactor> reactor) noexcept : reactor_{std::move(reactor)} {}
    std::unique_ptr<Reactor> reactor_;
    std::thread thread_;
};

}  // namespace io
