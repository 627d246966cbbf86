#pragma once
// What SLIP-0010 needs of NIST P-256. Adding is ours and constant-time; the point of a key is OpenSSL's, whose numbers
// drop leading zeros, so that its time tells how many a key has.

#include <optional>

#include "zcrypto/secret.hpp"

namespace zcrypto::p256 {

/// left + right modulo the group order, 32 bytes each, big-endian; `left` is below the order. Empty when `right` is not
/// or when the sum is zero, which is all that its time tells.
std::optional<Secret<32>> add(base::ByteView left, base::ByteView right);

/// The compressed point of a key from 1 to n - 1.
base::FixedBytes<33> public_key(base::ByteView key);

}  // namespace zcrypto::p256
