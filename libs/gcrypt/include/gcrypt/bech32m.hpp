#pragma once
// bech32m (BIP-350): text for bytes with a prefix that says what they are and a checksum that catches typing errors.

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "gcrypt/errc.hpp"

namespace gcrypt::bech32m {

inline constexpr std::size_t kMaxLength = 90;  ///< What the checksum is designed for.

/// What a text says, at the level of 5-bit symbols.
struct Symbols {
    std::string prefix;                ///< Lower case.
    std::vector<std::uint8_t> values;  ///< 0..31 each, without the checksum.
};
/// Checks form and checksum. Errors: too_long, mixed_case, bad_character, no_separator, bad_length, bad_checksum.
base::Result<Symbols> decode_symbols(std::string_view text);
/// `prefix` 1 to 83 characters in 33..126, not upper case; the result at most kMaxLength characters.
base::Result<std::string> encode_symbols(const Symbols& symbols);

/// Bytes under a prefix, lower case.
base::Result<std::string> encode(std::string_view prefix, base::ByteView payload);
/// The bytes again. Additionally: wrong_prefix, bad_padding.
base::Result<base::Bytes> decode(std::string_view prefix, std::string_view text);

}  // namespace gcrypt::bech32m
