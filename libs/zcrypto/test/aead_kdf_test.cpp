#include <algorithm>

#include "vectors.hpp"
#include "zcrypto/aead.hpp"
#include "zcrypto/kdf.hpp"

namespace {

using namespace zcrypto;
using test::hex;

/// Runs a Wycheproof AEAD file through one construction.
template <typename Nonce, typename Seal, typename Open>
void run_wycheproof_aead(const std::string& file, Seal seal, Open open) {
    const auto vectors = test::load_vectors(file);
    ASSERT_TRUE(vectors.contains("testGroups"));
    std::size_t count = 0;
    for (const auto& group : vectors["testGroups"]) {
        for (const auto& test : group["tests"]) {
            const auto field = [&](const char* name) { return hex(test[name].template get<std::string>()); };
            const auto id = test["tcId"].template get<int>();
            const bool valid = test["result"] == "valid";
            ++count;
            const auto nonce = base::to_fixed<std::tuple_size_v<Nonce>>(field("iv"));
            const auto key = AeadKey::make(field("key"));
            if (!nonce || !key) {  // Our types cannot express the wrong size; the vector must ask for a refusal.
                EXPECT_FALSE(valid) << id;
                continue;
            }
            const auto aad = field("aad"), message = field("msg");
            auto sealed = field("ct");
            const auto tag = field("tag");
            sealed.insert(sealed.end(), tag.begin(), tag.end());
            const auto opened =
                open(AeadInput<Nonce>{.key = *key, .nonce = *nonce, .text = sealed, .associated_data = aad});
            EXPECT_EQ(opened.has_value(), valid) << id;
            if (opened) {
                EXPECT_EQ(*opened, message) << id;
            }
            if (valid) {
                EXPECT_EQ(seal({.key = *key, .nonce = *nonce, .text = message, .associated_data = aad}), sealed) << id;
            }
        }
    }
    EXPECT_EQ(count, vectors["numberOfTests"].get<std::size_t>());
    test::report_count(file, count);
}

TEST(Aead, XChaCha20Poly1305AgreesWithWycheproof) {
    GHOST_NEEDS_VECTORS();
    run_wycheproof_aead<XChaChaNonce>("wycheproof/xchacha20_poly1305_test.json", &xchacha20poly1305_seal,
                                      &xchacha20poly1305_open);
}

TEST(Aead, ChaCha20Poly1305AgreesWithWycheproof) {
    GHOST_NEEDS_VECTORS();
    run_wycheproof_aead<ChaChaNonce>("wycheproof/chacha20_poly1305_test.json", &chacha20poly1305_seal,
                                     &chacha20poly1305_open);
}

TEST(Aead, RefusesEveryFlippedBitAndEveryTruncation) {
    const auto key = AeadKey::random(base::system_random());
    const XChaChaNonce nonce{};
    const auto aad = base::as_bytes("header");
    const auto sealed =
        xchacha20poly1305_seal({.key = key, .nonce = nonce, .text = base::as_bytes("plain"), .associated_data = aad});
    const auto open = [&](base::ByteView text) {
        return xchacha20poly1305_open({.key = key, .nonce = nonce, .text = text, .associated_data = aad});
    };
    ASSERT_TRUE(open(sealed));
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        auto broken = sealed;
        broken[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
        EXPECT_TRUE(open(broken).error().is(Errc::authentication_failed));
    }
    for (std::size_t size = 0; size < sealed.size(); ++size) {
        const auto result = open(base::ByteView{sealed}.first(size));
        EXPECT_TRUE(result.error().is(size < kAeadTagSize ? Errc::bad_length : Errc::authentication_failed));
    }
    EXPECT_FALSE(xchacha20poly1305_open({.key = key, .nonce = nonce, .text = sealed}));
}

TEST(Aead, OpensIntoLockedMemory) {
    const auto key = AeadKey::random(base::system_random());
    const XChaChaNonce nonce{};
    for (const std::string_view plain : {"", "a secret"}) {
        const auto sealed = xchacha20poly1305_seal({.key = key, .nonce = nonce, .text = base::as_bytes(plain)});
        const auto opened = xchacha20poly1305_open_secret({.key = key, .nonce = nonce, .text = sealed});
        ASSERT_TRUE(opened);
        EXPECT_EQ(base::as_text(opened->expose()), plain);
    }
    EXPECT_TRUE(xchacha20poly1305_open_secret({.key = key, .nonce = nonce, .text = base::as_bytes("short")})
                    .error()
                    .is(Errc::bad_length));
}

TEST(Hkdf, AgreesWithWycheproof) {
    GHOST_NEEDS_VECTORS();
    const auto vectors = test::load_vectors("wycheproof/hkdf_sha256_test.json");
    ASSERT_TRUE(vectors.contains("testGroups"));
    std::size_t count = 0;
    for (const auto& group : vectors["testGroups"]) {
        for (const auto& test : group["tests"]) {
            const auto field = [&](const char* name) { return hex(test[name].get<std::string>()); };
            const auto ikm = field("ikm"), salt = field("salt"), info = field("info");
            base::Bytes out(test["size"].get<std::size_t>());
            const auto done = hkdf_sha256({.key_material = ikm, .salt = salt, .info = info}, out);
            EXPECT_EQ(done.has_value(), test["result"] == "valid") << test["tcId"];
            if (done) {
                EXPECT_EQ(out, field("okm")) << test["tcId"];
            }
            ++count;
        }
    }
    EXPECT_EQ(count, vectors["numberOfTests"].get<std::size_t>());
    test::report_count("wycheproof/hkdf_sha256_test.json", count);
}

TEST(Pbkdf2, GivesAPublishedExampleAndChecksItsBounds) {
    base::Bytes out(64);
    ASSERT_TRUE(pbkdf2_hmac_sha512(
        {.password = base::as_bytes("password"), .salt = base::as_bytes("salt"), .iterations = 2}, out));
    EXPECT_EQ(base::to_hex(out),
              "e1d9c16aa681708a45f5c7c4e215ceb66e011a2e9f0040713f18aefdb866d53c"
              "f76cab2868a39b9f7840edce4fef5a82be67335c77a6068e04112754f27ccf4e");
    EXPECT_FALSE(pbkdf2_hmac_sha512({.password = {}, .salt = {}, .iterations = 0}, out));
    EXPECT_FALSE(pbkdf2_hmac_sha512({.password = {}, .salt = {}, .iterations = 10'000'001}, out));
    EXPECT_TRUE(pbkdf2_hmac_sha512({.password = {}, .salt = {}, .iterations = 1}, out));
}

TEST(Pbkdf2, GivesAPublishedExampleWithSha256) {  // RFC 7914, section 11.
    base::Bytes out(64);
    ASSERT_TRUE(pbkdf2_hmac_sha256(
        {.password = base::as_bytes("passwd"), .salt = base::as_bytes("salt"), .iterations = 1}, out));
    EXPECT_EQ(base::to_hex(out),
              "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
              "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783");
    EXPECT_FALSE(pbkdf2_hmac_sha256({.password = {}, .salt = {}, .iterations = 0}, out));
    EXPECT_TRUE(pbkdf2_hmac_sha256({.password = {}, .salt = {}, .iterations = 1}, {}));
}

TEST(Hkdf, HalvesMakeTheWholeAndTheOutputIsBounded) {
    const auto ikm = base::as_bytes("ikm"), salt = base::as_bytes("salt"), info = base::as_bytes("info");
    base::Bytes whole(100), halves(100);
    ASSERT_TRUE(hkdf_sha256({.key_material = ikm, .salt = salt, .info = info}, whole));
    ASSERT_TRUE(hkdf_sha256_expand(hkdf_sha256_extract(salt, ikm).expose(), info, halves));
    EXPECT_EQ(whole, halves);
    base::Bytes large(255 * 64 + 1);
    EXPECT_TRUE(hkdf_sha512({.key_material = ikm}, large).error().is(Errc::out_of_range));
    EXPECT_TRUE(hkdf_sha512({.key_material = ikm}, base::MutableBytes{large}.first(255 * 64)));
    EXPECT_TRUE(hkdf_sha256({.key_material = ikm}, base::MutableBytes{large}.first(255 * 32 + 1))
                    .error()
                    .is(Errc::out_of_range));
    // Each block of the expansion depends on the one before.
    EXPECT_FALSE(base::equal(base::ByteView{large}.first(64), base::ByteView{large}.subspan(64, 64)));
}

TEST(Argon2id, RefusesWeakAndExcessiveParameters) {
    const auto check = [](std::uint32_t passes, std::uint64_t memory) {
        return Argon2Params{.passes = passes, .memory_bytes = memory}.check();
    };
    EXPECT_TRUE(Argon2Params{}.check());
    EXPECT_TRUE(check(1, 64 << 20).error().is(Errc::weak_parameters));
    EXPECT_TRUE(check(3, 8 << 10).error().is(Errc::weak_parameters));
    EXPECT_TRUE(check(65, 64 << 20).error().is(Errc::out_of_range));
    EXPECT_TRUE(check(3, (1ull << 30) + 1).error().is(Errc::out_of_range));
    base::Bytes out(8);
    EXPECT_TRUE(argon2id({}, {}, {}, out).error().is(Errc::bad_length));
}

TEST(Argon2id, DependsOnEveryInput) {
    const Argon2Params cheap{.passes = 2, .memory_bytes = Argon2Params::kMinMemoryBytes};
    const auto run = [](std::string_view password, const Argon2Salt& salt, const Argon2Params& params) {
        base::Bytes out(32);
        EXPECT_TRUE(argon2id(base::as_bytes(password), salt, params, out));
        return out;
    };
    const auto first = run("password", {}, cheap);
    EXPECT_EQ(first, run("password", {}, cheap));
    EXPECT_NE(first, run("Password", {}, cheap));
    EXPECT_NE(first, run("password", {std::byte{1}}, cheap));
    EXPECT_NE(first, run("password", {}, {.passes = 3, .memory_bytes = cheap.memory_bytes}));
    EXPECT_NE(first, run("", {}, cheap));
}

}  // namespace
