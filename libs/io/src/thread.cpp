#include "io/thread.hpp"

#include <pthread.h>

#include <chrono>
#include <future>
#include <system_error>

#include "thread_name.hpp"

namespace io {

base::Result<std::unique_ptr<ReactorThread>> ReactorThread::start(const std::string& name, Reactor::Options options) {
    GC_TRY(auto reactor, Reactor::make(options));
    std::unique_ptr<ReactorThread> self{new ReactorThread{std::move(reactor)}};
    std::promise<void> running;
    auto is_running = running.get_future();
    try {
        self->thread_ = std::thread{[&running, name, &on = *self->reactor_] {
            begin_thread(name);
            // Claims the thread before start() returns: on_thread() must not answer for the maker any more.
            on.run_once(0);
            running.set_value();
            on.run();
        }};
    } catch (const std::system_error&) {
        return base::fail(Errc::limit_reached, "cannot start a thread");
    }
    is_running.wait();
    return self;
}

ReactorThread::~ReactorThread() { stop(); }

void ReactorThread::run_and_wait(Task task) {
    if (!thread_.joinable() || reactor_->on_thread()) return task();
    std::promise<void> done;
    auto finished = done.get_future();
    Task step = [&] {
        task();
        done.set_value();
    };
    while (!reactor_->post([&step] { step(); })) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    finished.wait();
}

void ReactorThread::stop() noexcept {
    if (!thread_.joinable()) return;
    reactor_->stop();
    thread_.join();
}

}  // namespace io
