// BIP-32, SLIP-0010 on all curves, Base58Check.
#include <openssl/bn.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/random.hpp"
#include "p256.hpp"
#include "vectors.hpp"
#include "zcrypto/base58.hpp"
#include "zcrypto/bip32.hpp"
#include "zcrypto/mnemonic.hpp"
#include "zcrypto/slip10.hpp"

namespace {

using namespace zcrypto;
using bip32::ExtendedPrivateKey, bip32::ExtendedPublicKey, bip32::Network;
using test::hex;

std::string text_of(const ExtendedPrivateKey& key) { return std::string{base::as_text(key.to_text().expose())}; }

TEST(Bip32, GivesThePublishedVectors) {
    GHOST_NEEDS_VECTORS();
    const auto vectors = test::load_vectors("bip32/bip32.json");
    std::size_t count = 0;
    for (const auto& vector : vectors) {
        const auto master = ExtendedPrivateKey::from_seed(hex(vector["seed"].get<std::string>()));
        ASSERT_TRUE(master);
        for (const auto& chain : vector["chains"]) {
            const auto path_text = chain["path"].get<std::string>();
            SCOPED_TRACE(vector["title"].get<std::string>() + " " + path_text);
            const auto path = DerivationPath::parse(path_text);
            ASSERT_TRUE(path);
            const auto key = master->derive(*path);
            ASSERT_TRUE(key);
            EXPECT_EQ(text_of(*key), chain["xprv"].get<std::string>());
            EXPECT_EQ(key->public_key().to_string(), chain["xpub"].get<std::string>());
            // Text and back, and the public half of the last step when it is soft.
            const auto parsed = ExtendedPrivateKey::parse(chain["xprv"].get<std::string>());
            ASSERT_TRUE(parsed);
            EXPECT_EQ(text_of(*parsed), chain["xprv"].get<std::string>());
            EXPECT_EQ(ExtendedPublicKey::parse(chain["xpub"].get<std::string>())->to_string(),
                      chain["xpub"].get<std::string>());
            if (!path->steps().empty() && !(path->steps().back() & DerivationPath::kHardened)) {
                const auto parent_path = DerivationPath::parse(path_text.substr(0, path_text.rfind('/')));
                const auto parent = master->derive(*parent_path)->public_key();
                EXPECT_EQ(parent.child(path->steps().back())->to_string(), chain["xpub"].get<std::string>());
            }
            ++count;
        }
    }
    test::report_count("bip32/bip32.json", count);
}

TEST(Bip32, GivesTheMasterKeysOfTheMnemonicVectors) {
    GHOST_NEEDS_VECTORS();
    const auto vectors = test::load_vectors("bip39/vectors.json");
    std::size_t count = 0;
    for (const auto& [language, tests] : vectors.items()) {
        for (const auto& test : tests) {
            const auto master = ExtendedPrivateKey::from_seed(hex(test[2].get<std::string>()));
            EXPECT_EQ(text_of(master.value()), test[3].get<std::string>()) << language;
            ++count;
        }
    }
    test::report_count("bip39/vectors.json (master keys, all languages)", count);
}

TEST(Bip32, RefusesWhatBip32CallsInvalid) {
    // Test vector 5 of BIP-32: public version with private key and the reverse, bad prefixes, depth 0 with a parent or
    // a step, unknown version, private keys 0 and n, a public key off the curve, a wrong checksum.
    constexpr const char* kBad[] = {
        "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6LBpB85b3D2yc8sfvZU521AAwdZafEz7mnzBBsz4wKY5fTtTQB"
        "m",
        "xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFGTQQD3dC4H2D5GBj7vWvSQaaBv5cxi9gafk7NF3pnBju6dwKv"
        "H",
        "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Txnt3siSujt9RCVYsx4qHZGc62TG4McvMGcAUjeuwZdduYEvF"
        "n",
        "xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFGpWnsj83BHtEy5Zt8CcDr1UiRXuWCmTQLxEK9vbz5gPstX92J"
        "Q",
        "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6N8ZMMXctdiCjxTNq964yKkwrkBJJwpzZS4HS2fxvyYUA4q2Xe"
        "4",
        "xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFAzHGBP2UuGCqWLTAPLcMtD9y5gkZ6Eq3Rjuahrv17fEQ3Qen6"
        "J",
        "xprv9s2SPatNQ9Vc6GTbVMFPFo7jsaZySyzk7L8n2uqKXJen3KUmvQNTuLh3fhZMBoG3G4ZW1N2kZuHEPY53qmbZzCHshoQnNf4GvELZfqTUrc"
        "v",
        "xpub661no6RGEX3uJkY4bNnPcw4URcQTrSibUZ4NqJEw5eBkv7ovTwgiT91XX27VbEXGENhYRCf7hyEbWrR3FewATdCEebj6znwMfQkhRYHRLp"
        "J",
        "xprv9s21ZrQH4r4TsiLvyLXqM9P7k1K3EYhA1kkD6xuquB5i39AU8KF42acDyL3qsDbU9NmZn6MsGSUYZEsuoePmjzsB3eFKSUEh3Gu1N3cqVU"
        "N",
        "xpub661MyMwAuDcm6CRQ5N4qiHKrJ39Xe1R1NyfouMKTTWcguwVcfrZJaNvhpebzGerh7gucBvzEQWRugZDuDXjNDRmXzSZe4c7mnTK97pTvGS"
        "8",
        "DMwo58pR1QLEFihHiXPVykYB6fJmsTeHvyTp7hRThAtCX8CvYzgPcn8XnmdfHGMQzT7ayAmfo4z3gY5KfbrZWZ6St24UVf2Qgo6oujFktLHdHY"
        "4",
        "DMwo58pR1QLEFihHiXPVykYB6fJmsTeHvyTp7hRThAtCX8CvYzgPcn8XnmdfHPmHJiEDXkTiJTVV9rHEBUem2mwVbbNfvT2MTcAqj3nesx8uBf"
        "9",
        "xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzF93Y5wvzdUayhgkkFoicQZcP3y52uPPxFnfoLZB21Teqt1VvEH"
        "x",
        "xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFAzHGBP2UuGCqWLTAPLcMtD5SDKr24z3aiUvKr9bJpdrcLg1y3"
        "G",
        "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Q5JXayek4PRsn35jii4veMimro1xefsM58PgBMrvdYre8QyUL"
        "Y",
        "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPH"
        "L"};
    std::size_t count = 0;
    for (const auto* const text : kBad) {
        EXPECT_FALSE(ExtendedPrivateKey::parse(text)) << text;
        EXPECT_FALSE(ExtendedPublicKey::parse(text)) << text;
        ++count;
    }
    test::report_count("BIP-32 test vector 5", count);
}

TEST(Bip32, ParsesNothingButItsOwnText) {
    const auto key = ExtendedPrivateKey::from_seed(base::Bytes(32), Network::test).value();
    const auto secret = text_of(key), open = key.public_key().to_string();
    EXPECT_TRUE(secret.starts_with("tprv") && open.starts_with("tpub"));
    EXPECT_TRUE(ExtendedPrivateKey::parse(open).error().is(Errc::bad_encoding));
    EXPECT_TRUE(ExtendedPublicKey::parse(secret).error().is(Errc::bad_encoding));
    for (std::size_t size = 0; size < secret.size(); ++size) {
        EXPECT_FALSE(ExtendedPrivateKey::parse(std::string_view{secret}.substr(0, size)));
    }
    for (std::size_t i = 0; i < secret.size(); ++i) {
        auto broken = secret;
        broken[i] = broken[i] == '2' ? '3' : '2';
        EXPECT_FALSE(ExtendedPrivateKey::parse(broken));
        broken[i] = '0';
        EXPECT_TRUE(ExtendedPrivateKey::parse(broken).error().is(Errc::bad_encoding));
    }
    EXPECT_FALSE(ExtendedPrivateKey::parse(secret + "1"));
    EXPECT_FALSE(ExtendedPrivateKey::parse("1" + secret));
    EXPECT_FALSE(ExtendedPrivateKey::parse(" " + secret));
    EXPECT_TRUE(ExtendedPrivateKey::parse(std::string(1'000'000, 'x')).error().is(Errc::bad_encoding));
    EXPECT_TRUE(ExtendedPrivateKey::from_seed(base::Bytes(15)).error().is(Errc::bad_length));
    EXPECT_TRUE(ExtendedPrivateKey::from_seed(base::Bytes(65)).error().is(Errc::bad_length));
}

TEST(Bip32, HardenedStepsNeedThePrivateKey) {
    auto key = ExtendedPrivateKey::from_seed(base::Bytes(32)).value();
    EXPECT_TRUE(key.public_key().child(DerivationPath::kHardened).error().is(Errc::bad_path));
    EXPECT_TRUE(key.public_key().derive(DerivationPath::parse("m/0/1'").value()).error().is(Errc::bad_path));
    EXPECT_EQ(key.public_key().derive(DerivationPath::parse("m/0/1").value())->to_string(),
              key.derive(DerivationPath::parse("m/0/1").value())->public_key().to_string());
    for (int level = 0; level < 255; ++level) key = key.child(0).value();
    EXPECT_TRUE(key.child(0).error().is(Errc::bad_path));
    EXPECT_TRUE(key.public_key().child(0).error().is(Errc::bad_path));
}

TEST(Slip10, GivesThePublishedVectorsOfAllCurves) {
    GHOST_NEEDS_VECTORS();
    const auto vectors = test::load_vectors("slip10/slip10.json");
    const std::pair<const char*, slip10::Curve> curves[] = {{"secp256k1", slip10::Curve::secp256k1},
                                                            {"nist256p1", slip10::Curve::nist256p1},
                                                            {"curve25519", slip10::Curve::curve25519},
                                                            {"ed25519", slip10::Curve::ed25519}};
    test::Tally tally;
    std::size_t total = 0;
    for (const auto& vector : vectors) {
        const auto title = vector["title"].get<std::string>();
        const auto curve = std::ranges::find_if(curves, [&](const auto& c) { return title.ends_with(c.first); });
        ASSERT_NE(curve, std::end(curves)) << title;
        for (const auto& chain : vector["chains"]) {
            ++total;
            ++tally.checked;
            const auto path = DerivationPath::parse(chain["path"].get<std::string>());
            SCOPED_TRACE(title + " " + chain["path"].get<std::string>());
            const auto node = slip10::derive(curve->second, hex(vector["seed"].get<std::string>()), path.value());
            ASSERT_TRUE(node);
            EXPECT_EQ(base::to_hex(node->key.expose()), chain["private"].get<std::string>());
            EXPECT_EQ(base::to_hex(node->chain_code.expose()), chain["chain code"].get<std::string>());
            EXPECT_EQ(base::to_hex(node->public_key()), chain["public"].get<std::string>());
            EXPECT_EQ(base::to_hex(node->parent_fingerprint), chain["fingerprint"].get<std::string>());
        }
    }
    test::report_tally("slip10/slip10.json (all curves)", tally, total);
}

TEST(Slip10, HashesAgainWhereACurveRefusesTheFirstTry) {
    // The retry vectors of SLIP-0010 for nist256p1: a derivation step, and a seed.
    const auto step = slip10::derive(slip10::Curve::nist256p1, hex("000102030405060708090a0b0c0d0e0f"),
                                     DerivationPath::parse("m/28578'/33941").value());
    ASSERT_TRUE(step);
    EXPECT_EQ(base::to_hex(step->chain_code.expose()),
              "9e87fe95031f14736774cd82f25fd885065cb7c358c1edf813c72af535e83071");
    EXPECT_EQ(base::to_hex(step->key.expose()), "092154eed4af83e078ff9b84322015aefe5769e31270f62c3f66c33888335f3a");
    const auto seed = slip10::master(slip10::Curve::nist256p1,
                                     hex("a7305bc8df8d0951f0cb224c0e95d7707cbdf2c6ce7e8d481fec69c7ff5e9446"));
    ASSERT_TRUE(seed);
    EXPECT_EQ(base::to_hex(seed->key.expose()), "3b8c18469a4634517d6d0b65448f8e6c62091b45540a1743c5846be55d47d88f");
    EXPECT_EQ(base::to_hex(seed->chain_code.expose()),
              "7762f9729fed06121fd13f326884c82f59aa95c57ac492ce8c9654e60efd130c");
}

/// left + right modulo P-256's order by OpenSSL, whose time tells of the numbers.
std::optional<base::Bytes> add_by_openssl(base::ByteView left, base::ByteView right) {
    using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
    const auto number = [](base::ByteView bytes) {
        return Number{BN_bin2bn(base::as_u8(bytes), static_cast<int>(bytes.size()), nullptr), &BN_free};
    };
    const auto order = number(hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"));
    const auto a = number(left), b = number(right), sum = number({});
    if (BN_cmp(b.get(), order.get()) >= 0) return std::nullopt;
    EXPECT_EQ(BN_mod_add_quick(sum.get(), a.get(), b.get(), order.get()), 1);
    if (BN_is_zero(sum.get())) return std::nullopt;
    base::Bytes out(32);
    EXPECT_EQ(BN_bn2binpad(sum.get(), base::as_u8(base::MutableBytes{out}), 32), 32);
    return out;
}

TEST(Slip10, AddsKeysOnP256AsOpenSslDoes) {
    base::SeededRandom random{20};
    // Words of all ones, all zeros and the order's own meet every carry, borrow and equality.
    const auto order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    const auto draw = [&] {
        base::Bytes out(32);
        random.fill(out);
        for (std::size_t word = 0; word < 32; word += 8) {
            const auto kind = random.below(4);
            for (std::size_t i = word; i < word + 8 && kind != 0; ++i) {
                out[i] = kind == 1 ? std::byte{0xff} : kind == 2 ? std::byte{0} : order[i];
            }
        }
        if (random.below(2) == 0) out[31] ^= static_cast<std::byte>(random.below(4));
        return out;
    };
    std::size_t sums = 0, refused = 0;
    for (int i = 0; i < 20'000; ++i) {
        const auto left = draw(), right = draw();
        if (!std::ranges::lexicographical_compare(left, order)) continue;
        const auto expected = add_by_openssl(left, right);
        const auto sum = p256::add(left, right);
        ASSERT_EQ(sum.has_value(), expected.has_value()) << base::to_hex(left) << " + " << base::to_hex(right);
        ++(sum ? sums : refused);
        if (sum) {
            ASSERT_EQ(base::to_hex(sum->expose()), base::to_hex(*expected));
        }
    }
    EXPECT_GT(sums, 1000u);
    EXPECT_GT(refused, 100u);
    auto minus_one = order;
    minus_one.back() ^= std::byte{1};
    base::Bytes one(32);
    one.back() = std::byte{1};
    EXPECT_FALSE(p256::add(minus_one, one));
    EXPECT_FALSE(p256::add(base::Bytes(32), order));
    EXPECT_FALSE(p256::add(base::Bytes(32), base::Bytes(32)));
    EXPECT_TRUE(p256::add(base::Bytes(32), minus_one));
}

TEST(Slip10, EqualsBip32OnSecp256k1AndRefusesSoftStepsElsewhere) {
    const auto seed = base::Bytes(64, std::byte{0x5a});
    const auto path = DerivationPath::parse("m/44'/0/7'").value();
    const auto node = slip10::derive(slip10::Curve::secp256k1, seed, path);
    const auto key = ExtendedPrivateKey::from_seed(seed)->derive(path);
    EXPECT_TRUE(base::equal(node->key.expose(), key->key().expose()));
    EXPECT_TRUE(base::equal(node->chain_code.expose(), key->chain_code().expose()));
    for (const auto curve : {slip10::Curve::ed25519, slip10::Curve::curve25519}) {
        EXPECT_TRUE(slip10::derive(curve, seed, path).error().is(Errc::not_hardened));
    }
    EXPECT_TRUE(slip10::master(slip10::Curve::nist256p1, base::Bytes(15)).error().is(Errc::bad_length));
}

TEST(Base58Check, RoundTripsAndKeepsLeadingZeros) {
    for (std::size_t size = 0; size <= kBase58PayloadMax; ++size) {
        base::Bytes payload(size, static_cast<std::byte>(size * 31));
        for (std::size_t i = 0; i < size / 3; ++i) payload[i] = std::byte{0};
        const auto text = base58check_encode(payload);
        ASSERT_TRUE(text) << size;
        const auto back = base58check_decode(base::as_text(text->expose()));
        ASSERT_TRUE(back) << size;
        EXPECT_TRUE(base::equal(back->expose(), payload));
    }
    EXPECT_TRUE(base58check_encode(base::Bytes(kBase58PayloadMax + 1)).error().is(Errc::out_of_range));
    // An address of the early days of Bitcoin: version 0 and a key's hash.
    const auto address = hex("00010966776006953d5567439e5e39f86a0d273bee");
    EXPECT_EQ(base::as_text(base58check_encode(address)->expose()), "16UwLL9Risc3QfPqBUvKofHmBQ7wMtjvM");
    EXPECT_TRUE(base58check_decode("").error().is(Errc::bad_length));
    EXPECT_TRUE(base58check_decode("111").error().is(Errc::bad_length));
    EXPECT_TRUE(base58check_decode("16UwLL9Risc3QfPqBUvKofHmBQ7wMtjvN").error().is(Errc::bad_checksum));
    EXPECT_TRUE(base58check_decode("16UwLL9Risc3QfPqBUvKofHmBQ7wMtjv0").error().is(Errc::bad_encoding));
    EXPECT_TRUE(base58check_decode(std::string(200, '1')).error().is(Errc::bad_encoding));
    EXPECT_TRUE(base58check_decode(std::string(181, 'z')).error().is(Errc::bad_encoding));
}

}  // namespace
