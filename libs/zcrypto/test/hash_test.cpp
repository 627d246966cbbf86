#include "zcrypto/hash.hpp"

#include <thread>

#include "vectors.hpp"

namespace {

using namespace zcrypto;
using test::hex;

base::ByteView text(std::string_view s) { return base::as_bytes(s); }

TEST(Sha2, GivesTheExamplesOfFips180) {
    EXPECT_EQ(base::to_hex(sha256(text("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(base::to_hex(sha256(base::ByteView{})),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(base::to_hex(sha512(text("abc"))),
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Sha2, HashesPartsAsIfJoined) {
    const base::ByteView parts[] = {text("a"), {}, text("bc")};
    EXPECT_EQ(sha256(parts), sha256(text("abc")));
    EXPECT_EQ(sha512(parts), sha512(text("abc")));
}

TEST(Sha2, WorksOnManyThreads) {
    const auto expected = sha256(text("abc"));
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) EXPECT_EQ(sha256(text("abc")), expected);
        });
    }
}

TEST(Hmac, GivesTheExamplesOfRfc4231) {
    const auto key = hex("4a656665");
    EXPECT_EQ(base::to_hex(hmac_sha256({.key = key, .message = text("what do ya want for nothing?")})),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(base::to_hex(hmac_sha512({.key = key, .message = text("what do ya want for nothing?")})),
              "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
              "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
    const base::Bytes long_key(131, std::byte{0xaa});
    EXPECT_EQ(base::to_hex(hmac_sha256(
                  {.key = long_key, .message = text("Test Using Larger Than Block-Size Key - Hash Key First")})),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hmac, TakesAnEmptyKeyAfterAnotherKey) {
    hmac_sha256({.key = text("k"), .message = text("m")});
    EXPECT_EQ(base::to_hex(hmac_sha256({.key = {}, .message = {}})),
              "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Blake3, GivesThePublishedVectors) {
    const auto vectors = test::load_vectors("blake3/test_vectors.json");
    ASSERT_TRUE(vectors.contains("cases"));
    Blake3Key key;
    const auto key_text = vectors["key"].get<std::string>();
    std::memcpy(key.data(), key_text.data(), key.size());
    const auto context = vectors["context_string"].get<std::string>();
    const Blake3Context shared{context};
    std::size_t count = 0;
    for (const auto& test : vectors["cases"]) {
        base::Bytes input(test["input_len"].get<std::size_t>());
        for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::byte>(i % 251);
        const auto check = [&](const char* mode, const Blake3& start, const base::Digest& one_shot) {
            const auto expected = hex(test[mode].get<std::string>());
            // Whole, byte by byte through a copy, and the stream read in two halves.
            auto hasher = start;
            hasher.update(base::ByteView{input}.first(input.size() / 3));
            auto forked = hasher;
            forked.update(base::ByteView{input}.subspan(input.size() / 3));
            base::Bytes out(expected.size());
            forked.xof(base::MutableBytes{out}.first(50));
            forked.xof(base::MutableBytes{out}.subspan(50), 50);
            EXPECT_EQ(base::to_hex(out), base::to_hex(expected)) << mode << ' ' << input.size();
            EXPECT_TRUE(base::equal(one_shot, base::ByteView{expected}.first(32)));
            EXPECT_EQ(forked.finish(), one_shot);
            ++count;
        };
        check("hash", Blake3{}, blake3(input));
        check("keyed_hash", Blake3{key}, blake3_keyed(key, input));
        check("derive_key", Blake3::derive_key(context), blake3_derive_key(context, input));
        check("derive_key", shared.start(), shared.hash(input));
    }
    test::report_count("blake3/test_vectors.json", count);
}

TEST(Blake3, HashesPartsAsIfJoined) {
    const base::ByteView parts[] = {text("a"), {}, text("bc")};
    EXPECT_EQ(blake3(parts), blake3(text("abc")));
    const Blake3Context context{"zcrypto test"};
    EXPECT_EQ(context.hash(parts), context.hash(text("abc")));
    EXPECT_NE(context.hash(parts), blake3(text("abc")));
}

TEST(Blake3, AssignmentForksALargeComputation) {
    const base::Bytes input(300'000, std::byte{7});
    Blake3 a;
    a.update(input);
    Blake3 b{Blake3Key{}};
    b = a;
    a.update(text("x"));
    b.update(text("x"));
    EXPECT_EQ(a.finish(), b.finish());
    const auto& same = b;
    b = same;
    EXPECT_EQ(a.finish(), b.finish());
}

}  // namespace
