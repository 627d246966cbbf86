#include "messages.hpp"

#include <algorithm>

#include "contract_run.hpp"
#include "ledger/codec.hpp"
#include "zvm/machine.hpp"

namespace ledger {
namespace {

/// The effect of one transaction's messages. Each returns a status for the receipt, or an error of the reader.
class Effects {
 public:
    Effects(Overlay& state, const Tx& tx, const BlockContext& context, const Params& params, ContractEngine& engine,
            const Observation& observation, MessagesOutcome& out)
        : state_{state},
          tx_{tx},
          context_{context},
          params_{params},
          rules_{rules_of(params)},
          engine_{engine},
          observation_{observation},
          out_{out},
          gas_left_{tx.gas_limit - std::min(tx.gas_limit, native_gas(tx, rules_of(params)))} {}

    base::Result<ExecStatus> run(const Msg& msg) {
        return std::visit([this](const auto& body) { return apply(body); }, msg);
    }

 private:
    base::Result<ExecStatus> apply(const Transfer& msg) {
        GC_TRY(const bool paid, pay_for_balance(msg.to, msg.asset, msg.amount));
        if (!paid) return ExecStatus::out_of_gas;
        GC_TRY(const auto taken, take(tx_.sender, msg.asset, msg.amount));
        if (taken != ExecStatus::success) return taken;
        GC_TRY(const auto given, give(msg.to, msg.asset, msg.amount));
        if (given != ExecStatus::success) return given;
        out_.events.push_back(TransferEvent{tx_.sender, msg.to, msg.asset, msg.amount});
        return ExecStatus::success;
    }

    base::Result<ExecStatus> apply(const BatchTransfer& msg) {
        for (const auto& transfer : msg.transfers) {
            GC_TRY(const auto status, apply(transfer));
            if (status != ExecStatus::success) return status;
        }
        return ExecStatus::success;
    }

    base::Result<ExecStatus> apply(const AssetCreate& msg) {
        const auto id = asset_id(tx_.sender, msg.symbol, tx_.nonce);
        GC_TRY(const auto existing, state_.asset(id));
        if (existing) return ExecStatus::asset_exists;
        GC_CHECK(state_.set_asset(id, {.symbol = msg.symbol,
                                       .decimals = msg.decimals,
                                       .mintable = msg.mintable,
                                       .owner = tx_.sender,
                                       .supply = msg.initial_supply}));
        GC_TRY(const bool paid, pay_for_balance(tx_.sender, id, msg.initial_supply));
        if (!paid) return ExecStatus::out_of_gas;
        GC_TRY(const auto given, give(tx_.sender, id, msg.initial_supply));
        if (given != ExecStatus::success) return given;
        out_.events.push_back(
            AssetCreatedEvent{id, tx_.sender, msg.symbol, msg.decimals, msg.mintable, msg.initial_supply});
        return ExecStatus::success;
    }

    base::Result<ExecStatus> apply(const AssetMint& msg) {
        GC_TRY(auto asset, state_.asset(msg.asset));
        if (!asset) return ExecStatus::asset_unknown;
        if (msg.asset == kGcc || asset->owner != tx_.sender) return ExecStatus::not_asset_owner;
        if (!asset->mintable) return ExecStatus::not_mintable;
        const auto supply = base::checked_add(asset->supply, msg.amount);
        if (!supply) return ExecStatus::supply_overflow;
        asset->supply = *supply;
        GC_CHECK(state_.set_asset(msg.asset, *asset));
        GC_TRY(const bool paid, pay_for_balance(msg.to, msg.asset, msg.amount));
        if (!paid) return ExecStatus::out_of_gas;
        GC_TRY(const auto given, give(msg.to, msg.asset, msg.amount));
        if (given != ExecStatus::success) return given;
        out_.events.push_back(AssetMintedEvent{msg.asset, msg.to, msg.amount});
        return ExecStatus::success;
    }

    base::Result<ExecStatus> apply(const AssetBurn& msg) {
        GC_TRY(auto asset, state_.asset(msg.asset));
        if (!asset) return ExecStatus::asset_unknown;
        GC_TRY(const auto taken, take(tx_.sender, msg.asset, msg.amount));
        if (taken != ExecStatus::success) return taken;
        // No balance exceeds the supply, so this cannot wrap.
        asset->supply -= msg.amount;
        GC_CHECK(state_.set_asset(msg.asset, *asset));
        out_.events.push_back(AssetBurnedEvent{msg.asset, tx_.sender, msg.amount});
        return ExecStatus::success;
    }

    base::Result<ExecStatus> apply(const ContractDeploy& msg) {
        if (msg.value > 0) {
            const auto address = contract_address(tx_.sender, msg.salt, code_hash(msg.code));
            GC_TRY(const bool paid, pay_for_balance(address, kGcc, msg.value));
            if (!paid) return ExecStatus::out_of_gas;
        }
        GC_TRY(auto outcome, contracts().deploy(msg, gas_left_));
        return settle(std::move(outcome));
    }
    base::Result<ExecStatus> apply(const ContractCall& msg) {
        GC_TRY(const bool paid, pay_for_balance(msg.contract, kGcc, msg.value));
        if (!paid) return ExecStatus::out_of_gas;
        GC_TRY(auto outcome, contracts().call(msg, gas_left_));
        return settle(std::move(outcome));
    }
    base::Result<ExecStatus> apply(const ContractUpgrade& msg) {
        GC_TRY(const auto outcome, contracts().upgrade(msg, gas_left_));
        gas_left_ -= outcome.gas_used;
        out_.gas_used += outcome.gas_used;
        return outcome.status;
    }

    ContractRun& contracts() {
        if (!contracts_) {
            contracts_ = std::make_unique<ContractRun>(state_, engine_.runner(),
                                                       ContractRun::Env{.block = context_,
                                                                        .params = params_,
                                                                        .rules = rules_,
                                                                        .origin = tx_.sender,
                                                                        .genesis_hash = tx_.genesis_hash,
                                                                        .trace = observation_.trace,
                                                                        .watch = observation_.watch},
                                                       out_.events);
        }
        return *contracts_;
    }
    ExecStatus settle(ContractRun::Outcome outcome) {
        gas_left_ -= outcome.gas_used;
        out_.gas_used += outcome.gas_used;
        out_.output = std::move(outcome.output);
        if (outcome.status != ExecStatus::success) out_.trace = contracts_->take_trace();
        return outcome.status;
    }

    /// Who has nothing of an asset has no record of it. False: what is left of the gas does not pay for one.
    base::Result<bool> pay_for_balance(const Address& to, const AssetId& asset, Amount amount) {
        const std::uint64_t price = rules_.state->balance_new;
        if (price == 0 || amount == 0) return true;
        GC_TRY(const auto balance, state_.balance(to, asset));
        if (balance > 0) return true;
        if (price > gas_left_) return false;
        gas_left_ -= price;
        out_.gas_used += price;
        return true;
    }

    base::Result<ExecStatus> take(const Address& from, const AssetId& asset, Amount amount) {
        GC_TRY(const auto balance, state_.balance(from, asset));
        if (balance < amount) return ExecStatus::insufficient_balance;
        GC_CHECK(state_.set_balance(from, asset, balance - amount));
        return ExecStatus::success;
    }

    base::Result<ExecStatus> give(const Address& to, const AssetId& asset, Amount amount) {
        GC_TRY(const auto balance, state_.balance(to, asset));
        const auto sum = base::checked_add(balance, amount);
        if (!sum) return ExecStatus::balance_overflow;
        GC_CHECK(state_.set_balance(to, asset, *sum));
        return ExecStatus::success;
    }

    Overlay& state_;
    const Tx& tx_;
    const BlockContext& context_;
    const Params& params_;
    const Rules& rules_;
    ContractEngine& engine_;
    Observation observation_;
    MessagesOutcome& out_;
    std::uint64_t gas_left_;  ///< For growth of the state and for contracts.
    std::unique_ptr<ContractRun> contracts_;
};

}  // namespace

base::Result<MessagesOutcome> run_messages(Overlay& state, const Tx& tx, const BlockContext& context,
                                           const Params& params, ContractEngine& engine,
                                           const Observation& observation) {
    const auto& rules = rules_of(params);
    const bool whole = rules.whole_native_gas_is_due;
    MessagesOutcome out{.gas_used = whole ? native_gas(tx, rules) : rules.native->tx};
    Effects effects{state, tx, context, params, engine, observation, out};
    for (const auto& msg : tx.msgs) {
        if (observation.watch && observation.watch->should_stop()) return base::fail(Errc::run_stopped);
        if (!whole) out.gas_used += native_gas(msg, rules);
        GC_TRY(out.status, effects.run(msg));
        if (out.status != ExecStatus::success) break;
    }
    if (out.status == ExecStatus::out_of_gas) out.gas_used = tx.gas_limit;
    if (out.status != ExecStatus::success) out.events.clear();
    // What an earlier message returned says nothing about a failure.
    if (out.status != ExecStatus::success && out.status != ExecStatus::contract_reverted) out.output.clear();
    return out;
}

base::Result<ContractResult> simulate(const StateReader& state, const BlockContext& context, Tx tx,
                                      ContractEngine& engine, zvm::Watch* watch) {
    if (tx.msgs.empty() || tx.msgs.size() > kMsgsMax) return base::fail(Errc::malformed, "message count");
    for (const auto& msg : tx.msgs) GC_CHECK(check_msg(msg));
    Overlay overlay{state};
    GC_TRY(const auto params, overlay.params());
    const auto most = tx_gas_limit_max(params);
    if (tx.gas_limit == 0 || tx.gas_limit > most) tx.gas_limit = most;
    if (tx.gas_limit < native_gas(tx, rules_of(params))) return base::fail(Errc::gas_too_low);
    GC_TRY(auto ran, run_messages(overlay, tx, context, params, engine, {.trace = true, .watch = watch}));
    return ContractResult{.status = ran.status,
                          .gas_used = ran.gas_used,
                          .output = std::move(ran.output),
                          .events = std::move(ran.events),
                          .trace = std::move(ran.trace),
                          .keys = overlay.keys()};
}

}  // namespace ledger
