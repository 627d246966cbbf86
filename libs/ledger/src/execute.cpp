#include "ledger/execute.hpp"

#include <algorithm>

#include "base/bcs.hpp"
#include "ledger/codec.hpp"
#include "ledger/contracts.hpp"
#include "messages.hpp"

namespace ledger {
namespace {

template <typename... F>
struct Overloaded : F... {
    using F::operator()...;
};

bool is_symbol(std::string_view symbol) noexcept {
    const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    return !symbol.empty() && symbol.size() <= kSymbolBytesMax && symbol != kGccSymbol && upper(symbol[0]) &&
           std::all_of(symbol.begin(), symbol.end(), [&](char c) { return upper(c) || (c >= '0' && c <= '9'); });
}

/// What the decoder would accept: a transaction made in this process must not be one that no peer can read.
bool is_memo(const std::string& memo) {
    if (memo.empty()) return true;
    if (memo.size() > kMemoBytesMax) return false;
    base::BcsWriter out;
    out.string(memo);
    base::BcsReader in{out.view()};
    static_cast<void>(in.string(kMemoBytesMax));
    return in.ok();
}

base::Result<void> check_amount(Amount amount) {
    if (amount == 0) return base::fail(Errc::bad_amount, "zero");
    return {};
}

base::Result<void> check_input(const base::Bytes& input) {
    if (input.size() > kContractInputMax) return base::fail(Errc::malformed, "input size");
    return {};
}

}  // namespace

base::Result<void> check_msg(const Msg& msg) {
    return std::visit(Overloaded{[](const Transfer& m) { return check_amount(m.amount); },
                                 [](const BatchTransfer& m) -> base::Result<void> {
                                     if (m.transfers.empty() || m.transfers.size() > kBatchTransfersMax) {
                                         return base::fail(Errc::malformed, "batch size");
                                     }
                                     for (const auto& transfer : m.transfers) GC_CHECK(check_amount(transfer.amount));
                                     return {};
                                 },
                                 [](const AssetCreate& m) -> base::Result<void> {
                                     if (!is_symbol(m.symbol)) return base::fail(Errc::malformed, "asset symbol");
                                     if (m.decimals > kDecimalsMax)
                                         return base::fail(Errc::malformed, "asset decimals");
                                     if (m.initial_supply == 0 && !m.mintable)
                                         return base::fail(Errc::bad_amount, "asset without units");
                                     return {};
                                 },
                                 [](const AssetMint& m) { return check_amount(m.amount); },
                                 [](const AssetBurn& m) { return check_amount(m.amount); },
                                 [](const ContractDeploy& m) -> base::Result<void> {
                                     if (m.code.empty() || m.code.size() > kCodeBytesMax) {
                                         return base::fail(Errc::malformed, "code size");
                                     }
                                     return check_input(m.input);
                                 },
                                 [](const ContractCall& m) { return check_input(m.input); },
                                 [](const ContractUpgrade& m) -> base::Result<void> {
                                     if (m.code.size() > kCodeBytesMax) return base::fail(Errc::malformed, "code size");
                                     if (!m.code.empty() && code_hash(m.code) != m.code_hash) {
                                         return base::fail(Errc::malformed, "code has another hash");
                                     }
                                     return {};
                                 }},
                      msg);
}

namespace {

/// GCC that a message takes from its sender. Nothing on overflow.
std::optional<Amount> gcc_spent(const Msg& msg) {
    return std::visit(
        Overloaded{[](const Transfer& m) -> std::optional<Amount> { return m.asset == kGcc ? m.amount : 0; },
                   [](const BatchTransfer& m) -> std::optional<Amount> {
                       std::optional<Amount> sum = Amount{0};
                       for (const auto& transfer : m.transfers) {
                           if (transfer.asset == kGcc && sum) sum = base::checked_add(*sum, transfer.amount);
                       }
                       return sum;
                   },
                   [](const AssetBurn& m) -> std::optional<Amount> { return m.asset == kGcc ? m.amount : 0; },
                   [](const ContractDeploy& m) -> std::optional<Amount> { return m.value; },
                   [](const ContractCall& m) -> std::optional<Amount> { return m.value; },
                   [](const auto&) -> std::optional<Amount> { return 0; }},
        msg);
}

/// One block in the making.
class BlockRun {
 public:
    BlockRun(const StateReader& parent, const BlockContext& context, ContractEngine& engine)
        : state_{parent}, context_{context}, engine_{engine} {}

    base::Result<void> start() {
        GC_TRY(params_, state_.params());
        return {};
    }

    /// Success, or why this transaction cannot stand here; the state is unchanged then.
    base::Result<void> add(const VerifiedTx& verified) {
        const auto& tx = verified.tx();
        GC_TRY(const auto account, state_.account(tx.sender));
        GC_TRY(const auto balance, state_.balance(tx.sender, kGcc));
        GC_TRY(const auto standing,
               check_state(tx, account, balance,
                           {.height = context_.height, .base_fee = context_.base_fee, .params = params_}));
        if (standing.nonce_gap > 0) return base::fail(Errc::nonce_too_high);
        const auto bytes = verified.encoded().size();
        if (result_.txs.size() == kBlockTxsMax) return base::fail(Errc::block_full, "count");
        if (bytes_ + bytes > kBlockBytesMax - kHeaderBytesMax) return base::fail(Errc::block_full, "bytes");
        if (tx.gas_limit > params_.block_gas_limit - result_.gas_used) return base::fail(Errc::block_full, "gas");
        bytes_ += bytes;
        return charge_and_run(verified, balance);
    }

    base::Result<BlockResult> finish(const BlockEnd& end) {
        // Tips arrive when the block is done: a proposer cannot spend them within it.
        if (result_.tips > 0) {
            GC_TRY(const auto balance, state_.balance(context_.proposer, kGcc));
            const auto sum = base::checked_add(balance, result_.tips);
            if (!sum) return base::fail(Errc::corrupt_chain, "proposer balance");
            GC_CHECK(state_.set_balance(context_.proposer, kGcc, *sum));
        }
        if (result_.base_fee_burned > 0) {
            GC_TRY(auto gcc, state_.asset(kGcc));
            if (!gcc || gcc->supply < result_.base_fee_burned) return base::fail(Errc::corrupt_chain, "GCC supply");
            gcc->supply -= result_.base_fee_burned;
            GC_CHECK(state_.set_asset(kGcc, *gcc));
        }
        if (end) GC_CHECK(end(context_, state_));
        for (const auto& address : state_.changed_addresses()) {
            GC_TRY(const auto account, state_.account(address));
            GC_TRY(const auto balance, state_.balance(address, kGcc));
            result_.touched.push_back({address, account.nonce, balance});
        }
        result_.writes = state_.writes();
        // The next block goes by the parameters that this one leaves, live as after a restart.
        GC_TRY(result_.params, state_.params());
        result_.next_base_fee = next_base_fee(result_.params, context_.base_fee, result_.gas_used);
        return std::move(result_);
    }

    [[nodiscard]] std::uint64_t gas_used() const noexcept { return result_.gas_used; }
    [[nodiscard]] std::uint64_t last_gas_used() const noexcept { return result_.receipts.back().gas_used; }
    void skip(const VerifiedTx& tx, const base::Error& error) { result_.skipped.push_back({tx.id(), error}); }

 private:
    base::Result<void> charge_and_run(const VerifiedTx& verified, Amount balance) {
        const auto& tx = verified.tx();
        // check_state() has shown base_fee <= max_fee and gas_limit × max_fee <= balance: nothing here overflows.
        const auto room = tx.max_fee_per_gas - context_.base_fee;
        const Amount tip = std::min(room, tx.tip_per_gas);
        const Amount price = context_.base_fee + tip;
        GC_CHECK(state_.set_account(tx.sender, {.nonce = tx.nonce + 1}));
        GC_CHECK(state_.set_balance(tx.sender, kGcc, balance - tx.gas_limit * price));

        const auto mark = state_.mark();
        GC_TRY(auto ran, run_messages(state_, tx, context_, params_, engine_));
        if (ran.status != ExecStatus::success) state_.rollback(mark);
        Receipt receipt{.status = ran.status, .gas_used = ran.gas_used};
        receipt.events = std::move(ran.events);
        if (ran.output.size() > kReceiptOutputMax) ran.output.resize(kReceiptOutputMax);
        receipt.output = std::move(ran.output);
        receipt.fee = receipt.gas_used * price;
        GC_TRY(const auto left, state_.balance(tx.sender, kGcc));
        GC_CHECK(state_.set_balance(tx.sender, kGcc, left + (tx.gas_limit - receipt.gas_used) * price));

        result_.gas_used += receipt.gas_used;
        result_.base_fee_burned += receipt.gas_used * context_.base_fee;
        result_.tips += receipt.gas_used * tip;
        result_.txs.push_back(verified);
        result_.receipts.push_back(std::move(receipt));
        return {};
    }

    Overlay state_;
    BlockContext context_;
    ContractEngine& engine_;
    Params params_;
    BlockResult result_;
    std::size_t bytes_ = 0;
};

/// Errors that say something about the transaction, as opposed to the database.
bool is_about_tx(const base::Error& error) noexcept {
    return error.domain == &error_domain(Errc{}) && !error.is(Errc::corrupt_chain);
}

}  // namespace

std::uint64_t native_gas(const Msg& msg, const Rules& rules) noexcept {
    const auto& price = *rules.native;
    return std::visit(
        Overloaded{
            [&](const Transfer&) { return price.transfer; },
            [&](const BatchTransfer& m) { return price.transfer * m.transfers.size(); },
            [&](const AssetCreate&) { return price.asset_create; }, [&](const AssetMint&) { return price.asset_mint; },
            [&](const AssetBurn&) { return price.asset_burn; },
            [&](const ContractDeploy& m) {
                return price.contract_deploy + price.code_byte * m.code.size() + price.input_byte * m.input.size();
            },
            [&](const ContractCall& m) { return price.contract_call + price.input_byte * m.input.size(); },
            [&](const ContractUpgrade& m) { return price.contract_upgrade + price.code_byte * m.code.size(); }},
        msg);
}

std::uint64_t native_gas(const Tx& tx, const Rules& rules) noexcept {
    auto sum = rules.native->tx + (tx.nonce == 0 ? rules.native->account_new : 0);
    for (const auto& msg : tx.msgs) sum += native_gas(msg, rules);
    return sum;
}

std::uint64_t gas_bound(const Tx& tx, const Rules& rules) noexcept {
    const std::uint64_t balance = rules.state->balance_new;
    auto sum = native_gas(tx, rules);
    for (const auto& msg : tx.msgs) {
        sum += std::visit(
            Overloaded{[&](const Transfer&) { return balance; },
                       [&](const BatchTransfer& m) { return balance * m.transfers.size(); },
                       [&](const AssetCreate& m) { return m.initial_supply > 0 ? balance : 0; },
                       [&](const AssetMint&) { return balance; }, [&](const AssetBurn&) { return std::uint64_t{0}; },
                       [&](const ContractDeploy& m) { return rules.native->code_new + (m.value > 0 ? balance : 0); },
                       [&](const ContractCall& m) { return m.value > 0 ? balance : 0; },
                       [&](const ContractUpgrade& m) { return m.code.empty() ? 0 : rules.native->code_new; }},
            msg);
    }
    return sum;
}

base::Result<Amount> max_fee(const Tx& tx) {
    const auto fee = base::checked_mul(tx.gas_limit, tx.max_fee_per_gas);
    if (!fee) return base::fail(Errc::bad_fee, "gas_limit x max_fee_per_gas overflows");
    return *fee;
}

base::Result<Amount> max_cost(const Tx& tx) {
    GC_TRY(auto cost, max_fee(tx));
    for (const auto& msg : tx.msgs) {
        const auto spent = gcc_spent(msg);
        const auto sum = spent ? base::checked_add(cost, *spent) : std::nullopt;
        if (!sum) return base::fail(Errc::bad_amount, "sum overflows");
        cost = *sum;
    }
    return cost;
}

Amount next_base_fee(const Params& params, Amount base_fee, std::uint64_t gas_used) {
    const auto target = std::max<std::uint64_t>(params.block_gas_limit / params.elasticity, 1);
    const auto distance = gas_used > target ? gas_used - target : target - gas_used;
    // Beyond 2^64 the order of operations changes to stay inside 128 bits; the rule stays deterministic.
    const auto product = base::checked_mul(base_fee, distance);
    Amount step = product ? *product / target / params.base_fee_denominator
                          : base_fee / target * distance / params.base_fee_denominator;
    if (gas_used > target) {
        step = std::max<Amount>(step, 1);
        const auto sum = base::checked_add(base_fee, step);
        return std::max(sum ? *sum : base_fee, params.base_fee_floor);
    }
    return std::max(base_fee - std::min(step, base_fee), params.base_fee_floor);
}

Amount base_fee_ceiling(const Params& params, Amount base_fee, unsigned blocks) {
    for (unsigned i = 0; i < blocks; ++i) base_fee = next_base_fee(params, base_fee, params.block_gas_limit);
    return base_fee;
}

base::Result<void> check_form(const SignedTx& signed_tx, const Hash& genesis_hash) {
    const auto& tx = signed_tx.tx;
    if (tx.version != kTxVersion) return base::fail(Errc::bad_version, "transaction");
    if (tx.genesis_hash != genesis_hash) return base::fail(Errc::wrong_chain, "genesis hash");
    if (signed_tx.auth.scheme != Scheme::ed25519_zip215_v1) return base::fail(Errc::unsupported_scheme);
    if (tx.msgs.empty() || tx.msgs.size() > kMsgsMax) return base::fail(Errc::malformed, "message count");
    if (!is_memo(tx.memo)) return base::fail(Errc::malformed, "memo");
    for (const auto& msg : tx.msgs) GC_CHECK(check_msg(msg));
    if (encoded_size(signed_tx) > tx_bytes_max(tx)) return base::fail(Errc::too_large, "transaction");
    if (tx.nonce == ~std::uint64_t{0}) return base::fail(Errc::malformed, "nonce");
    if (tx.tip_per_gas > tx.max_fee_per_gas) return base::fail(Errc::bad_fee, "tip above max fee");
    GC_TRY([[maybe_unused]] const auto cost, max_cost(tx));
    // The rules of the chain ask for as much or more; check_state() knows them.
    if (tx.gas_limit < native_gas(tx, *find_rules(kRulesFirst))) return base::fail(Errc::gas_too_low);
    return {};
}

base::Result<TxStanding> check_state(const Tx& tx, const Account& account, Amount gcc_balance,
                                     const TxContext& context) {
    if (tx.nonce < account.nonce) return base::fail(Errc::nonce_too_low);
    if (tx.valid_until_height < context.height) return base::fail(Errc::expired);
    if (tx.gas_limit > tx_gas_limit_max(context.params)) return base::fail(Errc::gas_too_high);
    if (tx.gas_limit < native_gas(tx, rules_of(context.params))) return base::fail(Errc::gas_too_low);
    if (tx.max_fee_per_gas < context.base_fee) return base::fail(Errc::fee_below_base);
    GC_TRY(const auto fee, max_fee(tx));
    if (fee > gcc_balance) return base::fail(Errc::underfunded);
    return TxStanding{.nonce_gap = tx.nonce - account.nonce};
}

base::Result<BlockResult> execute_block(const StateReader& parent, const BlockContext& context,
                                        std::span<const VerifiedTx> txs, OnInvalid on_invalid, ContractEngine* engine,
                                        const BlockEnd& end) {
    std::optional<ContractEngine> own;
    BlockRun run{parent, context, engine ? *engine : own.emplace()};
    GC_CHECK(run.start());
    for (const auto& tx : txs) {
        const auto added = run.add(tx);
        if (added) continue;
        if (on_invalid == OnInvalid::refuse_block || !is_about_tx(added.error())) return std::unexpected{added.error()};
        run.skip(tx, added.error());
    }
    return run.finish(end);
}

base::Result<BlockResult> build_block(const StateReader& parent, const BlockContext& context, TxSource& source,
                                      ContractEngine& engine, const BlockEnd& end) {
    BlockRun run{parent, context, engine};
    GC_CHECK(run.start());
    while (const auto* tx = source.next(run.gas_used())) {
        if (const auto added = run.add(*tx)) {
            source.included(run.last_gas_used());
        } else if (is_about_tx(added.error())) {
            source.refused(added.error());
        } else {
            return std::unexpected{added.error()};
        }
    }
    return run.finish(end);
}

}  // namespace ledger
