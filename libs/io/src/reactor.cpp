#include "io/reactor.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "reactor_state.hpp"

namespace io {
namespace {

constexpr std::size_t kEventsMax = 256;
/// An idle reactor wakes at least this often; it costs nothing and heals a clock that jumped.
constexpr std::uint64_t kWaitMaxNs = 3600ull * 1'000'000'000;

std::uint32_t to_events(Ready interest) noexcept {
    return (interest.read ? EPOLLIN | EPOLLRDHUP : 0u) | (interest.write ? EPOLLOUT : 0u);
}

/// Nanosecond waits, or whole milliseconds rounded up on kernels before 5.11.
int wait_for_events(int epoll, epoll_event* events, std::uint64_t wait_ns) noexcept {
    static std::atomic<bool> has_pwait2{true};
    if (has_pwait2.load(std::memory_order_relaxed)) {
        const timespec timeout{.tv_sec = static_cast<time_t>(wait_ns / 1'000'000'000),
                               .tv_nsec = static_cast<long>(wait_ns % 1'000'000'000)};
        const int count = epoll_pwait2(epoll, events, kEventsMax, &timeout, nullptr);
        if (count >= 0 || errno != ENOSYS) return count;
        has_pwait2.store(false, std::memory_order_relaxed);
    }
    return epoll_wait(epoll, events, kEventsMax, static_cast<int>((wait_ns + 999'999) / 1'000'000));
}

}  // namespace

void Reactor::State::wake_up() noexcept {
    // Fails only when the counter is full, and then the reactor is awake anyway.
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake.get(), &one, sizeof one);
}

void Reactor::State::unlink(Deferred& deferred) noexcept {
    (deferred.previous_ ? deferred.previous_->next_ : deferred_head) = deferred.next_;
    (deferred.next_ ? deferred.next_->previous_ : deferred_tail) = deferred.previous_;
    deferred.previous_ = deferred.next_ = nullptr;
    deferred.scheduled_ = false;
}

base::Result<std::unique_ptr<Reactor>> Reactor::make(Options options) {
    auto state = std::make_unique<State>();
    state->epoll = Fd{epoll_create1(EPOLL_CLOEXEC)};
    if (!state->epoll.valid()) return base::fail(errc_from_errno(errno), "epoll_create1");
    state->wake = Fd{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!state->wake.valid()) return base::fail(errc_from_errno(errno), "eventfd");
    epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
    if (epoll_ctl(state->epoll.get(), EPOLL_CTL_ADD, state->wake.get(), &event) != 0)
        return base::fail(errc_from_errno(errno), "epoll_ctl");
    return std::unique_ptr<Reactor>{new Reactor{options, std::move(state)}};
}

Reactor::Reactor(Options options, std::unique_ptr<State> state) noexcept
    : options_{options}, now_ns_{options.clock->now_ns()}, state_{std::move(state)} {
    claim_thread();
}

Reactor::~Reactor() {
    // What unrun tasks captured may unwatch and disarm while it dies, so everything goes while the state still stands.
    std::vector<Task> tasks;
    {
        const std::lock_guard lock{state_->inbox_mutex};
        tasks.swap(state_->inbox);
    }
    tasks.clear();
    std::vector<Task>{}.swap(state_->inbox_batch);
    tasks.swap(state_->deferred_tasks);
    tasks.clear();
    while (!state_->watches.empty()) unwatch(state_->watches.begin()->first);
    bury();
}

void Reactor::claim_thread() noexcept { state_->thread.store(std::this_thread::get_id(), std::memory_order_relaxed); }

bool Reactor::on_thread() const noexcept {
    return state_->thread.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

void Reactor::run() {
    while (!state_->stopping.load(std::memory_order_acquire)) turn(kWaitMaxNs);
    std::size_t left;
    {
        const std::lock_guard lock{state_->inbox_mutex};
        left = state_->pending;
    }
    state_->in_turn = true;
    while (left > 0) {
        const auto ran = run_inbox(left);
        if (ran == 0) break;
        left -= ran;
    }
    run_deferred();
    state_->in_turn = false;
    bury();
}

void Reactor::run_once(std::uint64_t max_wait_ns) { turn(max_wait_ns); }

void Reactor::stop() noexcept {
    state_->stopping.store(true, std::memory_order_release);
    state_->wake_up();
}

std::uint64_t Reactor::refresh_now() noexcept {
    now_ns_ = std::max(now_ns_, options_.clock->now_ns());  // never backwards, whatever the clock does
    return now_ns_;
}

void Reactor::turn(std::uint64_t max_wait_ns) {
    GC_ASSERT(!state_->in_turn);
    claim_thread();
    auto wait_ns = std::min(max_wait_ns, kWaitMaxNs);
    if (state_->has_deferred() || state_->inbox_next < state_->inbox_batch.size()) {
        wait_ns = 0;
    } else if (!state_->timers.empty()) {
        const auto now = refresh_now();
        const auto next = state_->timers.next_deadline_ns();
        wait_ns = next <= now ? 0 : std::min(wait_ns, next - now);
    }

    std::array<epoll_event, kEventsMax> events;
    const int count = wait_for_events(state_->epoll.get(), events.data(), wait_ns);
    state_->in_turn = true;
    refresh_now();
    for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        auto* const watch = static_cast<Watch*>(event.data.ptr);
        if (!watch) {
            std::uint64_t ignored;
            [[maybe_unused]] const auto got = ::read(state_->wake.get(), &ignored, sizeof ignored);
            continue;
        }
        if (watch->fd < 0) continue;  // unwatched by a handler earlier in this turn
        const bool broken = event.events & (EPOLLERR | EPOLLHUP);
        const Ready ready{.read = watch->interest.read && (broken || (event.events & (EPOLLIN | EPOLLRDHUP))),
                          .write = watch->interest.write && (broken || (event.events & EPOLLOUT))};
        if (ready.read || ready.write) watch->handler(ready);
    }
    run_expired_timers();
    run_inbox(options_.inbox_batch_max);
    run_deferred();
    state_->in_turn = false;
    bury();
}

void Reactor::run_expired_timers() {
    state_->timers.collect_due(now_ns_);
    while (auto* timer = state_->timers.take_due()) {
        state_->firing_timer = timer;
        timer->callback_();
        state_->firing_timer = nullptr;
    }
}

std::size_t Reactor::run_inbox(std::size_t max) {
    auto& batch = state_->inbox_batch;
    auto& next = state_->inbox_next;
    std::size_t done = 0;
    while (done < max) {
        if (next == batch.size()) {
            if (done > 0) break;  // one swap a turn: tasks that post to their own reactor must not starve its sockets
            batch.clear();
            next = 0;
            const std::lock_guard lock{state_->inbox_mutex};
            batch.swap(state_->inbox);
            if (batch.empty()) return 0;
        }
        auto task = std::move(batch[next++]);
        ++done;
        task();
    }
    const std::lock_guard lock{state_->inbox_mutex};
    state_->pending -= done;
    // The eventfd was consumed with the first task of what is there now: make sure of another turn.
    if (!state_->inbox.empty()) state_->wake_up();
    return done;
}

void Reactor::run_deferred() {
    const auto pass = ++state_->deferred_pass;
    std::vector<Task> tasks;
    tasks.swap(state_->deferred_tasks);
    for (auto& task : tasks) task();
    while (state_->deferred_head && state_->deferred_head->pass_ < pass) {
        auto* const deferred = state_->deferred_head;
        state_->unlink(*deferred);
        state_->running_deferred = deferred;
        deferred->callback_();
        state_->running_deferred = nullptr;
    }
}

void Reactor::bury() noexcept {
    // Destroying a callback may destroy more objects that die inside a turn's collections: repeat until quiet.
    while (!state_->graveyard.empty() || !state_->dead_watches.empty()) {
        std::vector<Task> tasks;
        tasks.swap(state_->graveyard);
        std::vector<std::unique_ptr<Watch>> watches;
        watches.swap(state_->dead_watches);
    }
}

base::Result<void> Reactor::register_watch(Watch& watch, Ready interest) noexcept {
    const bool wanted = interest.read || interest.write;
    if (!wanted && !watch.registered) {
        watch.interest = interest;
        return {};
    }
    epoll_event event{.events = to_events(interest), .data = {.ptr = &watch}};
    const int operation = !watch.registered ? EPOLL_CTL_ADD : wanted ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    if (epoll_ctl(state_->epoll.get(), operation, watch.fd, &event) != 0)
        return base::fail(errc_from_errno(errno), "epoll_ctl");
    watch.registered = wanted;
    watch.interest = interest;
    return {};
}

base::Result<void> Reactor::watch(int fd, Ready interest, FdHandler handler) {
    if (fd < 0 || state_->watches.contains(fd)) return base::fail(base::Errc::invalid_argument, "watch");
    auto watch = std::make_unique<Watch>(Watch{.fd = fd, .interest = {}, .handler = std::move(handler)});
    GC_CHECK(register_watch(*watch, interest));
    state_->watches.emplace(fd, std::move(watch));
    return {};
}

base::Result<void> Reactor::modify(int fd, Ready interest) noexcept {
    const auto found = state_->watches.find(fd);
    if (found == state_->watches.end()) return base::fail(base::Errc::not_found, "modify");
    if (found->second->interest == interest) return {};
    return register_watch(*found->second, interest);
}

void Reactor::unwatch(int fd) noexcept {
    const auto found = state_->watches.find(fd);
    if (found == state_->watches.end()) return;
    auto watch = std::move(found->second);
    state_->watches.erase(found);
    if (watch->registered) epoll_ctl(state_->epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
    watch->fd = -1;
    if (state_->in_turn) state_->dead_watches.push_back(std::move(watch));
}

bool Reactor::enqueue(Task& task, bool has_place) {
    bool was_empty;
    {
        const std::lock_guard lock{state_->inbox_mutex};
        if (has_place) {
            --state_->reserved;
        } else if (state_->pending + state_->reserved >= options_.inbox_max) {
            return false;
        }
        ++state_->pending;
        was_empty = state_->inbox.empty();
        state_->inbox.push_back(std::move(task));
    }
    if (was_empty) state_->wake_up();
    return true;
}

bool Reactor::post(Task task) { return enqueue(task, false); }

bool Reactor::reserve_post() noexcept {
    const std::lock_guard lock{state_->inbox_mutex};
    if (state_->pending + state_->reserved >= options_.inbox_max) return false;
    ++state_->reserved;
    return true;
}

void Reactor::post_reserved(Task task) {
    const bool taken = enqueue(task, true);
    GC_ASSERT(taken);
}

void Reactor::cancel_reservation() noexcept {
    const std::lock_guard lock{state_->inbox_mutex};
    --state_->reserved;
}

void Reactor::defer(Task task) { state_->deferred_tasks.push_back(std::move(task)); }

Deferred::~Deferred() {
    cancel();
    auto& state = *reactor_.state_;
    if (state.running_deferred != this) return;
    // Inside our own callback: its captures must live until it returns.
    state.running_deferred = nullptr;
    state.graveyard.push_back(std::move(callback_));
}

void Deferred::schedule() noexcept {
    if (scheduled_) return;
    auto& state = *reactor_.state_;
    scheduled_ = true;
    pass_ = state.deferred_pass;
    previous_ = state.deferred_tail;
    next_ = nullptr;
    (previous_ ? previous_->next_ : state.deferred_head) = this;
    state.deferred_tail = this;
}

void Deferred::cancel() noexcept {
    if (scheduled_) reactor_.state_->unlink(*this);
}

}  // namespace io
