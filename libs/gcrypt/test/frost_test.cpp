#include "gcrypt/frost.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "published_vectors.hpp"

namespace {

using namespace gcrypt;
using edwards::Scalar;
using edwards::SecretScalar;
using frost::Session;
using frost::SigningNonces;

/// Gives prepared bytes, then fails.
class ScriptedRandom final : public base::Random {
 public:
    explicit ScriptedRandom(base::Bytes script) : script_{std::move(script)} {}
    void fill(base::MutableBytes out) noexcept override {
        GC_ASSERT(at_ + out.size() <= script_.size());
        std::memcpy(out.data(), script_.data() + at_, out.size());
        at_ += out.size();
    }

 private:
    base::Bytes script_;
    std::size_t at_ = 0;
};

base::Bytes hex(const nlohmann::json& text) { return base::from_hex(text.get<std::string>()).value(); }
std::string text(base::ByteView bytes) { return base::to_hex(bytes); }

nlohmann::json load(const std::string& file) {
    const auto path = ghost_test::vectors_folder() + "/" + file;
    std::ifstream in{path};
    if (!in) {
        ADD_FAILURE() << "published vectors are absent: " << path << " (set GHOST_VECTORS)";
        return {};
    }
    return nlohmann::json::parse(in);
}

TEST(FrostVectors, EveryValueOfRfc9591IsReproduced) {
    GHOST_NEEDS_VECTORS();
    const auto vector = load("frost/frost-ed25519-sha512.json");
    if (vector.is_null()) return;
    std::size_t checked = 0;
    const auto same = [&checked](base::ByteView got, const nlohmann::json& want) {
        ++checked;
        EXPECT_EQ(text(got), want.get<std::string>());
    };
    const auto& inputs = vector.at("inputs");
    std::vector<SecretScalar> coefficients;
    coefficients.push_back(SecretScalar::decode(hex(inputs.at("group_secret_key"))).value());
    for (const auto& one : inputs.at("share_polynomial_coefficients")) {
        coefficients.push_back(SecretScalar::decode(hex(one)).value());
    }
    const auto& shares = inputs.at("participant_shares");
    const auto dealt = frost::deal(vss::SecretPolynomial::make(std::move(coefficients)).value(), shares.size()).value();
    same(dealt.group.key().bytes, inputs.at("group_public_key"));
    for (std::size_t i = 0; i < shares.size(); ++i) {
        EXPECT_EQ(dealt.shares[i].id(), shares[i].at("identifier").get<int>());
        same(dealt.shares[i].secret().expose(), shares[i].at("participant_share"));
    }

    std::vector<SigningNonces> nonces;
    std::vector<frost::Commitment> commitments;
    const auto& first = vector.at("round_one_outputs").at("outputs");
    for (const auto& out : first) {
        auto script = hex(out.at("hiding_nonce_randomness"));
        const auto more = hex(out.at("binding_nonce_randomness"));
        script.insert(script.end(), more.begin(), more.end());
        ScriptedRandom random{std::move(script)};
        nonces.push_back(SigningNonces::make(dealt.shares.at(out.at("identifier").get<std::size_t>() - 1), random));
        same(nonces.back().hiding()->expose(), out.at("hiding_nonce"));
        same(nonces.back().binding()->expose(), out.at("binding_nonce"));
        commitments.push_back(nonces.back().commitment());
        same(commitments.back().hiding.bytes, out.at("hiding_nonce_commitment"));
        same(commitments.back().binding.bytes, out.at("binding_nonce_commitment"));
    }
    const auto message = hex(inputs.at("message"));
    std::ranges::reverse(commitments);  // The order they come in must not matter.
    const auto session = Session::make(dealt.group, commitments, message).value();
    std::vector<frost::SignatureShare> signed_shares;
    const auto& second = vector.at("round_two_outputs").at("outputs");
    for (std::size_t i = 0; i < first.size(); ++i) {
        same(session.binding_factor_input(i), first[i].at("binding_factor_input"));
        same(session.binding_factors()[i].bytes, first[i].at("binding_factor"));
        const auto id = second.at(i).at("identifier").get<std::size_t>();
        signed_shares.push_back(session.sign(dealt.shares.at(id - 1), std::move(nonces[i])).value());
        same(signed_shares.back().value.bytes, second[i].at("sig_share"));
        EXPECT_TRUE(session.verify_share(signed_shares.back()));
    }
    const auto signature = session.aggregate(signed_shares).value();
    same(signature.bytes, vector.at("final_output").at("sig"));
    EXPECT_TRUE(zcrypto::ed25519::verify(dealt.group.key(), message, signature));
    EXPECT_TRUE(zcrypto::ed25519::verify_strict(dealt.group.key(), message, signature));
    std::printf("[ vectors  ] frost/frost-ed25519-sha512.json: %zu values checked\n", checked);
    EXPECT_EQ(checked, 4u + 2 * 4 + 2 * 2 + 2 + 1);
}

struct FrostTest : testing::Test {
    base::SeededRandom random{9591};
    frost::Dealt dealt = frost::deal(SecretScalar::random(random), {.threshold = 3, .participants = 5}, random).value();
    base::ByteView message = base::as_bytes("pay 1 GCC");
    std::vector<SigningNonces> nonces;

    const frost::KeyShare& share(frost::Identifier id) const { return dealt.shares[id - 1u]; }
    Session start(std::initializer_list<frost::Identifier> who) {
        nonces.clear();
        std::vector<frost::Commitment> commitments;
        for (const auto id : who) {
            nonces.push_back(SigningNonces::make(share(id), random));
            commitments.push_back(nonces.back().commitment());
        }
        return Session::make(dealt.group, commitments, message).value();
    }
    std::vector<frost::SignatureShare> sign_all(const Session& session) {
        std::vector<frost::SignatureShare> out;
        for (auto& one : nonces) {
            const auto id = one.commitment().id;
            out.push_back(session.sign(share(id), std::move(one)).value());
        }
        return out;
    }
};

TEST_F(FrostTest, AnyThresholdOfSignersMakesAPlainSignature) {
    for (const auto& who :
         {std::initializer_list<frost::Identifier>{1, 2, 3}, {5, 1, 3}, {2, 4, 5, 1}, {5, 4, 3, 2, 1}}) {
        const auto session = start(who);
        const auto signature = session.aggregate(sign_all(session));
        ASSERT_TRUE(signature);
        EXPECT_TRUE(zcrypto::ed25519::verify(dealt.group.key(), message, *signature));
        EXPECT_TRUE(zcrypto::ed25519::verify_strict(dealt.group.key(), message, *signature));
        EXPECT_FALSE(zcrypto::ed25519::verify(dealt.group.key(), base::as_bytes("pay 2 GCC"), *signature));
    }
}

TEST_F(FrostTest, NamesEveryCulprit) {
    const auto session = start({1, 3, 4, 5});
    auto shares = sign_all(session);
    shares[1].value = edwards::add(shares[1].value, Scalar::from_u64(1));
    shares[3].value = Scalar{};
    const auto result = session.aggregate(shares);
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().error.is(Errc::bad_share));
    EXPECT_EQ(result.error().culprits, (std::vector<frost::Identifier>{3, 5}));
    EXPECT_TRUE(session.verify_share(shares[0]));
    EXPECT_TRUE(session.verify_share(shares[1]).error().is(Errc::bad_share));
    // Wrong shares that cancel out harm nobody: the signature is right.
    auto cancelling = shares;
    cancelling[1].value = edwards::sub(cancelling[1].value, Scalar::from_u64(1));
    EXPECT_EQ(session.aggregate(cancelling).error().culprits, std::vector<frost::Identifier>{5});
}

TEST_F(FrostTest, AggregationRefusesStrangersRepetitionsAndGaps) {
    const auto session = start({1, 2, 3});
    const auto shares = sign_all(session);
    auto wrong = shares;
    wrong[2] = wrong[1];
    EXPECT_TRUE(session.aggregate(wrong).error().error.is(base::Errc::already_exists));
    EXPECT_EQ(session.aggregate(wrong).error().culprits, std::vector<frost::Identifier>{2});
    wrong = shares;
    wrong[0].id = 4;
    EXPECT_TRUE(session.aggregate(wrong).error().error.is(Errc::not_a_signer));
    EXPECT_EQ(session.aggregate(wrong).error().culprits, std::vector<frost::Identifier>{4});
    wrong = shares;
    wrong.pop_back();
    EXPECT_TRUE(session.aggregate(wrong).error().error.is(base::Errc::not_found));
    EXPECT_TRUE(session.aggregate(wrong).error().culprits.empty());
    EXPECT_FALSE(session.aggregate({}));
    wrong[0].id = 0;
    EXPECT_TRUE(session.verify_share(wrong[0]).error().is(Errc::not_a_signer));
}

TEST_F(FrostTest, NoncesSignOnceAlsoWhenSigningFails) {
    static_assert(!std::is_copy_constructible_v<SigningNonces> && !std::is_copy_assignable_v<SigningNonces>);
    const auto session = start({1, 2, 3});
    EXPECT_TRUE(session.sign(share(1), std::move(nonces[0])));
    EXPECT_TRUE(nonces[0].used());
    EXPECT_TRUE(session.sign(share(1), std::move(nonces[0])).error().is(Errc::nonces_used));
    EXPECT_TRUE(session.sign(share(2), std::move(nonces[2])).error().is(Errc::not_a_signer));
    EXPECT_TRUE(session.sign(share(3), std::move(nonces[2])).error().is(Errc::nonces_used));
}

TEST_F(FrostTest, SigningRefusesForeignSessionsAndGroups) {
    const auto session = start({1, 2, 3});
    auto mine = SigningNonces::make(share(1), random);  // Not the ones in the session.
    EXPECT_TRUE(session.sign(share(1), std::move(mine)).error().is(Errc::not_a_signer));
    auto stranger = SigningNonces::make(share(4), random);
    EXPECT_TRUE(session.sign(share(4), std::move(stranger)).error().is(Errc::not_a_signer));
    const auto other = frost::deal(SecretScalar::random(random), {.threshold = 3, .participants = 5}, random).value();
    EXPECT_TRUE(session.sign(other.shares[0], std::move(nonces[0])).error().is(Errc::bad_share));
}

TEST_F(FrostTest, SessionsRefuseBadSetsOfCommitments) {
    start({1, 2, 3});
    std::vector<frost::Commitment> good;
    for (const auto& one : nonces) good.push_back(one.commitment());
    auto bad = good;
    bad.pop_back();
    EXPECT_TRUE(Session::make(dealt.group, bad, message).error().is(base::Errc::out_of_range));
    EXPECT_FALSE(Session::make(dealt.group, {}, message));
    bad.push_back(bad[0]);
    EXPECT_TRUE(Session::make(dealt.group, bad, message).error().is(base::Errc::already_exists));
    bad[2].id = 6;
    EXPECT_TRUE(Session::make(dealt.group, bad, message).error().is(base::Errc::out_of_range));
    bad[2].id = 0;
    EXPECT_TRUE(Session::make(dealt.group, bad, message).error().is(base::Errc::out_of_range));
    bad = good;
    bad[1].binding = {};
    EXPECT_TRUE(Session::make(dealt.group, bad, message).error().is(base::Errc::invalid_argument));
}

TEST_F(FrostTest, KeySharesMustFitTheGroup) {
    EXPECT_TRUE(frost::KeyShare::make(dealt.group, 2, share(2).secret().clone()));
    EXPECT_TRUE(frost::KeyShare::make(dealt.group, 2, share(3).secret().clone()).error().is(Errc::bad_share));
    EXPECT_TRUE(frost::KeyShare::make(dealt.group, 6, share(3).secret().clone()).error().is(base::Errc::out_of_range));
    EXPECT_TRUE(frost::KeyShare::make(dealt.group, 0, share(3).secret().clone()).error().is(base::Errc::out_of_range));
    EXPECT_TRUE(dealt.group.public_share(6).error().is(base::Errc::out_of_range));
    EXPECT_EQ(dealt.group.public_share(4).value(), edwards::base_mul(share(4).secret()));
    for (const auto& size : {frost::GroupSize{1, 3}, frost::GroupSize{4, 3}, frost::GroupSize{2, 129}}) {
        EXPECT_TRUE(frost::deal(SecretScalar::random(random), size, random).error().is(base::Errc::out_of_range));
    }
    EXPECT_FALSE(frost::deal(SecretScalar::copy_of({}), {.threshold = 2, .participants = 2}, random));
}

TEST_F(FrostTest, EncodingsSurviveAndRefuseEverythingElse) {
    const auto session = start({1, 2, 3});
    const auto shares = sign_all(session);
    const auto group = frost::encode(dealt.group);
    const auto commitment = frost::encode(session.commitments()[1]);
    const auto one = frost::encode(shares[2]);
    EXPECT_EQ(frost::decode_group(group).value(), dealt.group);
    EXPECT_EQ(frost::decode_commitment(commitment).value(), session.commitments()[1]);
    EXPECT_EQ(frost::decode_signature_share(one).value(), shares[2]);
    const auto prefixes_fail = [](const base::Bytes& bytes, const auto& decode) {
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_FALSE(decode(base::ByteView{bytes}.first(size))) << size;
        auto longer = bytes;
        longer.push_back(std::byte{0});
        EXPECT_FALSE(decode(longer));
    };
    prefixes_fail(group, frost::decode_group);
    prefixes_fail(commitment, frost::decode_commitment);
    prefixes_fail(one, frost::decode_signature_share);
    auto bad = commitment;
    bad[0] = std::byte{0};
    EXPECT_TRUE(frost::decode_commitment(bad).error().is(base::Errc::out_of_range));
    bad = frost::encode(frost::Commitment{.id = 1, .hiding = {}, .binding = session.commitments()[0].binding});
    EXPECT_TRUE(frost::decode_commitment(bad).error().is(Errc::bad_point));
    bad = one;
    bad.back() = std::byte{0xff};
    EXPECT_TRUE(frost::decode_signature_share(bad).error().is(Errc::bad_scalar));
    bad = group;
    bad[1] = std::byte{2};  // Fewer participants than the threshold.
    EXPECT_TRUE(frost::decode_group(bad).error().is(base::Errc::out_of_range));
}

}  // namespace
