// What secrets leave behind in ordinary memory: this process looks through its own heap.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include "zcrypto/ed25519.hpp"
#include "zcrypto/hash.hpp"

namespace {

using namespace zcrypto;

/// How often `needle` lies in the heap. It is handed over masked, so that it is not found in itself.
std::size_t times_in_heap(base::ByteView masked, std::byte mask) {
    std::ifstream maps{"/proc/self/maps"};
    std::size_t found = 0;
    for (std::string line; std::getline(maps, line);) {
        if (!line.ends_with("[heap]")) continue;
        char* dash = nullptr;
        const auto from = std::strtoul(line.c_str(), &dash, 16), to = std::strtoul(dash + 1, nullptr, 16);
        // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives addresses as text
        const std::span heap{reinterpret_cast<const std::byte*>(from), to - from};
        const auto same = [mask](std::byte a, std::byte b) { return a == (b ^ mask); };
        for (auto at = heap.begin();; ++at) {
            at = std::search(at, heap.end(), masked.begin(), masked.end(), same);
            if (at == heap.end()) break;
            ++found;
        }
    }
    return found;
}

constexpr std::byte kMask{0x5a};

base::Bytes masked(base::ByteView bytes) {
    auto out = base::to_bytes(bytes);
    for (auto& b : out) b ^= kMask;
    return out;
}

/// The digest as a hash keeps it: eight numbers in the machine's order.
base::Bytes masked_state(base::ByteView digest) {
    base::Bytes out(digest.size());
    for (std::size_t i = 0; i < digest.size(); ++i) out[i] = digest[(i & ~std::size_t{7}) + 7 - (i & 7)] ^ kMask;
    return out;
}

class Heap : public testing::Test {
 protected:
    void SetUp() override {
        const auto known = base::to_bytes("sixteen bytes of a known content");
        if (times_in_heap(masked(known), kMask) == 0) GTEST_SKIP() << "the heap is not where this test looks";
    }
};

TEST_F(Heap, KeepsNothingOfASecretThatWasHashed) {
    const auto seed = Secret<32>::random(base::system_random());
    const std::array<base::ByteView, 1> parts{seed.expose()};
    const auto digest = sha512_secret(parts);
    const auto mac = hmac_sha512({.key = seed.expose(), .message = seed.expose()});
    EXPECT_EQ(times_in_heap(masked_state(digest.expose().first<32>()), kMask), 0u) << "the chaining value";
    EXPECT_EQ(times_in_heap(masked_state(base::ByteView{mac}.first(32)), kMask), 0u) << "the chaining value of HMAC";
    EXPECT_EQ(times_in_heap(masked(seed.expose()), kMask), 0u) << "the message";
    EXPECT_TRUE(base::equal(digest.expose(), sha512(seed.expose())));
}

}  // namespace
