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
    unsupported_text,       ///< A passphrase that is not UTF-8, or holds control or unassigned characters.
    bad_point,              ///< Bytes that do not decode to a point of the curve.
    bad_key,                ///< A private key of zero or not below the group order, or a public key that is no point.
    small_order,            ///< A key agreement whose result would not depend on our key.
    bad_signature,          ///< Bytes that are no signature of any message.
    bad_encoding,           ///< Text that is not the encoding it should be.
    not_enough_shares,      ///< Fewer shares than their threshold, or fewer groups.
    share_mismatch,         ///< Shares that do not belong together.
    bad_digest,             ///< The shares fit together but give no secret: one of them is false.
};
const base::ErrorDomain& error_domain(Errc) noexcept;

}  // namespace zcrypto
