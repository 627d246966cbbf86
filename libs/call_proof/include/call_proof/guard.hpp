#pragma once
// The service's side: lets each proof in once.

#include <map>
#include <set>
#include <utility>

#include "base/random.hpp"
#include "call_proof/proof.hpp"

namespace call_proof {

struct GuardOptions {
    base::Digest audience{};           ///< The service's own identity key.
    std::uint64_t window_ms = 60'000;  ///< How far a caller's clock and ours may differ, travel time included.
    /// Proofs of one caller that are remembered at the same time, each for up to twice the window; about 80 bytes each.
    std::size_t per_caller_max = 32'768;
    std::size_t total_max = 131'072;
};

/// Remembers what was used until its time is over, and refuses (`overloaded`) rather than forget. One thread.
class Guard {
 public:
    /// `random` makes the challenge of this run.
    explicit Guard(const GuardOptions& options, base::Random& random = base::system_random());

    [[nodiscard]] std::uint64_t window_ms() const noexcept { return options_.window_ms; }
    [[nodiscard]] const Challenge& challenge() const noexcept { return challenge_; }

    /// The call's digest when the proof is for this call, fresh and unused; it is used then. `proof.caller` is proved
    /// by that and nothing else: whether this caller may is for the service, which asks that first, so that strangers
    /// cost no signature check. `now_ms` is Unix time; going backwards revives nothing.
    /// `other_audience`, `other_challenge`, `bad_signature`, `too_old`, `too_new`, `replayed`, `overloaded`.
    base::Result<base::Digest> admit(const Proof& proof, const Call& call, std::uint64_t now_ms);

    /// Proofs remembered now.
    [[nodiscard]] std::size_t remembered() const noexcept { return remembered_; }

 private:
    /// A proof's time and nonce are signed: the same pair is the same proof. Ordered, since callers choose both.
    using Used = std::set<std::pair<std::uint64_t, Nonce>>;
    void forget_expired();

    GuardOptions options_;
    Challenge challenge_{};
    std::uint64_t now_ms_ = 0;  ///< The latest time seen.
    std::size_t remembered_ = 0;
    std::map<base::Digest, Used> used_;
};

}  // namespace call_proof
