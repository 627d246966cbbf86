#pragma once
// Error codes of zcrypto.

#include "base/result.hpp"

namespace zcrypto {

enum class Errc : std::int32_t {
    bad_length = 1,         ///< A key, nonce, output or input of a size this function does not take.
    authentication_failed,  ///< Wrong key or tampered ciphertext; no plaintext is released.
    weak_parameters,        ///< A password hash below the floor that this project accepts.
    out_of_range,           ///< A parameter above its bound.
    out_of_memory,          ///< The password hash could not get its working memory.
    bad_word_count,         ///< A mnemonic has 12, 15, 18, 21 or 24 words.
    unknown_word,           ///< A mnemonic word is not in the list.
    bad_checksum,           ///< The mnemonic's words are known but do not belong together.
    bad_path,               ///< A derivation path is malformed or too deep.
    not_hardened,           ///< Ed25519 derivation (SLIP-0010) has hardened steps only.
    unsupported_text,       ///< A passphrase outside printable ASCII.
    bad_point,              ///< Bytes that do not decode to a point of the curve.
};
const base::ErrorDomain& error_domain(Errc) noexcept;

}  // namespace zcrypto
