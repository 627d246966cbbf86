#pragma once
// Account and contract addresses: 32 bytes, written as bech32m with the prefix "ghost" (64 characters, "ghost1…").

#include <compare>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "gcrypt/errc.hpp"
#include "gcrypt/signature.hpp"

namespace gcrypt {

struct Address {
    base::Digest bytes{};

    friend auto operator<=>(const Address&, const Address&) = default;
    [[nodiscard]] base::ByteView view() const noexcept { return bytes; }

    static constexpr std::string_view kPrefix = "ghost";
    /// "ghost1…", lower case.
    [[nodiscard]] std::string to_text() const;
    /// Either case, not mixed. Errors as bech32m::decode(), plus bad_length when it is not 32 bytes.
    static base::Result<Address> parse(std::string_view text);
    /// The same with a sentence for a person that names the problem.
    static base::Checked<Address> parse_checked(std::string_view text);
};

/// BLAKE3(address context, scheme tag || public key or policy hash).
[[nodiscard]] Address address_of(Scheme scheme, base::ByteView public_key) noexcept;
[[nodiscard]] Address address_of(const zcrypto::ed25519::PublicKey& key) noexcept;
/// BLAKE3(contract context, creator || creator's nonce, little-endian).
[[nodiscard]] Address contract_address(const Address& creator, std::uint64_t nonce) noexcept;

}  // namespace gcrypt

template <>
struct std::hash<gcrypt::Address> {
    std::size_t operator()(const gcrypt::Address& address) const noexcept {
        std::size_t value;  // Addresses are hash outputs already.
        std::memcpy(&value, address.bytes.data(), sizeof value);
        return value;
    }
};
