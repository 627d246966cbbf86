#include "zvm_tool/commands.hpp"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "base/file.hpp"
#include "base/printable.hpp"
#include "prepare.hpp"
#include "zvm/contract.hpp"
#include "zvm/disasm.hpp"
#include "zvm/machine.hpp"
#include "zvm_tool/spectest.hpp"

namespace zvm_tool {
namespace {

std::string import_type(const zvm::Module& module, const zvm::ImportDecl& import) {
    switch (import.kind) {
        case zvm::ExternKind::function: return zvm::to_string(module.types()[import.type]);
        case zvm::ExternKind::table: return zvm::to_string(import.table.element);
        case zvm::ExternKind::memory: return fmt::format("{} pages", import.memory.pages.min);
        case zvm::ExternKind::global: return zvm::to_string(import.global.type);
    }
    return {};
}

std::string show(zvm::Slot value, zvm::ValType type) {
    switch (type) {
        case zvm::ValType::i32: return fmt::format("{}", static_cast<std::int32_t>(value));
        case zvm::ValType::i64: return fmt::format("{}", static_cast<std::int64_t>(value));
        case zvm::ValType::f32: return fmt::format("{}", std::bit_cast<float>(static_cast<std::uint32_t>(value)));
        case zvm::ValType::f64: return fmt::format("{}", std::bit_cast<double>(value));
        case zvm::ValType::funcref:
        case zvm::ValType::externref: return value ? "reference" : "null";
        case zvm::ValType::unknown: break;
    }
    return "?";
}

}  // namespace

int inspect(const std::string& file, const LoadFlags& flags) {
    const auto loaded = load(file, flags);
    if (!loaded) return 1;
    const auto& module = **loaded;
    std::size_t wasm_bytes = 0;
    for (std::uint32_t i = 0; i < module.code_count(); ++i) wasm_bytes += module.code(i).wasm_bytes;
    fmt::print("types {}, functions {} ({} imported), bodies {} bytes, lowered {} instructions, {} bytes in memory\n",
               module.types().size(), module.function_count(), module.imported_functions(), wasm_bytes,
               zvm::instruction_count(module), module.footprint());
    fmt::print("loading costs {} gas, an instance {}\n", module.load_gas(), module.instance_gas());
    for (const auto& memory : module.memories()) {
        fmt::print("memory {} pages", memory.pages.min);
        if (memory.pages.max) fmt::print(", at most {}", *memory.pages.max);
        fmt::print("\n");
    }
    for (const auto& table : module.tables()) {
        fmt::print("table of {} {}\n", table.range.min, zvm::to_string(table.element));
    }
    fmt::print("globals {}, data segments {}, element segments {}\n", module.globals().size(), module.data().size(),
               module.elements().size());
    for (const auto& import : module.imports()) {
        fmt::print("import {} {}.{} {}\n", zvm::to_string(import.kind), base::printable(import.module),
                   base::printable(import.name), import_type(module, import));
    }
    for (const auto& item : module.exports()) {
        fmt::print(
            "export {} {}{}\n", zvm::to_string(item.kind), base::printable(item.name),
            item.kind == zvm::ExternKind::function ? " " + zvm::to_string(module.function_type(item.index)) : "");
    }
    for (const auto& custom : module.custom_sections()) {
        fmt::print("custom section {}, {} bytes\n", base::printable(custom.name), custom.bytes.size());
    }
    return 0;
}

int validate(const std::string& file, const LoadFlags& flags) {
    if (flags.spec) {
        if (!load(file, flags)) return 1;
        fmt::print("{}: valid (spec profile)\n", file);
        return 0;
    }
    const auto code = base::read_file(file, 64u << 20);
    if (!code) {
        fmt::print(stderr, "{}\n", code.error().text);
        return 1;
    }
    if (const auto contract = zvm::load_contract(*code); !contract) {
        fmt::print(stderr, "{}: {}\n", file, contract.error().text);
        return 1;
    }
    fmt::print("{}: valid, may be deployed\n", file);
    return 0;
}

int run_function(const std::string& file, const std::string& function, const std::vector<std::string>& args,
                 const RunFlags& flags) {
    const auto prepared = prepare(file, function, args, flags);
    if (!prepared.instance) return prepared.code;
    const auto& module = prepared.instance->module();
    const auto& type = *prepared.function->type;
    const auto machine = zvm::Machine::make();
    auto gas = flags.gas;
    auto trap = prepared.instance->initialise(*machine, gas);
    std::vector<zvm::Slot> results(type.results.size());
    if (trap == zvm::Trap::none) trap = machine->run(*prepared.function, prepared.args, results, gas);
    if (flags.show_gas) fmt::print(stderr, "gas used {}\n", flags.gas - gas);
    if (trap != zvm::Trap::none) {
        fmt::print(stderr, "trap: {}\n", zvm::to_string(trap));
        for (const auto& entry : machine->trace(module)) fmt::print(stderr, "  at {}\n", entry.name);
        return 1;
    }
    for (std::size_t i = 0; i < results.size(); ++i) fmt::print("{}\n", show(results[i], type.results[i]));
    return 0;
}

int disassemble(const std::string& file, const std::string& function, const LoadFlags& flags, bool is_wasm) {
    const auto loaded = load(file, flags);
    if (!loaded) return 1;
    const auto& module = **loaded;
    const auto index = find_function(module, function);
    if (!function.empty() && !index) {
        fmt::print(stderr, "{}: no function '{}'\n", file, function);
        return 2;
    }
    const auto bytes = is_wasm ? base::read_file(file, 64u << 20) : base::Checked<base::Bytes>{};
    if (!bytes) return 1;
    for (std::uint32_t i = 0; i < module.code_count(); ++i) {
        if (index && *index != module.code(i).index) continue;
        if (is_wasm) fmt::print("{}", zvm::disassemble_wasm(module, *bytes, i));
        fmt::print("{}", zvm::disassemble(module, i));
    }
    return 0;
}

int spectest(const std::string& folder, bool verbose) {
    const auto reports = run_spec_folder(folder);
    if (!reports) {
        fmt::print(stderr, "{}\n", reports.error().text);
        return 2;
    }
    std::size_t passed = 0;
    std::size_t failed = 0;
    std::size_t text = 0;
    std::size_t invalid_first = 0;
    for (const auto& report : *reports) {
        passed += report.passed;
        invalid_first += report.invalid_first;
        failed += report.failures.size();
        text += report.text_only;
        if (verbose || !report.failures.empty()) {
            fmt::print("{:32} {:6} of {:6} passed, {} text-only\n", report.file, report.passed,
                       report.passed + report.failures.size(), report.text_only);
        }
        for (const auto& failure : report.failures) fmt::print("    {}\n", failure);
    }
    fmt::print("{} files: {} of {} binary commands passed; {} on text modules are out of scope\n", reports->size(),
               passed, passed + failed, text);
    if (invalid_first > 0) fmt::print("{} malformed modules passed that were refused as invalid\n", invalid_first);
    return failed ? 1 : 0;
}

}  // namespace zvm_tool
