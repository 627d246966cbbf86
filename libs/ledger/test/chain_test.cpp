#include "ledger/chain_state.hpp"
#include "test_world.hpp"

namespace ledger {
namespace {

using test::add_block;
using test::open_chain;
using test::proposal_on;
using test::TempFolder;
using test::World;

class ChainTest : public ::testing::Test {
 protected:
    World world_{4, 7};
    TempFolder folder_;
    const test::User& alice_ = world_.users[0];
    const test::User& bob_ = world_.users[1];
    const Address carol_{base::Digest{std::byte{0xca}}};
    std::unique_ptr<ChainState> chain_ = open_chain(world_, folder_.path / "db");

    VerifiedTx pay(std::uint64_t nonce, Amount amount, const Address* to = nullptr) {
        return world_.verified(alice_, world_.pay(alice_, nonce, to ? *to : carol_, amount));
    }
    void expect_verified() {
        const auto report = chain_->verify();
        ASSERT_TRUE(report.has_value()) << report.error().text;
        EXPECT_EQ(report->blocks, chain_->head()->header.height + 1);
    }
};

TEST_F(ChainTest, StartsWithAGenesisBlock) {
    const auto head = chain_->head();
    EXPECT_EQ(head->header.height, 0U);
    EXPECT_EQ(head->header.parent, genesis_hash(world_.genesis));
    EXPECT_EQ(head->next_base_fee, world_.genesis.params.base_fee_initial);
    EXPECT_EQ(head->params, world_.genesis.params);
    EXPECT_EQ(*chain_->view()->balance(alice_.address, kGcc), 1000 * kAgccPerGcc);
    expect_verified();
}

TEST_F(ChainTest, AnswersEverythingAboutACommittedBlock) {
    const auto tx = pay(0, 5);
    const auto block = add_block(*chain_, world_, {tx});
    const auto view = chain_->view();
    EXPECT_EQ(view->head().hash, block->hash());
    EXPECT_EQ(view->account(alice_.address)->nonce, 1U);
    EXPECT_EQ(*view->balance(carol_, kGcc), 5U);
    EXPECT_EQ(*view->supply(kGcc), 4000 * kAgccPerGcc - block->header().gas_used * block->header().base_fee);
    const auto stored = view->block(1);
    ASSERT_TRUE(stored.has_value());
    EXPECT_EQ(stored->header, block->header());
    EXPECT_EQ(stored->hash, block->hash());
    ASSERT_EQ(stored->raw_txs.size(), 1U);
    EXPECT_TRUE(base::equal(stored->raw_txs[0], tx.encoded()));
    EXPECT_EQ(stored->receipts, block->receipts());
    EXPECT_EQ(*view->height_of(block->hash()), 1U);
    EXPECT_EQ(*view->height_of(Hash{}), std::nullopt);
    EXPECT_EQ(base::as_text(*view->certificate(1)), "certificate");
    EXPECT_TRUE(view->certificate(0)->empty());
    const auto found = view->tx(tx.id());
    ASSERT_TRUE(found.has_value() && found->has_value());
    EXPECT_EQ((*found)->height, 1U);
    EXPECT_EQ((*found)->index, 0U);
    EXPECT_EQ((*found)->block_hash, block->hash());
    EXPECT_EQ((*found)->tx, tx.signed_tx());
    EXPECT_EQ((*found)->receipt, block->receipts()[0]);
    EXPECT_EQ(*view->tx(Hash{}), std::nullopt);
    EXPECT_TRUE(view->block(2).error().is(Errc::unknown_height));
    EXPECT_TRUE(view->header(9).error().is(Errc::unknown_height));
    EXPECT_EQ(decode_block(block->encoded())->header, block->header());
    EXPECT_EQ(chain_->head()->certificate_hash, certificate_hash(base::as_bytes("certificate")));
    expect_verified();
}

TEST_F(ChainTest, GivesTheSameAfterReopening) {
    for (std::uint64_t i = 0; i < 5; ++i) add_block(*chain_, world_, {pay(2 * i, 5), pay(2 * i + 1, 6)});
    const auto before = *chain_->head();
    chain_.reset();
    chain_ = open_chain(world_, folder_.path / "db");
    const auto after = *chain_->head();
    EXPECT_EQ(after.hash, before.hash);
    EXPECT_EQ(after.header, before.header);
    EXPECT_EQ(after.next_base_fee, before.next_base_fee);
    EXPECT_EQ(after.certificate_hash, before.certificate_hash);
    EXPECT_EQ(*chain_->view()->balance(carol_, kGcc), 55U);
    add_block(*chain_, world_, {pay(10, 1)});
    expect_verified();
}

TEST_F(ChainTest, ReachesTheSameRootsOnAnotherMachine) {
    const TempFolder other_folder;
    const auto other = open_chain(world_, other_folder.path);
    EXPECT_EQ(other->head()->hash, chain_->head()->hash);
    for (std::uint64_t i = 0; i < 4; ++i) {
        const std::vector txs{pay(i, 5)};
        const auto block = add_block(*chain_, world_, txs);
        // The other gets the bytes, as a peer would.
        const auto decoded = decode_block(block->encoded());
        ASSERT_TRUE(decoded.has_value());
        std::vector<VerifiedTx> verified;
        for (auto& result : verify_batch(decoded->txs, other->binding())) verified.push_back(*result);
        const auto executed = other->execute(decoded->header, verified);
        ASSERT_TRUE(executed.has_value()) << base::to_string(executed.error());
        EXPECT_EQ((*executed)->hash(), block->hash());
        ASSERT_TRUE(other->commit(*executed, {}).has_value());
    }
}

TEST_F(ChainTest, BuildsOnBlocksThatAreNotFinalYet) {
    const auto one = *chain_->propose(proposal_on(chain_->head()->header, world_, {pay(0, 1)}));
    const auto two = *chain_->propose(proposal_on(one->header(), world_, {pay(1, 2)}), one);
    const auto rival = *chain_->propose(proposal_on(one->header(), world_, {pay(1, 20)}), one);
    const auto three = *chain_->propose(proposal_on(two->header(), world_, {pay(2, 3)}), two);
    EXPECT_TRUE(two->skipped().empty() && rival->skipped().empty() && three->skipped().empty());
    EXPECT_TRUE(chain_->commit(two, {}).error().is(Errc::not_head));
    ASSERT_TRUE(chain_->commit(one, {}).has_value());
    ASSERT_TRUE(chain_->commit(two, {}).has_value());
    EXPECT_TRUE(chain_->commit(rival, {}).error().is(Errc::not_head));
    EXPECT_TRUE(chain_->commit(one, {}).error().is(Errc::not_head));
    const auto four = *chain_->propose(proposal_on(three->header(), world_, {pay(3, 4)}), three);
    ASSERT_TRUE(chain_->commit(three, {}).has_value());
    ASSERT_TRUE(chain_->commit(four, {}).has_value());
    EXPECT_TRUE(chain_->propose(proposal_on(rival->header(), world_, {}), rival).error().is(Errc::bad_parent));
    EXPECT_EQ(*chain_->view()->balance(carol_, kGcc), 10U);
    expect_verified();
}

TEST_F(ChainTest, RefusesABlockThatSaysSomethingElseThanExecution) {
    const std::vector txs{pay(0, 1)};
    const auto good = (*chain_->propose(proposal_on(chain_->head()->header, world_, txs)))->header();
    ASSERT_TRUE(chain_->execute(good, txs).has_value());
    const auto expect_refused = [&](auto change, Errc errc) {
        auto header = good;
        change(header);
        const auto result = chain_->execute(header, txs);
        ASSERT_FALSE(result.has_value());
        EXPECT_TRUE(result.error().is(errc)) << base::to_string(result.error());
    };
    expect_refused([](BlockHeader& h) { h.state_root[0] ^= std::byte{1}; }, Errc::bad_header);
    expect_refused([](BlockHeader& h) { h.tx_root[0] ^= std::byte{1}; }, Errc::bad_header);
    expect_refused([](BlockHeader& h) { h.receipts_root[0] ^= std::byte{1}; }, Errc::bad_header);
    expect_refused([](BlockHeader& h) { ++h.gas_used; }, Errc::bad_header);
    expect_refused([](BlockHeader& h) { ++h.base_fee; }, Errc::bad_header);
    expect_refused([](BlockHeader& h) { h.valset_hash[0] ^= std::byte{1}; }, Errc::bad_header);
    expect_refused([](BlockHeader& h) { h.next_valset_hash[0] ^= std::byte{1}; }, Errc::bad_header);
    expect_refused([](BlockHeader& h) { h.version = 9; }, Errc::bad_header);
    expect_refused([](BlockHeader& h) { h.chain_id = "ghost-test-2"; }, Errc::wrong_chain);
    expect_refused([](BlockHeader& h) { h.parent[0] ^= std::byte{1}; }, Errc::bad_parent);
    expect_refused([](BlockHeader& h) { ++h.height; }, Errc::bad_parent);
    expect_refused([](BlockHeader& h) { h.slot = 0; }, Errc::bad_parent);
    expect_refused([](BlockHeader& h) { h.epoch += 2; }, Errc::bad_parent);
    expect_refused([&](BlockHeader& h) { h.time_ms = world_.genesis.time_ms; }, Errc::bad_time);
    const std::vector bad{pay(1, 1)};
    EXPECT_TRUE(chain_->execute(good, bad).error().is(Errc::nonce_too_high))
        << "an invalid transaction spoils the block";
}

TEST_F(ChainTest, RefusesTransactionsOfAnotherChain) {
    World other{4, 7};
    other.genesis.time_ms += 1;
    other.binding.genesis_hash = genesis_hash(other.genesis);
    const auto foreign = other.verified(other.users[0], other.pay(other.users[0], 0, carol_, 1));
    EXPECT_TRUE(chain_->propose(proposal_on(chain_->head()->header, world_, {foreign})).error().is(Errc::wrong_chain));
}

TEST_F(ChainTest, ProvesPresenceAndAbsenceAtEveryHeightOfTheWindow) {
    std::vector<Amount> carols{0};
    for (std::uint64_t i = 0; i < 25; ++i) {
        add_block(*chain_, world_, i % 3 == 2 ? std::vector<VerifiedTx>{} : std::vector{pay(i - i / 3, 5 + i)});
        carols.push_back(*chain_->view()->balance(carol_, kGcc));
    }
    const auto view = chain_->view();
    const auto key = balance_key(carol_, kGcc);
    for (std::uint64_t height = 9; height <= 25; ++height) {
        const auto proof = view->prove(key, height);
        ASSERT_TRUE(proof.has_value()) << height << ' ' << base::to_string(proof.error());
        ASSERT_TRUE(proof->value.has_value());
        EXPECT_EQ(*decode_amount(*proof->value), carols[height]);
        EXPECT_EQ(proof->header, *view->header(height));
        EXPECT_TRUE(proof->proof.verify(state_hash_fn(), proof->header.state_root, base::as_bytes(key), *proof->value));
        const auto absent = view->prove("a/nobody", height);
        ASSERT_TRUE(absent.has_value());
        EXPECT_FALSE(absent->value.has_value());
        EXPECT_TRUE(
            absent->proof.verify(state_hash_fn(), absent->header.state_root, base::as_bytes("a/nobody"), std::nullopt));
    }
    EXPECT_TRUE(view->prove(key, 8).error().is(Errc::history_pruned));
    EXPECT_TRUE(view->prove(key, 26).error().is(Errc::unknown_height));
    expect_verified();
}

TEST_F(ChainTest, RemembersWhatAKeyWasBeforeItWasMadeOrRemoved) {
    add_block(*chain_, world_, {pay(0, 1, &bob_.address)});
    const auto id = asset_id(alice_.address, "ABC", 1);
    const auto key = balance_key(alice_.address, id);
    add_block(*chain_, world_, {world_.verified(alice_, world_.tx(alice_, 1, {AssetCreate{"ABC", 0, true, 9}}))});
    add_block(*chain_, world_, {world_.verified(alice_, world_.tx(alice_, 2, {AssetBurn{id, 9}}))});
    const auto view = chain_->view();
    EXPECT_EQ(view->prove(key, 1)->value, std::nullopt);
    EXPECT_EQ(view->prove(key, 2)->value, encode_amount(9));
    EXPECT_EQ(view->prove(key, 3)->value, std::nullopt);
}

TEST_F(ChainTest, ListsBalancesAndHistoryOfAnAddress) {
    const auto id = asset_id(alice_.address, "ABC", 0);
    add_block(*chain_, world_, {world_.verified(alice_, world_.tx(alice_, 0, {AssetCreate{"ABC", 2, true, 9}}))});
    std::vector<Hash> ids;
    for (std::uint64_t i = 0; i < 7; ++i) {
        const auto tx = pay(1 + i, 1 + i, &bob_.address);
        ids.push_back(tx.id());
        add_block(*chain_, world_, {tx});
    }
    const auto view = chain_->view();
    const auto balances = view->balances(alice_.address, 10);
    ASSERT_EQ(balances->size(), 2U);
    EXPECT_EQ((*balances)[0].id, kGcc);
    EXPECT_EQ((*balances)[0].asset.symbol, "GCC");
    EXPECT_EQ((*balances)[1].id, id);
    EXPECT_EQ((*balances)[1].amount, 9U);
    EXPECT_EQ(view->balances(alice_.address, 1)->size(), 1U);
    EXPECT_TRUE(view->balances(carol_, 10)->empty());

    const auto first = view->history(bob_.address, std::nullopt, 3);
    ASSERT_EQ(first->size(), 3U);
    EXPECT_EQ((*first)[0].tx_id, ids[6]);
    EXPECT_EQ((*first)[2].tx_id, ids[4]);
    const auto second = view->history(bob_.address, first->back(), 100);
    ASSERT_EQ(second->size(), 4U);
    EXPECT_EQ((*second)[0].tx_id, ids[3]);
    EXPECT_EQ((*second)[3].tx_id, ids[0]);
    EXPECT_TRUE(view->history(bob_.address, second->back(), 5)->empty());
    EXPECT_EQ(view->history(alice_.address, std::nullopt, 100)->size(), 8U);
    EXPECT_TRUE(view->history(carol_, std::nullopt, 5)->empty());
}

TEST_F(ChainTest, KeepsAViewStillWhileTheChainMovesOn) {
    const auto before = chain_->view();
    add_block(*chain_, world_, {pay(0, 5)});
    EXPECT_EQ(*before->balance(carol_, kGcc), 0U);
    EXPECT_EQ(before->head().header.height, 0U);
    EXPECT_EQ(*chain_->view()->balance(carol_, kGcc), 5U);
}

TEST_F(ChainTest, TellsWhichAccountsABlockTouched) {
    const auto block = add_block(*chain_, world_, {pay(0, 5)});
    ASSERT_EQ(block->touched().size(), 3U);
    for (const auto& touched : block->touched()) {
        EXPECT_EQ(touched.gcc_balance, *chain_->view()->balance(touched.address, kGcc));
        EXPECT_EQ(touched.nonce, chain_->view()->account(touched.address)->nonce);
    }
}

TEST_F(ChainTest, StaysRightWithRandomTrafficAndPruning) {
    const auto seed = base::system_random().u64();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    base::SeededRandom random{seed};
    std::vector<std::uint64_t> nonces(world_.users.size());
    for (int i = 0; i < 60; ++i) {
        std::vector<VerifiedTx> txs;
        for (std::uint64_t k = 0; k < random.below(12); ++k) {
            const auto who = random.below(world_.users.size());
            base::Digest to{};
            to[0] = static_cast<std::byte>(random.below(40));
            txs.push_back(world_.verified(
                world_.users[who], world_.pay(world_.users[who], nonces[who]++, Address{to}, 1 + random.below(9))));
        }
        add_block(*chain_, world_, std::move(txs));
        if (i % 20 == 19) {
            expect_verified();
            chain_.reset();
            chain_ = open_chain(world_, folder_.path / "db");
        }
    }
}

}  // namespace
}  // namespace ledger
