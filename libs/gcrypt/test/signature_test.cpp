#include "gcrypt/signature.hpp"

#include <gtest/gtest.h>

namespace {

using namespace gcrypt;
using zcrypto::ed25519::SigningKey;

TEST(Signature, VerifiesAndNamesWhatIsWrong) {
    const auto key = SigningKey::generate(base::system_random());
    const auto message = base::as_bytes("pay 1 GCC");
    const auto signature = key.sign(message);
    const SignedMessage good{.scheme = Scheme::ed25519_zip215_v1,
                             .public_key = key.public_key().bytes,
                             .message = message,
                             .signature = signature.bytes};
    EXPECT_TRUE(verify(good));
    auto item = good;
    item.message = base::as_bytes("pay 9 GCC");
    EXPECT_TRUE(verify(item).error().is(Errc::bad_signature));
    item = good;
    item.signature = item.signature.first(63);
    EXPECT_TRUE(verify(item).error().is(Errc::bad_length));
    item = good;
    item.public_key = {};
    EXPECT_TRUE(verify(item).error().is(Errc::bad_length));
    for (const auto scheme : {Scheme::secp256k1_bip340, Scheme::multisig, static_cast<Scheme>(77)}) {
        item = good;
        item.scheme = scheme;
        EXPECT_TRUE(verify(item).error().is(Errc::unsupported_scheme));
    }
}

TEST(Signature, TagsOutsideTheTableAreRefused) {
    EXPECT_EQ(scheme_from_tag(0), Scheme::ed25519_zip215_v1);
    EXPECT_EQ(scheme_from_tag(2), Scheme::multisig);
    for (int tag = 3; tag < 256; ++tag) {
        EXPECT_TRUE(scheme_from_tag(static_cast<std::uint8_t>(tag)).error().is(Errc::unsupported_scheme));
    }
}

TEST(BatchVerifier, GivesTheVerdictsOfSingleVerification) {
    base::SeededRandom random{215};
    std::vector<SigningKey> keys;
    for (int i = 0; i < 5; ++i) keys.push_back(SigningKey::generate(random));
    std::vector<base::Bytes> messages, signatures;
    for (std::size_t i = 0; i < 100; ++i) {
        messages.push_back(base::to_bytes("message " + std::to_string(i)));
        signatures.push_back(base::to_bytes(keys[i % 5].sign(messages.back()).bytes));
        if (random.below(6) == 0) signatures.back()[random.below(64)] ^= std::byte{4};
        if (random.below(10) == 0) signatures.back().resize(random.below(70));
    }
    BatchVerifier batch;
    for (int round = 0; round < 2; ++round) {  // It is reusable.
        std::vector<SignedMessage> items;
        for (std::size_t i = 0; i < messages.size(); ++i) {
            items.push_back({.scheme = i % 17 == 3 ? Scheme::multisig : Scheme::ed25519_zip215_v1,
                             .public_key = keys[i % 5].public_key().bytes,
                             .message = messages[i],
                             .signature = signatures[i]});
            EXPECT_EQ(batch.add(items.back()), i);
        }
        EXPECT_EQ(batch.size(), items.size());
        const auto verdicts = batch.verify(random);
        ASSERT_EQ(verdicts.size(), items.size());
        for (std::size_t i = 0; i < items.size(); ++i) EXPECT_EQ(verdicts[i], verify(items[i])) << i;
        EXPECT_EQ(batch.size(), 0u);
    }
    EXPECT_TRUE(batch.verify(random).empty());
}

}  // namespace
