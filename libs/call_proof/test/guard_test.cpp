#include "call_proof/guard.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace call_proof {
namespace {

constexpr std::uint64_t kNow = 1'700'000'000'000;
constexpr std::uint64_t kWindow = 60'000;
const Call kCall{.path = "/a.v1.B/C", .request = base::as_bytes("request")};

class GuardTest : public testing::Test {
 protected:
    Guard make(std::size_t per_caller_max = 100, std::size_t total_max = 150) {
        return Guard{
            {.audience = audience_, .window_ms = kWindow, .per_caller_max = per_caller_max, .total_max = total_max},
            random_};
    }
    Proof proof_for(const Guard& guard, std::uint64_t time_ms = kNow,
                    const zcrypto::ed25519::SigningKey* key = nullptr) {
        Proof proof;
        proof.audience = audience_;
        proof.challenge = guard.challenge();
        proof.time_ms = time_ms;
        random_.fill(proof.nonce);
        return sign(proof, kCall, key ? *key : key_);
    }

    base::SeededRandom random_{17};
    base::Digest audience_{std::byte{9}};
    zcrypto::ed25519::SigningKey key_ = zcrypto::ed25519::SigningKey::generate(random_);
    zcrypto::ed25519::SigningKey other_ = zcrypto::ed25519::SigningKey::generate(random_);
};

TEST_F(GuardTest, LetsAProofInOnce) {
    auto guard = make();
    const auto proof = proof_for(guard);
    const auto digest = guard.admit(proof, kCall, kNow);
    ASSERT_TRUE(digest);
    EXPECT_EQ(*digest, digest_of(proof, kCall));
    EXPECT_TRUE(guard.admit(proof, kCall, kNow).error().is(Errc::replayed));
    EXPECT_TRUE(guard.admit(proof_for(guard), kCall, kNow)) << "another nonce";
}

TEST_F(GuardTest, NamesWhatIsWrong) {
    auto guard = make();
    const auto refused = [&](const std::function<void(Proof&)>& change, Errc errc) {
        auto proof = proof_for(guard);
        change(proof);
        const auto admitted = guard.admit(sign(proof, kCall, key_), kCall, kNow);
        EXPECT_FALSE(admitted);
        if (!admitted) {
            EXPECT_TRUE(admitted.error().is(errc)) << base::to_string(admitted.error());
        }
    };
    refused([](Proof& proof) { proof.audience[5] ^= std::byte{1}; }, Errc::other_audience);
    refused([](Proof& proof) { proof.challenge[5] ^= std::byte{1}; }, Errc::other_challenge);
    refused([](Proof& proof) { proof.time_ms = kNow - kWindow - 1; }, Errc::too_old);
    refused([](Proof& proof) { proof.time_ms = kNow + kWindow + 1; }, Errc::too_new);
    refused([](Proof& proof) { proof.time_ms = 0; }, Errc::too_old);
    refused([](Proof& proof) { proof.time_ms = ~std::uint64_t{0}; }, Errc::too_new);
    auto of_other_key = proof_for(guard);
    of_other_key.caller = other_.public_key().bytes;
    EXPECT_TRUE(guard.admit(of_other_key, kCall, kNow).error().is(Errc::bad_signature));
    const auto proof = proof_for(guard);
    EXPECT_TRUE(
        guard.admit(proof, {.path = "/a.v1.B/D", .request = kCall.request}, kNow).error().is(Errc::bad_signature));
    EXPECT_TRUE(guard.admit(proof, {.path = kCall.path, .request = base::as_bytes("other")}, kNow)
                    .error()
                    .is(Errc::bad_signature));
    EXPECT_EQ(guard.remembered(), 0u) << "what is refused takes no room";
    EXPECT_TRUE(guard.admit(proof, kCall, kNow)) << "and uses nothing up";
}

TEST_F(GuardTest, TakesBothEndsOfTheWindow) {
    auto guard = make();
    EXPECT_TRUE(guard.admit(proof_for(guard, kNow - kWindow), kCall, kNow));
    EXPECT_TRUE(guard.admit(proof_for(guard, kNow + kWindow), kCall, kNow));
}

TEST_F(GuardTest, RemembersAsLongAsAProofCouldStillBeTaken) {
    auto guard = make();
    const auto early = proof_for(guard, kNow + kWindow);  // good for two windows
    ASSERT_TRUE(guard.admit(early, kCall, kNow));
    for (const auto later : {kNow + 1, kNow + kWindow, kNow + 2 * kWindow}) {
        EXPECT_TRUE(guard.admit(early, kCall, later).error().is(Errc::replayed)) << later;
    }
    EXPECT_TRUE(guard.admit(early, kCall, kNow + 2 * kWindow + 1).error().is(Errc::too_old));
    ASSERT_TRUE(guard.admit(proof_for(guard, kNow + 4 * kWindow), kCall, kNow + 4 * kWindow));
    EXPECT_EQ(guard.remembered(), 1u) << "the expired one is gone";
    // A clock that is set back brings nothing back to life.
    EXPECT_TRUE(guard.admit(early, kCall, kNow).error().is(Errc::too_old));
}

TEST_F(GuardTest, ACallerFillsHisShareOnlyAndNothingIsForgottenForIt) {
    auto guard = make(100, 150);
    const auto first = proof_for(guard);
    ASSERT_TRUE(guard.admit(first, kCall, kNow));
    for (int i = 1; i < 100; ++i) ASSERT_TRUE(guard.admit(proof_for(guard), kCall, kNow)) << i;
    EXPECT_TRUE(guard.admit(proof_for(guard), kCall, kNow).error().is(Errc::overloaded));
    EXPECT_TRUE(guard.admit(first, kCall, kNow).error().is(Errc::replayed));
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(guard.admit(proof_for(guard, kNow, &other_), kCall, kNow)) << i;
    EXPECT_TRUE(guard.admit(proof_for(guard, kNow, &other_), kCall, kNow).error().is(Errc::overloaded));
    EXPECT_EQ(guard.remembered(), 150u);
    const auto later = kNow + kWindow + 1;
    EXPECT_TRUE(guard.admit(proof_for(guard, later), kCall, later)) << "there is room again with time";
    EXPECT_EQ(guard.remembered(), 1u);
}

TEST_F(GuardTest, ProofsDieWithTheRunThatTheyWereMadeFor) {
    auto guard = make();
    const auto proof = proof_for(guard);
    ASSERT_TRUE(guard.admit(proof, kCall, kNow));
    auto restarted = make();
    EXPECT_NE(restarted.challenge(), guard.challenge());
    EXPECT_TRUE(restarted.admit(proof, kCall, kNow).error().is(Errc::other_challenge));
}

}  // namespace
}  // namespace call_proof
