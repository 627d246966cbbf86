// contract deploy, call, upgrade: a dry run first, which says what would happen, then walletd sends and follows.
#include "commands_contract.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/random.hpp"
#include "contract_abi.hpp"
#include "gcrypt/address.hpp"
#include "sending.hpp"
#include "zabi/codec.hpp"
#include "zwallet/amount.hpp"

namespace zwallet {
namespace {

using nlohmann::json;

constexpr std::size_t kCodeMax = 256 * 1024;

Outcome<base::Bytes> read_code(const std::string& path) {
    auto code = base::read_file(path, kCodeMax);
    if (!code) return give_up(ExitCode::usage, code.error());
    if (!base::as_text(*code).starts_with(std::string_view{"\0asm", 4})) {
        return give_up(ExitCode::usage, fmt::format("{} is not a WebAssembly module", path));
    }
    return *std::move(code);
}

Outcome<wallet::SendContractRequest> start_request(Context& context, const ContractSendOptions& options) {
    GC_TRY(const auto* settings, context.config());
    wallet::SendContractRequest request;
    request.set_from(options.from.empty() ? settings->account : options.from);
    request.set_memo(options.memo);
    request.set_gas_max(options.gas_limit);
    GC_TRY(*request.mutable_fee_max(), agcc_of(options.fee_max, "fees"));
    request.set_accept_failure(options.force);
    request.set_accept_look_alike(options.accept_look_alike);
    return request;
}

/// What is sent, and what its bytes mean; the pointers may be null.
struct Plan {
    std::string command;  ///< "contract call"
    wallet::SendContractRequest request;
    const zabi::Schema* schema = nullptr;
    const zabi::Method* method = nullptr;
};

json logs_of(const Plan& plan, const google::protobuf::RepeatedPtrField<chain::Event>& events) {
    json logs = json::array();
    for (const auto& event : events) {
        if (event.has_log()) logs.push_back(json_of_log(plan.schema, event.log()));
    }
    return logs;
}

void show_logs(Output& out, const json& logs) {
    for (const auto& log : logs) out.field("event", line_of_log(log));
}

/// The result of a method, into `document` and onto the screen. What does not fit the schema is shown as it is: the
/// transaction has happened.
void show_result(Output& out, const Plan& plan, const std::string& output, json& document) {
    document["output"] = hex(output);
    if (!plan.method || plan.method->outputs.empty()) return;
    const auto value = result_of(*plan.method, output);
    if (!value) return out.warn(printable(value.error().cause));
    document["result"] = *value;
    out.field("returned", plain_text(*value));
}

/// Shows what the dry run says; a failure when the contract would refuse.
Outcome<json> preview(Output& out, const Plan& plan, const wallet::SendProgress& first, bool force) {
    const auto& trial = first.trial();
    json document{{"contract", first.contract()},  {"from", first.from()},       {"gas_limit", first.gas_limit()},
                  {"gas_trial", trial.gas_used()}, {"max_fee", first.max_fee()}, {"looks_like", first.looks_like()}};
    if (trial.result() != chain::RUN_RESULT_OK) {
        const auto why = failure_text(plan.schema, trial.result(), trial.error(), trial.output(), trial.trace());
        if (!force) {
            return give_up(ExitCode::rejected, fmt::format("{}; nothing was sent", why),
                           "--force sends all the same, and pays the fee");
        }
        out.warn(fmt::format("the trial run fails: {}", why));
    }
    out.field("contract", out.strong(printable(first.contract())));
    out.field("from", printable(first.from()));
    out.field("gas", fmt::format("{} in a trial run, at most {}", trial.gas_used(), first.gas_limit()));
    out.field("fee at most", amount_text(first.max_fee(), kCoinSymbol, kCoinDecimals));
    if (!first.looks_like().empty()) {
        out.warn(fmt::format(
            "the contract's address looks like one you know, but is another one:\n  known   {}\n  this    {}",
            printable(first.looks_like()), printable(first.contract())));
    }
    warn_instead_of(out, first);
    document["instead_of"] = json_of_instead_of(first);
    return document;
}

Outcome<void> carry_out(Context& context, Plan& plan, const ContractSendOptions& options) {
    auto& out = context.out;
    GC_TRY(auto* remote, context.remote());
    GC_TRY(const auto first, dry_run(*remote, kSendContract, plan.request));
    GC_TRY(auto document, preview(out, plan, first, options.force));
    if (options.dry_run) {
        show_result(out, plan, first.trial().output(), document);
        document["events"] = logs_of(plan, first.trial().events());
        show_logs(out, document["events"]);
        document["dry_run"] = true;
        document["tx_id"] = hex(first.receipt().tx_id());
        out.line("dry run: nothing was sent");
        out.document(plan.command, document);
        return {};
    }
    if (!first.looks_like().empty() && !options.accept_look_alike) {
        return give_up(ExitCode::denied, "the contract's address imitates one you know; nothing was sent",
                       "compare the addresses in full; --accept-look-alike sends all the same");
    }
    if (!options.yes && !confirmed(out, "Send it?"))
        return give_up(ExitCode::denied, "not confirmed; nothing was sent");

    // What was shown is what may be taken.
    plan.request.set_fee_max(first.max_fee());
    GC_TRY(auto watched, send_and_watch(out, *remote, kSendContract, plan.request, options.timeout_s));
    const auto& receipt = watched.receipt;
    const auto id = hex(receipt.tx_id());
    if (!succeeded(receipt)) {
        auto why = receipt.error().empty() ? std::string{state_name(receipt)} : printable(receipt.error());
        if (const auto reason = revert_text(plan.schema, receipt.output()); !reason.empty()) why += ": " + reason;
        return std::unexpected{failure_of(watched, why)};
    }
    out.keep_progress();
    out.line(fmt::format("{} in block {}", out.good("finalized"), receipt.height()));
    show_result(out, plan, receipt.output(), document);
    document["events"] = logs_of(plan, receipt.events());
    show_logs(out, document["events"]);
    out.field("tx", id);
    out.field("gas used", fmt::format("{}", receipt.gas_used()));
    out.field("fee", amount_text(receipt.fee(), kCoinSymbol, kCoinDecimals));
    document["receipt"] = json_of(receipt);
    document["states"] = std::move(watched.states);
    document["tx_id"] = id;
    document["height"] = receipt.height();
    document["gas_used"] = receipt.gas_used();
    out.document(plan.command, document);
    return {};
}

/// From walletd, which runs it again on what the node proved, or from the node as it is.
Outcome<wallet::ContractAnswer> ask_contract(Remote& remote, const chain::CallContractRequest& request,
                                             ContractSource source) {
    if (source == ContractSource::wallet) return remote.call(kProvedQuery, request);
    wallet::ContractAnswer answer;
    GC_TRY(*answer.mutable_run(), remote.call(kCallContract, request));
    return answer;
}

json json_of_proof(const chain::Proof& proof) {
    json out{{"key", hex(proof.key())},
             {"proof", hex(proof.proof())},
             {"header", hex(proof.raw_header())},
             {"certificate", hex(proof.certificate())},
             {"value", nullptr}};
    if (proof.has_value()) out["value"] = hex(proof.value());
    return out;
}

}  // namespace

Outcome<void> run_contract_deploy(Context& context, const ContractDeployOptions& options) {
    GC_TRY(const auto code, read_code(options.file));
    std::optional<zabi::Schema> schema;
    if (!options.send.abi_file.empty() || zabi::find_section(code)) {
        GC_TRY(schema, schema_of_file(options.send.abi_file.empty() ? options.file : options.send.abi_file));
    }
    Plan plan{.command = "contract deploy", .request = {}, .schema = schema ? &*schema : nullptr};
    GC_TRY(plan.request, start_request(context, options.send));
    auto& deploy = *plan.request.mutable_deploy();
    GC_TRY(*deploy.mutable_value(), agcc_of(options.send.value, "contracts"));
    if (schema) {
        const auto input = zabi::encode_arguments(schema->init.inputs, options.arguments);
        if (!input) return give_up(ExitCode::usage, fmt::format("{}: init {}", options.file, input.error().text));
        deploy.set_input(std::string{base::as_text(*input)});
        if (!deploy.value().empty() && !schema->init.payable) {
            return give_up(ExitCode::usage, fmt::format("{} takes no coins when it is made", schema->name));
        }
    } else if (!options.arguments.empty()) {
        return give_up(ExitCode::usage, fmt::format("{} has no schema to encode arguments by", options.file),
                       "name one: --abi FILE");
    }
    deploy.set_code(std::string{base::as_text(code)});
    // Chosen here, so that the address of the dry run is the address of the contract.
    base::Digest salt{};
    base::system_random().fill(salt);
    if (!options.salt.empty()) {
        const auto chosen = base::fixed_from_hex<32>(options.salt);
        if (!chosen) return give_up(ExitCode::usage, "--salt takes 64 hexadecimal digits");
        salt = *chosen;
    }
    deploy.set_salt(std::string{base::as_text(salt)});
    return carry_out(context, plan, options.send);
}

Outcome<void> run_contract_call(Context& context, const ContractCallOptions& options) {
    GC_TRY(auto* remote, context.remote());
    GC_TRY(const auto known,
           schema_of_contract(*remote, options.address, ContractSource::wallet, options.send.abi_file));
    if (!known.verified) context.out.warn("what this contract is, is not proved: walletd knows no validators");
    const auto& schema = known.schema;
    GC_TRY(const auto* method, find_method(schema, options.method));
    if (method->view) {
        return give_up(ExitCode::usage, fmt::format("{} changes nothing: asking is free", method->name),
                       fmt::format("zwallet contract query {} {}", options.address, method->name));
    }
    const auto input = zabi::encode_call(*method, options.arguments);
    if (!input) return give_up(ExitCode::usage, input.error().text, usage_of(*method));
    Plan plan{.command = "contract call", .request = {}, .schema = &schema, .method = method};
    GC_TRY(plan.request, start_request(context, options.send));
    auto& call = *plan.request.mutable_call();
    call.set_contract(options.address);
    call.set_input(std::string{base::as_text(*input)});
    GC_TRY(*call.mutable_value(), agcc_of(options.send.value, "contracts"));
    if (!call.value().empty() && !method->payable) {
        return give_up(ExitCode::usage, fmt::format("{} takes no coins", method->name));
    }
    return carry_out(context, plan, options.send);
}

Outcome<void> run_contract_upgrade(Context& context, const ContractUpgradeOptions& options) {
    GC_TRY(const auto code, read_code(options.file));
    GC_TRY(auto* remote, context.remote());
    GC_CHECK(fetch_contract(*remote, options.address, ContractSource::wallet));
    Plan plan{.command = "contract upgrade", .request = {}};
    GC_TRY(plan.request, start_request(context, options.send));
    auto& upgrade = *plan.request.mutable_upgrade();
    upgrade.set_contract(options.address);
    upgrade.set_code(std::string{base::as_text(code)});
    return carry_out(context, plan, options.send);
}

Outcome<void> run_contract_query(Context& context, const ContractQueryOptions& options) {
    auto& out = context.out;
    const auto source = options.unverified ? ContractSource::node : ContractSource::wallet;
    GC_TRY(auto* remote, context.remote());
    GC_TRY(const auto known, schema_of_contract(*remote, options.address, source, options.abi_file));
    const auto& schema = known.schema;
    GC_TRY(const auto* method, find_method(schema, options.method));
    const auto input = zabi::encode_call(*method, options.arguments);
    if (!input) return give_up(ExitCode::usage, input.error().text, usage_of(*method));
    chain::CallContractRequest request;
    request.set_contract(options.address);
    request.set_input(std::string{base::as_text(*input)});
    request.set_prove(options.prove);
    GC_TRY(*request.mutable_value(), agcc_of(options.value, "contracts"));
    if (!options.from.empty()) {
        if (gcrypt::Address::parse_checked(options.from)) {
            request.set_caller(options.from);
        } else {
            GC_TRY(const auto account, context.find_account(options.from));
            request.set_caller(account.address());
        }
    }
    GC_TRY(const auto answer, ask_contract(*remote, request, source));
    const auto& run = answer.run();
    // What the answer means comes from the schema: both are proved, or neither is.
    const bool verified = answer.verified() && known.verified;
    if (run.result() != chain::RUN_RESULT_OK) {
        return give_up(ExitCode::rejected, failure_text(&schema, run.result(), run.error(), run.output(), run.trace()));
    }
    GC_TRY(const auto value, result_of(*method, run.output()));
    out.line(value.is_null() ? std::string{"nothing returned"} : out.strong(plain_text(value)));
    if (!method->view) out.note("this method changes things when it is called; here nothing was changed");
    out.line(
        out.faint(fmt::format("{} block {}, {} gas", verified ? "verified against finalized" : "as the node says, at",
                              run.height(), run.gas_used())));
    json document{{"contract", options.address},         {"method", method->name},     {"result", value},
                  {"output", hex(run.output())},         {"gas_used", run.gas_used()}, {"height", run.height()},
                  {"block_hash", hex(run.block_hash())}, {"verified", verified}};
    if (options.prove) {
        json proofs = json::array();
        for (const auto& proof : run.proofs()) proofs.push_back(json_of_proof(proof));
        out.line(fmt::format("{} Merkle proofs of {} that it read{}", run.proofs_size(),
                             run.proofs_complete() ? "all" : "a part of what", verified ? "" : ", not checked"));
        document["proofs"] = std::move(proofs);
        document["proofs_complete"] = run.proofs_complete();
    }
    out.document("contract query", document);
    return {};
}

}  // namespace zwallet
