// contract events, contract show.
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "commands_contract.hpp"
#include "contract_abi.hpp"
#include "methods.hpp"
#include "remote.hpp"
#include "views.hpp"
#include "zwallet/amount.hpp"

namespace zwallet {
namespace {

using nlohmann::json;

constexpr std::uint64_t kCatchUpNs = 60'000'000'000;
constexpr std::uint64_t kFollowNs = 3'600'000'000'000;  ///< One stream; then another takes over where it ended.
constexpr std::chrono::seconds kRetry{1};

json json_of_event(const chain::ContractEvent& event, const zabi::Schema* schema) {
    auto out = json_of_log(schema, event.log());
    out["height"] = event.position().height();
    out["tx_index"] = event.position().tx_index();
    out["event_index"] = event.position().event_index();
    out["tx_id"] = hex(event.tx_id());
    out["time_ms"] = event.time_ms();
    return out;
}

/// Shows events as they come, until there are enough or the blocks that were final at the start are through.
class EventReader {
 public:
    EventReader(Context& context, const ContractEventsOptions& options, std::optional<zabi::Schema> schema)
        : out_{context.out}, options_{options}, schema_{std::move(schema)} {}

    Outcome<void> run(Remote& remote, chain::StreamEventsRequest request) {
        GC_TRY(const auto status, remote.call(kChainStatus, chain::GetStatusRequest{}));
        until_ = status.finalized_height();
        if (!options_.follow && request.from_height() > until_) done_ = true;
        while (!done_) {
            auto read = remote.stream<chain::StreamEventsRequest, chain::EventBatch>(
                kStreamEvents, request, options_.follow ? kFollowNs : kCatchUpNs,
                [this, &request](const chain::EventBatch& batch) { return take(batch, request); });
            if (done_) break;
            if (!read && (!options_.follow || read.error().code != ExitCode::network)) return read;
            if (!options_.follow) return give_up(ExitCode::network, "the node ended the stream early", "try again");
            std::this_thread::sleep_for(kRetry);
        }
        if (!options_.follow) {
            if (events_.empty()) out_.note("no event yet");
            out_.document("contract events", {{"events", std::move(events_)}, {"scanned_height", until_}});
        }
        return {};
    }

 private:
    bool take(const chain::EventBatch& batch, chain::StreamEventsRequest& request) {
        for (const auto& event : batch.events()) {
            const auto entry = json_of_event(event, schema_ ? &*schema_ : nullptr);
            out_.line(fmt::format("{:>8}  {}  {}", event.position().height(), line_of_log(entry),
                                  out_.faint(hex(event.tx_id()))));
            // Where a broken stream goes on.
            *request.mutable_after() = event.position();
            if (options_.follow) {
                out_.document("contract events", {{"event", entry}});
            } else {
                events_.push_back(entry);
            }
            if (++shown_ == options_.limit) done_ = true;
            if (done_) return false;
        }
        if (!options_.follow && batch.scanned_height() >= until_) done_ = true;
        return !done_;
    }

    Output& out_;
    const ContractEventsOptions& options_;
    std::optional<zabi::Schema> schema_;
    json events_ = json::array();
    std::uint64_t until_ = 0;
    std::uint64_t shown_ = 0;
    bool done_ = false;
};

void show_entries(Output& out, const zabi::Schema& schema, json& document) {
    json methods = json::array();
    for (const auto& method : schema.methods) {
        std::string marks;
        if (method.view) marks += " view";
        if (method.payable) marks += " payable";
        out.field("method",
                  fmt::format("{}{}  {}", printable(usage_of(method)), marks, out.faint(printable(method.doc))));
        methods.push_back({{"name", method.name},
                           {"signature", method.signature},
                           {"selector", base::to_hex(method.selector)},
                           {"view", method.view},
                           {"payable", method.payable}});
    }
    json events = json::array();
    for (const auto& event : schema.events) {
        out.field("event", printable(event.signature));
        events.push_back({{"name", event.name}, {"signature", event.signature}, {"topic", base::to_hex(event.topic)}});
    }
    json errors = json::array();
    for (const auto& error : schema.errors) {
        out.field("error", printable(error.signature));
        errors.push_back({{"name", error.name}, {"signature", error.signature}});
    }
    document["name"] = schema.name;
    document["methods"] = std::move(methods);
    document["events"] = std::move(events);
    document["errors"] = std::move(errors);
}

}  // namespace

Outcome<void> run_contract_events(Context& context, const ContractEventsOptions& options) {
    GC_TRY(auto* remote, context.remote());
    // Nobody proves events, so nothing is gained by a proved schema.
    GC_TRY(const auto known, fetch_contract(*remote, options.address, ContractSource::node));
    std::optional<zabi::Schema> schema;
    if (!options.abi_file.empty()) {
        GC_TRY(schema, schema_of_file(options.abi_file));
    } else if (auto parsed = zabi::Schema::parse(known.contract.abi())) {
        schema = *std::move(parsed);
    }
    chain::StreamEventsRequest request;
    request.add_contracts(options.address);
    request.set_from_height(options.from_height);
    if (!options.event.empty()) {
        const auto* event = schema ? schema->find_event(options.event) : nullptr;
        if (!event) {
            return give_up(ExitCode::usage, fmt::format("the schema has no event '{}'", printable(options.event)),
                           fmt::format("zwallet contract show {}", options.address));
        }
        request.add_topics()->add_any_of(std::string{base::as_text(event->topic)});
    }
    return EventReader{context, options, std::move(schema)}.run(*remote, std::move(request));
}

Outcome<void> run_contract_show(Context& context, const std::string& address) {
    auto& out = context.out;
    GC_TRY(auto* remote, context.remote());
    GC_TRY(const auto known, fetch_contract(*remote, address, ContractSource::wallet));
    const auto& contract = known.contract;
    json document{{"contract", address},
                  {"owner", contract.owner()},
                  {"code_hash", hex(contract.code_hash())},
                  {"code_bytes", contract.code_bytes()},
                  {"balance", contract.balance()},
                  {"height", contract.height()},
                  {"verified", known.verified}};
    const auto schema = zabi::Schema::parse(contract.abi());
    if (schema) {
        out.field("name", fmt::format("{}  {}", printable(schema->name), out.faint(printable(schema->doc))));
    }
    out.field("contract", address);
    out.field("owner", printable(contract.owner()));
    out.field("balance", amount_text(contract.balance(), kCoinSymbol, kCoinDecimals));
    out.field("code", fmt::format("{} ({} bytes)", hex(contract.code_hash()), contract.code_bytes()));
    if (!contract.pending_code_hash().empty()) {
        out.field("upgrade", fmt::format("to {} at block time {} ms", hex(contract.pending_code_hash()),
                                         contract.pending_ready_ms()));
        document["pending_code_hash"] = hex(contract.pending_code_hash());
        document["pending_ready_ms"] = contract.pending_ready_ms();
    }
    if (schema) {
        show_entries(out, *schema, document);
    } else {
        out.note(contract.abi().empty() ? "it publishes no schema" : "its schema is malformed");
    }
    out.line(out.faint(fmt::format(
        "{} block {}", known.verified ? "verified against finalized" : "as the node says, at", contract.height())));
    out.document("contract show", document);
    return {};
}

}  // namespace zwallet
