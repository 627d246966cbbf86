#include "mailbox.hpp"

#include <utility>

namespace rpc {
namespace {

constexpr std::uint64_t kRetryNs = 1'000'000;

}  // namespace

std::shared_ptr<Mailbox> Mailbox::make(io::Reactor& reactor) {
    auto box = std::shared_ptr<Mailbox>{new Mailbox{reactor}};
    box->retry_.emplace(reactor, [box = box.get()] { box->wake(); });
    box->refill();
    return box;
}

void Mailbox::push(io::Task task) {
    const std::lock_guard lock{mutex_};
    if (closed_) return;
    tasks_.push_back(std::move(task));
    if (!std::exchange(reserved_, false)) return;
    reactor_.post_reserved([weak = weak_from_this()] {
        if (const auto box = weak.lock()) box->wake();
    });
}

void Mailbox::wake() {
    refill();
    drain();
}

void Mailbox::refill() {
    const std::lock_guard lock{mutex_};
    if (closed_ || reserved_) return;
    reserved_ = reactor_.reserve_post();
    if (!reserved_) retry_->arm_after(kRetryNs);
}

void Mailbox::drain() {
    claim_thread();
    std::vector<io::Task> tasks;
    {
        const std::lock_guard lock{mutex_};
        tasks.swap(tasks_);
    }
    for (auto& task : tasks) task();
}

void Mailbox::close() {
    std::vector<io::Task> dropped;  // Destroyed after the lock is gone: a task may hold the last handle of a call.
    const std::lock_guard lock{mutex_};
    if (std::exchange(closed_, true)) return;
    dropped.swap(tasks_);
    if (std::exchange(reserved_, false)) reactor_.cancel_reservation();
    retry_.reset();
}

}  // namespace rpc
