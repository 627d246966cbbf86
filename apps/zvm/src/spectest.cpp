#include "zvm_tool/spectest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/file.hpp"
#include "zvm/machine.hpp"

namespace zvm_tool {
namespace {

using json = nlohmann::json;
using zvm::Extern;
using zvm::ExternKind;
using zvm::FuncType;
using zvm::Slot;
using zvm::Trap;
using zvm::ValType;

constexpr std::size_t kFileBytesMax = 64u << 20;
/// No test of the suite needs more; a runaway loop ends here instead of hanging the run.
constexpr std::int64_t kGas = 20'000'000'000;

Trap ignore(zvm::HostCall&) noexcept { return Trap::none; }

std::vector<zvm::HostFunction> spectest_functions() {
    const auto function = [](std::string_view name, std::vector<ValType> params) {
        return zvm::HostFunction{"spectest", name, FuncType{std::move(params), {}}, &ignore};
    };
    return {function("print", {}),
            function("print_i32", {ValType::i32}),
            function("print_i64", {ValType::i64}),
            function("print_f32", {ValType::f32}),
            function("print_f64", {ValType::f64}),
            function("print_i32_f32", {ValType::i32, ValType::f32}),
            function("print_f64_f64", {ValType::f64, ValType::f64})};
}

/// A member of an object; null when there is none, or no object.
const json& member(const json& item, const char* key) {
    static const json kNull;
    if (!item.is_object()) return kNull;
    const auto found = item.find(key);
    return found == item.end() ? kNull : *found;
}
/// A member that is text; empty when it is absent or something else.
std::string text_of(const json& item, const char* key) {
    const auto& value = member(item, key);
    return value.is_string() ? value.get<std::string>() : std::string{};
}

struct Wanted {
    ValType type = ValType::unknown;
    enum class Match { exact, canonical_nan, arithmetic_nan, any_reference } match = Match::exact;
    Slot value = 0;
};

/// The bits of a number: an integer in decimal, as text or as a JSON number, also of a float. A negative one is the
/// two's complement in its type's width.
std::optional<Slot> bits_of(const json& value, ValType type) {
    const auto text = value.is_number_integer() ? value.dump() : value.is_string() ? value.get<std::string>() : "";
    const bool is_negative = text.starts_with('-');
    const auto* const begin = text.data() + (is_negative ? 1 : 0);
    const auto* const end = text.data() + text.size();
    Slot bits = 0;
    const auto [at, error] = std::from_chars(begin, end, bits);
    if (error != std::errc{} || at != end) return std::nullopt;
    const bool is_32 = type == ValType::i32 || type == ValType::f32;
    const Slot most = is_32 ? 0xffff'ffff : ~Slot{0};
    if (!is_negative) return bits <= most ? std::optional{bits} : std::nullopt;
    if (zvm::is_float(type) || bits > most / 2 + 1) return std::nullopt;
    return (~bits + 1) & most;
}

std::optional<Wanted> parse_value(const json& item) {
    static const std::map<std::string, ValType> kTypes{
        {"i32", ValType::i32}, {"i64", ValType::i64},         {"f32", ValType::f32},
        {"f64", ValType::f64}, {"funcref", ValType::funcref}, {"externref", ValType::externref}};
    const auto type = kTypes.find(text_of(item, "type"));
    if (type == kTypes.end()) return std::nullopt;
    Wanted out{.type = type->second};
    const auto text = text_of(item, "value");
    if (zvm::is_reference(out.type)) {
        if (text == "null") return out;
        // A function has no number that a test could name: whatever wast2json writes means "not null".
        if (member(item, "value").is_null() || out.type == ValType::funcref) {
            out.match = Wanted::Match::any_reference;
            return out;
        }
    }
    if (zvm::is_float(out.type) && text == "nan:canonical") {
        out.match = Wanted::Match::canonical_nan;
    } else if (zvm::is_float(out.type) && text == "nan:arithmetic") {
        out.match = Wanted::Match::arithmetic_nan;
    } else {
        const auto bits = bits_of(member(item, "value"), out.type);
        if (!bits) return std::nullopt;
        out.value = zvm::is_reference(out.type) ? *bits + 1 : *bits;  // 0 is null
    }
    return out;
}

bool matches(const Wanted& wanted, Slot got) {
    const bool is_32 = wanted.type == ValType::f32;
    const Slot quiet = is_32 ? 0x7fc0'0000 : 0x7ff8'0000'0000'0000;
    const Slot sign = is_32 ? 0x8000'0000 : 0x8000'0000'0000'0000;
    switch (wanted.match) {
        case Wanted::Match::exact: return got == wanted.value;
        case Wanted::Match::canonical_nan: return (got & ~sign) == quiet;
        case Wanted::Match::arithmetic_nan: return (got & quiet) == quiet;
        case Wanted::Match::any_reference: return got != 0;
    }
    return false;
}

/// The texts of the suite and ours may each be the longer one ("uninitialized element 2").
bool text_matches(std::string_view wanted, std::string_view got) {
    return wanted.starts_with(got) || got.starts_with(wanted);
}

class Suite {
 public:
    explicit Suite(std::filesystem::path folder) : folder_{std::move(folder)}, hosts_{spectest_functions()} {
        static constexpr std::uint8_t kEmpty[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
        auto module = zvm::Module::load(std::as_bytes(std::span{kEmpty}), zvm::LoadOptions::spec());
        GC_ASSERT(module);
        auto instance = zvm::Instance::make(std::move(*module), std::span<const Extern>{});
        GC_ASSERT(instance);
        instances_.push_back(std::move(*instance));
        for (const auto& host : hosts_) {
            functions_.push_back({&host.type, instances_.front().get(), nullptr, &host});
        }
        const auto global = [&](const char* name, ValType type, Slot value) {
            Extern item;
            item.kind = ExternKind::global;
            item.global = std::make_shared<zvm::Global>();
            item.global->type = {type, false};
            item.global->value = value;
            spectest_[name] = item;
        };
        for (std::size_t i = 0; i < hosts_.size(); ++i) {
            Extern item;
            item.function = &functions_[i];
            spectest_[std::string{hosts_[i].name}] = item;
        }
        global("global_i32", ValType::i32, 666);
        global("global_i64", ValType::i64, 666);
        global("global_f32", ValType::f32, std::bit_cast<std::uint32_t>(666.6f));
        global("global_f64", ValType::f64, std::bit_cast<std::uint64_t>(666.6));
        Extern memory;
        memory.kind = ExternKind::memory;
        memory.memory = *zvm::Memory::make({{1, 2}}, 2);
        spectest_["memory"] = memory;
        Extern table;
        table.kind = ExternKind::table;
        table.table = *zvm::Table::make({ValType::funcref, {10, 20}}, 20);
        spectest_["table"] = table;
    }

    /// Empty when the command holds, else what went wrong.
    std::string run(const json& command) {
        const auto type = text_of(command, "type");
        if (type == "module") return module(command);
        if (type == "register") return register_module(command);
        if (type == "action") return action_returns(command);
        if (type == "assert_return") return action_returns(command);
        if (type == "assert_trap" || type == "assert_exhaustion") return assert_trap(command);
        if (type == "assert_invalid") return assert_refused(command, zvm::Errc::invalid);
        if (type == "assert_malformed") return assert_refused(command, zvm::Errc::malformed);
        if (type == "assert_unlinkable") return assert_unlinkable(command);
        if (type == "assert_uninstantiable") return assert_uninstantiable(command);
        return type.empty() ? "is no command" : "unknown command";
    }

    /// How many malformed modules were refused as invalid.
    [[nodiscard]] std::uint32_t invalid_first() const noexcept { return invalid_first_; }

    /// Whether a command is about a module that is there as text only. What follows such a `module` is about it, too.
    bool is_text_only(const json& command) {
        if (text_of(command, "module_type") == "text") {
            if (text_of(command, "type") == "module") bind(command, {.is_text = true});
            return true;
        }
        const auto type = text_of(command, "type");
        if (type == "register") return target_of(command, "name").is_text;
        return target_of(member(command, "action"), "module").is_text && command.contains("action");
    }

 private:
    /// What a name stands for, or what the latest `module` is.
    struct Target {
        zvm::Instance* instance = nullptr;  ///< Null when it could not be made.
        bool is_text = false;
    };

    void bind(const json& command, const Target& target) {
        current_ = target;
        if (const auto name = text_of(command, "name"); !name.empty()) named_[name] = target;
    }
    Target target_of(const json& item, const char* key) const {
        const auto name = text_of(item, key);
        if (name.empty()) return current_;
        const auto found = named_.find(name);
        return found == named_.end() ? Target{} : found->second;
    }

    base::Result<std::shared_ptr<const zvm::Module>> load(const json& command) {
        const auto bytes = base::read_file((folder_ / text_of(command, "filename")).string(), kFileBytesMax);
        if (!bytes) return base::fail(base::Errc::not_found, "its file cannot be read");
        return zvm::Module::load(*bytes, zvm::LoadOptions::spec());
    }

    base::Result<zvm::Instance*> link(std::shared_ptr<const zvm::Module> module) {
        std::vector<Extern> imports;
        for (const auto& import : module->imports()) {
            GC_TRY(auto item, find(import.module, import.name));
            imports.push_back(std::move(item));
        }
        GC_TRY(auto instance, zvm::Instance::make(std::move(module), imports));
        instances_.push_back(std::move(instance));
        return instances_.back().get();
    }

    base::Result<Extern> find(const std::string& module, const std::string& name) {
        if (module == "spectest") {
            const auto item = spectest_.find(name);
            if (item == spectest_.end()) return base::fail(zvm::Errc::unknown_import, "spectest");
            return item->second;
        }
        const auto owner = registered_.find(module);
        if (owner == registered_.end()) return base::fail(zvm::Errc::unknown_import, "module");
        auto item = owner->second->find_export(name);
        if (!item) return base::fail(zvm::Errc::unknown_import, "name");
        return item;
    }

    std::string module(const json& command) {
        bind(command, {});
        const auto module = load(command);
        if (!module) return "does not load: " + base::to_string(module.error());
        const auto instance = link(*module);
        if (!instance) return "does not link: " + base::to_string(instance.error());
        auto gas = kGas;
        const auto trap = (*instance)->initialise(*machine_, gas);
        if (trap != Trap::none) return fmt::format("traps on instantiation: {}", to_string(trap));
        bind(command, {.instance = *instance});
        return {};
    }

    std::string register_module(const json& command) {
        auto* const instance = target_of(command, "name").instance;
        if (!instance) return "no such module";
        if (!member(command, "as").is_string()) return "says no name";
        registered_[text_of(command, "as")] = instance;
        return {};
    }

    struct Outcome {
        std::string problem;
        Trap trap = Trap::none;
        std::vector<Slot> results;
    };

    Outcome act(const json& action) {
        auto* const instance = target_of(action, "module").instance;
        if (!instance) return {"no such module", {}, {}};
        const auto item = instance->find_export(text_of(action, "field"));
        if (!item) return {"no such export", {}, {}};
        const auto type_of_action = text_of(action, "type");
        if (type_of_action == "get") {
            if (item->kind != ExternKind::global) return {"not a global", {}, {}};
            return {{}, {}, {item->global->value}};
        }
        if (type_of_action != "invoke") return {"an action is invoke or get", {}, {}};
        if (item->kind != ExternKind::function) return {"not a function", {}, {}};
        const auto& type = *item->function->type;
        std::vector<Slot> args;
        for (const auto& arg : member(action, "args")) {
            const auto value = parse_value(arg);
            const bool is_exact = value && value->match == Wanted::Match::exact;
            if (!is_exact || args.size() == type.params.size() || value->type != type.params[args.size()]) {
                return {fmt::format("argument {} for {}", arg.dump(), to_string(type)), {}, {}};
            }
            args.push_back(value->value);
        }
        if (args.size() != type.params.size()) return {"too few arguments for " + to_string(type), {}, {}};
        Outcome out;
        out.results.resize(type.results.size());
        auto gas = kGas;
        out.trap = machine_->run(*item->function, args, out.results, gas);
        return out;
    }

    std::string action_returns(const json& command) {
        const auto outcome = act(member(command, "action"));
        if (!outcome.problem.empty()) return outcome.problem;
        if (outcome.trap != Trap::none) return fmt::format("traps: {}", to_string(outcome.trap));
        if (text_of(command, "type") == "action") return {};
        const auto& expected = member(command, "expected");
        const bool is_list = expected.is_array() || expected.is_null();
        if (!is_list || expected.size() != outcome.results.size()) return "result count";
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const auto wanted = parse_value(expected[i]);
            if (!wanted) return "cannot compare with " + expected[i].dump();
            if (!matches(*wanted, outcome.results[i])) {
                return fmt::format("result {}: got {:#x}, wanted {}", i, outcome.results[i], expected[i].dump());
            }
        }
        return {};
    }

    std::string assert_trap(const json& command) {
        const auto outcome = act(member(command, "action"));
        if (!outcome.problem.empty()) return outcome.problem;
        const auto text = text_of(command, "text");
        if (outcome.trap == Trap::none) return "returns, should trap: " + text;
        if (text_matches(text, to_string(outcome.trap))) return {};
        return fmt::format("traps with '{}', wanted '{}'", to_string(outcome.trap), text);
    }

    std::string assert_refused(const json& command, zvm::Errc wanted) {
        const auto module = load(command);
        if (module) return fmt::format("loads, should be refused: {}", text_of(command, "text"));
        // A limit or a missing file is not the reason that the test asks for.
        if (module.error().is(wanted)) return {};
        // One pass decodes and validates, so it may meet something invalid before the place that is malformed. Counted,
        // because it may as well have overlooked that place.
        if (wanted == zvm::Errc::malformed && module.error().is(zvm::Errc::invalid)) {
            ++invalid_first_;
            return {};
        }
        return fmt::format("refused with {}, wanted {}", base::to_string(module.error()), text_of(command, "text"));
    }

    std::string assert_unlinkable(const json& command) {
        const auto module = load(command);
        if (!module) return "does not load: " + base::to_string(module.error());
        const auto instance = link(*module);
        if (instance) return fmt::format("links, should not: {}", text_of(command, "text"));
        const auto wanted = text_of(command, "text");
        if (text_matches(wanted, instance.error().domain->describe(instance.error().code))) return {};
        return fmt::format("refused with {}, wanted {}", base::to_string(instance.error()), wanted);
    }

    std::string assert_uninstantiable(const json& command) {
        const auto module = load(command);
        if (!module) return "does not load: " + base::to_string(module.error());
        const auto instance = link(*module);
        if (!instance) return "does not link: " + base::to_string(instance.error());
        auto gas = kGas;
        const auto trap = (*instance)->initialise(*machine_, gas);
        const auto wanted = text_of(command, "text");
        if (trap != Trap::none && text_matches(wanted, to_string(trap))) return {};
        return fmt::format("ends with '{}', wanted '{}'", to_string(trap), wanted);
    }

    std::filesystem::path folder_;
    std::vector<zvm::HostFunction> hosts_;
    std::vector<zvm::Function> functions_;
    std::map<std::string, Extern> spectest_;
    std::unique_ptr<zvm::Machine> machine_ = zvm::Machine::make();
    std::vector<std::unique_ptr<zvm::Instance>> instances_;  ///< All of them: tables may refer to failed ones.
    std::map<std::string, Target> named_;
    std::map<std::string, zvm::Instance*> registered_;
    Target current_;
    std::uint32_t invalid_first_ = 0;
};

}  // namespace

base::Checked<SpecReport> run_spec_file(const std::string& json_path) {
    const auto bytes = base::read_file(json_path, kFileBytesMax);
    if (!bytes) return base::explain(base::Errc::io_error, json_path + ": cannot be read");
    const auto document = json::parse(base::as_text(*bytes), nullptr, false);
    const auto& commands = member(document, "commands");
    if (!commands.is_array()) {
        return base::explain(base::Errc::invalid_argument, json_path + ": is not the output of wast2json");
    }
    SpecReport report;
    const std::filesystem::path path{json_path};
    report.file = path.filename().string();
    Suite suite{path.parent_path()};
    for (const auto& command : commands) {
        if (suite.is_text_only(command)) {
            ++report.text_only;
            continue;
        }
        const auto problem = suite.run(command);
        if (problem.empty()) {
            ++report.passed;
        } else {
            const auto& line = member(command, "line");
            report.failures.push_back(
                fmt::format("line {}: {}: {}", line.is_null() ? "?" : line.dump(), text_of(command, "type"), problem));
        }
    }
    report.invalid_first = suite.invalid_first();
    return report;
}

base::Checked<std::vector<SpecReport>> run_spec_folder(const std::string& folder) {
    std::vector<std::string> files;
    std::error_code error;
    const auto status = std::filesystem::status(folder, error);
    if (!std::filesystem::exists(status)) return base::explain(base::Errc::not_found, folder + ": does not exist");
    if (!std::filesystem::is_directory(status)) files.push_back(folder);
    for (auto it = std::filesystem::recursive_directory_iterator{folder, error};
         !error && it != std::filesystem::recursive_directory_iterator{}; it.increment(error)) {
        if (it->is_regular_file(error) && it->path().extension() == ".json") files.push_back(it->path().string());
    }
    if (files.empty()) return base::explain(base::Errc::not_found, folder + ": holds no .json file of wast2json");
    std::sort(files.begin(), files.end());
    std::vector<SpecReport> reports;
    for (const auto& file : files) {
        auto report = run_spec_file(file);
        if (!report)
            report = SpecReport{.file = std::filesystem::path{file}.filename(), .failures = {report.error().text}};
        reports.push_back(std::move(*report));
    }
    return reports;
}

}  // namespace zvm_tool
