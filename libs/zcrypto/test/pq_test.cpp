// The published accumulated vectors: a SHAKE128 stream of the empty string supplies every input, another one hashes
// every output. One digest stands for thousands of key pairs, ciphertexts, refused ciphertexts and signatures.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "keccak.hpp"
#include "pq_ml_kem_poly.hpp"
#include "wycheproof.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/pq_hybrid.hpp"
#include "zcrypto/pq_ml_dsa.hpp"
#include "zcrypto/pq_ml_kem.hpp"

namespace {

using namespace zcrypto;

template <std::size_t N>
Secret<N> secret_from(detail::Keccak& stream) {
    Secret<N> out;
    stream.squeeze(out.expose_mutable());
    return out;
}

std::string digest_of(detail::Keccak& hash) {
    base::Digest out;
    hash.squeeze(out);
    return base::to_hex(out);
}

std::string sha3(base::ByteView bytes) {
    auto hash = detail::sha3_256();
    hash.absorb(bytes);
    return digest_of(hash);
}

template <std::size_t N>
base::FixedBytes<N> pattern(unsigned start) {
    base::FixedBytes<N> out;
    for (auto& b : out) b = static_cast<std::byte>(start++);
    return out;
}

TEST(Keccak, MatchesThePublishedDigestsOfTheEmptyMessage) {
    auto shake128 = detail::shake128();
    EXPECT_EQ(digest_of(shake128), "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
    auto shake256 = detail::shake256();
    EXPECT_EQ(digest_of(shake256), "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f");
    EXPECT_EQ(sha3({}), "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
    auto keccak = detail::keccak_256();
    EXPECT_EQ(digest_of(keccak), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
}

TEST(Keccak, GivesTheSameHoweverTheInputAndOutputAreCut) {
    const auto text = pattern<1000>(3);
    base::FixedBytes<777> whole;
    detail::shake256().absorb(text).squeeze(whole);
    for (const std::size_t step : {1u, 3u, 7u, 8u, 13u, 135u, 136u, 137u, 500u}) {
        auto hash = detail::shake256();
        for (std::size_t at = 0; at < text.size(); at += step)
            hash.absorb(base::ByteView{text}.subspan(at, std::min(step, text.size() - at)));
        base::FixedBytes<777> out;
        for (std::size_t at = 0; at < out.size(); at += step)
            hash.squeeze(base::MutableBytes{out}.subspan(at, std::min(step, out.size() - at)));
        EXPECT_EQ(whole, out) << "pieces of " << step;
    }
}

std::string accumulate_ml_kem(int cases) {
    auto stream = detail::shake128();
    auto hash = detail::shake128();
    for (int i = 0; i < cases; ++i) {
        const ml_kem_768::PrivateKey key{secret_from<64>(stream)};
        const auto public_key = key.public_key();
        hash.absorb(public_key);
        const auto sent = ml_kem_768::encapsulate_with(public_key, secret_from<32>(stream));
        EXPECT_TRUE(sent.has_value());
        hash.absorb(sent->ciphertext).absorb(sent->shared_key.expose());
        EXPECT_TRUE(base::equal(key.decapsulate(sent->ciphertext).expose(), sent->shared_key.expose()));
        ml_kem_768::Ciphertext foreign;
        stream.squeeze(foreign);
        hash.absorb(key.decapsulate(foreign).expose());
    }
    return digest_of(hash);
}

TEST(MlKem768, MatchesThePublishedAccumulatedVectors) {
    EXPECT_EQ(accumulate_ml_kem(100), "1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415");
    EXPECT_EQ(accumulate_ml_kem(10'000), "8a518cc63da366322a8e7a818c7a0d63483cb3528d34a4cf42f35d5ad73f22fc");
}

std::string accumulate_ml_dsa(int cases) {
    auto stream = detail::shake128();
    auto hash = detail::shake128();
    for (int i = 0; i < cases; ++i) {
        const ml_dsa_65::PrivateKey key{secret_from<32>(stream)};
        hash.absorb(key.public_key());
        const auto signature = key.sign_deterministic({.text = {}});
        EXPECT_TRUE(signature.has_value());
        hash.absorb(signature->bytes);
    }
    return digest_of(hash);
}

TEST(MlDsa65, MatchesThePublishedAccumulatedVectors) {
    EXPECT_EQ(accumulate_ml_dsa(100), "8358a1843220194417cadbc2651295cd8fc65125b5a5c1a239a16dc8b57ca199");
}

TEST(XWing, MatchesThePublishedVector) {
    auto stream = detail::shake128();
    const x_wing::PrivateKey key{secret_from<32>(stream)};
    const auto randomness = secret_from<64>(stream);
    const auto sent = x_wing::encapsulate_with(key.public_key(), randomness);
    ASSERT_TRUE(sent.has_value());
    EXPECT_EQ(base::to_hex(sent->shared_key.expose()),
              "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384");
    EXPECT_TRUE(base::equal(key.decapsulate(sent->ciphertext).expose(), sent->shared_key.expose()));
}

TEST(MlKem768, EveryFlippedByteGivesAnotherKeyAndTheSameOneEachTime) {
    const ml_kem_768::PrivateKey key{Secret<64>::make(pattern<64>(1)).value()};
    auto sent = ml_kem_768::encapsulate_with(key.public_key(), Secret<32>::make(pattern<32>(9)).value()).value();
    for (auto& b : sent.ciphertext) {
        b ^= std::byte{0x10};
        const auto refused = key.decapsulate(sent.ciphertext);
        EXPECT_FALSE(base::equal(refused.expose(), sent.shared_key.expose()));
        EXPECT_TRUE(base::equal(refused.expose(), key.decapsulate(sent.ciphertext).expose()));
        b ^= std::byte{0x10};
    }
    EXPECT_TRUE(base::equal(key.decapsulate(sent.ciphertext).expose(), sent.shared_key.expose()));
}

TEST(MlKem768, RefusesCoefficientsAtOrAboveTheModulus) {
    const ml_kem_768::PrivateKey key{Secret<64>::make(pattern<64>(1)).value()};
    const auto good = key.public_key();
    ASSERT_TRUE(ml_kem_768::check_public_key(good).has_value());
    for (std::size_t pair = 0; pair < 384; ++pair) {
        for (const unsigned value : {3328u, 3329u, 4095u}) {
            auto low = good;
            low[3 * pair] = static_cast<std::byte>(value);
            low[3 * pair + 1] = (low[3 * pair + 1] & std::byte{0xf0}) | static_cast<std::byte>(value >> 8);
            auto high = good;
            high[3 * pair + 1] = (high[3 * pair + 1] & std::byte{0x0f}) | static_cast<std::byte>(value << 4);
            high[3 * pair + 2] = static_cast<std::byte>(value >> 4);
            for (const auto& changed : {low, high}) {
                const auto made = ml_kem_768::encapsulate(changed, base::system_random());
                EXPECT_EQ(made.has_value(), value < 3329);
                EXPECT_TRUE(made || made.error().is(base::Errc::not_canonical));
            }
        }
    }
}

TEST(MlKem768, TakesTheLongPrivateKeyOnlyWhenItsPartsBelongTogether) {
    const ml_kem_768::PrivateKey key{Secret<64>::make(pattern<64>(1)).value()};
    const auto bytes = base::to_bytes(key.expanded());
    const auto again = ml_kem_768::PrivateKey::from_expanded(bytes);
    ASSERT_TRUE(again.has_value());
    const auto sent = ml_kem_768::encapsulate(key.public_key(), base::system_random()).value();
    EXPECT_TRUE(base::equal(again->decapsulate(sent.ciphertext).expose(), sent.shared_key.expose()));
    for (std::size_t i = 1152; i < 1152 + 1184 + 32; ++i) {  // the public key and its hash
        auto changed = bytes;
        changed[i] ^= std::byte{1};
        EXPECT_FALSE(ml_kem_768::PrivateKey::from_expanded(changed).has_value()) << i;
    }
    EXPECT_FALSE(ml_kem_768::PrivateKey::from_expanded({}).has_value());
    EXPECT_FALSE(ml_kem_768::PrivateKey::from_expanded(base::ByteView{bytes}.first(2399)).has_value());
}

TEST(MlDsa65, RefusesEveryFlippedByte) {
    const ml_dsa_65::PrivateKey key{Secret<32>::make(pattern<32>(5)).value()};
    const auto text = pattern<100>(0);
    const ml_dsa_65::Message message{.text = text, .context = base::as_bytes("context")};
    auto signature = key.sign(message, base::system_random()).value();
    ASSERT_TRUE(ml_dsa_65::verify(key.public_key(), message, signature));
    for (auto& b : signature.bytes) {
        b ^= std::byte{4};
        EXPECT_FALSE(ml_dsa_65::verify(key.public_key(), message, signature));
        b ^= std::byte{4};
    }
    auto public_key = key.public_key();
    for (std::size_t i = 0; i < public_key.size(); i += 7) {
        public_key[i] ^= std::byte{1};
        EXPECT_FALSE(ml_dsa_65::verify(public_key, message, signature));
        public_key[i] ^= std::byte{1};
    }
    EXPECT_TRUE(ml_dsa_65::verify(public_key, message, signature));
}

TEST(MlDsa65, BindsTheContextAndBoundsIt) {
    const ml_dsa_65::PrivateKey key{Secret<32>::make(pattern<32>(5)).value()};
    const auto text = base::as_bytes("text");
    const base::Bytes longest(255), too_long(256);
    const auto signature = key.sign_deterministic({.text = text, .context = longest}).value();
    EXPECT_EQ(signature, key.sign_deterministic({.text = text, .context = longest}).value());
    EXPECT_TRUE(ml_dsa_65::verify(key.public_key(), {.text = text, .context = longest}, signature));
    EXPECT_FALSE(ml_dsa_65::verify(key.public_key(), {.text = text}, signature));
    EXPECT_FALSE(ml_dsa_65::verify(key.public_key(), {.text = text, .context = too_long}, signature));
    EXPECT_TRUE(key.sign_deterministic({.text = text, .context = too_long}).error().is(base::Errc::out_of_range));
    EXPECT_NE(key.sign({.text = text}, base::system_random()).value(),
              key.sign({.text = text}, base::system_random()).value())
        << "signing is hedged with fresh randomness";
}

TEST(MlDsa65, RefusesHintsInAnotherEncoding) {
    // Two encodings of one signature would let anybody change a transaction's hash.
    const ml_dsa_65::PrivateKey key{Secret<32>::make(pattern<32>(5)).value()};
    const ml_dsa_65::Message message{.text = base::as_bytes("hints")};
    constexpr std::size_t kHints = 48 + 3200;
    ml_dsa_65::Signature signature;
    std::size_t first = 0;
    do {  // one with two hints or more in its first polynomial, and with room behind the last
        signature = key.sign(message, base::system_random()).value();
        first = std::to_integer<std::size_t>(signature.bytes[kHints + 55]);
    } while (first < 2 || signature.bytes[kHints + 60] >= std::byte{55});
    auto swapped = signature;
    std::swap(swapped.bytes[kHints], swapped.bytes[kHints + 1]);
    EXPECT_FALSE(ml_dsa_65::verify(key.public_key(), message, swapped));
    auto doubled = signature;
    doubled.bytes[kHints + 1] = doubled.bytes[kHints];
    EXPECT_FALSE(ml_dsa_65::verify(key.public_key(), message, doubled));
    auto padded = signature;
    padded.bytes[kHints + 54] = std::byte{1};
    EXPECT_FALSE(ml_dsa_65::verify(key.public_key(), message, padded));
    for (std::size_t i = 55; i < 61; ++i) {
        auto counted = signature;
        counted.bytes[kHints + i] = std::byte{56};
        EXPECT_FALSE(ml_dsa_65::verify(key.public_key(), message, counted));
    }
    EXPECT_TRUE(ml_dsa_65::verify(key.public_key(), message, signature));
}

TEST(MlDsa65, TakesTheLongPrivateKeyOnlyWhenItsPartsBelongTogether) {
    const ml_dsa_65::PrivateKey key{Secret<32>::make(pattern<32>(5)).value()};
    const auto bytes = base::to_bytes(key.expanded());
    const auto again = ml_dsa_65::PrivateKey::from_expanded(bytes);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->public_key(), key.public_key());
    const ml_dsa_65::Message message{.text = base::as_bytes("text")};
    EXPECT_EQ(again->sign_deterministic(message).value(), key.sign_deterministic(message).value());
    for (std::size_t i = 0; i < bytes.size(); i += 1 + i / 16) {
        if (i >= 32 && i < 64) continue;  // K has no relation to the rest
        auto changed = bytes;
        changed[i] ^= std::byte{1};
        const auto refused = ml_dsa_65::PrivateKey::from_expanded(changed);
        ASSERT_FALSE(refused.has_value()) << i;
        EXPECT_TRUE(refused.error().is(base::Errc::not_canonical));
    }
    for (const std::size_t at : {128u, 767u, 768u, 1535u}) {  // s1 and s2: 4 - c, so 9 to 15 are no values
        for (const unsigned value : {0x90u, 0xf0u, 0x09u, 0x0fu}) {
            auto changed = bytes;
            changed[at] = static_cast<std::byte>(value);
            EXPECT_STREQ(ml_dsa_65::PrivateKey::from_expanded(changed).error().note,
                         "ML-DSA private key: secrets out of range");
        }
    }
    EXPECT_TRUE(ml_dsa_65::PrivateKey::from_expanded({}).error().is(base::Errc::invalid_argument));
    EXPECT_FALSE(ml_dsa_65::PrivateKey::from_expanded(base::ByteView{bytes}.first(4031)).has_value());
}

TEST(MlDsa65, SignsTheRepresentativeOfAMessageThatItDoesNotSee) {
    const ml_dsa_65::PrivateKey key{Secret<32>::make(pattern<32>(5)).value()};
    const base::Bytes too_long(256);
    const ml_dsa_65::Message message{.text = base::as_bytes("text"), .context = base::as_bytes("context")};
    const auto mu = ml_dsa_65::mu_of(key.public_key(), message).value();
    const auto signature = key.sign_mu(mu, base::system_random());
    EXPECT_TRUE(ml_dsa_65::verify(key.public_key(), message, signature));
    EXPECT_TRUE(ml_dsa_65::verify_mu(key.public_key(), mu, signature));
    EXPECT_TRUE(ml_dsa_65::verify_mu(key.public_key(), mu, key.sign(message, base::system_random()).value()));
    auto other = mu;
    other[0] ^= std::byte{1};
    EXPECT_FALSE(ml_dsa_65::verify_mu(key.public_key(), other, signature));
    EXPECT_TRUE(
        ml_dsa_65::mu_of(key.public_key(), {.text = {}, .context = too_long}).error().is(base::Errc::out_of_range));
}

TEST(MlDsa65, SignsADigestAsBouncyCastleDoes) {
    // Seed and hedging: 00 to 0f twice. The 48 bytes are those of bc-java's signature that commit to all of it.
    const auto half = pattern<16>(0);
    base::FixedBytes<32> both;
    std::ranges::copy(half, std::ranges::copy(half, both.begin()).out);
    const ml_dsa_65::PrivateKey key{Secret<32>::make(both).value()};
    const auto digest = sha512(base::as_bytes("The quick brown fox"));
    const ml_dsa_65::HashedMessage message{.hash = ml_dsa_65::PreHash::sha512, .digest = digest};
    test::Given hedge{both};
    const auto signature = key.sign_hashed(message, hedge).value();
    EXPECT_EQ(base::to_hex(base::ByteView{signature.bytes}.first(48)),
              "cb99a9fd2063ddda7114cf99b577b7d9a6e7540ca225d84e5b04c28e30a4a09c"
              "6ec470a596a1efa809a42250487d9086");
    EXPECT_TRUE(ml_dsa_65::verify_hashed(key.public_key(), message, signature));
}

TEST(MlDsa65, RepresentsADigestAsTheStandardSays) {
    using ml_dsa_65::PreHash;
    const ml_dsa_65::PrivateKey key{Secret<32>::make(pattern<32>(5)).value()};
    const auto context = base::as_bytes("context");
    const struct {
        PreHash hash;
        const char* name;  // the identifier's last byte, from NIST's list
        std::size_t size;
    } hashes[] = {{PreHash::sha256, "01", 32},   {PreHash::sha384, "02", 48},     {PreHash::sha512, "03", 64},
                  {PreHash::sha224, "04", 28},   {PreHash::sha512_224, "05", 28}, {PreHash::sha512_256, "06", 32},
                  {PreHash::sha3_224, "07", 28}, {PreHash::sha3_256, "08", 32},   {PreHash::sha3_384, "09", 48},
                  {PreHash::sha3_512, "0a", 64}, {PreHash::shake128, "0b", 32},   {PreHash::shake256, "0c", 64}};
    for (const auto& [hash, name, size] : hashes) {
        const base::Bytes digest(size, std::byte{0xd1});
        base::FixedBytes<64> tr, expected;
        shake256(key.public_key(), tr);
        auto text = base::to_bytes(tr);
        const auto append = [&](base::ByteView part) { text.insert(text.end(), part.begin(), part.end()); };
        append(base::from_hex("0107").value());  // pre-hashed; the context's length
        append(context);
        append(base::from_hex("06096086480165030402" + std::string{name}).value());
        append(digest);
        shake256(text, expected);
        const ml_dsa_65::HashedMessage message{.hash = hash, .digest = digest, .context = context};
        EXPECT_EQ(ml_dsa_65::mu_of_hashed(key.public_key(), message).value(), expected) << name;
        EXPECT_EQ(ml_dsa_65::digest_size(hash), size) << name;
        const auto signature = key.sign_mu_deterministic(expected);
        EXPECT_TRUE(ml_dsa_65::verify_hashed(key.public_key(), message, signature)) << name;
        EXPECT_FALSE(ml_dsa_65::verify(key.public_key(), {.text = digest, .context = context}, signature)) << name;
    }
}

TEST(MlDsa65, SignsADigestOnlyUnderItsOwnHashSizeAndContext) {
    using ml_dsa_65::PreHash;
    const ml_dsa_65::PrivateKey key{Secret<32>::make(pattern<32>(5)).value()};
    const auto digest = pattern<64>(1);
    const base::Bytes too_long(256);
    const auto signature = key.sign_hashed({.hash = PreHash::sha512, .digest = digest}, base::system_random()).value();
    EXPECT_TRUE(ml_dsa_65::verify_hashed(key.public_key(), {.hash = PreHash::sha512, .digest = digest}, signature));
    EXPECT_FALSE(ml_dsa_65::verify_hashed(key.public_key(), {.hash = PreHash::sha3_512, .digest = digest}, signature));
    EXPECT_FALSE(ml_dsa_65::verify_hashed(
        key.public_key(), {.hash = PreHash::sha512, .digest = digest, .context = base::as_bytes("x")}, signature));
    const auto error = [&](const ml_dsa_65::HashedMessage& message) {
        EXPECT_FALSE(ml_dsa_65::verify_hashed(key.public_key(), message, signature));
        return key.sign_hashed(message, base::system_random()).error();
    };
    EXPECT_TRUE(error({.hash = PreHash::sha256, .digest = digest}).is(base::Errc::invalid_argument));
    EXPECT_TRUE(error({.hash = PreHash::sha512, .digest = {}}).is(base::Errc::invalid_argument));
    EXPECT_TRUE(
        error({.hash = std::bit_cast<PreHash>(std::uint8_t{0}), .digest = {}}).is(base::Errc::invalid_argument));
    EXPECT_TRUE(
        error({.hash = std::bit_cast<PreHash>(std::uint8_t{13}), .digest = digest}).is(base::Errc::invalid_argument));
    EXPECT_TRUE(error({.hash = PreHash::sha512, .digest = digest, .context = too_long}).is(base::Errc::out_of_range));
}

TEST(MlKem768, WorksAfterTheKeyHasMoved) {
    ml_kem_768::PrivateKey source{Secret<64>::make(pattern<64>(1)).value()};
    const auto sent = ml_kem_768::encapsulate(source.public_key(), base::system_random()).value();
    auto target = ml_kem_768::PrivateKey::generate(base::system_random());
    target = std::move(source);
    EXPECT_TRUE(base::equal(target.decapsulate(sent.ciphertext).expose(), sent.shared_key.expose()));
}

TEST(XWing, StaysDefinedForX25519PointsOfSmallOrder) {
    const x_wing::PrivateKey key{Secret<32>::make(pattern<32>(5)).value()};
    auto sent = x_wing::encapsulate(key.public_key(), base::system_random()).value();
    std::ranges::fill(base::MutableBytes{sent.ciphertext}.last(32), std::byte{0});
    const auto once = key.decapsulate(sent.ciphertext);
    EXPECT_TRUE(base::equal(once.expose(), key.decapsulate(sent.ciphertext).expose()));
    EXPECT_FALSE(base::equal(once.expose(), sent.shared_key.expose()));
    for (std::size_t i = 0; i < sent.ciphertext.size(); i += 31) {
        auto changed = sent.ciphertext;
        changed[i] ^= std::byte{1};
        EXPECT_FALSE(base::equal(key.decapsulate(changed).expose(), once.expose())) << i;
    }
    auto malformed = key.public_key();
    malformed[0] = malformed[1] = malformed[2] = std::byte{0xff};
    EXPECT_FALSE(x_wing::encapsulate(malformed, base::system_random()).has_value());
}

}  // namespace
