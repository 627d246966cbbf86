#include "gcrypt/address.hpp"

#include <array>

#include "gcrypt/bech32m.hpp"
#include "gcrypt/hash.hpp"

namespace gcrypt {
namespace {

std::string sentence_for(const base::Error& error) {
    if (error.is(Errc::bad_checksum)) return "the address has a typing error (its checksum does not match)";
    if (error.is(Errc::wrong_prefix)) return "the address does not start with ghost1";
    if (error.is(Errc::no_separator)) return "this is not an address (addresses start with ghost1)";
    if (error.is(Errc::mixed_case)) return "the address mixes upper and lower case; write it in one";
    if (error.is(Errc::bad_character)) return "the address has a character that addresses never contain";
    if (error.is(Errc::bad_length) || error.is(Errc::too_long)) return "the address has the wrong length";
    return "this is not an address: " + base::to_string(error);
}

}  // namespace

std::string Address::to_text() const {
    auto text = bech32m::encode(kPrefix, bytes);
    GC_ASSERT(text.has_value());  // The prefix is valid and 32 bytes always fit.
    return std::move(*text);
}

base::Result<Address> Address::parse(std::string_view text) {
    GC_TRY(const auto payload, bech32m::decode(kPrefix, text));
    if (payload.size() != sizeof(base::Digest)) return base::fail(Errc::bad_length, "address");
    Address address;
    std::memcpy(address.bytes.data(), payload.data(), payload.size());
    return address;
}

base::Checked<Address> Address::parse_checked(std::string_view text) {
    auto address = parse(text);
    if (!address) return std::unexpected{base::Diagnostic{address.error(), sentence_for(address.error())}};
    return *address;
}

Address address_of(Scheme scheme, base::ByteView public_key) noexcept {
    const std::array tag{static_cast<std::byte>(scheme)};
    return {hash(Domain::address, {tag, public_key})};
}

Address address_of(const zcrypto::ed25519::PublicKey& key) noexcept {
    return address_of(Scheme::ed25519_zip215_v1, key.bytes);
}

Address contract_address(const Address& creator, std::uint64_t nonce) noexcept {
    base::FixedBytes<8> raw;
    base::store_le(raw.data(), nonce);
    return {hash(Domain::contract, {creator.bytes, raw})};
}

}  // namespace gcrypt
