#include "walletd/trust.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/bcs.hpp"
#include "base/random.hpp"
#include "consensus/certificate.hpp"
#include "gcrypt/jmt_hash.hpp"
#include "ghost/chain/v1/chain.pb.h"
#include "ledger/codec.hpp"
#include "ledger/state.hpp"
#include "store/jmt.hpp"

namespace walletd {
namespace {

namespace chain = ghost::chain::v1;

/// A chain of one block whose state is one leaf: small enough to make every proof by hand.
class ProofTest : public testing::Test {
 protected:
    ProofTest() {
        trust_.chain = ledger::ChainBinding{.chain_id = "ghostchain-test-1", .genesis_hash = {std::byte{9}}};
        for (int i = 0; i < 4; ++i) {
            keys_.push_back(zcrypto::ed25519::SigningKey::generate(random_));
            trust_.validators.push_back(
                {.name = {}, .public_key = keys_.back().public_key().bytes, .address = {}, .stake = 10});
        }
        key_ = base::to_bytes(std::string_view{ledger::balance_key(gcrypt::Address{}, ledger::kGcc)});
        value_ = ledger::encode_amount(1234);
        const gcrypt::JmtHasher hasher;
        header_.chain_id = "ghostchain-test-1";
        header_.height = 7;
        header_.slot = 9;
        header_.state_root = hasher.leaf(hasher.key_hash(key_), hasher.value_hash(value_));
        path_.leaf = store::JmtProof::Leaf{.key_hash = hasher.key_hash(key_), .value_hash = hasher.value_hash(value_)};
    }

    base::Bytes certificate(const std::vector<int>& signers) {
        consensus::Certificate made{.vote = {.kind = kind_,
                                             .epoch = header_.epoch,
                                             .slot = header_.slot,
                                             .block_hash = ledger::block_hash(header_)},
                                    .bitmap = {},
                                    .signatures = {}};
        unsigned bits = 0;
        for (const auto signer : signers) bits |= 1u << signer;
        if (bits) made.bitmap.push_back(static_cast<std::byte>(bits));
        for (const auto signer : signers)
            made.signatures.push_back(
                keys_[static_cast<std::size_t>(signer)].sign(consensus::vote_hash(*trust_.chain, made.vote)));
        return consensus::encode(made);
    }

    chain::Proof proof(const std::vector<int>& signers = {0, 1, 2}) {
        chain::Proof out;
        out.set_key(std::string{base::as_text(key_)});
        out.set_value(std::string{base::as_text(value_)});
        out.set_proof(std::string{base::as_text(path_.encode())});
        out.set_raw_header(std::string{base::as_text(ledger::encode(header_))});
        out.set_certificate(std::string{base::as_text(certificate(signers))});
        return out;
    }

    base::SeededRandom random_{11};
    consensus::VoteKind kind_ = consensus::VoteKind::finalize;
    Trust trust_;
    std::vector<zcrypto::ed25519::SigningKey> keys_;
    base::Bytes key_, value_;
    ledger::BlockHeader header_;
    store::JmtProof path_;
};

TEST_F(ProofTest, AcceptsAValueUnderACertifiedHeader) {
    const auto proved = check_proof(proof(), trust_, key_, 0);
    ASSERT_TRUE(proved) << base::to_string(proved.error());
    EXPECT_TRUE(proved->final);
    EXPECT_EQ(proved->height, 7u);
    EXPECT_EQ(*ledger::decode_amount(*proved->value), 1234u);
}

TEST_F(ProofTest, AcceptsThatAKeyDoesNotExist) {
    key_ = base::to_bytes("b/somewhere else");
    auto absent = proof();
    absent.clear_value();
    const auto proved = check_proof(absent, trust_, key_, 0);
    ASSERT_TRUE(proved) << base::to_string(proved.error());
    EXPECT_FALSE(proved->value);
}

TEST_F(ProofTest, RefusesEveryLie) {
    const auto refused = [&](const chain::Proof& lie, const char* what) {
        const auto proved = check_proof(lie, trust_, key_, 0);
        EXPECT_FALSE(proved) << what;
    };
    auto lie = proof();
    lie.set_value(std::string{base::as_text(ledger::encode_amount(9999))});
    refused(lie, "another value");
    lie = proof();
    lie.clear_value();
    refused(lie, "an existing key denied");
    lie = proof();
    lie.set_key("b/other");
    refused(lie, "another key");
    lie = proof();
    auto other = header_;
    other.height = 8;
    lie.set_raw_header(std::string{base::as_text(ledger::encode(other))});
    refused(lie, "a certificate of another header");
    lie = proof();
    lie.clear_certificate();
    refused(lie, "no certificate");
    refused(proof({0, 1}), "two of four");
    refused(proof({}), "nobody signed");
    lie = proof();
    auto wrong = base::to_bytes(base::as_bytes(lie.certificate()));
    wrong.back() ^= std::byte{1};
    lie.set_certificate(std::string{base::as_text(wrong)});
    refused(lie, "a broken signature");
    lie = proof();
    lie.mutable_certificate()->pop_back();
    refused(lie, "a cut certificate");
    kind_ = consensus::VoteKind::notarize;
    refused(proof(), "a notarization instead of finality");
    kind_ = consensus::VoteKind::finalize;
    header_.chain_id = "ghostchain-other-1";
    refused(proof(), "another chain");
}

TEST_F(ProofTest, RefusesTheGenesisAndOlderBlocksOnceLaterOnesAreKnown) {
    EXPECT_TRUE(check_proof(proof(), trust_, key_, 7));
    EXPECT_TRUE(check_proof(proof(), trust_, key_, 8).error().is(Errc::node_behind));
    EXPECT_TRUE(check_proof(proof({0, 1}), trust_, key_, 8).error().is(Errc::bad_proof));
    // Nobody signs block 0: whatever state a node makes up for it has a proof.
    header_.height = 0;
    auto made_up = proof({});
    made_up.clear_certificate();
    EXPECT_TRUE(check_proof(made_up, trust_, key_, 1).error().is(Errc::bad_proof));
    const auto before_the_first_block = check_proof(made_up, trust_, key_, 0);
    ASSERT_TRUE(before_the_first_block);
    EXPECT_FALSE(before_the_first_block->final);
}

TEST_F(ProofTest, SaysThatFinalityIsUnknownWithoutValidators) {
    trust_.validators.clear();
    const auto proved = check_proof(proof({}), trust_, key_, 0);
    ASSERT_TRUE(proved);
    EXPECT_FALSE(proved->final);
}

}  // namespace
}  // namespace walletd
