#pragma once
// Votes, and certificates: the proof that a quorum of weight voted the same (design 03 section 5).
//
//   signed hash = BLAKE3 "ghostchain 2026 vote v1" over BCS(chain id) ‖ genesis hash ‖ epoch ‖ kind ‖ slot ‖ block hash
//   certificate = BCS: version(1) kind(1) epoch(8) slot(8) block hash(32) bitmap(bytes) signatures(64 each, by index)
//
// Who the voters are and what their votes lead to is for the consensus library above.

#include <optional>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "base/u128.hpp"
#include "gcrypt/errc.hpp"
#include "zcrypto/ed25519.hpp"

namespace gcrypt {

enum class VoteKind : std::uint8_t { notarize = 0, skip = 1, finalize = 2 };

struct Vote {
    VoteKind kind = VoteKind::finalize;
    std::uint64_t epoch = 0;
    std::uint64_t slot = 0;
    base::Digest block_hash{};  ///< All zero in a skip, which is about no block.
    friend bool operator==(const Vote&, const Vote&) = default;
};

/// The chain that a vote counts on. Borrowed.
struct VoteChain {
    std::string_view chain_id;
    const base::Digest& genesis_hash;
};
/// The 32 bytes that a validator signs.
base::Digest vote_hash(const VoteChain& chain, const Vote& vote);

inline constexpr std::size_t kMaxVoters = 1024;

struct Voter {
    zcrypto::ed25519::PublicKey key;
    std::uint64_t weight = 0;
};

/// Voters by index, with the sums that quorums need.
class VoterSet {
 public:
    /// Errors: base out_of_range (none, more than kMaxVoters, a weight of zero), already_exists (a key twice).
    static base::Result<VoterSet> make(std::vector<Voter> voters);

    [[nodiscard]] std::size_t size() const noexcept { return voters_.size(); }
    [[nodiscard]] const Voter& operator[](std::size_t index) const noexcept { return voters_[index]; }
    [[nodiscard]] base::u128 total_weight() const noexcept { return total_; }
    /// floor(2W/3) + 1: more than two thirds.
    [[nodiscard]] base::u128 quorum() const noexcept { return 2 * total_ / 3 + 1; }

 private:
    VoterSet(std::vector<Voter> voters, base::u128 total) noexcept : voters_{std::move(voters)}, total_{total} {}
    std::vector<Voter> voters_;
    base::u128 total_;
};

struct Certificate {
    Vote vote;
    base::Bytes bitmap;  ///< Bit i (least significant first) says that voter i signed; no trailing zero byte.
    std::vector<zcrypto::ed25519::Signature> signatures;  ///< One for each set bit, in order.
    friend bool operator==(const Certificate&, const Certificate&) = default;
};
base::Bytes encode(const Certificate& certificate);
/// Strict. base errors, plus `not_canonical` when bits and signatures do not match or a skip names a block.
base::Result<Certificate> decode_certificate(base::ByteView bytes);

/// Indices of the voters whose signatures in `certificate` are wrong; empty when all are right. `random` as for
/// zcrypto::ed25519::verify_batch. Errors: unknown_voter, not_canonical (base).
base::Result<std::vector<std::size_t>> certificate_culprits(const Certificate& certificate, const VoterSet& voters,
                                                            const VoteChain& chain, base::Random& random);
/// Success: a quorum signed this vote and every signature is right. Errors: unknown_voter, not_canonical (base),
/// bad_signature, no_quorum.
base::Result<void> verify_certificate(const Certificate& certificate, const VoterSet& voters, const VoteChain& chain,
                                      base::Random& random);

/// Collects the signatures of one vote until a quorum is there. They are checked together, when they could be enough:
/// one batch instead of a check each, and the wrong ones are found by halving. Not thread-safe.
class VoteCollector {
 public:
    /// `voters` must outlive it.
    VoteCollector(const VoterSet& voters, const VoteChain& chain, const Vote& vote);

    /// Errors: unknown_voter; already_exists (base) when this voter's signature is here; bad_signature when there is an
    /// unchecked other one, both were compared, and this one is wrong.
    base::Result<void> add(std::size_t voter, const zcrypto::ed25519::Signature& signature);

    /// Weight of all signatures here, checked or not.
    [[nodiscard]] base::u128 weight() const noexcept { return weight_; }
    [[nodiscard]] const Vote& vote() const noexcept { return vote_; }

    struct Outcome {
        std::optional<Certificate> certificate;
        std::vector<std::size_t>
            culprits;  ///< Voters whose signatures were wrong and are dropped; they may vote again.
    };
    /// Checks what is unchecked once the weight reaches a quorum; does nothing before that.
    Outcome try_finish(base::Random& random);

 private:
    enum class State : std::uint8_t { absent, unchecked, good };
    const VoterSet& voters_;
    Vote vote_;
    base::Digest message_;
    std::vector<State> states_;
    std::vector<zcrypto::ed25519::Signature> signatures_;
    base::u128 weight_ = 0;
};

}  // namespace gcrypt
