#include "consensus/certificate.hpp"

#include <gtest/gtest.h>

#include "zcrypto/hash.hpp"

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

TEST_F(CertificateTest, SaysWhatIsWrong) {
    const auto refused = [&](const Certificate& certificate) {
        return consensus::verify_certificate(certificate, genesis.validators, chain).error();
    };
    EXPECT_TRUE(refused(signed_by({0, 1})).is(gcrypt::Errc::no_quorum));
    auto certificate = signed_by({0, 1, 2});
    certificate.signatures[1].bytes[3] ^= std::byte{1};
    EXPECT_TRUE(refused(certificate).is(gcrypt::Errc::bad_signature));
    certificate = signed_by({0, 1, 2});
    certificate.bitmap[0] = std::byte{0b10011};
    EXPECT_TRUE(refused(certificate).is(gcrypt::Errc::unknown_voter));
    certificate = signed_by({0, 1, 2});
    genesis.validators[3].public_key = genesis.validators[0].public_key;
    EXPECT_TRUE(refused(certificate).is(base::Errc::already_exists));
    genesis.validators.clear();
    EXPECT_TRUE(refused(certificate).is(base::Errc::out_of_range));
}

TEST_F(CertificateTest, SignsTheBytesOfTheDesign) {
    // chain id with its length, genesis hash, epoch, kind, slot, block hash.
    const consensus::Vote vote{.kind = VoteKind::notarize, .epoch = 3, .slot = 0x0102, .block_hash = {std::byte{9}}};
    auto bytes = base::to_bytes(std::string_view{"\x06test-1"});
    bytes.resize(bytes.size() + 32);
    for (const unsigned byte : {3, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 9})
        bytes.push_back(static_cast<std::byte>(byte));
    bytes.resize(bytes.size() + 31);
    EXPECT_EQ(consensus::vote_hash(chain, vote), zcrypto::blake3_derive_key("ghostchain 2026 vote v1", bytes));
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
