#pragma once
// Unicode's NFKD form (UAX #15), by libunistring, for words and passphrases that people type.

#include <string_view>

#include "zcrypto/errc.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto {

inline constexpr std::size_t kNfkdInputMax = 4096;

/// `text` in NFKD. `unsupported_text` when it is not UTF-8 or has control or unassigned characters: an unassigned one
/// may get a decomposition in a later Unicode, and the same passphrase would then be another. `out_of_range` above
/// kNfkdInputMax bytes.
base::Result<SecretBytes> nfkd(std::string_view text) noexcept;

/// Bytes of the letter, mark or printable ASCII character at the front of `text`, 0 when there is something else.
std::size_t letter_size(std::string_view text) noexcept;

}  // namespace zcrypto
