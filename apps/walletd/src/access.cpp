#include "access.hpp"

#include <fmt/format.h>

#include "bridge_client/caller.hpp"
#include "call_proof/answer.hpp"
#include "method_table.hpp"

namespace walletd {
namespace {

constexpr std::string_view kWalletPrefix = "/ghost.wallet.";

rpc::Status refusal(const base::Error& error, std::uint64_t window_s) {
    const auto text = fmt::format("the call is not proved: {}", base::to_string(error));
    if (error.is(call_proof::Errc::overloaded)) return {rpc::StatusCode::resource_exhausted, text};
    if (error.is(call_proof::Errc::too_old) || error.is(call_proof::Errc::too_new)) {
        return {rpc::StatusCode::unauthenticated,
                fmt::format("{}; it was under way for more than {} s, or the clocks differ by more", text, window_s)};
    }
    return {rpc::StatusCode::unauthenticated, text};
}

}  // namespace

Access::Access(Options options)
    : key_{std::move(options.key)},
      clock_{options.clock},
      guard_{{.audience = key_.public_key().bytes, .window_ms = options.config.call_proof_window_s * 1000}} {
    const auto add = [this](const std::string& key, unsigned roles) {
        if (const auto digest = base::fixed_from_hex<32>(key)) roles_[*digest] |= roles;
    };
    if (!options.config.bridge_key.empty()) add(options.config.bridge_key, kService);
    for (const auto& peer : options.config.peers) {
        for (const auto& role : peer.roles)
            add(peer.key, role == "service" ? kService : role == "admin" ? kAdmin : kClient);
    }
}

unsigned Access::roles_of(const base::Digest& key) const noexcept {
    const auto found = roles_.find(key);
    return found == roles_.end() ? 0 : found->second;
}

rpc::Status Access::may_call(const rpc::CallInfo& info) const {
    if (!info.peer.public_key) return {rpc::StatusCode::unauthenticated, "walletd wants a client certificate"};
    const auto listed = [this](const base::Digest& key) { return (roles_of(key) & (kClient | kAdmin)) != 0; };
    const auto& peer = *info.peer.public_key;
    const bool bridge = (roles_of(peer) & kService) != 0;
    if (!bridge && !listed(peer)) {
        return {rpc::StatusCode::permission_denied,
                fmt::format("the key {} is not listed in walletd's configuration", base::to_hex(peer))};
    }
    // A share is all that the bridge's word gives here.
    info.grant.caller = bridge_client::caller_of(info, bridge);
    if (!bridge || info.path.starts_with(kWalletPrefix)) return {};
    const auto vouched = info.metadata.get(bridge_client::kCallerKeyField);
    if (!vouched) return {};  // its own health checks
    const auto key = base::fixed_from_hex<32>(*vouched);
    if (key && listed(*key)) return {};
    return {rpc::StatusCode::permission_denied, "the caller's key is not listed in walletd's configuration"};
}

rpc::StatusOr<base::Digest> Access::prove(const rpc::CallContext& call, base::ByteView request) {
    const auto fields = call.metadata().all(call_proof::kProofField);
    const auto& peer = *call.peer().public_key;  // may_call() saw it
    const auto unproved = [&](rpc::Status status) {
        (void)call.add_trailing(std::string{call_proof::kChallengeField},
                                std::string{base::as_text(guard_.challenge())});
        return std::unexpected{std::move(status)};
    };
    if (fields.empty()) {
        // On a connection of its own a caller has proved its key by TLS, which ends here. A bridge has proved its own.
        if ((roles_of(peer) & kService) == 0) return peer;
        return unproved({rpc::StatusCode::unauthenticated,
                         "a call through a bridge must carry a proof of its caller (ghost-call-proof-bin)"});
    }
    if (fields.size() > 1) return unproved({rpc::StatusCode::unauthenticated, "the call carries more than one proof"});
    const auto proof = call_proof::decode(base::as_bytes(fields.front()));
    if (!proof) return unproved(refusal(proof.error(), 0));
    if ((roles_of(proof->caller) & (kClient | kAdmin)) == 0) {
        return unproved({rpc::StatusCode::permission_denied,
                         fmt::format("the key {} is not listed as a client in walletd's configuration",
                                     base::to_hex(proof->caller))});
    }
    const auto digest = guard_.admit(*proof, {.path = call.path(), .request = request}, clock_.unix_ms());
    // Never signed: a signed refusal of the second use could pass for the answer to the first.
    if (!digest) return unproved(refusal(digest.error(), guard_.window_ms() / 1000));
    call.set_seal(call_proof::make_seal(*digest, key_));
    return proof->caller;
}

rpc::StatusOr<base::Digest> Access::admit(const rpc::CallContext& call, base::ByteView request) {
    const auto* rule = rule_of(call.path());
    GC_ASSERT(rule != nullptr);  // a method is added together with its line in the table
    GC_TRY(const auto caller, prove(call, request));
    const auto roles = roles_of(caller);
    const auto wanted = rule->need == Need::admin ? kAdmin : rule->need == Need::client ? kClient : kClient | kAdmin;
    if ((roles & wanted) != 0) return caller;
    return rpc::error(rpc::StatusCode::permission_denied,
                      fmt::format("the key {} has not the role {} in walletd's configuration", base::to_hex(caller),
                                  rule->need == Need::admin ? "admin" : "client"));
}

}  // namespace walletd
