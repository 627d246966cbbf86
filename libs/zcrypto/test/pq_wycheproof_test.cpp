// Project Wycheproof's files for ML-KEM-768 and ML-DSA-65, wherever the folder of vectors has them.
#include "wycheproof.hpp"
#include "zcrypto/pq_ml_dsa.hpp"
#include "zcrypto/pq_ml_kem.hpp"

namespace {

using namespace zcrypto;
using nlohmann::json;
using test::expect_verdict;
using test::field;
using test::Verdict;

namespace kem = ml_kem_768;
namespace dsa = ml_dsa_65;

/// A private key from either of its forms; nothing when it is refused.
std::optional<kem::PrivateKey> kem_key(const json& test) {
    if (test.contains("seed")) {
        const auto seed = kem::Seed::make(field(test, "seed"));
        if (!seed) return std::nullopt;
        return kem::PrivateKey{*seed};
    }
    auto key = kem::PrivateKey::from_expanded(field(test, "dk"));
    if (!key) return std::nullopt;
    return std::move(*key);
}

void decapsulates(const json& test) {
    const auto key = kem_key(test);
    const auto ciphertext = base::to_fixed<kem::kCiphertextSize>(field(test, "c"));
    expect_verdict(test, key && ciphertext);
    if (!key || !ciphertext) return;
    EXPECT_EQ(base::to_hex(key->decapsulate(*ciphertext).expose()), test["K"].get<std::string>());
    if (test.contains("ek")) {
        EXPECT_EQ(base::to_hex(key->public_key()), test["ek"].get<std::string>());
    }
}

void encapsulates(const json& test) {
    const auto key = base::to_fixed<kem::kPublicKeySize>(field(test, "ek"));
    const auto randomness = Secret<32>::make(field(test, "m"));
    const bool sized = key && randomness;
    if (!sized) return expect_verdict(test, false);
    const auto made = kem::encapsulate_with(*key, *randomness);
    expect_verdict(test, made.has_value());
    if (!made) return;
    EXPECT_EQ(base::to_hex(made->ciphertext), test["c"].get<std::string>());
    EXPECT_EQ(base::to_hex(made->shared_key.expose()), test["K"].get<std::string>());
}

void generates(const json& test) {
    const auto key = kem_key({{"seed", test["seed"]}});
    expect_verdict(test, key.has_value());
    if (!key) return;
    EXPECT_EQ(base::to_hex(key->public_key()), test["ek"].get<std::string>());
    EXPECT_EQ(base::to_hex(key->expanded()), test["dk"].get<std::string>());
}

TEST(Wycheproof, MlKem768) {
    GHOST_NEEDS_VECTORS();
    for (const auto* const file :
         {"wycheproof/mlkem_768_test.json", "wycheproof/mlkem_768_encaps_test.json",
          "wycheproof/mlkem_768_keygen_seed_test.json", "wycheproof/mlkem_768_semi_expanded_decaps_test.json"}) {
        if (!test::has_vectors(file)) continue;
        test::run(file, [](const json&, const json& test) -> Verdict {
            if (test.contains("m")) {
                encapsulates(test);
            } else if (test.contains("c")) {
                decapsulates(test);
            } else {
                generates(test);
            }
            return {};
        });
    }
}

std::optional<dsa::PrivateKey> dsa_key(const json& group) {
    if (group.contains("privateSeed")) {
        const auto seed = dsa::Seed::make(field(group, "privateSeed"));
        if (!seed) return std::nullopt;
        return dsa::PrivateKey{*seed};
    }
    auto key = dsa::PrivateKey::from_expanded(field(group, "privateKey"));
    if (!key) return std::nullopt;
    return std::move(*key);
}

/// Of the message and context, or given where the file has no message; nothing when they are refused.
std::optional<dsa::Mu> mu_of(const dsa::PublicKey& key, const json& test) {
    std::optional<dsa::Mu> given, computed;
    if (test.contains("mu")) given = base::to_fixed<64>(field(test, "mu")).value();
    if (!test.contains("msg")) return given;
    const auto text = field(test, "msg");
    const auto context = test.contains("ctx") ? field(test, "ctx") : base::Bytes{};
    if (const auto mu = dsa::mu_of(key, {.text = text, .context = context})) computed = *mu;
    if (given) {
        EXPECT_EQ(given, computed);
    }
    return computed;
}

TEST(Wycheproof, MlDsa65Signs) {
    GHOST_NEEDS_VECTORS();
    for (const auto* const file :
         {"wycheproof/mldsa_65_sign_seed_test.json", "wycheproof/mldsa_65_sign_noseed_test.json"}) {
        if (!test::has_vectors(file)) continue;
        test::run(file, [](const json& group, const json& test) -> Verdict {
            const auto key = dsa_key(group);
            const auto mu = key ? mu_of(key->public_key(), test) : std::nullopt;
            expect_verdict(test, mu.has_value());
            if (!mu) return {};
            const auto randomness = test.contains("rnd") ? field(test, "rnd") : base::Bytes(32);
            test::Given random{randomness};
            const auto signature = key->sign_mu(*mu, random);
            EXPECT_EQ(base::to_hex(signature.bytes), test["sig"].get<std::string>());
            if (!test.contains("rnd")) {
                EXPECT_EQ(key->sign_mu_deterministic(*mu), signature);
            }
            return {};
        });
    }
}

TEST(Wycheproof, MlDsa65Verifies) {
    GHOST_NEEDS_VECTORS();
    const auto* const file = "wycheproof/mldsa_65_verify_test.json";
    if (!test::has_vectors(file)) return;
    test::run(file, [](const json& group, const json& test) -> Verdict {
        const auto key = base::to_fixed<dsa::kPublicKeySize>(field(group, "publicKey"));
        const auto bytes = base::to_fixed<dsa::kSignatureSize>(field(test, "sig"));
        const auto mu = key ? mu_of(*key, test) : std::nullopt;
        expect_verdict(test, mu && bytes && dsa::verify_mu(*key, *mu, {*bytes}));
        return {};
    });
}

}  // namespace
