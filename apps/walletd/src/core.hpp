#pragma once
// What the operations of the wallet service share. Everything here belongs to the reactor's thread, except Keystore,
// Journal and Signer, which are thread-safe and used on the offload lanes.

#include <map>

#include "account_turns.hpp"
#include "base/log.hpp"
#include "chain_client.hpp"
#include "io/offload.hpp"
#include "sign_policy.hpp"
#include "walletd/config.hpp"
#include "walletd/journal.hpp"
#include "walletd/signer.hpp"
#include "walletd/trust.hpp"

namespace walletd {

/// The lanes: passwords take a second each, everything else some milliseconds.
inline constexpr std::string_view kPasswordLane = "password";
inline constexpr std::string_view kWalletLane = "wallet";
/// Contracts that run here, each up to the gas limit of its query: about a tenth of a second.
inline constexpr std::string_view kRunLane = "run";

inline constexpr const char* kVersion = WALLETD_VERSION;

struct Core {
    const Config& config;
    io::Reactor& reactor;
    io::Offload& offload;
    Keystore& keystore;
    Journal& journal;
    Signer& signer;
    ChainClient node;
    const base::Log& log;
    base::Digest identity_key{};  ///< walletd's own public key.

    Trust trust;
    std::uint64_t verified_height = 0;  ///< Of the highest header whose certificate was checked; survives a restart.
    bool writing_height = false;        ///< raise_verified_height() has work in the lane.
    std::uint32_t sends = 0;            ///< Under way.
    AccountTurns turns;
    /// By account: every nonce below is final, proved where validators are known. An answer that was asked for before a
    /// payment became final may be older than what is known here; with it a second payment would take the first one's
    /// nonce and pass for it.
    std::map<std::uint32_t, std::uint64_t> finalized_nonces;

    /// Runs `work` on a lane and `done` with its result on the reactor, never from inside this call: who asks again on
    /// a refusal would otherwise recurse. A full lane answers RESOURCE_EXHAUSTED.
    template <typename T>
    void offload_call(std::string_view lane, std::move_only_function<base::Checked<T>()> work,
                      std::move_only_function<void(base::Checked<T>)> done) {
        auto result = std::make_shared<std::optional<base::Checked<T>>>();
        auto answer = std::make_shared<std::move_only_function<void(base::Checked<T>)>>(std::move(done));
        const auto submitted = offload.submit(
            lane, [result, work = std::move(work)]() mutable { result->emplace(work()); }, reactor,
            [result, answer]() mutable { (*answer)(std::move(**result)); });
        if (submitted) return;
        reactor.defer([answer] {
            (*answer)(base::explain(base::Errc::overloaded, "walletd has too much to do at the moment; try again"));
        });
    }
};

/// The status that a caller sees for an error of the wallet; see the reasons in wallet.proto.
rpc::Status status_for(const base::Diagnostic& diagnostic);
inline rpc::Status status_for(const base::Error& error) {
    return status_for(base::Diagnostic{.error = error, .text = base::to_string(error)});
}

/// Makes sure that the chain is known: pins it at first contact, refuses a node of another one. Calls back on the
/// reactor with the node's status. The handle must be kept.
rpc::CallHandle reach_chain(Core& core, std::move_only_function<void(rpc::StatusOr<chain::Status>)> done);

struct ProofBounds {
    std::uint64_t height = 0;      ///< Of this very block; 0: the newest that the node proves.
    std::uint64_t height_min = 0;  ///< An older block is refused; see proof_height_min().
};
/// valid_until_height of what is signed at `height`. `data_loss` with a text when no chain can have reached it.
rpc::StatusOr<std::uint64_t> expiry_height(std::uint64_t height, const Config& config);
/// The oldest block that a node may prove now: none older than what was proved before, and not the genesis, which
/// nobody signs, once the node itself speaks of later blocks.
std::uint64_t proof_height_min(const Core& core, const chain::Status& status) noexcept;
/// Asks the node for a proof of `key`, checks it and remembers how far the chain has been proved. DATA_LOSS when it
/// does not hold, UNAVAILABLE when it is about an older block than `bounds` allow. The handle must be kept.
rpc::CallHandle prove(Core& core, base::Bytes key, const ProofBounds& bounds,
                      std::move_only_function<void(rpc::StatusOr<Proved>)> done);

/// The journal's memory of Core::verified_height for the chain that `trust` names; 0 when there is none.
base::Checked<std::uint64_t> load_verified_height(Journal& journal, const Trust& trust);
/// Writes it now: when walletd ends, a height that was proved while another was being written is not written yet.
void save_verified_height(Core& core);

}  // namespace walletd
