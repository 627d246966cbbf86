#include "gcrypt/vote.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace gcrypt;
using zcrypto::ed25519::Signature;
using zcrypto::ed25519::SigningKey;

struct VoteTest : testing::Test {
    base::SeededRandom random{667};
    base::Digest genesis{std::byte{1}};
    VoteChain chain{.chain_id = "test-1", .genesis_hash = genesis};
    Vote vote{.kind = VoteKind::notarize, .epoch = 1, .slot = 9, .block_hash = {std::byte{7}}};
    std::vector<SigningKey> keys;

    VoterSet voters(std::initializer_list<std::uint64_t> weights) {
        std::vector<Voter> out;
        keys.clear();
        for (const auto weight : weights) {
            keys.push_back(SigningKey::generate(random));
            out.push_back({.key = keys.back().public_key(), .weight = weight});
        }
        return VoterSet::make(std::move(out)).value();
    }
    VoterSet equal_voters(std::size_t count) {
        std::vector<Voter> out;
        keys.clear();
        for (std::size_t i = 0; i < count; ++i) {
            keys.push_back(SigningKey::generate(random));
            out.push_back({.key = keys.back().public_key(), .weight = 1});
        }
        return VoterSet::make(std::move(out)).value();
    }
    Signature sign(std::size_t who) const { return keys[who].sign(vote_hash(chain, vote)); }
    Certificate certificate(std::initializer_list<std::size_t> who) const {
        Certificate out{.vote = vote, .bitmap = {}, .signatures = {}};
        for (const auto i : who) {
            if (out.bitmap.size() < i / 8 + 1) out.bitmap.resize(i / 8 + 1);
            out.bitmap[i / 8] |= std::byte{1} << (i % 8);
            out.signatures.push_back(sign(i));
        }
        return out;
    }
};

TEST_F(VoteTest, EachFieldAndTheChainChangeWhatIsSigned) {
    std::vector<base::Digest> hashes{vote_hash(chain, vote)};
    auto other = vote;
    for (const auto kind : {VoteKind::skip, VoteKind::finalize}) {
        other.kind = kind;
        hashes.push_back(vote_hash(chain, other));
    }
    (other = vote).epoch = 9;
    hashes.push_back(vote_hash(chain, other));
    (other = vote).slot = 1;
    hashes.push_back(vote_hash(chain, other));
    (other = vote).block_hash[31] = std::byte{1};
    hashes.push_back(vote_hash(chain, other));
    hashes.push_back(vote_hash({.chain_id = "test-2", .genesis_hash = genesis}, vote));
    const base::Digest zero{};
    hashes.push_back(vote_hash({.chain_id = "test-1", .genesis_hash = zero}, vote));
    std::ranges::sort(hashes);
    EXPECT_EQ(std::ranges::adjacent_find(hashes), hashes.end());
}

TEST_F(VoteTest, AQuorumIsMoreThanTwoThirdsAtEveryEdge) {
    EXPECT_EQ(voters({1}).quorum(), base::u128{1});
    EXPECT_EQ(voters({1, 1}).quorum(), base::u128{2});
    EXPECT_EQ(voters({1, 1, 1}).quorum(), base::u128{3});
    EXPECT_EQ(voters({1, 1, 1, 1}).quorum(), base::u128{3});
    EXPECT_EQ(voters({1, 1, 1, 1, 1, 1, 1}).quorum(), base::u128{5});
    const auto big = voters({~0ull, ~0ull, ~0ull});
    EXPECT_EQ(big.total_weight(), base::u128{~0ull} * 3);
    EXPECT_EQ(big.quorum(), base::u128{~0ull} * 2 + 1);
    EXPECT_TRUE(verify_certificate(certificate({0, 1}), big, chain, random).error().is(Errc::no_quorum));
    EXPECT_TRUE(verify_certificate(certificate({0, 1, 2}), big, chain, random));
    // Exactly two thirds are too few, one more is enough.
    const auto edge = voters({199, 1, 100});
    EXPECT_TRUE(verify_certificate(certificate({0, 1}), edge, chain, random).error().is(Errc::no_quorum));
    const auto over = voters({200, 1, 99});
    EXPECT_TRUE(verify_certificate(certificate({0, 1}), over, chain, random));
}

TEST_F(VoteTest, VoterSetsRefuseWhatWouldSkewTheCount) {
    EXPECT_TRUE(VoterSet::make({}).error().is(base::Errc::out_of_range));
    const auto key = SigningKey::generate(random).public_key();
    const auto other = SigningKey::generate(random).public_key();
    EXPECT_TRUE(VoterSet::make({{.key = key, .weight = 0}}).error().is(base::Errc::out_of_range));
    EXPECT_TRUE(VoterSet::make({{.key = key, .weight = 1}, {.key = other, .weight = 1}, {.key = key, .weight = 1}})
                    .error()
                    .is(base::Errc::already_exists));
    EXPECT_TRUE(VoterSet::make(std::vector<Voter>(kMaxVoters + 1)).error().is(base::Errc::out_of_range));
}

TEST_F(VoteTest, CertificatesSurviveTheirEncodingAndRefuseEveryOther) {
    equal_voters(20);
    const auto made = certificate({0, 2, 3, 7, 8, 15, 16, 19});
    const auto bytes = encode(made);
    EXPECT_EQ(decode_certificate(bytes).value(), made);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode_certificate(base::ByteView{bytes}.first(size))) << size;
    auto bad = bytes;
    bad.push_back(std::byte{0});
    EXPECT_TRUE(decode_certificate(bad).error().is(base::Errc::trailing_bytes));
    bad = bytes;
    bad[0] = std::byte{2};
    EXPECT_FALSE(decode_certificate(bad));
    bad = bytes;
    bad[1] = std::byte{3};
    EXPECT_FALSE(decode_certificate(bad));
    auto wrong = made;
    wrong.bitmap.push_back(std::byte{0});
    EXPECT_TRUE(decode_certificate(encode(wrong)).error().is(base::Errc::not_canonical));
    wrong = made;
    wrong.signatures.pop_back();
    EXPECT_TRUE(decode_certificate(encode(wrong)).error().is(base::Errc::not_canonical));
    wrong = made;
    wrong.vote.kind = VoteKind::skip;
    EXPECT_TRUE(decode_certificate(encode(wrong)).error().is(base::Errc::not_canonical));
    wrong.vote.block_hash = {};
    EXPECT_TRUE(decode_certificate(encode(wrong)));
    wrong.bitmap.assign(kMaxVoters / 8 + 1, std::byte{1});
    EXPECT_TRUE(decode_certificate(encode(wrong)).error().is(base::Errc::out_of_range));
}

TEST_F(VoteTest, EveryWrongSignatureIsNamed) {
    const auto set = equal_voters(100);
    Certificate made{.vote = vote, .bitmap = base::Bytes(13), .signatures = {}};
    std::vector<std::size_t> expected;
    std::vector<std::size_t> who;
    for (std::size_t i = 0; i < 100; ++i) {
        if (i % 9 == 4) continue;
        made.bitmap[i / 8] |= std::byte{1} << (i % 8);
        made.signatures.push_back(sign(i));
        who.push_back(i);
    }
    EXPECT_TRUE(certificate_culprits(made, set, chain, random)->empty());
    EXPECT_TRUE(verify_certificate(made, set, chain, random));
    for (const std::size_t at : {std::size_t{0}, who.size() / 2, who.size() - 1}) {
        made.signatures[at].bytes[40] ^= std::byte{1};
        expected.push_back(who[at]);
    }
    EXPECT_EQ(certificate_culprits(made, set, chain, random).value(), expected);
    EXPECT_TRUE(verify_certificate(made, set, chain, random).error().is(Errc::bad_signature));
    // Someone else's signature does not count either.
    made = certificate({0, 1});
    std::swap(made.signatures[0], made.signatures[1]);
    EXPECT_EQ(certificate_culprits(made, set, chain, random).value(), (std::vector<std::size_t>{0, 1}));
    made.bitmap.resize(13);
    made.bitmap[12] = std::byte{0x10};  // Voter 100 of 0..99.
    made.signatures.push_back(made.signatures[0]);
    EXPECT_TRUE(certificate_culprits(made, set, chain, random).error().is(Errc::unknown_voter));
    made.signatures.pop_back();
    EXPECT_TRUE(certificate_culprits(made, set, chain, random).error().is(base::Errc::not_canonical));
}

TEST_F(VoteTest, TheCollectorWaitsForAQuorumAndThenMakesTheCertificate) {
    const auto set = equal_voters(4);
    VoteCollector collector{set, chain, vote};
    EXPECT_TRUE(collector.add(3, sign(3)));
    EXPECT_TRUE(collector.add(0, sign(0)));
    EXPECT_FALSE(collector.try_finish(random).certificate);
    EXPECT_TRUE(collector.add(0, sign(0)).error().is(base::Errc::already_exists));
    EXPECT_TRUE(collector.add(4, sign(0)).error().is(Errc::unknown_voter));
    EXPECT_TRUE(collector.add(1, sign(1)));
    const auto outcome = collector.try_finish(random);
    EXPECT_TRUE(outcome.culprits.empty());
    ASSERT_TRUE(outcome.certificate);
    EXPECT_EQ(*outcome.certificate, certificate({0, 1, 3}));
    EXPECT_TRUE(verify_certificate(*outcome.certificate, set, chain, random));
    EXPECT_TRUE(collector.add(1, sign(2)).error().is(base::Errc::already_exists));
    EXPECT_TRUE(collector.add(2, sign(2)));
    EXPECT_EQ(collector.try_finish(random).certificate->signatures.size(), 4u);
}

TEST_F(VoteTest, TheCollectorDropsAndNamesWrongVotes) {
    const auto set = equal_voters(40);
    VoteCollector collector{set, chain, vote};
    for (std::size_t i = 0; i < 27; ++i) {
        auto signature = sign(i);
        if (i == 5 || i == 26) signature.bytes[1] ^= std::byte{1};
        EXPECT_TRUE(collector.add(i, signature));
    }
    auto outcome = collector.try_finish(random);
    EXPECT_FALSE(outcome.certificate);
    EXPECT_EQ(outcome.culprits, (std::vector<std::size_t>{5, 26}));
    EXPECT_EQ(collector.weight(), base::u128{25});
    EXPECT_TRUE(collector.add(5, sign(5)));
    EXPECT_TRUE(collector.add(30, sign(30)));
    outcome = collector.try_finish(random);
    EXPECT_TRUE(outcome.culprits.empty());
    ASSERT_TRUE(outcome.certificate);
    EXPECT_TRUE(verify_certificate(*outcome.certificate, set, chain, random));
}

TEST_F(VoteTest, RubbishInAVotersNameDoesNotLockItOut) {
    const auto set = equal_voters(3);
    VoteCollector collector{set, chain, vote};
    EXPECT_TRUE(collector.add(0, {}));
    EXPECT_TRUE(collector.add(0, sign(1)).error().is(Errc::bad_signature));
    EXPECT_TRUE(collector.add(0, sign(0)));
    EXPECT_EQ(collector.weight(), base::u128{1});
    EXPECT_TRUE(collector.add(1, sign(1)));
    EXPECT_TRUE(collector.add(2, sign(2)));
    const auto outcome = collector.try_finish(random);
    EXPECT_TRUE(outcome.culprits.empty());
    EXPECT_TRUE(outcome.certificate);
}

}  // namespace
