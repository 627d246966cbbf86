#pragma once
// A small chain for tests: users with real keys, a genesis that funds them, transactions that are really signed.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <memory>

#include "base/random.hpp"
#include "ledger/chain_state.hpp"
#include "zcrypto/ed25519.hpp"

namespace ledger::test {

struct User {
    explicit User(base::Random& random) : key{zcrypto::ed25519::SigningKey::generate(random)} {
        address = gcrypt::address_of(key.public_key());
    }
    zcrypto::ed25519::SigningKey key;
    Address address;
};

/// State in a map.
class MapState final : public StateReader {
 public:
    base::Result<std::optional<base::Bytes>> read(std::string_view key) const override {
        ++reads;
        const auto at = records.find(std::string{key});
        return at == records.end() ? std::nullopt : std::optional{at->second};
    }
    void apply(const StateWrites& writes) {
        for (const auto& [key, change] : writes) {
            const auto at = records.find(key);
            const auto present = at == records.end() ? std::nullopt : std::optional{at->second};
            EXPECT_EQ(present, change.before);
            EXPECT_NE(change.before, change.after);
            if (change.after) {
                records[key] = *change.after;
            } else {
                records.erase(key);
            }
        }
    }
    std::map<std::string, base::Bytes> records;
    mutable std::size_t reads = 0;
};

class World {
 public:
    explicit World(std::size_t user_count = 4, std::uint64_t seed = 1, Amount each = 1000 * kAgccPerGcc)
        : random{seed} {
        for (std::size_t i = 0; i < user_count; ++i) users.emplace_back(random);
        User proposer_user{random};
        proposer = proposer_user.address;
        genesis.chain_id = "ghost-test-1";
        genesis.time_ms = 1'700'000'000'000;
        for (const auto& user : users) genesis.allocations.push_back({user.address, each});
        std::sort(genesis.allocations.begin(), genesis.allocations.end(),
                  [](const auto& a, const auto& b) { return a.address < b.address; });
        genesis.validators.push_back(
            {.name = "one", .public_key = proposer_user.key.public_key().bytes, .address = proposer, .stake = 1});
        binding = {.chain_id = genesis.chain_id, .genesis_hash = genesis_hash(genesis)};
        state.apply(initial_state(genesis));
    }

    [[nodiscard]] Tx tx(const User& sender, std::uint64_t nonce, std::vector<Msg> msgs) const {
        Tx out;
        out.genesis_hash = binding.genesis_hash;
        out.sender = sender.address;
        out.nonce = nonce;
        out.valid_until_height = 1'000'000;
        out.max_fee_per_gas = 4'000'000'000;
        out.tip_per_gas = 1'000'000;
        out.msgs = std::move(msgs);
        out.gas_limit = gas_bound(out, rules_of(genesis.params));
        return out;
    }
    [[nodiscard]] Tx pay(const User& from, std::uint64_t nonce, const Address& to, Amount amount,
                         AssetId asset = kGcc) const {
        return tx(from, nonce, {Transfer{.to = to, .asset = asset, .amount = amount}});
    }
    [[nodiscard]] SignedTx sign(const User& user, Tx body) const {
        return ledger::sign(std::move(body), user.key, binding.chain_id);
    }
    [[nodiscard]] VerifiedTx verified(const User& user, Tx body) const {
        auto out = verify(sign(user, std::move(body)), binding);
        if (!out) ADD_FAILURE() << base::to_string(out.error());
        return *out;
    }
    [[nodiscard]] BlockContext context(std::uint64_t height = 1) const {
        return {.height = height,
                .time_ms = genesis.time_ms + height,
                .proposer = proposer,
                .base_fee = genesis.params.base_fee_initial};
    }

    /// For tests of what one transaction can do at most.
    void let_one_transaction_fill_a_block() {
        auto params = genesis.params;
        params.tx_gas_divisor = 1;
        state.records[params_key()] = encode(params);
    }

    base::SeededRandom random;
    std::vector<User> users;
    Address proposer;
    Genesis genesis;
    ChainBinding binding;
    MapState state;
};

/// A folder that goes away.
class TempFolder {
 public:
    TempFolder() {
        auto pattern = (std::filesystem::temp_directory_path() / "ghost-ledger-XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        path = pattern;
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    std::filesystem::path path;
};

inline std::unique_ptr<ChainState> open_chain(const World& world, const std::filesystem::path& path,
                                              std::uint64_t history_heights = 16) {
    auto chain = ChainState::open({.path = path,
                                   .history_heights = history_heights,
                                   .memory_bytes = 4U << 20U,
                                   .node_cache_count = 64,
                                   .value_cache_count = 64},
                                  world.genesis);
    EXPECT_TRUE(chain.has_value()) << chain.error().text;
    return chain ? std::move(*chain) : nullptr;
}

inline BlockProposal proposal_on(const BlockHeader& parent, const World& world, std::vector<VerifiedTx> txs) {
    BlockProposal out;
    out.slot = parent.slot + 1;
    out.time_ms = parent.time_ms + 10;
    out.proposer = world.proposer;
    out.txs = std::move(txs);
    return out;
}

/// Proposes on the head and commits; everything must get in.
inline ExecutedBlockPtr add_block(ChainState& chain, const World& world, std::vector<VerifiedTx> txs) {
    auto block = chain.propose(proposal_on(chain.head()->header, world, std::move(txs)));
    EXPECT_TRUE(block.has_value()) << base::to_string(block.error());
    if (!block) return nullptr;
    for (const auto& skipped : (*block)->skipped()) ADD_FAILURE() << base::to_string(skipped.error);
    const auto done = chain.commit(*block, base::as_bytes("certificate"));
    EXPECT_TRUE(done.has_value()) << base::to_string(done.error());
    return *block;
}

}  // namespace ledger::test
