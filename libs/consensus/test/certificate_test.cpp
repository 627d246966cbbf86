#include "consensus/certificate.hpp"

#include <gtest/gtest.h>

namespace {

using consensus::Certificate;
using consensus::VoteKind;
using zcrypto::ed25519::SigningKey;

struct CertificateTest : testing::Test {
    std::vector<SigningKey> keys;
    ledger::Genesis genesis;
    ledger::ChainBinding chain{"test-1", {}};

    CertificateTest() {
        genesis.chain_id = "test-1";
        for (int i = 0; i < 4; ++i) {
            keys.push_back(SigningKey::generate(base::system_random()));
            genesis.validators.push_back({.name = "v",
                                          .public_key = keys[static_cast<std::size_t>(i)].public_key().bytes,
                                          .address = {},
                                          .stake = 1});
        }
    }
    Certificate signed_by(std::initializer_list<unsigned> who) const {
        Certificate certificate;
        certificate.vote = {.kind = VoteKind::finalize, .epoch = 0, .slot = 9, .block_hash = {std::byte{7}}};
        unsigned bits = 0;
        for (const auto i : who) {
            bits |= 1u << i;
            certificate.signatures.push_back(keys[i].sign(consensus::vote_hash(chain, certificate.vote)));
        }
        certificate.bitmap = {static_cast<std::byte>(bits)};
        return certificate;
    }
};

TEST_F(CertificateTest, SurvivesItsEncoding) {
    const auto certificate = signed_by({0, 2, 3});
    const auto bytes = consensus::encode(certificate);
    const auto again = consensus::decode_certificate(bytes);
    ASSERT_TRUE(again);
    EXPECT_EQ(consensus::encode(*again), bytes);
    EXPECT_EQ(again->vote.slot, 9u);
}

TEST_F(CertificateTest, NeedsMoreThanTwoThirdsOfTheStake) {
    EXPECT_TRUE(consensus::verify_certificate(signed_by({0, 1, 2}), genesis.validators, chain));
    EXPECT_FALSE(consensus::verify_certificate(signed_by({0, 1}), genesis.validators, chain));
    genesis.validators[0].stake = 7;
    EXPECT_TRUE(consensus::verify_certificate(signed_by({0}), genesis.validators, chain));
}

TEST_F(CertificateTest, IsBoundToChainSlotAndBlock) {
    auto certificate = signed_by({0, 1, 2});
    EXPECT_FALSE(consensus::verify_certificate(certificate, genesis.validators, {"test-2", {}}));
    certificate.vote.slot = 10;
    EXPECT_FALSE(consensus::verify_certificate(certificate, genesis.validators, chain));
    certificate = signed_by({0, 1, 2});
    certificate.vote.block_hash[0] = std::byte{8};
    EXPECT_FALSE(consensus::verify_certificate(certificate, genesis.validators, chain));
    certificate = signed_by({0, 1, 2});
    certificate.vote.kind = VoteKind::notarize;
    EXPECT_FALSE(consensus::verify_certificate(certificate, genesis.validators, chain));
}

TEST_F(CertificateTest, RefusesUnknownValidatorsAndLooseSignatures) {
    auto certificate = signed_by({0, 1, 2});
    certificate.bitmap[0] = std::byte{0b10011};
    EXPECT_FALSE(consensus::verify_certificate(certificate, genesis.validators, chain));
    certificate = signed_by({0, 1, 2});
    certificate.signatures.push_back(certificate.signatures[0]);
    EXPECT_FALSE(consensus::verify_certificate(certificate, genesis.validators, chain));
    EXPECT_FALSE(consensus::decode_certificate(consensus::encode(certificate)));
}

TEST_F(CertificateTest, DecodesEveryPrefixAsAnError) {
    const auto bytes = consensus::encode(signed_by({0, 1}));
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(consensus::decode_certificate(base::ByteView{bytes}.first(size))) << size;
    auto longer = bytes;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(consensus::decode_certificate(longer));
}

}  // namespace
