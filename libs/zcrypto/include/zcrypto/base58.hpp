#pragma once
// Base58Check: Bitcoin's text form of bytes, with four bytes of double SHA-256 as checksum. Used for extended keys.

#include "zcrypto/errc.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto {

/// At most this many bytes of payload: the conversion takes time that grows with the square.
inline constexpr std::size_t kBase58PayloadMax = 128;

/// The text, without a terminator. `payload` is at most kBase58PayloadMax bytes, else `out_of_range`.
base::Result<SecretBytes> base58check_encode(base::ByteView payload) noexcept;
/// The payload. `bad_encoding` for a foreign character or too much text, `bad_checksum`, `bad_length` when too short.
base::Result<SecretBytes> base58check_decode(std::string_view text) noexcept;

}  // namespace zcrypto
