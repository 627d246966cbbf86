// AES-256-GCM, and what holds for all ciphers: overlapping buffers, no plaintext after a failure.
#include "zcrypto/aead.hpp"

#include <sodium.h>

#include <algorithm>

#include "vectors.hpp"

namespace {

using namespace zcrypto;
using test::fixed_hex;
using test::hex;

/// One cipher behind the same face.
struct Cipher {
    const char* name;
    base::Result<void> (*seal)(const AeadKey&, base::ByteView text, base::ByteView aad, base::MutableBytes out);
    base::Result<void> (*open)(const AeadKey&, base::ByteView text, base::ByteView aad, base::MutableBytes out);
};

constexpr GcmNonce kNonce12{};
constexpr XChaChaNonce kNonce24{};

const Cipher kCiphers[] = {
    {"AES-256-GCM",
     [](const AeadKey& key, base::ByteView text, base::ByteView aad, base::MutableBytes out) {
         return Aes256Gcm{key}.seal_into({.nonce = kNonce12, .text = text, .associated_data = aad}, out);
     },
     [](const AeadKey& key, base::ByteView text, base::ByteView aad, base::MutableBytes out) {
         return Aes256Gcm{key}.open_into({.nonce = kNonce12, .text = text, .associated_data = aad}, out);
     }},
    {"ChaCha20-Poly1305",
     [](const AeadKey& key, base::ByteView text, base::ByteView aad, base::MutableBytes out) {
         return chacha20poly1305_seal_into({.key = key, .nonce = kNonce12, .text = text, .associated_data = aad}, out);
     },
     [](const AeadKey& key, base::ByteView text, base::ByteView aad, base::MutableBytes out) {
         return chacha20poly1305_open_into({.key = key, .nonce = kNonce12, .text = text, .associated_data = aad}, out);
     }},
    {"XChaCha20-Poly1305",
     [](const AeadKey& key, base::ByteView text, base::ByteView aad, base::MutableBytes out) {
         return xchacha20poly1305_seal_into({.key = key, .nonce = kNonce24, .text = text, .associated_data = aad}, out);
     },
     [](const AeadKey& key, base::ByteView text, base::ByteView aad, base::MutableBytes out) {
         return xchacha20poly1305_open_into({.key = key, .nonce = kNonce24, .text = text, .associated_data = aad}, out);
     }},
};

base::Bytes pattern(std::size_t size) {
    base::Bytes out(size);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::byte>(i * 7 + 3);
    return out;
}

TEST(AesGcm, GivesTheCasesOfItsSpecification) {
    // McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test cases 13 to 16.
    const auto zero_key = AeadKey{};
    EXPECT_EQ(base::to_hex(aes256gcm_seal({.key = zero_key, .nonce = kNonce12, .text = {}})),
              "530f8afbc74536b9a963b4f1c4cb738b");
    const base::Bytes block(16);
    EXPECT_EQ(base::to_hex(aes256gcm_seal({.key = zero_key, .nonce = kNonce12, .text = block})),
              "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    const auto key = AeadKey::make(hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")).value();
    const auto nonce = fixed_hex<12>("cafebabefacedbaddecaf888");
    const auto text =
        hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa"
            "0de657"
            "ba637b39");
    const auto aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const auto sealed = aes256gcm_seal({.key = key, .nonce = nonce, .text = text, .associated_data = aad});
    EXPECT_EQ(
        base::to_hex(sealed),
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a"
        "0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
    EXPECT_EQ(aes256gcm_open({.key = key, .nonce = nonce, .text = sealed, .associated_data = aad}).value(), text);
}

TEST(AesGcm, OneObjectSealsAndOpensManyMessages) {
    const auto key = AeadKey::random(base::system_random());
    Aes256Gcm cipher{key};
    for (std::uint8_t i = 0; i < 50; ++i) {
        const GcmNonce nonce{std::byte{i}};
        const auto text = pattern(i * 13u);
        const auto aad = pattern(i % 5u);
        base::Bytes sealed(text.size() + kAeadTagSize), opened(text.size());
        ASSERT_TRUE(cipher.seal_into({.nonce = nonce, .text = text, .associated_data = aad}, sealed));
        EXPECT_EQ(sealed, aes256gcm_seal({.key = key, .nonce = nonce, .text = text, .associated_data = aad}));
        // A failure in between leaves the object usable.
        EXPECT_FALSE(
            cipher.open_into({.nonce = GcmNonce{std::byte{255}}, .text = sealed, .associated_data = aad}, opened));
        ASSERT_TRUE(cipher.open_into({.nonce = nonce, .text = sealed, .associated_data = aad}, opened));
        EXPECT_EQ(opened, text);
    }
}

TEST(Aead, WorksInPlaceAndAtEveryShift) {
    const auto key = AeadKey::random(base::system_random());
    constexpr std::size_t kText = 100, kRoom = 400;
    const auto text = pattern(kText), aad = pattern(9);
    for (const auto& cipher : kCiphers) {
        base::Bytes expected(kText + kAeadTagSize);
        ASSERT_TRUE(cipher.seal(key, text, aad, expected));
        for (std::size_t from = 0; from < 240; from += 5) {
            SCOPED_TRACE(std::string{cipher.name} + " from " + std::to_string(from));
            base::Bytes room(kRoom);
            const auto out = base::MutableBytes{room}.subspan(120, kText + kAeadTagSize);
            std::ranges::copy(text, room.begin() + static_cast<std::ptrdiff_t>(from));
            ASSERT_TRUE(cipher.seal(key, base::ByteView{room}.subspan(from, kText), aad, out));
            EXPECT_TRUE(base::equal(out, expected));

            std::ranges::copy(expected, room.begin() + static_cast<std::ptrdiff_t>(from));
            const auto plain = base::MutableBytes{room}.subspan(120, kText);
            ASSERT_TRUE(cipher.open(key, base::ByteView{room}.subspan(from, expected.size()), aad, plain));
            EXPECT_TRUE(base::equal(plain, text));
        }
        // The associated data in the output, too.
        base::Bytes room(kText + kAeadTagSize);
        std::ranges::copy(aad, room.begin() + 50);
        ASSERT_TRUE(cipher.seal(key, text, base::ByteView{room}.subspan(50, aad.size()), room));
        EXPECT_EQ(room, expected) << cipher.name;
    }
}

TEST(Aead, ReleasesNothingOfATamperedMessage) {
    const auto key = AeadKey::random(base::system_random());
    const auto text = pattern(64), aad = pattern(5);
    for (const auto& cipher : kCiphers) {
        SCOPED_TRACE(cipher.name);
        base::Bytes sealed(text.size() + kAeadTagSize);
        ASSERT_TRUE(cipher.seal(key, text, aad, sealed));
        for (std::size_t bit = 0; bit < sealed.size() * 8; bit += 3) {
            auto broken = sealed;
            broken[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
            base::Bytes out(text.size(), std::byte{0xee});
            EXPECT_TRUE(cipher.open(key, broken, aad, out).error().is(Errc::authentication_failed));
            EXPECT_EQ(out, base::Bytes(text.size())) << "not zeroed";
            const auto in_place = base::MutableBytes{broken}.first(text.size());
            EXPECT_FALSE(cipher.open(key, broken, aad, in_place));
            EXPECT_TRUE(base::equal(in_place, base::Bytes(text.size())));
        }
        base::Bytes out(text.size());
        EXPECT_TRUE(cipher.open(key, sealed, {}, out).error().is(Errc::authentication_failed));
        const auto other = AeadKey::random(base::system_random());
        EXPECT_TRUE(cipher.open(other, sealed, aad, out).error().is(Errc::authentication_failed));
    }
}

TEST(Aead, RefusesWrongSizes) {
    const auto key = AeadKey::random(base::system_random());
    for (const auto& cipher : kCiphers) {
        SCOPED_TRACE(cipher.name);
        base::Bytes small(15), sealed(16), out(17);
        EXPECT_TRUE(cipher.open(key, small, {}, {}).error().is(Errc::bad_length));
        EXPECT_TRUE(cipher.open(key, {}, {}, {}).error().is(Errc::bad_length));
        EXPECT_TRUE(cipher.open(key, sealed, {}, out).error().is(Errc::bad_length));
        EXPECT_TRUE(cipher.seal(key, sealed, {}, out).error().is(Errc::bad_length));
        // Empty text: the tag alone.
        ASSERT_TRUE(cipher.seal(key, {}, {}, sealed));
        EXPECT_TRUE(cipher.open(key, sealed, {}, {}));
        sealed[3] ^= std::byte{1};
        EXPECT_TRUE(cipher.open(key, sealed, {}, {}).error().is(Errc::authentication_failed));
    }
    EXPECT_TRUE(aes256gcm_open({.key = key, .nonce = kNonce12, .text = base::Bytes(15)}).error().is(Errc::bad_length));
}

TEST(ChaCha20Poly1305, GivesTheSameBytesFromEitherLibrary) {
    // Short texts are libsodium's, long ones OpenSSL's; libsodium alone is the reference here.
    const auto key = AeadKey::random(base::system_random());
    ChaChaNonce short_nonce;
    XChaChaNonce long_nonce;
    base::system_random().fill(short_nonce);
    base::system_random().fill(long_nonce);
    const auto u8 = [](auto& bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); };
    for (const std::size_t size : {0u, 1u, 63u, 64u, 1024u, 2047u, 2048u, 2049u, 4096u, 16384u, 70001u}) {
        for (const std::size_t data_size : {0u, 1u, 16u, 1500u}) {
            const auto text = pattern(size), data = pattern(data_size);
            base::Bytes expected(size + 16);
            auto* const out = reinterpret_cast<unsigned char*>(expected.data());
            crypto_aead_chacha20poly1305_ietf_encrypt(out, nullptr, u8(text), size, u8(data), data_size, nullptr,
                                                      u8(short_nonce), base::as_u8(key.expose()));
            const ChaChaInput input{.key = key, .nonce = short_nonce, .text = text, .associated_data = data};
            EXPECT_EQ(chacha20poly1305_seal(input), expected) << size;
            EXPECT_EQ(
                chacha20poly1305_open({.key = key, .nonce = short_nonce, .text = expected, .associated_data = data})
                    .value(),
                text);
            crypto_aead_xchacha20poly1305_ietf_encrypt(out, nullptr, u8(text), size, u8(data), data_size, nullptr,
                                                       u8(long_nonce), base::as_u8(key.expose()));
            const XChaChaInput long_input{.key = key, .nonce = long_nonce, .text = text, .associated_data = data};
            EXPECT_EQ(xchacha20poly1305_seal(long_input), expected) << size;
            EXPECT_EQ(
                xchacha20poly1305_open({.key = key, .nonce = long_nonce, .text = expected, .associated_data = data})
                    .value(),
                text);
            expected[size / 2] ^= std::byte{1};
            base::Bytes room(size, std::byte{7});
            EXPECT_FALSE(xchacha20poly1305_open_into(
                {.key = key, .nonce = long_nonce, .text = expected, .associated_data = data}, room));
            EXPECT_EQ(room, base::Bytes(size)) << "nothing is released";
        }
    }
}

TEST(AesGcm, GivesTheSameBytesForOneMessageAndForMany) {
    const auto key = AeadKey::random(base::system_random()), other = AeadKey::random(base::system_random());
    Aes256Gcm cipher{key};
    for (const std::size_t size : {0u, 1u, 15u, 16u, 1000u, 70001u}) {
        const auto text = pattern(size), data = pattern(size % 100);
        base::Bytes many(size + 16), one(size + 16);
        ASSERT_TRUE(cipher.seal_into({.nonce = kNonce12, .text = text, .associated_data = data}, many));
        ASSERT_TRUE(aes256gcm_seal_into({.key = key, .nonce = kNonce12, .text = text, .associated_data = data}, one));
        EXPECT_EQ(one, many);
        // The thread's context is another key's in between, and opens as well as seals.
        EXPECT_FALSE(aes256gcm_open({.key = other, .nonce = kNonce12, .text = one, .associated_data = data}));
        base::Bytes opened(size);
        ASSERT_TRUE(aes256gcm_open_into({.key = key, .nonce = kNonce12, .text = one, .associated_data = data}, opened));
        EXPECT_EQ(opened, text);
        ASSERT_TRUE(cipher.open_into({.nonce = kNonce12, .text = many, .associated_data = data}, opened));
    }
    base::Bytes wrong(5);
    EXPECT_FALSE(aes256gcm_seal_into({.key = key, .nonce = kNonce12, .text = {}}, wrong));
    EXPECT_FALSE(aes256gcm_open_into({.key = key, .nonce = kNonce12, .text = wrong}, wrong));
}

}  // namespace
