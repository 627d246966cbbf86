#include "block_builder.hpp"

namespace ghostd {
namespace {

/// Taken under one lock, so that the chain thread and the admitting ones meet rarely.
constexpr std::size_t kTakenAtOnce = 64;

}  // namespace

BlockBuilder::BlockBuilder(Mempool& pool, std::mutex& mutex, const base::Clock& clock, const BuildLimits& limits,
                           bool on_final_state)
    : pool_{pool},
      mutex_{mutex},
      clock_{clock},
      limits_{limits},
      on_final_state_{on_final_state},
      begun_ns_{clock.now_ns()} {}

bool BlockBuilder::refill() {
    const std::lock_guard lock{mutex_};
    aside_.clear();  // Nothing that was taken is left.
    do {
        while (taken_.size() < kTakenAtOnce) {
            const auto* entry = pool_.take();
            if (!entry) break;
            taken_.push_back({entry->id, entry->sender, entry->gas_limit, entry->bytes, entry->payload});
        }
        if (!taken_.empty()) break;
        // Nobody else offers anything: those who had their share may go on.
        sharing_ = false;
    } while (pool_.offer_again());
    std::reverse(taken_.begin(), taken_.end());
    return !taken_.empty();
}

const ledger::VerifiedTx* BlockBuilder::next(std::uint64_t gas_used) {
    const auto gas_left = limits_.gas - std::min(limits_.gas, gas_used);
    for (;;) {
        if (included_.size() >= limits_.count || misfits_ >= limits_.misfits_max) return nullptr;
        item_begun_ns_ = clock_.now_ns();
        if (item_begun_ns_ - begun_ns_ >= limits_.time_ns) return nullptr;
        if (taken_.empty() && !refill()) return nullptr;
        current_ = std::move(taken_.back());
        taken_.pop_back();
        if (aside_.contains(current_.sender)) {
            const std::lock_guard lock{mutex_};
            pool_.untake(current_.id);
        } else if (sharing_ && had_its_share(current_.sender)) {
            step_back(current_, true);
        } else if (current_.gas_limit > gas_left || current_.bytes > limits_.bytes - bytes_) {
            ++misfits_;
            step_back(current_, false);
        } else {
            return &current_.payload->tx;
        }
    }
}

bool BlockBuilder::had_its_share(const base::Digest& sender) const {
    const auto at = used_.find(sender);
    return at != used_.end() && (at->second.gas >= limits_.gas / limits_.sender_divisor ||
                                 at->second.bytes >= limits_.bytes / limits_.sender_divisor ||
                                 at->second.time_ns >= limits_.time_ns / limits_.sender_divisor);
}

void BlockBuilder::step_back(const Taken& item, bool for_now) {
    aside_.insert(item.sender);
    const std::lock_guard lock{mutex_};
    pool_.set_aside(item.sender, for_now);
    pool_.untake(item.id);
}

void BlockBuilder::count_time() { used_[current_.sender].time_ns += clock_.now_ns() - item_begun_ns_; }

void BlockBuilder::included(std::uint64_t gas_used) {
    count_time();
    auto& used = used_[current_.sender];
    used.gas += gas_used;
    used.bytes += current_.bytes;
    bytes_ += current_.bytes;
    included_.push_back(current_.id);
}

void BlockBuilder::refused(const base::Error& error) {
    count_time();
    if (error.is(ledger::Errc::block_full)) {
        ++misfits_;
        return step_back(current_, false);
    }
    // On an unfinalized parent it may be valid yet, when that is abandoned.
    step_back(current_, false);
    if (!on_final_state_) return;
    const std::lock_guard lock{mutex_};
    pool_.remove(current_.id);
    dropped_.push_back({current_.id, base::to_string(error)});
}

void BlockBuilder::finish() {
    const std::lock_guard lock{mutex_};
    for (const auto& item : taken_) pool_.untake(item.id);
    taken_.clear();
}

}  // namespace ghostd
