#include "zcrypto/hash.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "base/sanitizers.hpp"
#include "keccak.hpp"
#include "vectors.hpp"
#include "zcrypto/errc.hpp"
#include "zcrypto/hasher.hpp"
#include "zcrypto/kdf.hpp"

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
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) EXPECT_EQ(sha256(text("abc")), expected);
        });
    }
}

TEST(Sha3, GivesTheExamplesOfFips202) {
    EXPECT_EQ(base::to_hex(sha3_256({})), "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
    EXPECT_EQ(base::to_hex(sha3_256(text("abc"))), "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
    EXPECT_EQ(base::to_hex(sha3_512(text("abc"))),
              "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
              "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0");
    base::Bytes out(32);
    shake128({}, out);
    EXPECT_EQ(base::to_hex(out), "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
    shake256({}, out);
    EXPECT_EQ(base::to_hex(out), "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f");
    shake256(text("x"), {});
}

TEST(Hashes, NeedNoMemory) {
    if (base::kSanitized) GTEST_SKIP() << "the sanitizers need memory of their own";
    const base::Bytes message(1000, std::byte{7});
    const auto all = [&message] {
        base::FixedBytes<7 * 64> out{};
        const base::MutableBytes to{out};
        std::ranges::copy(sha256(message), to.begin());
        std::ranges::copy(sha512(message), to.subspan(64).begin());
        std::ranges::copy(sha3_256(message), to.subspan(128).begin());
        std::ranges::copy(hmac_sha256({.key = message, .message = message}), to.subspan(192).begin());
        std::ranges::copy(hmac_sha512({.key = message, .message = message}), to.subspan(256).begin());
        (void)pbkdf2_hmac_sha512({.password = message, .salt = message, .iterations = 3}, to.subspan(320, 64));
        (void)hkdf_sha256({.key_material = message, .info = message}, to.subspan(384, 64));
        return out;
    };
    const auto child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const rlimit none{0, 0};
        setrlimit(RLIMIT_AS, &none);
        // Whatever free() keeps at hand, of each size by itself.
        for (std::size_t size = 4096; size > 0; size -= 16) {
            void* volatile held = nullptr;
            do held = std::malloc(size);
            while (held != nullptr);
        }
        const auto first = all();  // Nothing was set up before.
        _exit(first == all() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

TEST(Keccak256, GivesTheHashesThatEthereumKnows) {
    EXPECT_EQ(base::to_hex(keccak256({})), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    EXPECT_EQ(base::to_hex(keccak256(text("Transfer(address,address,uint256)"))),
              "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
}

/// By OpenSSL's own route to its digests.
base::Bytes openssl(const EVP_MD* algorithm, base::ByteView message) {
    base::Bytes out(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
    EXPECT_EQ(
        EVP_Digest(message.data(), message.size(), base::as_u8(base::MutableBytes{out}), nullptr, algorithm, nullptr),
        1);
    return out;
}
base::Bytes openssl_hmac(const EVP_MD* algorithm, base::ByteView key, base::ByteView message) {
    base::Bytes out(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
    EXPECT_NE(HMAC(algorithm, base::as_u8(key), static_cast<int>(key.size()), base::as_u8(message), message.size(),
                   base::as_u8(base::MutableBytes{out}), nullptr),
              nullptr);
    return out;
}

TEST(Hashes, EqualOpenSslsAroundTheBlockSizes) {
    for (std::size_t size = 1; size <= 420; ++size) {
        const base::Bytes message(size, static_cast<std::byte>(size));
        EXPECT_EQ(base::to_bytes(sha256(message)), openssl(EVP_sha256(), message)) << size;
        EXPECT_EQ(base::to_bytes(sha512(message)), openssl(EVP_sha512(), message)) << size;
        EXPECT_EQ(base::to_bytes(sha3_256(message)), openssl(EVP_sha3_256(), message)) << size;
        EXPECT_EQ(base::to_bytes(sha3_512(message)), openssl(EVP_sha3_512(), message)) << size;
        const base::Bytes text(size / 3, static_cast<std::byte>(size));
        EXPECT_EQ(base::to_bytes(hmac_sha256({.key = message, .message = text})),
                  openssl_hmac(EVP_sha256(), message, text))
            << size;
        EXPECT_EQ(base::to_bytes(hmac_sha512({.key = message, .message = text})),
                  openssl_hmac(EVP_sha512(), message, text))
            << size;
    }
}

TEST(Blake2b, GivesTheExampleOfRfc7693AndRefusesOtherSizes) {
    EXPECT_EQ(base::to_hex(blake2b_512(text("abc"))),
              "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
              "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
    EXPECT_EQ(base::to_hex(blake2b_256({})), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    base::Bytes out(64), key(64);
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i);
    ASSERT_TRUE(blake2b({.key = key, .message = {}}, out));  // The first keyed vector of the BLAKE2 authors.
    EXPECT_EQ(base::to_hex(out),
              "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786"
              "b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568");
    for (const std::size_t size : {1, 15, 20, 63}) {
        base::Bytes some(size);
        EXPECT_TRUE(blake2b({.message = text("abc")}, some)) << size;
    }
    EXPECT_TRUE(blake2b({.message = {}}, {}).error().is(Errc::bad_length));
    base::Bytes large(65);
    EXPECT_TRUE(blake2b({.message = {}}, large).error().is(Errc::bad_length));
    EXPECT_TRUE(blake2b({.key = large, .message = {}}, out).error().is(Errc::bad_length));
}

TEST(Hasher, EqualsTheOneShotFunctionsInAnyPieces) {
    base::Bytes message(1000);
    for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::byte>(i * 11);
    const auto one_shot = [&](HashAlgorithm algorithm, base::ByteView bytes) {
        switch (algorithm) {
            case HashAlgorithm::sha256: return base::to_bytes(sha256(bytes));
            case HashAlgorithm::sha512: return base::to_bytes(sha512(bytes));
            case HashAlgorithm::sha3_256: return base::to_bytes(sha3_256(bytes));
            case HashAlgorithm::sha3_512: return base::to_bytes(sha3_512(bytes));
            case HashAlgorithm::keccak256: return base::to_bytes(keccak256(bytes));
            case HashAlgorithm::blake2b_256: return base::to_bytes(blake2b_256(bytes));
            case HashAlgorithm::blake2b_512: return base::to_bytes(blake2b_512(bytes));
            case HashAlgorithm::blake3: return base::to_bytes(blake3(bytes));
        }
        return base::Bytes{};
    };
    for (const auto algorithm : kHashAlgorithms) {
        SCOPED_TRACE(hash_name(algorithm));
        EXPECT_EQ(hash_by_name(hash_name(algorithm)), algorithm);
        Hasher hasher{algorithm};
        EXPECT_EQ(hasher.finish(), one_shot(algorithm, {}));
        for (const std::size_t piece : {1, 7, 64, 136, 999}) {
            for (std::size_t at = 0; at < message.size(); at += piece) {
                hasher.update(base::ByteView{message}.subspan(at, std::min(piece, message.size() - at)));
            }
            auto moved = std::move(hasher);
            const auto digest = moved.finish();
            EXPECT_EQ(digest.size(), hash_size(algorithm));
            EXPECT_EQ(digest, one_shot(algorithm, message));
            hasher = std::move(moved);
        }
    }
    EXPECT_FALSE(hash_by_name("md5"));
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
    GHOST_NEEDS_VECTORS();
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
