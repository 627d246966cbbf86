#include "rpc/blocking.hpp"

#include <condition_variable>
#include <mutex>

#include "io/thread.hpp"

namespace rpc {
namespace {

/// Set by the callback, and also when the callback is destroyed unrun, so that the waiter always wakes.
struct Signal {
    std::mutex mutex;
    std::condition_variable changed;
    bool set = false;

    void raise() {
        const std::lock_guard lock{mutex};
        set = true;
        changed.notify_all();
    }
    void wait() {
        std::unique_lock lock{mutex};
        changed.wait(lock, [this] { return set; });
    }
};
struct Raiser {
    explicit Raiser(std::shared_ptr<Signal> the_signal) noexcept : signal{std::move(the_signal)} {}
    Raiser(Raiser&&) noexcept = default;
    Raiser& operator=(Raiser&&) = delete;
    ~Raiser() {
        if (signal) signal->raise();
    }
    std::shared_ptr<Signal> signal;
};

}  // namespace

struct BlockingClient::State {
    std::unique_ptr<io::ReactorThread> thread;
    std::unique_ptr<Channel> channel;
};

BlockingClient::BlockingClient(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}

base::Result<std::unique_ptr<BlockingClient>> BlockingClient::make(
    std::move_only_function<std::unique_ptr<Connector>(io::Reactor&)> connector, ChannelOptions options) {
    auto state = std::make_unique<State>();
    GC_TRY(state->thread, io::ReactorThread::start("rpc-client"));
    state->thread->run_and_wait([&] {
        auto& reactor = state->thread->reactor();
        state->channel = Channel::make(reactor, connector(reactor), std::move(options));
    });
    return std::unique_ptr<BlockingClient>{new BlockingClient{std::move(state)}};
}

BlockingClient::~BlockingClient() {
    state_->thread->run_and_wait([this] { state_->channel.reset(); });
}

void BlockingClient::run(std::move_only_function<void(Channel&)> task) {
    state_->thread->run_and_wait([&] { task(*state_->channel); });
}

void BlockingClient::wait_for(std::move_only_function<void(Channel&, io::Task)> start, io::Task release) {
    const auto signal = std::make_shared<Signal>();
    run([&](Channel& channel) { start(channel, [raiser = Raiser{signal}]() mutable { Raiser{std::move(raiser)}; }); });
    signal->wait();
    run([&](Channel&) { release(); });
}

}  // namespace rpc
