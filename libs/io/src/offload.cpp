#include "io/offload.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "thread_name.hpp"

namespace io {
namespace {

constexpr unsigned kThreadsMax = 64;

struct Job {
    Task work;
    Reactor* reactor;  ///< Null: no completion. Holds a reserved place in its inbox otherwise.
    Task completion;
};

}  // namespace

struct Offload::Lane {
    explicit Lane(OffloadLane with) : options{std::move(with)} {}
    ~Lane() { finish(); }

    OffloadLane options;
    mutable std::mutex mutex;
    std::condition_variable wake;
    std::deque<Job> queue;
    bool closing = false;
    std::vector<std::thread> threads;

    void run();
    void finish() noexcept;
};

void Offload::Lane::run() {
    begin_thread(options.name);
    for (;;) {
        std::unique_lock lock{mutex};
        wake.wait(lock, [this] { return closing || !queue.empty(); });
        if (queue.empty()) return;
        auto job = std::move(queue.front());
        queue.pop_front();
        lock.unlock();
        job.work();
        job.work = nullptr;  // what it captured goes here, before anybody hears of the result
        if (job.reactor) job.reactor->post_reserved(std::move(job.completion));
    }
}

void Offload::Lane::finish() noexcept {
    {
        const std::lock_guard lock{mutex};
        closing = true;
    }
    wake.notify_all();
    for (auto& thread : threads) thread.join();
    threads.clear();
}

base::Result<std::unique_ptr<Offload>> Offload::make(std::vector<OffloadLane> lanes) {
    if (lanes.empty()) return base::fail(base::Errc::invalid_argument, "offload without lanes");
    std::vector<std::unique_ptr<Lane>> made;
    for (auto& options : lanes) {
        const bool repeated =
            std::ranges::any_of(made, [&](const auto& lane) { return lane->options.name == options.name; });
        if (options.name.empty() || repeated) return base::fail(base::Errc::invalid_argument, "offload lane name");
        if (options.threads == 0 || options.threads > kThreadsMax || options.queue_max == 0)
            return base::fail(base::Errc::invalid_argument, "offload lane size");
        auto& lane = *made.emplace_back(std::make_unique<Lane>(std::move(options)));
        try {
            for (unsigned i = 0; i < lane.options.threads; ++i) lane.threads.emplace_back([&lane] { lane.run(); });
        } catch (const std::system_error&) {
            return base::fail(Errc::limit_reached, "cannot start a thread");
        }
    }
    return std::unique_ptr<Offload>{new Offload{std::move(made)}};
}

Offload::Offload(std::vector<std::unique_ptr<Lane>> lanes) noexcept : lanes_{std::move(lanes)} {}

Offload::~Offload() {
    // Each lane closes before any object goes: work on one lane may still be submitting to another.
    for (const auto& lane : lanes_) lane->finish();
}

Offload::Lane* Offload::find(std::string_view name) const noexcept {
    const auto found = std::ranges::find_if(lanes_, [&](const auto& lane) { return lane->options.name == name; });
    return found == lanes_.end() ? nullptr : found->get();
}

base::Result<void> Offload::enqueue(std::string_view name, Task work, Reactor* reactor, Task completion) {
    auto* const lane = find(name);
    if (!lane) return base::fail(base::Errc::not_found, "offload lane");
    // The completion's place is taken before the work: what has run can always be told.
    if (reactor && !reactor->reserve_post()) return base::fail(Errc::overloaded, "reactor inbox");
    base::Error refused{};
    {
        const std::lock_guard lock{lane->mutex};
        if (lane->closing) {
            refused = base::fail(Errc::closed, "offload").error();
        } else if (lane->queue.size() >= lane->options.queue_max) {
            refused = base::fail(Errc::overloaded, "offload lane").error();
        } else {
            lane->queue.push_back({std::move(work), reactor, std::move(completion)});
        }
    }
    if (refused.domain) {
        if (reactor) reactor->cancel_reservation();
        return std::unexpected{refused};
    }
    lane->wake.notify_one();
    return {};
}

base::Result<void> Offload::submit(std::string_view lane, Task work, Reactor& reactor, Task completion) {
    return enqueue(lane, std::move(work), &reactor, std::move(completion));
}

base::Result<void> Offload::submit(std::string_view lane, Task work) {
    return enqueue(lane, std::move(work), nullptr, nullptr);
}

std::size_t Offload::queued(std::string_view name) const noexcept {
    const auto* const lane = find(name);
    if (!lane) return 0;
    const std::lock_guard lock{lane->mutex};
    return lane->queue.size();
}

}  // namespace io
