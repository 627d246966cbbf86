#pragma once
// A chain with one of everything that a block can hold, made the same way every time.

#include <map>

#include "contract_world.hpp"
#include "ledger/codec.hpp"

namespace ledger::test {

inline constexpr std::uint64_t kDayMs = 86'400'000;

/// One of everything that a block can hold, with every way to fail.
class Recorder {
 public:
    Recorder() { chain_ = open_chain(world_, folder_.path); }

    std::vector<std::string> record() {
        const auto& one = world_.users[0];
        const auto& two = world_.users[1];
        const auto& three = world_.users[2];
        const auto coin = asset_id(one.address, "COIN", 1);
        block({next(one, {Transfer{two.address, kGcc, 5}}),
               next(one, {AssetCreate{.symbol = "COIN", .decimals = 2, .mintable = true, .initial_supply = 1000}}),
               next(two, {BatchTransfer{{{one.address, kGcc, 1}, {three.address, kGcc, 2}}}})});
        block({next(one, {AssetMint{coin, two.address, 7}, AssetBurn{coin, 1}}),
               next(two, {AssetMint{coin, two.address, 7}}), next(two, {Transfer{three.address, coin, 9'000}}),
               next(three, {AssetBurn{kGcc, 12}})});
        block({next(one, {ContractDeploy{.code = probe(), .input = Steps{}.set("k", "v").bytes(), .value = 100}},
                    kRoom)});
        const auto contract = contract_address(one.address, {}, code_hash(probe()));
        const auto call = [&](const Steps& steps, Amount value = 0) {
            return ContractCall{.contract = contract, .input = steps.bytes(), .value = value};
        };
        block({next(one, {call(Steps{}.set("a", "1").emit(topic(3), "told").get("k"), 30)}, kRoom),
               next(two, {call(Steps{}.set("a", "2").revert("no"))}, kRoom), next(two, {call(Steps{}.trap())}, kRoom),
               next(three, {call(Steps{}.loop())}, 2'000'000), next(three, {call(Steps{}.recurse())}, kRoom)});
        block({next(one, {call(Steps{}.create(code_hash(probe()), topic(9), Steps{}.set("child", "x")))}, kRoom),
               next(two, {call(Steps{}.flood(30).transfer(three.address, kGcc, 20).del("k"))}, kRoom),
               next(three, {call(Steps{}.call(contract, Steps{}.set("re", "entered"), 3, true))}, kRoom),
               next(three, {call(Steps{}.events(5, 200).balance(one.address, kGcc))}, kRoom)});
        // What follows a message that fails.
        block({next(one,
                    {call(Steps{}.revert("stop")), Transfer{two.address, kGcc, 1},
                     BatchTransfer{{{two.address, kGcc, 1}, {three.address, kGcc, 1}}}},
                    kRoom),
               next(two, {Transfer{three.address, coin, 1'000'000}, Transfer{three.address, kGcc, 1}})});
        auto changed = probe();
        changed.insert(changed.end(), {std::byte{0}, std::byte{2}, std::byte{1}, std::byte{'x'}});  // a custom section
        block({next(one, {ContractUpgrade{.contract = contract, .code_hash = code_hash(changed), .code = changed}}),
               next(two, {ContractUpgrade{.contract = contract, .code_hash = code_hash(probe()), .code = {}}}),
               next(three, {ContractDeploy{.code = bytes_of("no module"), .input = {}}}, kRoom)});
        if (gas_limit_most_ > 0) {
            auto body = world_.tx(one, nonces_[one.address]++, {Transfer{two.address, kGcc, 1}});
            body.gas_limit = gas_limit_most_;
            block({world_.verified(one, std::move(body))});
        }
        step_ms_ = kDayMs + 1;
        block({next(one, {call(Steps{}.get("a"))}, kRoom)});
        for (int i = 0; i < 3; ++i) block({});
        return lines_;
    }
    [[nodiscard]] const Genesis& genesis() const { return world_.genesis; }
    [[nodiscard]] const World& world() const { return world_; }
    [[nodiscard]] const ChainState& chain() const { return *chain_; }

 private:
    static constexpr std::uint64_t kRoom = 30'000'000;

    VerifiedTx next(const User& user, std::vector<Msg> msgs, std::uint64_t room = 0) {
        auto body = world_.tx(user, nonces_[user.address]++, std::move(msgs));
        body.gas_limit += room;
        return world_.verified(user, std::move(body));
    }
    void block(std::vector<VerifiedTx> txs) {
        auto proposal = proposal_on(chain_->head()->header, world_, std::move(txs));
        proposal.time_ms += step_ms_;
        const auto made = chain_->propose(proposal);
        ASSERT_TRUE(made) << base::to_string(made.error());
        ASSERT_TRUE((*made)->skipped().empty()) << base::to_string((*made)->skipped()[0].error);
        ASSERT_TRUE(chain_->commit(*made, base::as_bytes("certificate")));
        lines_.push_back(base::to_hex((*made)->encoded()));
    }

    World world_;
    TempFolder folder_;
    std::unique_ptr<ChainState> chain_;
    std::map<Address, std::uint64_t> nonces_;
    std::uint64_t step_ms_ = 0;
    std::uint64_t gas_limit_most_ = tx_gas_limit_max(world_.genesis.params);
    std::vector<std::string> lines_;
};

}  // namespace ledger::test
