// The genesis file. JSON for people; the chain's hash is over BCS, so spacing and key order never matter.

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "ledger/genesis.hpp"

namespace ledger {
namespace {

using Json = nlohmann::ordered_json;

/// Reads one JSON object key by key and remembers the first thing that is wrong, with its path in the file.
class Fields {
 public:
    Fields(const Json& object, std::string path, const std::string& source, std::string& error)
        : object_{object}, path_{std::move(path)}, source_{source}, error_{error} {
        if (!object.is_object()) complain("", "must be an object");
    }

    template <typename T>
    T number(const char* key) {
        const auto* value = find(key);
        if (!value) return {};
        if (!value->is_number_unsigned() || value->get<std::uint64_t>() > std::numeric_limits<T>::max()) {
            complain(key, "must be a whole number that is not negative and fits");
            return {};
        }
        return static_cast<T>(value->get<std::uint64_t>());
    }
    std::string text(const char* key) {
        const auto* value = find(key);
        if (!value) return {};
        if (!value->is_string()) {
            complain(key, "must be a string");
            return {};
        }
        return value->get<std::string>();
    }
    Amount amount(const char* key) {
        const auto digits = text(key);
        if (failed()) return 0;
        const auto value = base::u128_from_string(digits);
        if (!value) complain(key, "must be a string of decimal digits (agcc)");
        return value.value_or(0);
    }
    Address address(const char* key) {
        const auto written = text(key);
        if (failed()) return {};
        auto value = Address::parse_checked(written);
        if (!value) complain(key, value.error().text);
        return value ? *value : Address{};
    }
    base::FixedBytes<32> hex32(const char* key) {
        const auto digits = text(key);
        if (failed()) return {};
        const auto value = base::fixed_from_hex<32>(digits);
        if (!value) complain(key, "must be 64 hexadecimal digits");
        return value ? *value : base::FixedBytes<32>{};
    }
    const Json* list(const char* key) {
        const auto* value = find(key);
        if (value && !value->is_array()) complain(key, "must be a list");
        return failed() ? nullptr : value;
    }
    const Json* object(const char* key) { return find(key); }
    [[nodiscard]] bool has(const char* key) const { return object_.is_object() && object_.contains(key); }
    /// Everything in the object was asked for.
    void end(std::initializer_list<std::string_view> known) {
        if (failed()) return;
        for (const auto& [key, value] : object_.items()) {
            if (std::find(known.begin(), known.end(), key) == known.end()) complain(key.c_str(), "is not a known key");
        }
    }
    void complain(const char* key, std::string_view problem) {
        if (!failed()) error_ = fmt::format("{}: {}{} {}", source_, path_, key, problem);
    }
    [[nodiscard]] bool failed() const { return !error_.empty(); }
    [[nodiscard]] std::string below(const char* key) const { return fmt::format("{}{}.", path_, key); }
    [[nodiscard]] std::string below(const char* key, std::size_t index) const {
        return fmt::format("{}{}[{}].", path_, key, index);
    }

 private:
    const Json* find(const char* key) {
        if (failed()) return nullptr;
        const auto at = object_.find(key);
        if (at == object_.end()) {
            complain(key, "is missing");
            return nullptr;
        }
        return &*at;
    }
    const Json& object_;
    std::string path_;
    const std::string& source_;
    std::string& error_;
};

Genesis read(const Json& json, const std::string& source, std::string& error) {
    Genesis genesis;
    Fields top{json, "", source, error};
    top.end({"chain_id", "time_ms", "params", "faucet", "validators", "allocations"});
    genesis.chain_id = top.text("chain_id");
    genesis.time_ms = top.number<std::uint64_t>("time_ms");
    if (const auto* object = top.object("params")) {
        Fields params{*object, top.below("params"), source, error};
        params.end({"block_gas_limit", "elasticity", "base_fee_denominator", "base_fee_floor", "base_fee_initial",
                    "contract_upgrade_delay_ms", "rules_version", "tx_gas_divisor"});
        genesis.params.block_gas_limit = params.number<std::uint64_t>("block_gas_limit");
        genesis.params.elasticity = params.number<std::uint32_t>("elasticity");
        genesis.params.base_fee_denominator = params.number<std::uint32_t>("base_fee_denominator");
        genesis.params.base_fee_floor = params.amount("base_fee_floor");
        genesis.params.base_fee_initial = params.amount("base_fee_initial");
        genesis.params.contract_upgrade_delay_ms = params.number<std::uint64_t>("contract_upgrade_delay_ms");
        // A file without a version is one of the first.
        genesis.params.rules_version =
            params.has("rules_version") ? params.number<std::uint32_t>("rules_version") : kRulesFirst;
        if (genesis.params.rules_version > kRulesFirst) {
            genesis.params.tx_gas_divisor = params.number<std::uint32_t>("tx_gas_divisor");
        } else if (params.has("tx_gas_divisor")) {
            params.complain("tx_gas_divisor", "needs a rules_version above 1");
        }
    }
    if (top.has("faucet")) genesis.faucet = top.address("faucet");
    if (const auto* validators = top.list("validators")) {
        for (std::size_t i = 0; i < validators->size() && error.empty(); ++i) {
            Fields fields{(*validators)[i], top.below("validators", i), source, error};
            fields.end({"name", "public_key", "address", "stake"});
            GenesisValidator validator;
            validator.name = fields.text("name");
            validator.public_key = fields.hex32("public_key");
            validator.address = fields.address("address");
            validator.stake = fields.number<std::uint64_t>("stake");
            genesis.validators.push_back(std::move(validator));
        }
    }
    top.list("allocations");  // Its members were taken out, see AllocationTaker.
    return genesis;
}

/// Takes each member of the top-level list "allocations" out of the document as soon as it is complete: a million of
/// them as a document are a gigabyte.
class AllocationTaker {
 public:
    AllocationTaker(const std::string& source, std::vector<Allocation>& out) : source_{source}, out_{out} {}

    /// For Json::parse: whether the value stays in the document.
    bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
        using Event = Json::parse_event_t;
        if (depth == 1) {
            if (event == Event::key) is_next_ = parsed.get_ref<const std::string&>() == "allocations";
            if (event == Event::array_start && is_next_) begin();
            if (event == Event::array_end) inside_ = false;
        } else if (depth == 2 && inside_ && event != Event::key) {
            if (event == Event::object_start || event == Event::array_start) return true;
            take(parsed);
            return false;
        }
        return true;
    }
    /// The first thing that is wrong.
    [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
    void begin() {
        if (seen_) error_ = fmt::format("{}: allocations stands there twice", source_);
        seen_ = inside_ = true;
    }
    void take(const Json& object) {
        if (!error_.empty()) return;
        if (out_.size() == kGenesisAllocationsMax) {
            error_ = fmt::format("{}: genesis: more than {} allocations", source_, kGenesisAllocationsMax);
            return;
        }
        Fields fields{object, fmt::format("allocations[{}].", out_.size()), source_, error_};
        fields.end({"address", "amount"});
        Allocation allocation;
        allocation.address = fields.address("address");
        allocation.amount = fields.amount("amount");
        out_.push_back(allocation);
    }

    const std::string& source_;
    std::vector<Allocation>& out_;
    std::string error_;
    bool is_next_ = false;
    bool inside_ = false;
    bool seen_ = false;
};

/// `input`: whatever Json::parse reads.
template <typename Input>
base::Checked<Genesis> parse(Input&& input, const std::string& source) {
    std::vector<Allocation> allocations;
    AllocationTaker taker{source, allocations};
    const auto json = Json::parse(std::forward<Input>(input), std::ref(taker), false);
    if (json.is_discarded()) return base::explain(Errc::bad_genesis, fmt::format("{}: is not valid JSON", source));
    std::string error;
    auto genesis = read(json, source, error);
    if (error.empty()) error = taker.error();
    if (!error.empty()) return base::explain(Errc::bad_genesis, std::move(error));
    genesis.allocations = std::move(allocations);
    if (auto valid = validate(genesis); !valid) {
        return base::explain(Errc::bad_genesis, fmt::format("{}: {}", source, valid.error().text));
    }
    return genesis;
}

/// The members of the list as dump(2) would write them: neither addresses nor numbers need escapes.
void write_allocations(std::string& out, const std::vector<Allocation>& allocations) {
    for (std::size_t i = 0; i < allocations.size(); ++i) {
        out += fmt::format("{}\n    {{\n      \"address\": \"{}\",\n      \"amount\": \"{}\"\n    }}", i ? "," : "",
                           allocations[i].address.to_text(), base::to_string(allocations[i].amount));
    }
    if (!allocations.empty()) out += "\n  ";
}

}  // namespace

std::string to_json(const Genesis& genesis) {
    Json json;
    json["chain_id"] = genesis.chain_id;
    json["time_ms"] = genesis.time_ms;
    auto& params = json["params"];
    params["block_gas_limit"] = genesis.params.block_gas_limit;
    params["elasticity"] = genesis.params.elasticity;
    params["base_fee_denominator"] = genesis.params.base_fee_denominator;
    params["base_fee_floor"] = base::to_string(genesis.params.base_fee_floor);
    params["base_fee_initial"] = base::to_string(genesis.params.base_fee_initial);
    params["contract_upgrade_delay_ms"] = genesis.params.contract_upgrade_delay_ms;
    if (genesis.params.rules_version > kRulesFirst) {
        params["rules_version"] = genesis.params.rules_version;
        params["tx_gas_divisor"] = genesis.params.tx_gas_divisor;
    }
    if (genesis.faucet) json["faucet"] = genesis.faucet->to_text();
    json["validators"] = Json::array();
    for (const auto& validator : genesis.validators) {
        json["validators"].push_back({{"name", validator.name},
                                      {"public_key", base::to_hex(validator.public_key)},
                                      {"address", validator.address.to_text()},
                                      {"stake", validator.stake}});
    }
    json["allocations"] = Json::array();
    // Text from elsewhere may hold bytes that are no UTF-8; the reader refuses what this writes then.
    auto out = json.dump(2, ' ', false, Json::error_handler_t::replace);
    // Not in the document, where a million of them would take a gigabyte.
    constexpr std::string_view kEnd = "]\n}";
    out.resize(out.size() - kEnd.size());
    write_allocations(out, genesis.allocations);
    out += kEnd;
    out += '\n';
    return out;
}

base::Checked<Genesis> genesis_from_json(std::string_view text, const std::string& source) {
    return parse(text, source);
}

base::Checked<Genesis> load_genesis(const std::filesystem::path& path) {
    std::error_code ignored;
    std::ifstream in{path, std::ios::binary};
    // What cannot be opened or is too large says so when it is read as a whole.
    if (!in || std::filesystem::file_size(path, ignored) > kGenesisFileBytesMax) {
        GC_TRY(const auto text, base::read_text_file(path.string(), kGenesisFileBytesMax));
        return genesis_from_json(text, path.string());
    }
    return parse(in, path.string());
}

base::Checked<void> save_genesis(const Genesis& genesis, const std::filesystem::path& path) {
    GC_CHECK(validate(genesis));
    const auto text = to_json(genesis);
    return base::write_file_atomic(path.string(), base::as_bytes(text), {.mode = 0644});
}

}  // namespace ledger
