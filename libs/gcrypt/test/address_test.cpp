#include "gcrypt/address.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <unordered_set>

#include "gcrypt/bech32m.hpp"
#include "gcrypt/hash.hpp"

namespace {

using gcrypt::Address;
using gcrypt::Errc;
using gcrypt::Scheme;

Address example() {
    Address address;
    for (std::size_t i = 0; i < address.bytes.size(); ++i) address.bytes[i] = static_cast<std::byte>(i);
    return address;
}

TEST(Address, IsWrittenAsGhost1InSixtyFourCharacters) {
    const auto text = example().to_text();
    EXPECT_TRUE(text.starts_with("ghost1")) << text;
    EXPECT_EQ(text.size(), 64u);
    EXPECT_EQ(Address::parse(text), example());
    std::string upper = text;
    std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
    EXPECT_EQ(Address::parse(upper), example());
}

TEST(Address, FindsEverySingleTypingError) {
    const auto text = example().to_text();
    constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    for (std::size_t at = 6; at < text.size(); ++at) {
        for (const char c : kAlphabet) {
            if (c == text[at]) continue;
            auto typo = text;
            typo[at] = c;
            EXPECT_TRUE(Address::parse(typo).error().is(Errc::bad_checksum)) << typo;
        }
    }
    for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(Address::parse(text.substr(0, size)));
}

TEST(Address, SaysWhatIsWrongWithAText) {
    const auto text = example().to_text();
    const auto error_of = [](std::string_view t) { return Address::parse(t).error(); };
    EXPECT_TRUE(error_of(gcrypt::bech32m::encode("gid", example().view()).value()).is(Errc::wrong_prefix));
    EXPECT_TRUE(error_of(gcrypt::bech32m::encode("ghost", example().view().first(20)).value()).is(Errc::bad_length));
    EXPECT_TRUE(error_of("").is(Errc::no_separator));
    auto mixed = text;
    mixed[10] = 'Q';
    EXPECT_TRUE(error_of(mixed).is(Errc::mixed_case));
    auto typo = text;
    std::swap(typo[20], typo[21]);
    EXPECT_EQ(Address::parse_checked(typo).error().text,
              "the address has a typing error (its checksum does not match)");
    EXPECT_EQ(Address::parse_checked("shop.ghost").error().text,
              "this is not an address (addresses start with ghost1)");
    EXPECT_EQ(Address::parse_checked(text), example());
}

TEST(Address, ComesFromSchemeAndKey) {
    zcrypto::ed25519::PublicKey key;
    key.bytes.fill(std::byte{7});
    base::Bytes input{std::byte{0}};
    input.insert(input.end(), key.bytes.begin(), key.bytes.end());
    EXPECT_EQ(gcrypt::address_of(key).bytes, zcrypto::blake3_derive_key("ghostchain 2026 address v1", input));
    EXPECT_NE(gcrypt::address_of(key), gcrypt::address_of(Scheme::secp256k1_bip340, key.bytes));
    // Fixed for all time: a change here would lose everybody's coins.
    EXPECT_EQ(gcrypt::address_of(zcrypto::ed25519::PublicKey{}).to_text(),
              "ghost1um6vyg6dny0c5dt95jnfluelzz730w0vrdxl9tczgtfwcwe26csqjr7xca");
}

TEST(Address, OfContractsDependsOnCreatorAndNonce) {
    std::unordered_set<Address> seen;
    for (std::uint64_t nonce = 0; nonce < 10; ++nonce) {
        seen.insert(gcrypt::contract_address(example(), nonce));
        seen.insert(gcrypt::contract_address(Address{}, nonce));
    }
    EXPECT_EQ(seen.size(), 20u);
    EXPECT_LT(Address{}, example());
}

}  // namespace
