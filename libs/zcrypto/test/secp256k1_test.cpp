#include "zcrypto/secp256k1.hpp"

#include <sstream>

#include "vectors.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/x25519.hpp"

namespace {

using namespace zcrypto;
using namespace zcrypto::secp256k1;
using test::fixed_hex;
using test::hex;

constexpr const char* kOrder = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

SecretKey key_of(std::uint8_t number) {
    base::FixedBytes<32> bytes{};
    bytes[31] = std::byte{number};
    return SecretKey::make(bytes).value();
}

TEST(Secp256k1, KeepsToTheRangeOfPrivateKeys) {
    EXPECT_TRUE(SecretKey::make(base::Bytes(32)).error().is(Errc::bad_key));
    EXPECT_TRUE(SecretKey::make(hex(kOrder)).error().is(Errc::bad_key));
    EXPECT_TRUE(SecretKey::make(base::Bytes(32, std::byte{0xff})).error().is(Errc::bad_key));
    for (const std::size_t size : {0, 31, 33, 64}) {
        EXPECT_TRUE(SecretKey::make(base::Bytes(size, std::byte{1})).error().is(Errc::bad_length)) << size;
    }
    auto below = hex(kOrder);
    below.back() ^= std::byte{1};  // n - 1
    EXPECT_TRUE(SecretKey::make(below));
    EXPECT_EQ(base::to_hex(key_of(1).public_key().bytes()),
              "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
}

TEST(Secp256k1, ParsesPointsAndNothingElse) {
    const auto key = SecretKey::generate(base::system_random()).public_key();
    EXPECT_EQ(PublicKey::parse(key.bytes()).value(), key);
    EXPECT_EQ(PublicKey::parse(key.uncompressed()).value(), key);
    auto bytes = base::to_bytes(key.uncompressed());
    for (const auto prefix : {0, 2, 3, 5, 6, 7, 255}) {
        bytes[0] = static_cast<std::byte>(prefix);
        EXPECT_TRUE(PublicKey::parse(bytes).error().is(Errc::bad_point)) << prefix;
    }
    bytes[0] = std::byte{4};
    bytes[64] ^= std::byte{1};
    EXPECT_TRUE(PublicKey::parse(bytes).error().is(Errc::bad_point));
    for (const std::size_t size : {0, 1, 32, 34, 64, 66}) {
        EXPECT_TRUE(PublicKey::parse(base::Bytes(size, std::byte{2})).error().is(Errc::bad_length)) << size;
    }
    // x = 5 is on no point; x = p is not canonical.
    auto off = base::Bytes(33);
    off[0] = std::byte{2};
    off[32] = std::byte{5};
    EXPECT_TRUE(PublicKey::parse(off).error().is(Errc::bad_point));
    EXPECT_TRUE(PublicKey::parse(hex("02fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"))
                    .error()
                    .is(Errc::bad_point));
}

TEST(Secp256k1, SignsDeterministicallyAndWithLowS) {
    // A widely published RFC 6979 vector: key 1, SHA-256 of "Satoshi Nakamoto".
    const auto hash = sha256(base::as_bytes("Satoshi Nakamoto"));
    const auto signature = sign(key_of(1), hash);
    EXPECT_EQ(base::to_hex(signature.bytes),
              "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
              "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5");
    EXPECT_TRUE(verify(key_of(1).public_key(), hash, signature));
    for (std::uint8_t i = 1; i < 60; ++i) {
        const auto made = sign(key_of(i), sha256(std::array{std::byte{i}}));
        EXPECT_EQ(normalise(made).value(), made) << "S is high";
    }
}

/// (r, n - s): as valid as (r, s) to the bare algorithm.
Signature mirror(const Signature& signature) {
    auto out = signature;
    const auto order = hex(kOrder);
    int borrow = 0;
    for (int i = 31; i >= 0; --i) {
        const auto at = static_cast<std::size_t>(i);
        const int digit = std::to_integer<int>(order[at]) - std::to_integer<int>(signature.bytes[32 + at]) - borrow;
        borrow = digit < 0;
        out.bytes[32 + at] = static_cast<std::byte>(digit & 0xff);
    }
    return out;
}

TEST(Secp256k1, RefusesHighSUnlessAsked) {
    const auto key = key_of(7);
    const auto hash = sha256(base::as_bytes("m"));
    const auto low = sign(key, hash);
    const auto high = mirror(low);
    EXPECT_FALSE(verify(key.public_key(), hash, high));
    EXPECT_TRUE(verify(key.public_key(), hash, high, HighS::accept));
    EXPECT_TRUE(verify(key.public_key(), hash, low, HighS::accept));
    EXPECT_EQ(normalise(high).value(), low);
    auto recoverable = sign_recoverable(key, hash);
    EXPECT_EQ(recoverable.signature, low);
    recoverable.signature = high;
    recoverable.id ^= 1;
    EXPECT_TRUE(recover(hash, recoverable).error().is(Errc::bad_signature));
    EXPECT_EQ(recover(hash, recoverable, HighS::accept).value(), key.public_key());
}

TEST(Secp256k1, WritesAndReadsTheOneDerOfASignature) {
    for (std::uint8_t i = 1; i < 60; ++i) {
        const auto low = sign(key_of(i), sha256(std::array{std::byte{i}}));
        for (const auto& signature : {low, mirror(low)}) {
            const auto der = to_der(signature);
            EXPECT_EQ(from_der(der).value(), signature);
            auto longer = der;
            longer.push_back(std::byte{0});
            EXPECT_TRUE(from_der(longer).error().is(Errc::bad_signature));
            for (std::size_t size = 0; size < der.size(); ++size) {
                EXPECT_TRUE(from_der(base::ByteView{der}.first(size)).error().is(Errc::bad_signature));
            }
        }
    }
    Signature small{};
    small.bytes[31] = std::byte{0x80};
    small.bytes[63] = std::byte{1};
    EXPECT_EQ(base::to_hex(to_der(small)), "300702020080020101");
    EXPECT_EQ(from_der(to_der(small)).value(), small);
    for (const auto* const bad : {"3006020180020101",      // r is negative
                                  "30080202008002020001",  // s has a zero too many
                                  "3006020100020101",      // r is zero
                                  "308106020101020101",    // a length in its long form
                                  "300602010102010100",    // something behind
                                  "3106020101020101"}) {   // not a sequence
        EXPECT_TRUE(from_der(hex(bad)).error().is(Errc::bad_signature)) << bad;
    }
    auto large = small;
    const auto order = hex(kOrder);
    std::ranges::copy(order, large.bytes.begin());
    EXPECT_TRUE(from_der(to_der(large)).error().is(Errc::bad_signature));
}

TEST(Secp256k1, RefusesEveryChangedBitAndZeroOrLargeHalves) {
    const auto key = key_of(9);
    const auto hash = sha256(base::as_bytes("m"));
    const auto good = sign(key, hash);
    for (std::size_t bit = 0; bit < 512; ++bit) {
        auto broken = good;
        broken.bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
        EXPECT_FALSE(verify(key.public_key(), hash, broken));
        EXPECT_FALSE(verify(key.public_key(), hash, broken, HighS::accept));
    }
    EXPECT_FALSE(verify(key_of(10).public_key(), hash, good));
    EXPECT_FALSE(verify(key.public_key(), sha256(base::as_bytes("n")), good));
    for (const std::size_t half : {0, 32}) {
        for (const bool zero : {true, false}) {
            auto broken = good;
            const auto order = hex(kOrder);
            for (std::size_t i = 0; i < 32; ++i) broken.bytes[half + i] = zero ? std::byte{0} : order[i];
            EXPECT_FALSE(verify(key.public_key(), hash, broken, HighS::accept));
            EXPECT_TRUE(normalise(broken).error().is(Errc::bad_signature));
            EXPECT_FALSE(recover(hash, {.signature = broken, .id = 0}));
        }
    }
}

TEST(Secp256k1, RecoversTheSigner) {
    for (std::uint8_t i = 1; i < 40; ++i) {
        const auto key = key_of(i);
        const auto hash = sha256(std::array{std::byte{i}});
        const auto signature = sign_recoverable(key, hash);
        EXPECT_EQ(recover(hash, signature).value(), key.public_key());
        for (std::uint8_t id = 0; id < 8; ++id) {
            if (id == signature.id) continue;
            const auto other = recover(hash, {.signature = signature.signature, .id = id});
            EXPECT_TRUE(!other || *other != key.public_key());
            if (id > 3) {
                EXPECT_TRUE(other.error().is(Errc::bad_signature));
            }
        }
    }
}

TEST(Secp256k1, BothSidesAgree) {
    const auto a = SecretKey::generate(base::system_random()), b = SecretKey::generate(base::system_random());
    EXPECT_TRUE(base::equal(agree(a, b.public_key()).expose(), agree(b, a.public_key()).expose()));
    const auto x = agree_x(a, b.public_key());
    EXPECT_TRUE(base::equal(x.expose(), agree_x(b, a.public_key()).expose()));
    // agree() is the hash of the compressed point that agree_x() has the coordinate of.
    bool found = false;
    for (const auto prefix : {2, 3}) {
        base::Bytes point{static_cast<std::byte>(prefix)};
        point.insert(point.end(), x.expose().begin(), x.expose().end());
        found |= base::equal(sha256(point), agree(a, b.public_key()).expose());
    }
    EXPECT_TRUE(found);
    EXPECT_TRUE(base::equal(agree_x(key_of(1), key_of(5).public_key()).expose(), key_of(5).x_only_key().bytes));
}

TEST(Secp256k1, TweaksCommuteWithTakingThePublicKey) {
    const auto key = key_of(5);
    const auto tweak = sha256(base::as_bytes("tweak"));
    EXPECT_EQ(add_tweak(key, tweak)->public_key(), add_tweak(key.public_key(), tweak).value());
    EXPECT_TRUE(add_tweak(key, hex(kOrder)).error().is(Errc::bad_key));
    EXPECT_TRUE(add_tweak(key.public_key(), hex(kOrder)).error().is(Errc::bad_key));
    auto minus_five = hex(kOrder);
    minus_five.back() ^= std::byte{0x41 ^ 0x3c};  // n - 5: the sum is zero.
    EXPECT_TRUE(add_tweak(key, minus_five).error().is(Errc::bad_key));
    EXPECT_TRUE(add_tweak(key.public_key(), minus_five).error().is(Errc::bad_key));
    EXPECT_TRUE(add_tweak(key, base::Bytes(31)).error().is(Errc::bad_length));
    EXPECT_TRUE(add_tweak(key.public_key(), {}).error().is(Errc::bad_length));
}

TEST(Bip340, GivesThePublishedVectors) {
    GHOST_NEEDS_VECTORS();
    std::ifstream in{test::vector_path("bip340/test-vectors.csv")};
    ASSERT_TRUE(in) << "published vectors are absent: set GHOST_VECTORS";
    std::string line;
    std::getline(in, line);
    test::Tally tally;
    std::size_t total = 0;
    while (std::getline(in, line)) {
        std::vector<std::string> cells;
        std::stringstream row{line};
        for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
        if (cells.size() < 7) continue;
        SCOPED_TRACE(line);
        ++total;
        ++tally.checked;
        const auto public_key = XOnlyKey{fixed_hex<32>(cells[2])};
        const auto message = hex(cells[4]);
        const auto signature = Signature{fixed_hex<64>(cells[5])};
        EXPECT_EQ(verify_schnorr(public_key, message, signature), cells[6] == "TRUE");
        if (cells[1].empty()) continue;
        const auto key = SecretKey::make(hex(cells[1])).value();
        EXPECT_EQ(key.x_only_key(), public_key);
        EXPECT_EQ(sign_schnorr(key, message, fixed_hex<32>(cells[3])), signature);
    }
    test::report_tally("bip340/test-vectors.csv", tally, total);
}

TEST(X25519, GivesTheExchangeOfRfc7748) {  // Section 5.2, first and second scalar.
    const auto agree_hex = [](const char* scalar, const char* point) {
        const auto key = x25519::SecretKey::make(hex(scalar)).value();
        return base::to_hex(x25519::agree(key, fixed_hex<32>(point)).value().expose());
    };
    EXPECT_EQ(agree_hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
              "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    EXPECT_EQ(agree_hex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
                        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"),
              "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
    const auto a = x25519::generate(base::system_random()), b = x25519::generate(base::system_random());
    const auto ours = x25519::agree(a, x25519::public_key_of(b)), theirs = x25519::agree(b, x25519::public_key_of(a));
    ASSERT_TRUE(ours && theirs);
    EXPECT_TRUE(base::equal(ours->expose(), theirs->expose()));
}

TEST(X25519, RefusesPointsOfSmallOrder) {
    const auto key = x25519::generate(base::system_random());
    for (const auto* const point : {"0000000000000000000000000000000000000000000000000000000000000000",
                                    "0100000000000000000000000000000000000000000000000000000000000000",
                                    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                                    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                                    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
        EXPECT_TRUE(x25519::agree(key, fixed_hex<32>(point)).error().is(Errc::small_order)) << point;
    }
}

}  // namespace
