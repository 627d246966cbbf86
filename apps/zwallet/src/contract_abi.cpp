#include "contract_abi.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "gcrypt/address.hpp"
#include "methods.hpp"
#include "remote.hpp"
#include "views.hpp"
#include "zabi/codec.hpp"
#include "zwallet/output.hpp"

namespace zwallet {
namespace {

using nlohmann::json;

constexpr std::size_t kFileMax = 1024 * 1024;
constexpr std::string_view kWasmMagic{"\0asm", 4};

std::string fields_text(const std::vector<zabi::Field>& fields) {
    std::string out;
    for (const auto& field : fields) {
        if (!out.empty()) out += ", ";
        if (!field.name.empty()) out += field.name + ": ";
        out += field.type.signature();
    }
    return out;
}

}  // namespace

Outcome<zabi::Schema> schema_of_file(const std::string& path) {
    const auto bytes = base::read_file(path, kFileMax);
    if (!bytes) return give_up(ExitCode::usage, bytes.error());
    const auto text = base::as_text(*bytes);
    auto schema = text.starts_with(kWasmMagic) ? zabi::Schema::from_wasm(*bytes) : zabi::Schema::parse(text);
    if (!schema) return give_up(ExitCode::usage, fmt::format("{}: {}", path, schema.error().text));
    return *std::move(schema);
}

Outcome<KnownContract> fetch_contract(Remote& remote, const std::string& address, ContractSource source) {
    if (const auto parsed = gcrypt::Address::parse_checked(address); !parsed) {
        return give_up(ExitCode::usage,
                       fmt::format("'{}' is not an address: {}", printable(address), parsed.error().text));
    }
    chain::ContractRequest request;
    request.set_contract(address);
    if (source == ContractSource::node) {
        GC_TRY(auto contract, remote.call(kGetContract, request));
        return KnownContract{.contract = std::move(contract)};
    }
    GC_TRY(auto known, remote.call(kProvedContract, request));
    return KnownContract{.contract = std::move(*known.mutable_contract()), .verified = known.verified()};
}

Outcome<KnownSchema> schema_of_contract(Remote& remote, const std::string& address, ContractSource source,
                                        const std::string& abi_file) {
    GC_TRY(const auto known, fetch_contract(remote, address, source));
    if (!abi_file.empty()) {
        GC_TRY(auto schema, schema_of_file(abi_file));
        return KnownSchema{.schema = std::move(schema), .verified = known.verified};
    }
    if (known.contract.abi().empty()) {
        return give_up(ExitCode::failure, "this contract publishes no schema",
                       "get its schema from the author and name it: --abi FILE");
    }
    auto schema = zabi::Schema::parse(known.contract.abi());
    if (!schema) {
        return give_up(ExitCode::failure, fmt::format("the contract's schema is malformed: {}", schema.error().text),
                       "get its schema from the author and name it: --abi FILE");
    }
    return KnownSchema{.schema = *std::move(schema), .verified = known.verified};
}

Outcome<const zabi::Method*> find_method(const zabi::Schema& schema, const std::string& name) {
    if (const auto* method = schema.find_method(name)) return method;
    std::string known;
    for (const auto& method : schema.methods) known += (known.empty() ? "" : ", ") + method.name;
    return give_up(ExitCode::usage, fmt::format("{} has no method '{}'; it has: {}", schema.name, printable(name),
                                                known.empty() ? "none" : known));
}

std::string usage_of(const zabi::Method& method) {
    auto out = fmt::format("{}({})", method.name, fields_text(method.inputs));
    if (!method.outputs.empty()) out += " -> " + fields_text(method.outputs);
    return out;
}

std::string revert_text(const zabi::Schema* schema, const std::string& output) {
    if (output.empty()) return {};
    // Error(string) and Panic(u32) exist without a schema too.
    const zabi::Schema none;
    const auto decoded = zabi::decode_error(schema ? *schema : none, base::as_bytes(output));
    return decoded ? printable(decoded->message) : "0x" + hex(output);
}

std::string failure_text(const zabi::Schema* schema, chain::RunResult result, const std::string& error,
                         const std::string& output,
                         const google::protobuf::RepeatedPtrField<chain::TraceFrame>& trace) {
    if (result == chain::RUN_RESULT_REVERTED) {
        const auto reason = revert_text(schema, output);
        return reason.empty() ? "the contract refused without a reason" : "the contract refused: " + reason;
    }
    auto out = error.empty() ? std::string{"it failed without a reason"} : printable(error);
    for (const auto& frame : trace) {
        out += fmt::format("\n  in {} of {}", printable(frame.function()), printable(frame.contract()));
    }
    return out;
}

Outcome<json> result_of(const zabi::Method& method, const std::string& output) {
    if (method.outputs.empty() && output.empty()) return json(nullptr);
    const auto text = zabi::decode_outputs(method, base::as_bytes(output));
    auto value = text ? json::parse(*text, nullptr, false) : json(json::value_t::discarded);
    if (value.is_discarded()) {
        return give_up(ExitCode::failure,
                       fmt::format("what {} returned does not fit the schema: 0x{}", method.name, hex(output)),
                       "compare the schema: zwallet contract show");
    }
    return value;
}

json json_of_log(const zabi::Schema* schema, const chain::ContractLog& log) {
    auto out = json_of(log);
    if (!schema) return out;
    std::vector<base::Digest> topics;
    for (const auto& topic : log.topics()) {
        const auto digest = base::to_fixed<32>(base::as_bytes(topic));
        if (!digest) return out;
        topics.push_back(*digest);
    }
    const auto decoded = zabi::decode_event(*schema, topics, base::as_bytes(log.data()));
    if (!decoded) return out;
    out["name"] = decoded->event->name;
    out["fields"] = json::parse(decoded->fields, nullptr, false);
    return out;
}

std::string line_of_log(const json& log) {
    if (!log.contains("name")) {
        return fmt::format("event  topics={}  data=0x{}", log["topics"].dump(), plain_text(log["data"]));
    }
    auto out = plain_text(log["name"]);
    for (const auto& [key, value] : log["fields"].items())
        out += fmt::format("  {}={}", printable(key), plain_text(value));
    return out;
}

std::string plain_text(const json& value) {
    if (value.is_string()) return printable(value.get_ref<const std::string&>());
    return printable(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace zwallet
