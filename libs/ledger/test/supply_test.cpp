// The books always balance: after every random block the balances of each asset add up to its supply.

#include "test_world.hpp"

namespace ledger {
namespace {

using test::World;

class RandomTraffic {
 public:
    RandomTraffic(World& world, base::Random& random) : world_{world}, random_{random}, nonces_(world.users.size()) {}

    VerifiedTx next() {
        const auto who = random_.below(world_.users.size());
        const auto& user = world_.users[who];
        std::vector<Msg> msgs;
        const auto count = 1 + random_.below(4);
        for (std::uint64_t i = 0; i < count; ++i) msgs.push_back(message(user, nonces_[who]));
        auto tx = world_.tx(user, nonces_[who]++, std::move(msgs));
        tx.gas_limit += random_.below(3) * 10'000;
        tx.tip_per_gas = random_.below(5'000'000);
        return world_.verified(user, tx);
    }

 private:
    Msg message(const test::User& user, std::uint64_t nonce) {
        switch (random_.below(8)) {
            case 0: {
                const auto symbol = "A" + std::to_string(random_.below(3));
                assets_.push_back(asset_id(user.address, symbol, nonce));
                const Amount huge = random_.below(4) == 0 ? ~Amount{0} - random_.below(100) : random_.below(1'000);
                return AssetCreate{symbol, 0, true, huge};
            }
            case 1: return AssetMint{any_asset(), any_address(), amount()};
            case 2: return AssetBurn{any_asset(), amount()};
            case 3: {
                BatchTransfer batch;
                for (std::uint64_t i = 0; i <= random_.below(5); ++i) {
                    batch.transfers.push_back({any_address(), any_asset(), amount()});
                }
                return batch;
            }
            default: return Transfer{any_address(), any_asset(), amount()};
        }
    }
    AssetId any_asset() {
        return assets_.empty() || random_.below(3) == 0 ? kGcc : assets_[random_.below(assets_.size())];
    }
    Address any_address() {
        if (random_.below(10) == 0) return world_.proposer;
        return world_.users[random_.below(world_.users.size())].address;
    }
    Amount amount() { return 1 + (random_.below(20) == 0 ? kAgccPerGcc * 900 : random_.below(200)); }

    World& world_;
    base::Random& random_;
    std::vector<std::uint64_t> nonces_;
    std::vector<AssetId> assets_;
};

void expect_balanced(const World& world) {
    std::map<AssetId, Amount> sums;
    std::map<AssetId, Amount> supplies;
    for (const auto& [key, value] : world.state.records) {
        const auto bytes = base::as_bytes(key);
        if (key.starts_with("b/")) {
            auto& sum = sums[AssetId{*base::to_fixed<32>(bytes.subspan(34))}];
            const auto next = base::checked_add(sum, *decode_amount(value));
            ASSERT_TRUE(next.has_value()) << "more units than there can be";
            sum = *next;
        }
        if (key.starts_with("s/"))
            supplies[AssetId{*base::to_fixed<32>(bytes.subspan(2))}] = decode_asset(value)->supply;
    }
    for (const auto& [id, supply] : supplies) {
        ASSERT_EQ(base::to_string(sums[id]), base::to_string(supply)) << base::to_hex(id.bytes);
    }
    for (const auto& [id, sum] : sums) ASSERT_TRUE(supplies.contains(id));
}

TEST(Supply, EqualsTheSumOfBalancesAfterEveryRandomBlock) {
    const auto seed = base::system_random().u64();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    World world{6, seed};
    base::SeededRandom random{seed};
    RandomTraffic traffic{world, random};
    std::map<ExecStatus, std::size_t> seen;
    auto base_fee = world.genesis.params.base_fee_initial;
    for (std::uint64_t height = 1; height <= 40; ++height) {
        std::vector<VerifiedTx> txs;
        const auto count = random.below(30);
        for (std::uint64_t i = 0; i < count; ++i) txs.push_back(traffic.next());
        auto context = world.context(height);
        context.base_fee = base_fee;
        const auto result = execute_block(world.state, context, txs, OnInvalid::refuse_block);
        ASSERT_TRUE(result.has_value()) << base::to_string(result.error());
        for (const auto& receipt : result->receipts) ++seen[receipt.status];
        world.state.apply(result->writes);
        base_fee = result->next_base_fee;
        expect_balanced(world);
        // Twice the same block is twice the same result.
        if (height % 10 == 0) {
            const auto again = execute_block(world.state, context, {}, OnInvalid::refuse_block);
            EXPECT_TRUE(again->writes.empty());
        }
    }
    EXPECT_GT(seen[ExecStatus::success], 20U);
    EXPECT_GT(seen.size(), 3U) << "failures of several kinds were among them";
}

}  // namespace
}  // namespace ledger
