#pragma once
// Error codes of gcrypt.

#include "base/result.hpp"

namespace gcrypt {

enum class Errc : std::int32_t {
    bad_signature = 1,   ///< The signature does not verify.
    bad_length,          ///< A key, signature or payload of the wrong size.
    unsupported_scheme,  ///< A scheme tag that is reserved or unknown.
    bad_checksum,        ///< A bech32m text with a typo, or bech32 where bech32m is meant.
    bad_character,       ///< A character outside the bech32 alphabet.
    mixed_case,          ///< Upper and lower case in one bech32 text.
    no_separator,        ///< No "1" between prefix and data.
    wrong_prefix,        ///< A well-formed text with another human-readable prefix.
    bad_padding,         ///< Left-over bits that are not zero, or too many of them.
    too_long,            ///< Above the length the checksum protects.
    bad_proof,           ///< A Merkle or VRF proof that proves nothing, or has the wrong shape.
    bad_scalar,          ///< A number that is not below the group order, or zero where that is not allowed.
    bad_point,           ///< Bytes that are no point of the curve, or not of the order asked for.
    bad_share,           ///< A share that does not belong to the commitment, group or session.
    nonces_used,         ///< Signing nonces that have signed already.
    not_a_signer,        ///< Someone outside this signing session.
    unknown_voter,       ///< An index beyond the voter set.
    no_quorum,           ///< Right signatures, but not more than two thirds of the weight.
    bad_policy,          ///< A multisig policy that breaks a rule; the note names it.
};
const base::ErrorDomain& error_domain(Errc) noexcept;

}  // namespace gcrypt
