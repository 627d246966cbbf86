// Project Wycheproof's files for what is here besides Ed25519 and the ciphers of aead_kdf_test.cpp. The first of each
// pair of lists is required; the others run wherever the folder of vectors has them.
#include "wycheproof.hpp"

#include "zcrypto/aead.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/kdf.hpp"
#include "zcrypto/secp256k1.hpp"
#include "zcrypto/x25519.hpp"

namespace {

using namespace zcrypto;
using nlohmann::json;
using test::expect_verdict;
using test::field;
using test::run;
using test::Verdict;

TEST(Wycheproof, X25519) {
    GHOST_NEEDS_VECTORS();
    run("wycheproof/x25519_test.json", [](const json&, const json& test) -> Verdict {
        const auto key = x25519::SecretKey::make(field(test, "private")).value();
        const auto theirs = base::to_fixed<32>(field(test, "public")).value();
        const auto shared = field(test, "shared");
        const auto agreed = x25519::agree(key, theirs);
        // Points of small order are "acceptable" there and refused here; nothing else is.
        const bool zero = std::ranges::all_of(shared, [](std::byte b) { return b == std::byte{0}; });
        EXPECT_EQ(agreed.has_value(), !zero);
        if (agreed) {
            EXPECT_EQ(base::to_hex(agreed->expose()), base::to_hex(shared));
        } else {
            EXPECT_NE(test["result"], "valid");
            EXPECT_TRUE(agreed.error().is(Errc::small_order));
        }
        return {};
    });
}

base::Digest hash_named(const std::string& name, base::ByteView message) {
    if (name == "SHA-256") return sha256(message);
    if (name == "SHA3-256") return sha3_256(message);
    base::Digest front;  // ECDSA takes the leftmost bits of a longer hash.
    const auto whole = name == "SHA3-512" ? sha3_512(message) : sha512(message);
    std::copy_n(whole.begin(), front.size(), front.begin());
    return front;
}

void run_ecdsa(const std::string& file, bool der, secp256k1::HighS high_s) {
    run(file, [&](const json& group, const json& test) -> Verdict {
        const auto& public_key = group.contains("publicKey") ? group["publicKey"] : group["key"];
        const auto key = secp256k1::PublicKey::parse(field(public_key, "uncompressed"));
        EXPECT_TRUE(key.has_value());
        const auto bytes = field(test, "sig");
        std::optional<secp256k1::Signature> signature;
        if (der) {
            if (const auto parsed = secp256k1::from_der(bytes)) {
                signature = *parsed;
                EXPECT_EQ(secp256k1::to_der(*parsed), bytes);  // There is one encoding.
            }
        } else if (const auto fixed = base::to_fixed<64>(bytes)) {
            signature = secp256k1::Signature{*fixed};
        }
        const auto hash = hash_named(group["sha"].get<std::string>(), field(test, "msg"));
        const bool accepted = signature && key && secp256k1::verify(*key, hash, *signature, high_s);
        expect_verdict(test, accepted);
        if (accepted && high_s == secp256k1::HighS::accept) {
            EXPECT_TRUE(secp256k1::verify(*key, hash, secp256k1::normalise(*signature).value()));
        }
        return {};
    });
}

TEST(Wycheproof, EcdsaOnSecp256k1) {
    GHOST_NEEDS_VECTORS();
    run_ecdsa("wycheproof/ecdsa_secp256k1_sha256_bitcoin_test.json", true, secp256k1::HighS::refuse);
    for (const auto* const file :
         {"wycheproof/ecdsa_secp256k1_sha256_test.json", "wycheproof/ecdsa_secp256k1_sha512_test.json",
          "wycheproof/ecdsa_secp256k1_sha3_256_test.json", "wycheproof/ecdsa_secp256k1_sha3_512_test.json"}) {
        if (test::has_vectors(file)) run_ecdsa(file, true, secp256k1::HighS::accept);
    }
    for (const auto* const file :
         {"wycheproof/ecdsa_secp256k1_sha256_p1363_test.json", "wycheproof/ecdsa_secp256k1_sha512_p1363_test.json"}) {
        if (test::has_vectors(file)) run_ecdsa(file, false, secp256k1::HighS::accept);
    }
}

/// The point in a SubjectPublicKeyInfo, of which zcrypto reads none; nothing when its ASN.1 is not the plain one.
std::optional<base::Bytes> point_of(base::ByteView key) {
    for (const auto* const head :
         {"3056301006072a8648ce3d020106052b8104000a034200", "3036301006072a8648ce3d020106052b8104000a032200"}) {
        const auto prefix = test::hex(head);
        const auto size = std::to_integer<std::size_t>(prefix[1]) + 2;
        if (key.size() == size && base::equal(key.first(prefix.size()), prefix)) {
            return base::to_bytes(key.subspan(prefix.size()));
        }
    }
    return std::nullopt;
}

TEST(Wycheproof, EcdhOnSecp256k1) {
    GHOST_NEEDS_VECTORS();
    const auto* const file = "wycheproof/ecdh_secp256k1_test.json";
    if (!test::has_vectors(file)) return;
    run(file, [](const json&, const json& test) -> Verdict {
        const auto point = point_of(field(test, "public"));
        if (!point) return "the key's ASN.1 is not ours to read";
        auto scalar = field(test, "private");
        while (scalar.size() > 32 && scalar[0] == std::byte{0}) scalar.erase(scalar.begin());
        while (scalar.size() < 32) scalar.insert(scalar.begin(), std::byte{0});
        const auto key = secp256k1::SecretKey::make(scalar);
        const auto theirs = secp256k1::PublicKey::parse(*point);
        expect_verdict(test, key && theirs);
        if (key && theirs) {
            EXPECT_EQ(base::to_hex(secp256k1::agree_x(*key, *theirs).expose()), test["shared"].get<std::string>());
        }
        return {};
    });
}

TEST(Wycheproof, AesGcm) {
    GHOST_NEEDS_VECTORS();
    const auto* const file = "wycheproof/aes_gcm_test.json";
    if (!test::has_vectors(file)) return;
    run(file, [](const json& group, const json& test) -> Verdict {
        if (group["keySize"] != 256) return "keys of other sizes than 256 bits are not offered";
        if (group["ivSize"] != 96) return "nonces of other sizes than 96 bits are not offered";
        if (group["tagSize"] != 128) return "tags of other sizes than 128 bits are not offered";
        const auto key = AeadKey::make(field(test, "key")).value();
        const auto nonce = base::to_fixed<12>(field(test, "iv")).value();
        const auto aad = field(test, "aad"), message = field(test, "msg"), tag = field(test, "tag");
        auto sealed = field(test, "ct");
        sealed.insert(sealed.end(), tag.begin(), tag.end());
        const auto opened = aes256gcm_open({.key = key, .nonce = nonce, .text = sealed, .associated_data = aad});
        expect_verdict(test, opened.has_value());
        if (opened) {
            EXPECT_EQ(*opened, message);
        }
        if (test["result"] == "valid") {
            EXPECT_EQ(aes256gcm_seal({.key = key, .nonce = nonce, .text = message, .associated_data = aad}), sealed);
        }
        return {};
    });
}

TEST(Wycheproof, HkdfWithSha512) {
    GHOST_NEEDS_VECTORS();
    const auto* const file = "wycheproof/hkdf_sha512_test.json";
    if (!test::has_vectors(file)) return;
    run(file, [](const json&, const json& test) -> Verdict {
        const auto ikm = field(test, "ikm"), salt = field(test, "salt"), info = field(test, "info");
        base::Bytes out(test["size"].get<std::size_t>());
        const auto done = hkdf_sha512({.key_material = ikm, .salt = salt, .info = info}, out);
        expect_verdict(test, done.has_value());
        if (done) {
            EXPECT_EQ(out, field(test, "okm"));
        }
        return {};
    });
}

TEST(Wycheproof, Hmac) {
    GHOST_NEEDS_VECTORS();
    const std::pair<const char*, base::Bytes (*)(const HmacInput&)> cases[] = {
        {"wycheproof/hmac_sha256_test.json", [](const HmacInput& in) { return base::to_bytes(hmac_sha256(in)); }},
        {"wycheproof/hmac_sha512_test.json", [](const HmacInput& in) { return base::to_bytes(hmac_sha512(in)); }}};
    for (const auto& [file, hmac] : cases) {
        if (!test::has_vectors(file)) continue;
        run(file, [hmac = hmac](const json& group, const json& test) -> Verdict {
            const auto key = field(test, "key"), message = field(test, "msg"), tag = field(test, "tag");
            const auto whole = hmac({.key = key, .message = message});
            const auto size = group["tagSize"].get<std::size_t>() / 8;
            expect_verdict(test, equal_constant_time(base::ByteView{whole}.first(size), tag));
            return {};
        });
    }
}

TEST(Wycheproof, Pbkdf2) {
    GHOST_NEEDS_VECTORS();
    const std::pair<const char*, decltype(&pbkdf2_hmac_sha256)> cases[] = {
        {"wycheproof/pbkdf2_hmacsha256_test.json", &pbkdf2_hmac_sha256},
        {"wycheproof/pbkdf2_hmacsha512_test.json", &pbkdf2_hmac_sha512}};
    for (const auto& [file, derive] : cases) {
        if (!test::has_vectors(file)) continue;
        run(file, [derive = derive](const json&, const json& test) -> Verdict {
            const auto password = field(test, "password"), salt = field(test, "salt");
            base::Bytes out(test["dkLen"].get<std::size_t>());
            const auto rounds = test["iterationCount"].get<std::uint32_t>();
            const auto done = derive({.password = password, .salt = salt, .iterations = rounds}, out);
            expect_verdict(test, done && out == field(test, "dk"));
            return {};
        });
    }
}

}  // namespace
