#include "call_proof/proof.hpp"

#include <gtest/gtest.h>

namespace call_proof {
namespace {

zcrypto::ed25519::SigningKey key_of(std::uint8_t number) {
    base::FixedBytes<32> seed{};
    seed.fill(std::byte{number});
    return zcrypto::ed25519::SigningKey{*zcrypto::ed25519::Seed::make(seed)};
}

Proof sample(const Call& call) {
    Proof proof;
    proof.audience.fill(std::byte{0xaa});
    proof.challenge.fill(std::byte{0xcc});
    proof.time_ms = 1'700'000'000'123;
    proof.nonce.fill(std::byte{0x11});
    return sign(proof, call, key_of(7));
}

const Call kCall{.path = "/a.v1.B/C", .request = base::as_bytes("request")};

TEST(CallProof, SurvivesTheWireAndHasOneForm) {
    const auto proof = sample(kCall);
    const auto wire = encode(proof);
    ASSERT_EQ(wire.size(), kProofBytes);
    EXPECT_EQ(*decode(wire), proof);
    for (std::size_t size = 0; size < wire.size(); ++size) {
        EXPECT_FALSE(decode(base::ByteView{wire}.first(size))) << size;
    }
    auto longer = wire;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(decode(longer));
    auto other_version = wire;
    other_version[0] = std::byte{2};
    EXPECT_TRUE(decode(other_version).error().is(Errc::malformed));
}

TEST(CallProof, EveryBitOfItAndOfTheCallIsUnderTheSignature) {
    const auto wire = encode(sample(kCall));
    for (std::size_t bit = 8; bit < wire.size() * 8; ++bit) {  // the first byte is the version
        auto changed = wire;
        changed[bit / 8] ^= std::byte{static_cast<unsigned char>(1u << bit % 8)};
        const auto proof = decode(changed);
        ASSERT_TRUE(proof);
        EXPECT_FALSE(zcrypto::ed25519::verify_strict({proof->caller}, digest_of(*proof, kCall), proof->signature))
            << "bit " << bit;
    }
    const auto proof = sample(kCall);
    const auto holds = [&](const Call& call) {
        return zcrypto::ed25519::verify_strict({proof.caller}, digest_of(proof, call), proof.signature);
    };
    EXPECT_TRUE(holds(kCall));
    EXPECT_FALSE(holds({.path = "/a.v1.B/D", .request = kCall.request}));
    EXPECT_FALSE(holds({.path = kCall.path, .request = base::as_bytes("requesT")}));
    EXPECT_FALSE(holds({.path = kCall.path, .request = {}}));
    // The border between path and request is part of it.
    EXPECT_FALSE(holds({.path = "/a.v1.B/Cr", .request = base::as_bytes("equest")}));
}

// Another program must come to the same bytes: change this only together with the version.
TEST(CallProof, KeepsItsFormat) {
    const auto proof = sample(kCall);
    EXPECT_EQ(base::to_hex(digest_of(proof, kCall)),
              "5b11147de0793880547acb106abeaf5b5ba05e6f22501c063666d0b6e5cbfafe");
}

}  // namespace
}  // namespace call_proof
