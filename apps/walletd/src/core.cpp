#include "core.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/bcs.hpp"

namespace walletd {
namespace {

constexpr std::string_view kVerifiedHeightFact = "verified_height";

base::Bytes height_fact(const Core& core) {
    base::BcsWriter fact;
    fact.fixed(core.trust.chain->genesis_hash);
    fact.u64(core.verified_height);
    return std::move(fact).take();
}

/// In the journal behind what it says: after a crash the floor may be a little lower than it was, never higher.
void raise_verified_height(Core& core, std::uint64_t height) {
    if (height <= core.verified_height) return;
    core.verified_height = height;
    if (std::exchange(core.writing_height, true)) return;  // it is written with a later proof, or at the end
    core.offload_call<void>(
        kWalletLane,
        [&journal = core.journal, bytes = height_fact(core)]() -> base::Checked<void> {
            if (auto stored = journal.set_fact(kVerifiedHeightFact, bytes); !stored) return explained(stored.error());
            return {};
        },
        [&core](base::Checked<void> stored) {
            core.writing_height = false;
            if (!stored) core.log.error("the proved height could not be remembered", {{"error", stored.error()}});
        });
}

}  // namespace

base::Checked<std::uint64_t> load_verified_height(Journal& journal, const Trust& trust) {
    const auto stored = journal.fact(kVerifiedHeightFact);
    if (!stored) return explained(stored.error());
    if (!*stored || !trust.chain || trust.validators.empty()) return 0;
    base::BcsReader in{**stored};
    const auto genesis_hash = in.fixed<32>();
    const auto height = in.u64();
    if (!in.finish()) return base::explain(Errc::damaged, "the wallet's record of the proved height is damaged");
    return genesis_hash == trust.chain->genesis_hash ? height : 0;
}

void save_verified_height(Core& core) {
    if (core.verified_height == 0) return;
    if (auto stored = core.journal.set_fact(kVerifiedHeightFact, height_fact(core)); !stored)
        core.log.error("the proved height could not be remembered", {{"error", stored.error()}});
}

rpc::StatusOr<std::uint64_t> expiry_height(std::uint64_t height, const Config& config) {
    // tx_valid_blocks is at most 1,000,000 by its schema, so the sum fits.
    if (height <= kHeightMax) return height + config.tx_valid_blocks;
    return std::unexpected{rpc::Status{rpc::StatusCode::data_loss,
                                       fmt::format("the node says height {}, which no chain has reached", height)}};
}

std::uint64_t proof_height_min(const Core& core, const chain::Status& status) noexcept {
    return std::max<std::uint64_t>(core.verified_height, status.finalized_height() > 0 ? 1 : 0);
}

rpc::CallHandle prove(Core& core, base::Bytes key, const ProofBounds& bounds,
                      std::move_only_function<void(rpc::StatusOr<Proved>)> done) {
    chain::ProofRequest request;
    request.set_key(std::string{base::as_text(key)});
    if (bounds.height > 0) request.set_height(bounds.height);
    return core.node.call(kChainProof, request,
                          [&core, key = std::move(key), height_min = bounds.height_min,
                           done = std::move(done)](rpc::StatusOr<chain::Proof> proof) mutable {
                              if (!proof) return done(std::unexpected{std::move(proof).error()});
                              auto proved = check_proof(*proof, core.trust, key, height_min);
                              if (!proved) return done(std::unexpected{status_for(proved.error())});
                              if (proved->final) raise_verified_height(core, proved->height);
                              done(std::move(*proved));
                          });
}

rpc::Status status_for(const base::Diagnostic& diagnostic) {
    const auto& error = diagnostic.error;
    if (error.domain != &error_domain(Errc::locked)) return rpc::status_from(diagnostic);
    const auto precondition = [&](std::string_view reason) {
        return rpc::Status{rpc::StatusCode::failed_precondition, fmt::format("{}: {}", reason, diagnostic.text)};
    };
    switch (static_cast<Errc>(error.code)) {
        case Errc::locked: return precondition("locked");
        case Errc::not_initialised: return precondition("not_initialised");
        case Errc::insufficient_funds: return precondition("insufficient_funds");
        case Errc::out_of_scope: return precondition("out_of_scope");
        case Errc::look_alike: return precondition("look_alike");
        case Errc::over_bound:
        case Errc::bad_transaction:
        case Errc::wrong_chain:
        case Errc::not_ours: return precondition("rejected");
        case Errc::already_initialised:
        case Errc::label_taken: return {rpc::StatusCode::already_exists, diagnostic.text};
        case Errc::unknown_account: return {rpc::StatusCode::invalid_argument, diagnostic.text};
        case Errc::bad_words:
        case Errc::weak_password: return {rpc::StatusCode::invalid_argument, diagnostic.text};
        case Errc::wrong_password:
        case Errc::back_off:
        case Errc::denied: return {rpc::StatusCode::permission_denied, diagnostic.text};
        case Errc::bad_proof: return {rpc::StatusCode::data_loss, diagnostic.text};
        case Errc::node_behind: return {rpc::StatusCode::unavailable, diagnostic.text};
        case Errc::not_a_wallet:
        case Errc::newer_version:
        case Errc::damaged:
        case Errc::in_use:
        case Errc::storage: break;
    }
    return {rpc::StatusCode::internal, diagnostic.text};
}

rpc::CallHandle reach_chain(Core& core, std::move_only_function<void(rpc::StatusOr<chain::Status>)> done) {
    return core.node.call(
        kChainStatus, chain::GetStatusRequest{},
        [&core, done = std::move(done)](rpc::StatusOr<chain::Status> status) mutable {
            if (!status) return done(std::move(status));
            const auto genesis = base::to_fixed<32>(base::as_bytes(status->genesis_hash()));
            if (!genesis || status->chain_id().empty() || status->chain_id().size() > ledger::kChainIdBytesMax) {
                return done(rpc::error(rpc::StatusCode::data_loss, "the node does not say which chain it serves"));
            }
            if (!core.config.genesis_hash.empty() && core.config.genesis_hash != base::to_hex(*genesis)) {
                return done(
                    rpc::error(rpc::StatusCode::failed_precondition,
                               fmt::format("rejected: the node serves the chain with genesis {}, walletd.toml names {}",
                                           base::to_hex(*genesis), core.config.genesis_hash)));
            }
            if (core.trust.chain) {
                if (core.trust.chain->genesis_hash != *genesis || core.trust.chain->chain_id != status->chain_id()) {
                    return done(rpc::error(
                        rpc::StatusCode::failed_precondition,
                        fmt::format("rejected: the node serves {} (genesis {}), this wallet belongs to {} (genesis {})",
                                    status->chain_id(), base::to_hex(*genesis), core.trust.chain->chain_id,
                                    base::to_hex(core.trust.chain->genesis_hash))));
                }
                return done(std::move(status));
            }
            core.trust.chain = ledger::ChainBinding{.chain_id = status->chain_id(), .genesis_hash = *genesis};
            core.log.info("pinned the chain met first", {{"chain_id", status->chain_id()}, {"genesis", *genesis}});
            base::BcsWriter fact;
            fact.string(status->chain_id());
            fact.fixed(*genesis);
            core.offload_call<void>(
                kWalletLane,
                [&journal = core.journal, bytes = std::move(fact).take()]() -> base::Checked<void> {
                    if (auto stored = journal.set_fact("chain", bytes); !stored) return explained(stored.error());
                    return {};
                },
                [&log = core.log](base::Checked<void> stored) {
                    if (!stored) log.error("the chain could not be remembered", {{"error", stored.error()}});
                });
            done(std::move(status));
        });
}

}  // namespace walletd
