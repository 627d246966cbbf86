#include "script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.hpp"
#include "coverage.hpp"
#include "debug_names.hpp"
#include "gcrypt/address.hpp"
#include "gcrypt/hash.hpp"
#include "values.hpp"
#include "zabi/codec.hpp"

namespace contract_kit {
namespace {

namespace fs = std::filesystem;
using base::Errc;

constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;
constexpr std::size_t kWasmBytesMax = 16 * 1024 * 1024;
constexpr std::uint64_t kGasOfStep = 10'000'000;
constexpr const char* kUsualAccounts[] = {"alice", "bob", "carol", "dave", "erin"};
const auto kUsualBalance = base::u128{1'000'000} * 1'000'000'000'000'000'000u;

std::unexpected<base::Diagnostic> wrong(const std::string& text) { return base::explain(Errc::invalid_argument, text); }

base::Checked<Json> read_json(const std::string& path) {
    GC_TRY(const auto text, base::read_text_file(path, kFileBytesMax));
    int depth = 0;
    for (const char c : text) {
        if ((c == '[' || c == '{') && ++depth > 1024) return wrong(path + ": nests too deep");
        if (c == ']' || c == '}') --depth;
    }
    auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false, /*ignore_comments=*/true);
    if (json.is_discarded()) return wrong(path + ": not JSON");
    return json;
}

const Json& member(const Json& json, const char* key) {
    static const Json kNull;
    const auto it = json.find(key);
    return it == json.end() ? kNull : *it;
}

base::Checked<void> check_keys(const Json& json, std::initializer_list<std::string_view> allowed) {
    if (!json.is_object()) return wrong("must be an object");
    for (const auto& [key, value] : json.items()) {
        if (std::ranges::find(allowed, key) == allowed.end()) return wrong("unknown key '" + key + "'");
    }
    return {};
}

std::string hex(base::ByteView bytes) { return "0x" + base::to_hex(bytes); }

struct Parts {
    fs::path file;
    std::map<std::string, LoadedProgram*> programs;
    std::map<std::string, base::u128> accounts;
};

/// One test: a chain, who is who on it, and what went wrong.
class Case {
 public:
    Case(const Parts& parts, ScriptContext& context, Json& snapshots, const Json& settings)
        : parts_{parts}, context_{context}, snapshots_{snapshots} {
        for (const auto& [name, program] : parts.programs) chain_.know(program->program);
        for (const auto& [name, balance] : parts.accounts) {
            const auto address = gcrypt::hash(gcrypt::Domain::address, base::as_bytes("zvm test account " + name));
            names_[name] = address;
            chain_.set_balance(address, {}, balance);
        }
        if (settings.contains("time_ms")) chain_.time_ms = settings["time_ms"].get<std::uint64_t>();
        if (settings.contains("height")) chain_.height = settings["height"].get<std::uint64_t>();
        chain_.on_call = [this](const Program& program, base::ByteView input, bool is_init, std::uint64_t gas) {
            if (context_.checks_outcomes)
                context_.gas[program.name + "." + method_name(program, input, is_init)].push_back(gas);
        };
    }

    /// False: the test cannot go on.
    bool step(const Json& step, const std::string& where, const std::string& test) {
        test_ = test;
        where_ = where;
        const auto before = failures_.size();
        const auto done = perform(step);
        if (!done) fail(done.error().text);
        return failures_.size() == before;
    }
    [[nodiscard]] std::uint64_t gas() const noexcept { return gas_; }
    void forget_gas() noexcept { gas_ = 0; }
    std::vector<std::string> take_failures() { return std::move(failures_); }

 private:
    void fail(const std::string& what) { failures_.push_back(where_ + ": " + what); }

    std::optional<base::Digest> address(const std::string& name) const {
        const auto it = names_.find(name);
        return it == names_.end() ? std::nullopt : std::optional{it->second};
    }
    Names names() const {
        return [this](const std::string& name) { return address(name); };
    }
    base::Checked<base::Digest> party(const std::string& name) const {
        if (const auto found = address(name)) return *found;
        return wrong("nobody is called '" + name + "'");
    }
    static std::string method_name(const Program& program, base::ByteView input, bool is_init) {
        if (is_init) return "init";
        if (input.empty()) return "(payment)";
        if (program.schema && input.size() >= 4) {
            zabi::Selector selector;
            std::copy_n(input.begin(), 4, selector.begin());
            if (const auto* const method = program.schema->find_method(selector)) return method->name;
        }
        return "(unknown)";
    }

    base::Checked<void> perform(const Json& step) {
        if (!step.is_object()) return wrong("a step is an object");
        if (step.contains("deploy")) return deploy(step);
        if (step.contains("call")) return call(step, "call");
        if (step.contains("query")) return call(step, "query");
        if (step.contains("raw")) return raw(step);
        if (step.contains("advance")) return advance(step);
        if (step.contains("fund")) return fund(step);
        if (step.contains("check")) return check(step);
        if (step.contains("snapshot")) return snapshot(step);
        return wrong("unknown kind of step; there are deploy, call, query, raw, advance, fund, check, snapshot");
    }

    base::Checked<Message> message_of(const Json& step) const {
        Message message;
        const auto& as = member(step, "as");
        if (!as.is_null() && !as.is_string()) return wrong("'as' is a name");
        GC_TRY(message.caller, party(as.is_null() ? "alice" : as.get<std::string>()));
        if (step.contains("value")) {
            GC_TRY(message.value, amount_of(step["value"]));
        }
        const auto& gas = member(step, "gas");
        if (!gas.is_null() && !gas.is_number_unsigned()) return wrong("'gas' is a number");
        message.gas = gas.is_null() ? kGasOfStep : gas.get<std::uint64_t>();
        // Counting modules use more of it for the same work.
        if (!context_.checks_outcomes) message.gas = std::max(message.gas, kGasOfStep) * 16;
        return message;
    }
    base::Checked<std::string> arguments(const Json& step) const {
        const auto& given = member(step, "args");
        GC_TRY(const auto values, resolve(given.is_null() ? Json::array() : given, names()));
        return values.dump();
    }

    base::Checked<void> deploy(const Json& step) {
        GC_CHECK(check_keys(
            step, {"deploy", "name", "as", "args", "value", "gas", "salt", "reverts", "traps", "events", "gas_max"}));
        const auto what = step["deploy"].get<std::string>();
        const auto program = parts_.programs.find(what);
        if (program == parts_.programs.end()) return wrong("there is no contract '" + what + "' in 'contracts'");
        auto& target = program->second->program;
        const auto name = step.contains("name") ? step["name"].get<std::string>() : what;
        if (names_.contains(name)) return wrong("'" + name + "' is the name of another already");
        GC_TRY(auto message, message_of(step));
        GC_TRY(const auto values, arguments(step));
        if (!target.schema && values != "[]") return wrong("the module has no section zvm.abi to encode arguments by");
        if (target.schema) {
            GC_TRY(message.input, zabi::encode_fields(target.schema->init.inputs, values));
        }
        const auto salt = gcrypt::hash(gcrypt::Domain::contract, base::as_bytes(name));
        const auto first_event = chain_.events().size();
        zvm::Address created{};
        const auto outcome = chain_.deploy(target, salt, std::move(message), created);
        if (outcome.status == zvm::CallStatus::ok) {
            names_[name] = created;
            instance_names_[created] = name;
        }
        judge(step, target, outcome, nullptr, first_event);
        return {};
    }

    base::Checked<void> call(const Json& step, const char* kind) {
        GC_CHECK(
            check_keys(step, {kind, "as", "args", "value", "gas", "returns", "reverts", "traps", "events", "gas_max"}));
        const auto what = step[kind].get<std::string>();
        const auto dot = what.find('.');
        if (dot == std::string::npos) return wrong("write contract.method, not '" + what + "'");
        GC_TRY(const auto target, party(what.substr(0, dot)));
        const auto instance = chain_.instances().find(target);
        if (instance == chain_.instances().end()) return wrong("'" + what.substr(0, dot) + "' is no contract");
        const auto& program = *instance->second.program;
        if (!program.schema) return wrong("the module has no section zvm.abi; use a raw step");
        const auto* const method = program.schema->find_method(what.substr(dot + 1));
        if (!method) return wrong("the schema has no method '" + what.substr(dot + 1) + "'");
        GC_TRY(auto message, message_of(step));
        GC_TRY(const auto values, arguments(step));
        GC_TRY(message.input, zabi::encode_call_json(*method, values));
        message.target = target;
        // What the schema calls a view is held to it.
        message.is_view = std::string_view{kind} == "query" || method->view;
        const auto first_event = chain_.events().size();
        judge(step, program, chain_.call(message), method, first_event);
        return {};
    }

    base::Checked<void> raw(const Json& step) {
        GC_CHECK(check_keys(
            step, {"raw", "input", "as", "value", "gas", "returns", "reverts", "traps", "events", "gas_max"}));
        GC_TRY(const auto target, party(step["raw"].get<std::string>()));
        const auto instance = chain_.instances().find(target);
        if (instance == chain_.instances().end())
            return wrong("'" + step["raw"].get<std::string>() + "' is no contract");
        GC_TRY(auto message, message_of(step));
        message.target = target;
        const auto& input = member(step, "input");
        const auto bytes = base::from_hex(input.is_string() ? input.get<std::string>() : "");
        if (!bytes) return wrong("'input' is hexadecimal");
        message.input = *bytes;
        const auto first_event = chain_.events().size();
        judge(step, *instance->second.program, chain_.call(message), nullptr, first_event);
        return {};
    }

    // ---- Expectations ----

    static std::string describe(const Program& program, const Outcome& outcome) {
        switch (outcome.status) {
            case zvm::CallStatus::ok: return "it succeeded";
            case zvm::CallStatus::refused: return "refused: " + outcome.note;
            case zvm::CallStatus::trapped: {
                std::string text = std::string{"trap: "} + zvm::to_string(outcome.trap);
                if (!outcome.note.empty()) text += ", " + outcome.note;
                for (const auto& name : outcome.trace) text += "\n            at " + name;
                return text;
            }
            case zvm::CallStatus::reverted: break;
        }
        if (program.schema) {
            if (const auto error = zabi::decode_error(*program.schema, outcome.output))
                return "reverted: " + error->message;
        }
        return "reverted with " + hex(outcome.output);
    }

    void judge(const Json& step, const Program& program, const Outcome& outcome, const zabi::Method* method,
               std::size_t first_event) {
        gas_ += outcome.gas_used;
        if (!context_.checks_outcomes) return;
        if (step.contains("traps")) {
            const auto& wanted = step["traps"];
            const bool fits = outcome.status == zvm::CallStatus::trapped &&
                              (wanted == true || wanted == zvm::to_string(outcome.trap));
            if (!fits) fail("expected trap " + wanted.dump() + ", got: " + describe(program, outcome));
            return;
        }
        if (step.contains("reverts")) {
            judge_revert(step["reverts"], program, outcome);
            return;
        }
        if (outcome.status != zvm::CallStatus::ok) {
            fail(describe(program, outcome));
            return;
        }
        if (step.contains("gas_max") && step["gas_max"].is_number_unsigned() &&
            outcome.gas_used > step["gas_max"].get<std::uint64_t>())
            fail(fmt::format("used {} gas, more than {}", outcome.gas_used, step["gas_max"].get<std::uint64_t>()));
        if (step.contains("returns")) judge_return(step["returns"], outcome, method);
        if (step.contains("events")) judge_events(step["events"], first_event);
    }

    void judge_return(const Json& wanted, const Outcome& outcome, const zabi::Method* method) {
        if (!method) {
            if (!wanted.is_string() || wanted != hex(outcome.output))
                fail("expected return " + wanted.dump() + ", got " + hex(outcome.output));
            return;
        }
        const auto values = resolve(wanted, names());
        if (!values) return fail(values.error().text);
        // One unnamed output is written as its value alone. Comparing bytes makes every way of writing it equal.
        const bool is_single = method->outputs.size() == 1 && method->outputs[0].name.empty();
        const auto expected =
            zabi::encode_fields(method->outputs, is_single ? Json::array({*values}).dump() : values->dump());
        if (!expected) return fail("'returns': " + expected.error().text);
        if (base::equal(*expected, outcome.output)) return;
        const auto shown = zabi::decode_outputs(*method, outcome.output);
        fail("expected return " + values->dump() + ", got " +
             (shown ? *shown : hex(outcome.output) + ", which the schema does not describe"));
    }

    void judge_revert(const Json& wanted, const Program& program, const Outcome& outcome) {
        const auto got = describe(program, outcome);
        if (outcome.status == zvm::CallStatus::refused && wanted == outcome.note) return;
        if (outcome.status != zvm::CallStatus::reverted)
            return fail("expected revert " + wanted.dump() + ", got: " + got);
        if (wanted == true) return;
        const auto error = program.schema ? zabi::decode_error(*program.schema, outcome.output)
                                          : base::Result<zabi::DecodedError>{base::fail(Errc::not_found)};
        bool fits = false;
        if (wanted.is_string()) {
            fits = error ? wanted == error->name || wanted == error->message : wanted == hex(outcome.output);
        } else if (wanted.is_object() && wanted.size() == 1 && error && wanted.begin().key() == error->name) {
            const auto* const type = program.schema->find_error(error->name);
            const auto values = resolve(*wanted.begin(), names());
            if (!values) return fail(values.error().text);
            const auto expected = zabi::encode_fields(type->fields, values->dump());
            if (!expected) return fail("'reverts': " + expected.error().text);
            fits = base::equal(*expected, base::ByteView{outcome.output}.subspan(4));
        }
        if (!fits) fail("expected revert " + wanted.dump() + ", got: " + got);
    }

    /// "token.Transfer {...}", by the schema of the contract that emitted it.
    std::string show_event(const EmittedEvent& event, Json* as_json = nullptr) const {
        const auto instance = chain_.instances().find(event.contract);
        const auto name = instance_names_.find(event.contract);
        const auto contract = name == instance_names_.end() ? "0x" + base::to_hex(event.contract) : name->second;
        if (instance != chain_.instances().end() && instance->second.program->schema) {
            const auto decoded = zabi::decode_event(*instance->second.program->schema, event.topics, event.data);
            if (decoded) {
                const auto full = contract + "." + decoded->event->name;
                if (as_json) *as_json = Json{{full, Json::parse(decoded->fields)}};
                return full + " " + decoded->fields;
            }
        }
        return contract + ".(undescribed) data " + hex(event.data);
    }

    bool event_fits(const Json& wanted, const EmittedEvent& event) const {
        if (!wanted.is_object() || wanted.size() != 1) return false;
        const auto instance = chain_.instances().find(event.contract);
        if (instance == chain_.instances().end() || !instance->second.program->schema) return false;
        auto key = wanted.begin().key();
        if (const auto dot = key.find('.'); dot != std::string::npos) {
            if (address(key.substr(0, dot)) != event.contract) return false;
            key = key.substr(dot + 1);
        }
        const auto& schema = *instance->second.program->schema;
        const auto* const type = schema.find_event(key);
        const auto decoded = zabi::decode_event(schema, event.topics, event.data);
        if (!type || !decoded || decoded->event != type) return false;
        const auto values = resolve(*wanted.begin(), names());
        if (!values || !values->is_object()) return false;
        // Only the fields that are written are compared, each as its bytes.
        const auto got = Json::parse(decoded->fields);
        return std::ranges::all_of(
                   type->fields,
                   [&](const zabi::Field& field) {
                       if (!values->contains(field.name)) return true;
                       const auto a = zabi::encode_fields({field}, Json::array({(*values)[field.name]}).dump());
                       const auto b = zabi::encode_fields({field}, Json::array({got[field.name]}).dump());
                       // A hashed topic is compared as the text that it is shown as.
                       return a && b ? *a == *b : (*values)[field.name] == got[field.name];
                   }) &&
               std::ranges::all_of(values->items(), [&](const auto& item) { return got.contains(item.key()); });
    }

    void judge_events(const Json& wanted, std::size_t first) {
        const auto& all = chain_.events();
        const auto count = all.size() - first;
        bool fits = wanted.is_array() && wanted.size() == count;
        for (std::size_t i = 0; fits && i < count; ++i) fits = event_fits(wanted[i], all[first + i]);
        if (fits) return;
        std::string got;
        for (auto i = first; i < all.size(); ++i) got += "\n            " + show_event(all[i]);
        fail("expected events " + wanted.dump() + ", got " + (got.empty() ? "none" : got));
    }

    // ---- Other steps ----

    base::Checked<void> advance(const Json& step) {
        const auto& by = step["advance"];
        GC_CHECK(check_keys(by, {"blocks", "ms"}));
        const auto number = [&](const char* key) {
            return by.contains(key) && by[key].is_number_unsigned() ? by[key].get<std::uint64_t>() : 0;
        };
        chain_.height += by.contains("blocks") ? number("blocks") : 1;
        chain_.time_ms += number("ms");
        return {};
    }
    base::Checked<void> fund(const Json& step) {
        if (!step["fund"].is_object()) return wrong("'fund' is an object");
        for (const auto& [name, amount] : step["fund"].items()) {
            GC_TRY(const auto who, party(name));
            GC_TRY(const auto units, amount_of(amount));
            chain_.set_balance(who, {}, units);
        }
        return {};
    }

    base::Checked<void> check(const Json& step) {
        const auto& what = step["check"];
        GC_CHECK(check_keys(what, {"balance", "storage"}));
        for (const auto& [name, wanted] : member(what, "balance").items()) {
            GC_TRY(const auto who, party(name));
            GC_TRY(const auto units, amount_of(wanted));
            const auto got = chain_.balance(who);
            if (got != units && context_.checks_outcomes)
                fail(fmt::format("{} has {} GCC, expected {}", name, base::units_to_decimal(got, 18),
                                 base::units_to_decimal(units, 18)));
        }
        for (const auto& [name, slots] : member(what, "storage").items()) {
            GC_TRY(const auto who, party(name));
            const auto instance = chain_.instances().find(who);
            if (instance == chain_.instances().end()) return wrong("'" + name + "' is no contract");
            for (const auto& [text, wanted] : slots.items()) {
                GC_TRY(const auto key, key_of(text, names()));
                const auto slot = instance->second.storage.find(key);
                const auto got = slot == instance->second.storage.end() ? Json(nullptr) : Json(hex(slot->second));
                if (got != wanted && context_.checks_outcomes)
                    fail(fmt::format("{} slot '{}' is {}, expected {}", name, text, got.dump(), wanted.dump()));
            }
        }
        return {};
    }

    base::Checked<void> snapshot(const Json& step) {
        const auto name = test_ + " / " + step["snapshot"].get<std::string>();
        if (!context_.checks_outcomes) return {};
        auto state = Json::object();
        for (const auto& [contract, instance_name] : instance_names_) {
            auto slots = Json::object();
            for (const auto& [key, value] : chain_.instances().at(contract).storage) slots[show_key(key)] = hex(value);
            state[instance_name] = std::move(slots);
        }
        if (context_.options.update) {
            snapshots_[name] = state;
            return {};
        }
        if (!snapshots_.contains(name)) return wrong("no snapshot '" + name + "' is recorded; run with --update");
        const auto& recorded = snapshots_[name];
        for (const auto& [contract, slots] : state.items()) {
            for (const auto& [key, value] : slots.items()) {
                const auto& old = recorded.contains(contract) ? member(recorded[contract], key.c_str()) : Json();
                if (old != value)
                    fail(fmt::format("snapshot: {} '{}' was {}, is {}", contract, key, old.dump(), value.dump()));
            }
        }
        for (const auto& [contract, slots] : recorded.items()) {
            for (const auto& [key, value] : slots.items()) {
                if (!state.contains(contract) || !state[contract].contains(key))
                    fail(fmt::format("snapshot: {} '{}' was {}, is gone", contract, key, value.dump()));
            }
        }
        return {};
    }

    const Parts& parts_;
    ScriptContext& context_;
    Json& snapshots_;
    MockChain chain_;
    std::map<std::string, base::Digest> names_;
    std::map<base::Digest, std::string> instance_names_;
    std::vector<std::string> failures_;
    std::string where_;
    std::string test_;
    std::uint64_t gas_ = 0;
};

base::Checked<std::string> find_module(const fs::path& beside, const std::string& name, const TestOptions& options) {
    std::vector<fs::path> places{beside.parent_path() / name};
    for (const auto& folder : options.wasm_dirs) {
        places.push_back(fs::path{folder} / name);
        places.push_back(fs::path{folder} / fs::path{name}.filename());
    }
    std::error_code ignored;
    for (const auto& place : places) {
        if (fs::is_regular_file(place, ignored)) return place.string();
    }
    return base::explain(
        Errc::not_found,
        fmt::format("{}: module '{}' is neither beside it nor in a --wasm-dir; is it built?", beside.string(), name));
}

std::string title(const Json& step, std::size_t index, const char* list) {
    std::string text = fmt::format("{} {}", list, index + 1);
    if (!step.is_object() || step.empty()) return text;
    text += " (" + step.begin().key();
    if (step.begin()->is_string()) text += " " + step.begin()->get<std::string>();
    return text + ")";
}

base::Checked<FileResult> run_parsed(const Json& json, Parts& parts, ScriptContext& context) {
    GC_CHECK(check_keys(json, {"contracts", "accounts", "time_ms", "height", "setup", "tests", "doc"}));
    for (const auto& [name, file] : member(json, "contracts").items()) {
        if (!file.is_string()) return wrong("'contracts' gives each name a file");
        GC_TRY(const auto path, find_module(parts.file, file.get<std::string>(), context.options));
        GC_TRY(parts.programs[name], context.programs.load(name, path));
    }
    for (const auto* const name : kUsualAccounts) parts.accounts[name] = kUsualBalance;
    for (const auto& [name, amount] : member(json, "accounts").items()) {
        GC_TRY(parts.accounts[name], amount_of(amount));
    }
    auto snapshot_file = parts.file.string();
    if (snapshot_file.ends_with(".test.json")) snapshot_file.resize(snapshot_file.size() - 10);
    snapshot_file += ".snap.json";
    auto snapshots = Json::object();
    if (std::error_code ignored; fs::exists(snapshot_file, ignored)) {
        GC_TRY(snapshots, read_json(snapshot_file));
    }
    const auto before = snapshots;
    FileResult result;
    result.file = parts.file.string();
    const auto& setup = member(json, "setup");
    if (!member(json, "tests").is_array() || (!setup.is_null() && !setup.is_array()))
        return wrong("'tests' and 'setup' are lists");
    for (const auto& test : json["tests"]) {
        if (!test.is_object() || !member(test, "name").is_string() || !member(test, "steps").is_array())
            return wrong("a test has a name and steps");
        const auto name = test["name"].get<std::string>();
        if (name.find(context.options.filter) == std::string::npos) continue;
        Case run{parts, context, snapshots, json};
        bool goes_on = true;
        for (std::size_t i = 0; goes_on && i < setup.size(); ++i)
            goes_on = run.step(setup[i], title(setup[i], i, "setup"), name);
        run.forget_gas();
        const auto& steps = test["steps"];
        for (std::size_t i = 0; goes_on && i < steps.size(); ++i)
            goes_on = run.step(steps[i], title(steps[i], i, "step"), name);
        result.tests.push_back({.name = name, .gas = run.gas(), .failures = run.take_failures()});
    }
    if (snapshots != before) {
        GC_CHECK(base::write_file_atomic(snapshot_file, base::as_bytes(snapshots.dump(2) + "\n"),
                                         {.mode = 0644, .replace = true}));
    }
    return result;
}

}  // namespace

base::Checked<LoadedProgram*> ProgramStore::load(const std::string& name, const std::string& path) {
    if (const auto known = by_path_.find(path); known != by_path_.end()) return known->second.get();
    GC_TRY(const auto wasm, base::read_file(path, kWasmBytesMax));
    const auto refused = [&path](const base::Error& error) {
        return base::explain(Errc::invalid_argument, path + ": " + base::to_string(error));
    };
    auto out = std::make_unique<LoadedProgram>();
    auto& program = out->program;
    program.name = name;
    program.code_hash = gcrypt::hash(gcrypt::Domain::code, wasm);
    auto module = zvm::Module::load(wasm, zvm::LoadOptions::contract());
    if (!module) return refused(module.error());
    program.load_gas = (*module)->load_gas();
    program.instance_gas = (*module)->instance_gas();
    GC_TRY(const auto named, module_with_names(path, wasm));
    const auto& to_run = named ? *named : wasm;
    if (named) module = zvm::Module::load(to_run, zvm::LoadOptions::contract());
    if (!module) return refused(module.error());
    program.module = *module;
    if (const auto section = zabi::find_section(wasm); section) {
        auto schema = zabi::Schema::parse(base::as_text(*section));
        if (!schema) return base::explain(Errc::invalid_argument, path + ": section zvm.abi: " + schema.error().text);
        program.schema = std::move(*schema);
    } else if (!section.error().is(Errc::not_found)) {
        return refused(section.error());
    }
    if (is_counting_) {
        auto counting = add_counters(to_run);
        if (!counting) return refused(counting.error());
        auto rewritten = zvm::Module::load(counting->wasm, counting_options());
        if (!rewritten) return refused(rewritten.error());
        program.module = *rewritten;
        program.ran.assign(counting->function_of.size(), 0);
        out->block_functions = std::move(counting->function_of);
    }
    return (by_path_[path] = std::move(out)).get();
}

base::Checked<FileResult> run_script(const std::string& path, ScriptContext context) {
    Parts parts;
    parts.file = path;
    const auto in_file = [&path](const std::string& text) {
        return wrong(text.starts_with(path) ? text : path + ": " + text);
    };
    try {  // nlohmann reports a value of another type by throwing.
        GC_TRY(const auto json, read_json(path));
        auto result = run_parsed(json, parts, context);
        if (!result) return in_file(result.error().text);
        return result;
    } catch (const Json::exception& error) {
        return in_file(error.what());
    }
}

}  // namespace contract_kit
