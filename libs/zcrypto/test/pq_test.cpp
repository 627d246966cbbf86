// The published accumulated vectors: a SHAKE128 stream of the empty string supplies every input, another one hashes
// every output. One digest stands for thousands of key pairs, ciphertexts, refused ciphertexts and signatures.

#include <gtest/gtest.h>

#include "keccak.hpp"
#include "pq_ml_kem_poly.hpp"
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

}  // namespace
