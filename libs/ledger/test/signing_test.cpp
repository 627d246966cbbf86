#include "ledger/signing.hpp"

#include "test_world.hpp"

namespace ledger {
namespace {

using test::World;

class SigningTest : public ::testing::Test {
 protected:
    World world_;
    const test::User& alice_ = world_.users[0];
    const test::User& bob_ = world_.users[1];
    SignedTx good_ = world_.sign(alice_, world_.pay(alice_, 0, bob_.address, 5));

    /// verify() and verify_batch() agree on this error.
    void expect_refused(const SignedTx& tx, Errc errc) {
        const auto single = verify(tx, world_.binding);
        ASSERT_FALSE(single.has_value());
        EXPECT_TRUE(single.error().is(errc)) << base::to_string(single.error());
        const auto batch = verify_batch({good_, tx, good_}, world_.binding);
        ASSERT_EQ(batch.size(), 3U);
        EXPECT_TRUE(batch[0].has_value());
        ASSERT_FALSE(batch[1].has_value());
        EXPECT_TRUE(batch[1].error().is(errc)) << base::to_string(batch[1].error());
        EXPECT_TRUE(batch[2].has_value());
    }
};

TEST_F(SigningTest, AcceptsAGoodSignatureAndKeepsTheBytes) {
    const auto tx = verify(good_, world_.binding);
    ASSERT_TRUE(tx.has_value());
    EXPECT_EQ(tx->signed_tx(), good_);
    EXPECT_EQ(tx->id(), tx_id(good_.tx));
    EXPECT_TRUE(base::equal(tx->encoded(), encode(good_)));
}

TEST_F(SigningTest, RefusesABadSignature) {
    auto tx = good_;
    tx.auth.signature[10] ^= std::byte{1};
    expect_refused(tx, Errc::bad_signature);
    tx = good_;
    tx.tx.nonce = 1;  // Changed after signing.
    expect_refused(tx, Errc::bad_signature);
}

TEST_F(SigningTest, RefusesAKeyThatDoesNotOwnTheSender) {
    const auto forged = world_.sign(bob_, world_.pay(alice_, 0, bob_.address, 5));
    expect_refused(forged, Errc::wrong_signer);
}

TEST_F(SigningTest, RefusesAnotherChain) {
    auto body = world_.pay(alice_, 0, bob_.address, 5);
    // The same genesis, another chain id: the signature does not carry over.
    expect_refused(ledger::sign(body, alice_.key, "ghost-test-2"), Errc::bad_signature);
    body.genesis_hash[0] ^= std::byte{1};
    expect_refused(world_.sign(alice_, body), Errc::wrong_chain);
}

TEST_F(SigningTest, RefusesReservedSchemes) {
    auto tx = good_;
    tx.auth.scheme = Scheme::secp256k1_bip340;
    expect_refused(tx, Errc::unsupported_scheme);
    tx.auth.scheme = Scheme::multisig;
    expect_refused(tx, Errc::unsupported_scheme);
}

TEST_F(SigningTest, BindsEveryFieldAndTheChainId) {
    const auto base_digest = sign_bytes(good_.tx, "a-chain");
    EXPECT_NE(base_digest, sign_bytes(good_.tx, "b-chain"));
    EXPECT_NE(base_digest, tx_id(good_.tx));
    const auto differs = [&](auto change) {
        auto tx = good_.tx;
        change(tx);
        return sign_bytes(tx, "a-chain") != base_digest;
    };
    EXPECT_TRUE(differs([](Tx& tx) { tx.genesis_hash[0] ^= std::byte{1}; }));
    EXPECT_TRUE(differs([](Tx& tx) { tx.sender.bytes[0] ^= std::byte{1}; }));
    EXPECT_TRUE(differs([](Tx& tx) { ++tx.nonce; }));
    EXPECT_TRUE(differs([](Tx& tx) { ++tx.valid_until_height; }));
    EXPECT_TRUE(differs([](Tx& tx) { ++tx.gas_limit; }));
    EXPECT_TRUE(differs([](Tx& tx) { ++tx.max_fee_per_gas; }));
    EXPECT_TRUE(differs([](Tx& tx) { ++tx.tip_per_gas; }));
    EXPECT_TRUE(differs([](Tx& tx) { std::get<Transfer>(tx.msgs[0]).amount++; }));
    EXPECT_TRUE(differs([](Tx& tx) { tx.memo = "x"; }));
}

TEST_F(SigningTest, FindsTheBadOnesInALongBatch) {
    std::vector<SignedTx> txs;
    for (std::uint64_t i = 0; i < 300; ++i) txs.push_back(world_.sign(alice_, world_.pay(alice_, i, bob_.address, 1)));
    for (const std::size_t bad : {0U, 17U, 255U, 256U, 299U}) txs[bad].auth.signature[40] ^= std::byte{4};
    const auto out = verify_batch(txs, world_.binding);
    for (std::size_t i = 0; i < txs.size(); ++i) {
        const bool bad = i == 0 || i == 17 || i == 255 || i == 256 || i == 299;
        EXPECT_EQ(out[i].has_value(), !bad) << i;
    }
    EXPECT_TRUE(verify_batch({}, world_.binding).empty());
}

}  // namespace
}  // namespace ledger
