#include "call_proof/guard.hpp"

#include <algorithm>

namespace call_proof {

Guard::Guard(const GuardOptions& options, base::Random& random) : options_{options} { random.fill(challenge_); }

void Guard::forget_expired() {
    for (auto caller = used_.begin(); caller != used_.end();) {
        auto& used = caller->second;
        const auto expired = [&](const auto& entry) { return now_ms_ - entry.first > options_.window_ms; };
        // By time, the oldest first. Those from the future are not expired: see admit() for the bound of that.
        while (!used.empty() && used.begin()->first < now_ms_ && expired(*used.begin())) {
            used.erase(used.begin());
            --remembered_;
        }
        caller = used.empty() ? used_.erase(caller) : std::next(caller);
    }
}

base::Result<base::Digest> Guard::admit(const Proof& proof, const Call& call, std::uint64_t now_ms) {
    now_ms_ = std::max(now_ms_, now_ms);
    if (proof.audience != options_.audience) return fail(Errc::other_audience);
    if (proof.challenge != challenge_) return fail(Errc::other_challenge);
    if (proof.time_ms < now_ms_ && now_ms_ - proof.time_ms > options_.window_ms) return fail(Errc::too_old);
    if (proof.time_ms > now_ms_ && proof.time_ms - now_ms_ > options_.window_ms) return fail(Errc::too_new);
    const auto digest = digest_of(proof, call);
    if (!zcrypto::ed25519::verify_strict({proof.caller}, digest, proof.signature)) return fail(Errc::bad_signature);

    forget_expired();
    const auto of_caller = used_.find(proof.caller);
    if (of_caller != used_.end()) {
        if (of_caller->second.contains({proof.time_ms, proof.nonce})) return fail(Errc::replayed);
        if (of_caller->second.size() >= options_.per_caller_max) return fail(Errc::overloaded, "of this caller");
    }
    if (remembered_ >= options_.total_max) return fail(Errc::overloaded, "of all callers");
    used_[proof.caller].emplace(proof.time_ms, proof.nonce);
    ++remembered_;
    return digest;
}

}  // namespace call_proof
