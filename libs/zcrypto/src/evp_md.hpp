#pragma once
// OpenSSL's hashes, fetched once.

#include <openssl/evp.h>

#include "base/bytes.hpp"

namespace zcrypto {

enum class Evp : std::size_t { sha256, sha512, sha3_256, sha3_512, ripemd160 };
inline constexpr std::size_t kEvpCount = 5;

/// Never null, never freed.
const EVP_MD* evp_md(Evp algorithm) noexcept;

/// Only for the key fingerprints of BIP-32.
base::FixedBytes<20> ripemd160(base::ByteView message) noexcept;

}  // namespace zcrypto
