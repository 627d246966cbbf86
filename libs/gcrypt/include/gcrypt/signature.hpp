#pragma once
// Transaction signature schemes behind one tag byte. Consensus code verifies here and nowhere else.

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "gcrypt/errc.hpp"
#include "zcrypto/ed25519.hpp"

namespace gcrypt {

enum class Scheme : std::uint8_t {
    ed25519_zip215_v1 = 0,
    secp256k1_bip340 = 1,  ///< Reserved: answers unsupported_scheme.
    multisig = 2,          ///< Reserved: answers unsupported_scheme.
};
/// From an untrusted tag byte. `unsupported_scheme` when it is none of the above.
base::Result<Scheme> scheme_from_tag(std::uint8_t tag) noexcept;

/// One signature to check; everything is borrowed until the verification returns.
struct SignedMessage {
    Scheme scheme;
    base::ByteView public_key;
    base::ByteView message;
    base::ByteView signature;
};

/// Success means valid. Errors: bad_signature, bad_length, unsupported_scheme.
[[nodiscard]] base::Result<void> verify(const SignedMessage& item) noexcept;

/// Collects signatures and checks them together: the same verdicts as verify() one by one, at a fraction of the cost.
/// Not thread-safe; cheap to reuse.
class BatchVerifier {
 public:
    /// Returns the item's index in the verdicts.
    std::size_t add(const SignedMessage& item);
    [[nodiscard]] std::size_t size() const noexcept { return verdicts_.size(); }
    /// Verdict of each item in order of add(); empties the batch. `random` as for zcrypto::ed25519::verify_batch.
    [[nodiscard]] std::vector<base::Result<void>> verify(base::Random& random);

 private:
    std::vector<base::Result<void>> verdicts_;
    std::vector<zcrypto::ed25519::BatchItem> items_;
    std::vector<std::size_t> index_of_item_;
};

}  // namespace gcrypt
