// Merkle nodes by SHA-256 and BLAKE3 on threads: the same digests as the plain functions, on every path.
#include <thread>

#include "vectors.hpp"
#include "zcrypto/blake3_tree.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/sha256_node.hpp"

namespace {

using namespace zcrypto;

base::Bytes pattern(std::size_t size) {
    base::Bytes out(size);
    std::uint32_t state = 0x9e3779b9;
    for (auto& byte : out) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<std::byte>(state >> 24);
    }
    return out;
}

TEST(Sha256Node, EqualsSha256OnEveryBackEnd) {
    std::size_t backends = 0;
    for (const auto backend : {Sha256Backend::portable, Sha256Backend::sha_extensions}) {
        if (!is_supported(backend)) {
            std::printf("[ backends ] SHA extensions: not on this processor\n");
            continue;
        }
        ++backends;
        for (const std::size_t count : {0, 1, 2, 3, 4, 5, 8, 33}) {
            const auto children = pattern(count * 64);
            base::Bytes nodes(count * 32);
            sha256_nodes_by(backend, children, nodes);
            for (std::size_t i = 0; i < count; ++i) {
                const auto expected = sha256(base::ByteView{children}.subspan(i * 64, 64));
                EXPECT_TRUE(base::equal(base::ByteView{nodes}.subspan(i * 32, 32), expected)) << count << ' ' << i;
            }
            // In place, at the front of the children.
            auto same = children;
            sha256_nodes_by(backend, same, base::MutableBytes{same}.first(count * 32));
            same.resize(count * 32);
            EXPECT_EQ(same, nodes);
        }
    }
    EXPECT_GE(backends, 1u);
    const auto left = sha256(base::as_bytes("l")), right = sha256(base::as_bytes("r"));
    const base::ByteView both[] = {left, right};
    EXPECT_EQ(sha256_node(left, right), sha256(both));
}

TEST(Sha256Node, BackEndsAgreeOnManyRandomNodes) {
    if (!is_supported(Sha256Backend::sha_extensions)) {
        std::printf("[ backends ] SHA extensions: not on this processor, nothing to compare\n");
        return;
    }
    const auto children = pattern(64 * 10'000);
    base::Bytes a(children.size() / 2), b(children.size() / 2);
    sha256_nodes_by(Sha256Backend::portable, children, a);
    sha256_nodes_by(Sha256Backend::sha_extensions, children, b);
    EXPECT_EQ(a, b);
}

TEST(Blake3Tree, EqualsTheOfficialHashAroundEveryBoundary) {
    const auto message = pattern(3 << 20);
    Blake3Key key;
    key.fill(std::byte{0x42});
    std::size_t lengths = 0;
    Blake3Tree two{2}, three{3};
    const auto check = [&](std::size_t size) {
        const auto part = base::ByteView{message}.first(size);
        ASSERT_EQ(two.hash(part), blake3(part)) << size;
        ASSERT_EQ(three.hash_keyed(key, part), blake3_keyed(key, part)) << size;
        ++lengths;
    };
    for (const std::size_t size : {0, 1, 63, 64, 65, 1023, 1024, 1025}) check(size);
    // Around every power of two of chunks, with whole, missing and extra bytes, blocks and chunks.
    for (std::size_t chunks = 128; chunks <= 2048; chunks *= 2) {
        for (const std::ptrdiff_t off : {-1025, -1024, -1023, -65, -64, -63, -1, 0, 1, 63, 64, 65, 1023, 1024, 1025}) {
            check(static_cast<std::size_t>(static_cast<std::ptrdiff_t>(chunks * 1024) + off));
        }
    }
    // Around every chunk of two pieces, and around every piece.
    for (std::size_t chunk = 128; chunk <= 256; ++chunk) {
        for (const std::size_t off : {0, 1, 1023}) check(chunk * 1024 + off);
    }
    for (std::size_t piece = 4; piece <= 48; ++piece) {
        for (const std::size_t off : {0, 1, 64}) check(piece * 65536 - off);
    }
    std::printf("[ vectors  ] BLAKE3 on threads: %zu lengths equal to the official hash\n", lengths);
}

TEST(Blake3Tree, GivesThePublishedVectors) {
    GHOST_NEEDS_VECTORS();
    const auto vectors = test::load_vectors("blake3/test_vectors.json");
    ASSERT_TRUE(vectors.contains("cases"));
    Blake3Tree tree{2};
    std::size_t count = 0;
    for (const auto& test : vectors["cases"]) {
        base::Bytes input(test["input_len"].get<std::size_t>());
        for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::byte>(i % 251);
        EXPECT_EQ(base::to_hex(tree.hash(input)), test["hash"].get<std::string>().substr(0, 64));
        ++count;
    }
    test::report_count("blake3/test_vectors.json (on threads)", count);
}

TEST(Blake3Tree, ServesSeveralCallersAndAnyNumberOfThreads) {
    const auto message = pattern(700'000);
    const auto expected = blake3(message);
    EXPECT_EQ(Blake3Tree{1}.threads(), 1u);
    EXPECT_GE(Blake3Tree{0}.threads(), 1u);
    EXPECT_LE(Blake3Tree{100'000}.threads(), Blake3Tree::kMaxThreads);
    Blake3Tree tree{4};
    std::vector<std::jthread> callers;
    for (int c = 0; c < 3; ++c) {
        callers.emplace_back([&] {
            for (int i = 0; i < 20; ++i) EXPECT_EQ(tree.hash(message), expected);
        });
    }
}

}  // namespace
