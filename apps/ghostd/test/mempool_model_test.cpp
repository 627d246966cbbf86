// The pool against a model that keeps one list and looks at all of it for every question.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/random.hpp"
#include "ghostd/mempool.hpp"

namespace {

using ghostd::Mempool;
using ghostd::PoolAccount;
using ghostd::PoolDrop;
using ghostd::PoolEntry;

constexpr std::size_t kOverhead = 512;
constexpr std::size_t kBytesMax = 24 * (200 + kOverhead);
constexpr std::size_t kPerSender = 6;
constexpr std::uint8_t kSenders = 10;

base::Digest address(std::uint8_t number) {
    base::Digest out{};
    out[0] = std::byte{number};
    return out;
}

class Model {
 public:
    struct Item {
        PoolEntry entry;
        std::uint64_t arrival;
        int blocks = 0;
    };
    std::vector<Item> items;
    std::map<base::Digest, PoolAccount> accounts;
    std::map<base::Digest, std::uint64_t> next;
    base::u128 headroom = 0;
    std::uint64_t arrivals = 0;

    Item* at(const base::Digest& sender, std::uint64_t nonce) {
        for (auto& item : items) {
            if (item.entry.sender == sender && item.entry.nonce == nonce) return &item;
        }
        return nullptr;
    }
    std::uint64_t run_end(const base::Digest& sender) {
        auto nonce = accounts[sender].nonce;
        while (at(sender, nonce)) ++nonce;
        return nonce;
    }
    std::size_t bytes() const {
        std::size_t sum = 0;
        for (const auto& item : items) sum += item.entry.bytes + kOverhead;
        return sum;
    }
    void erase(const base::Digest& id) {
        std::erase_if(items, [&](const auto& item) { return item.entry.id == id; });
    }
    /// What the pool should take next.
    const Item* best(base::u128 base_fee) {
        const Item* best = nullptr;
        for (const auto& item : items) {
            const auto& entry = item.entry;
            const auto offered = std::max(next[entry.sender], accounts[entry.sender].nonce);
            if (entry.nonce != offered || entry.nonce >= run_end(entry.sender)) continue;
            if (entry.max_fee_per_gas < base_fee) continue;
            if (!best || is_better(item, *best, base_fee)) best = &item;
        }
        return best;
    }
    static bool is_better(const Item& a, const Item& b, base::u128 base_fee) {
        const auto price = [base_fee](const PoolEntry& e) {
            return std::min<base::u128>(e.tip_per_gas + base_fee, e.max_fee_per_gas);
        };
        return price(a.entry) != price(b.entry) ? price(a.entry) > price(b.entry) : a.arrival < b.arrival;
    }
    /// Price at the head-room with everything that goes before.
    base::u128 worth(const PoolEntry& entry, bool with_run) {
        auto tip = entry.tip_per_gas;
        auto fee = entry.max_fee_per_gas;
        if (with_run) {
            for (const auto& item : items) {
                if (item.entry.sender != entry.sender || item.entry.nonce >= entry.nonce) continue;
                tip = std::min(tip, item.entry.tip_per_gas);
                fee = std::min(fee, item.entry.max_fee_per_gas);
            }
        }
        return std::min<base::u128>(tip + headroom, fee);
    }
    /// Ids that must go for a newcomer; nothing when it finds no room.
    std::optional<std::vector<base::Digest>> victims(const PoolEntry& newcomer, std::size_t freed) {
        const auto weight = newcomer.bytes + kOverhead;
        const auto needed = weight > freed ? weight - freed : 0;
        std::vector<base::Digest> out;
        if (bytes() + needed <= kBytesMax) return out;
        if (newcomer.nonce > run_end(newcomer.sender)) return std::nullopt;
        auto room = kBytesMax - bytes();
        auto fee = newcomer.max_fee_per_gas;
        for (const auto& item : items) {
            if (item.entry.sender == newcomer.sender && item.entry.nonce < newcomer.nonce)
                fee = std::min(fee, item.entry.max_fee_per_gas);
        }
        if (fee < headroom) return std::nullopt;
        const auto price = worth(newcomer, true);
        std::vector<std::tuple<int, base::u128, std::uint64_t, const Item*>> order;
        for (const auto& item : items) {
            const auto end = run_end(item.entry.sender);
            const bool future = item.entry.nonce >= end;
            if (!future && item.entry.nonce + 1 != end) continue;
            if (item.entry.sender == newcomer.sender || item.blocks > 0) continue;
            const auto worst = worth(item.entry, !future);
            if (!future && worst >= price) continue;
            order.emplace_back(future ? 0 : 1, worst, ~item.arrival, &item);
        }
        std::sort(order.begin(), order.end());
        for (const auto& [kind, worst, arrival, item] : order) {
            if (room >= needed) break;
            room += item->entry.bytes + kOverhead;
            out.push_back(item->entry.id);
        }
        if (room < needed) return std::nullopt;
        return out;
    }
};

class ModelRun {
 public:
    explicit ModelRun(std::uint64_t seed) : random_{seed} {
        for (std::uint8_t i = 0; i < kSenders; ++i) model_.accounts[address(i)] = {.nonce = 0, .balance = 1'000'000};
    }

    void step() {
        dropped_.clear();
        const auto action = random_.below(100);
        if (action < 70) {
            add();
        } else if (action < 90) {
            block();
        } else {
            move_fees();
        }
        pool_.check_invariants();
        ASSERT_EQ(pool_.size(), model_.items.size());
        ASSERT_EQ(pool_.bytes(), model_.bytes());
        for (const auto& item : model_.items) ASSERT_TRUE(pool_.find(item.entry.id));
    }

 private:
    void add() {
        dropped_.clear();
        PoolEntry entry;
        base::store_le(entry.id.data(), ++serial_);
        entry.sender = address(static_cast<std::uint8_t>(random_.below(kSenders)));
        const auto account = model_.accounts[entry.sender];
        entry.nonce = account.nonce + random_.below(kPerSender + 1);
        entry.max_fee_per_gas = 60 + random_.below(120);
        entry.tip_per_gas = random_.below(static_cast<std::uint64_t>(entry.max_fee_per_gas) + 1);
        entry.max_cost = random_.below(1000);
        entry.valid_until_height = ~std::uint64_t{0};
        entry.bytes = random_.below(8) == 0 ? 2000 : 200;
        const auto* replaced = model_.at(entry.sender, entry.nonce);
        const auto raised = [](base::u128 value) { return (value * 110 + 99) / 100; };
        std::optional<std::vector<base::Digest>> victims;
        const auto count = std::count_if(model_.items.begin(), model_.items.end(),
                                         [&](const auto& item) { return item.entry.sender == entry.sender; });
        const bool allowed =
            entry.nonce - account.nonce < kPerSender && entry.max_fee_per_gas >= base_fee_ &&
            (replaced ? replaced->blocks == 0 && entry.max_fee_per_gas >= raised(replaced->entry.max_fee_per_gas) &&
                            entry.tip_per_gas >= raised(replaced->entry.tip_per_gas)
                      : static_cast<std::size_t>(count) < kPerSender);
        if (allowed) victims = model_.victims(entry, replaced ? replaced->entry.bytes + kOverhead : 0);
        const auto taken = pool_.add(entry, account, dropped_);
        ASSERT_EQ(taken.has_value(), victims.has_value()) << (taken ? "taken" : base::to_string(taken.error()));
        if (!taken) {
            ASSERT_TRUE(dropped_.empty());
            return;
        }
        if (replaced) victims->push_back(replaced->entry.id);
        std::vector<base::Digest> gone;
        for (const auto& drop : dropped_) gone.push_back(drop.id);
        ASSERT_EQ(gone, *victims);
        for (const auto& id : gone) model_.erase(id);
        model_.items.push_back({entry, ++model_.arrivals});
    }

    /// A block on the finalized state; now and then another one on it, and either may be abandoned.
    void block() {
        model_.next.clear();
        const auto hash = address(200);
        const auto first = fill(base_fee_, {});
        pool_.end_block(Mempool::Built{.hash = hash, .parent = final_, .height = height_ + 1, .included = first});
        mark(first, 1);
        std::vector<base::Digest> second;
        if (random_.below(2) == 0) {
            std::vector<std::pair<base::Digest, std::uint64_t>> nonces;
            for (const auto& [sender, nonce] : model_.next) nonces.emplace_back(sender, nonce);
            second = fill(base_fee_ + random_.below(20), nonces);
            pool_.end_block(
                Mempool::Built{.hash = address(201), .parent = hash, .height = height_ + 2, .included = second});
            mark(second, 1);
        }
        for (int i = 0; i < 3; ++i) add();  // meanwhile
        dropped_.clear();
        mark(first, -1);
        mark(second, -1);
        if (random_.below(3) == 0) {
            ++height_;
            pool_.finalized(address(202), height_);  // another one
        } else {
            ++height_;
            land(first);
            pool_.finalized(hash, height_);
            if (!second.empty()) {
                ++height_;
                land(second);
                pool_.finalized(address(201), height_);
            }
        }
        model_.next.clear();
        move_fees();
    }
    std::vector<base::Digest> fill(base::u128 base_fee,
                                   std::span<const std::pair<base::Digest, std::uint64_t>> nonces) {
        std::vector<base::Digest> ids;
        pool_.begin_block({.base_fee = base_fee, .nonces = nonces});
        for (auto left = random_.below(8); left > 0; --left) {
            const auto* wanted = model_.best(base_fee);
            const auto* found = pool_.take();
            EXPECT_EQ(wanted != nullptr, found != nullptr);
            if (!wanted || !found) break;
            EXPECT_EQ(wanted->entry.id, found->id);
            ids.push_back(found->id);
            model_.next[found->sender] = found->nonce + 1;
        }
        return ids;
    }
    void mark(const std::vector<base::Digest>& ids, int by) {
        for (auto& item : model_.items) {
            if (std::find(ids.begin(), ids.end(), item.entry.id) != ids.end()) item.blocks += by;
        }
    }
    void land(const std::vector<base::Digest>& ids) {
        for (const auto& id : ids) {
            const auto* entry = pool_.find(id);
            ASSERT_TRUE(entry);
            const auto sender = entry->sender;
            auto& account = model_.accounts[sender];
            ASSERT_EQ(entry->nonce, account.nonce);
            ++account.nonce;
            model_.erase(id);
            pool_.account_changed(sender, account, dropped_);
        }
        ASSERT_TRUE(dropped_.empty());
    }
    void move_fees() {
        base_fee_ = 50 + random_.below(80);
        model_.headroom = base_fee_ + random_.below(30);
        pool_.set_chain({.next_height = height_ + 1, .base_fee = base_fee_, .base_fee_headroom = model_.headroom},
                        dropped_);
        const auto* best = model_.best(base_fee_);
        ASSERT_EQ(pool_.has_executable(), best != nullptr);
    }

    base::SeededRandom random_;
    Mempool pool_{{.bytes_max = kBytesMax, .per_sender_max = kPerSender, .overhead_bytes = kOverhead}};
    Model model_;
    std::vector<PoolDrop> dropped_;
    std::uint64_t serial_ = 0;
    std::uint64_t height_ = 0;
    base::u128 base_fee_ = 0;
    base::Digest final_{};
};

TEST(MempoolModel, TakesAndEvictsExactlyWhatALookAtEverythingWould) {
    const auto seed = base::system_random().u64();
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ModelRun run{seed};
    for (int i = 0; i < 20'000; ++i) {
        run.step();
        if (testing::Test::HasFailure()) return;
    }
}

}  // namespace
