#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/file.hpp"
#include "zvm/machine.hpp"
#include "zvm_tool/commands.hpp"

namespace zvm_tool {
namespace {

/// NaNs are all alike here: engines may choose their bits.
std::string bits(zvm::Slot value, zvm::ValType type) {
    if (zvm::is_reference(type)) return value ? "reference" : "null";
    if (type == zvm::ValType::f32 && std::isnan(std::bit_cast<float>(static_cast<std::uint32_t>(value)))) return "nan";
    if (type == zvm::ValType::f64 && std::isnan(std::bit_cast<double>(value))) return "nan";
    return fmt::format("{:x}", value);
}

/// As wabt's wasm-interp prints values: C's %f for floats, which drops what lies beyond six decimals.
std::string wabt_value(zvm::Slot value, zvm::ValType type) {
    switch (type) {
        case zvm::ValType::i32: return fmt::format("i32:{}", static_cast<std::uint32_t>(value));
        case zvm::ValType::i64: return fmt::format("i64:{}", value);
        case zvm::ValType::f32:
            return fmt::format("f32:{:f}", double{std::bit_cast<float>(static_cast<std::uint32_t>(value))});
        case zvm::ValType::f64: return fmt::format("f64:{:f}", std::bit_cast<double>(value));
        case zvm::ValType::unknown:
        case zvm::ValType::funcref:
        case zvm::ValType::externref: break;
    }
    return value ? "reference" : "null";
}
std::string wabt_list(const zvm::Slot* values, const std::vector<zvm::ValType>& types) {
    std::string text;
    for (std::size_t i = 0; i < types.size(); ++i) text += (i ? ", " : "") + wabt_value(values[i], types[i]);
    return text;
}

struct Log {
    const zvm::Module* module;
    bool is_wabt;
    std::string text;
};

/// One function per import: HostCall does not say which import was called, so each has its own number.
template <std::size_t kIndex>
zvm::Trap log_call(zvm::HostCall& call) noexcept {
    auto& log = *static_cast<Log*>(call.context);
    const auto& import = log.module->imports()[kIndex];
    const auto& type = log.module->types()[import.type];
    if (log.is_wabt) {
        log.text +=
            fmt::format("called host {}.{}({}) =>", import.module, import.name, wabt_list(call.slots, type.params));
    } else {
        log.text += "call " + import.name;
        for (std::size_t i = 0; i < type.params.size(); ++i) log.text += " " + bits(call.slots[i], type.params[i]);
    }
    log.text += "\n";
    for (std::size_t i = 0; i < type.results.size(); ++i) call.slots[i] = 0;
    return zvm::Trap::none;
}
template <std::size_t... kIndex>
constexpr auto log_table(std::index_sequence<kIndex...>) {
    return std::array<zvm::Trap (*)(zvm::HostCall&) noexcept, sizeof...(kIndex)>{&log_call<kIndex>...};
}
constexpr auto kLog = log_table(std::make_index_sequence<32>{});

/// The same as diff/peer.mjs computes: two lanes of 32 bits over little-endian words.
std::string memory_line(const zvm::Memory& memory) {
    std::uint32_t a = 1;
    std::uint32_t b = 2;
    for (std::uint64_t at = 0; at < memory.size(); at += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, memory.base() + at, sizeof word);
        a = (a ^ word) * 0x9e37'79b1;
        a ^= a >> 15;
        b = (b + word) * 0x85eb'ca6b;
        b ^= b >> 13;
    }
    return fmt::format("memory {:x} {:x} {}\n", a, b, memory.pages());
}

int call_exports_of(const std::string& file, const RunFlags& flags, bool is_wabt) {
    const auto bytes = base::read_file(file, 64u << 20);
    if (!bytes) {
        fmt::print(stderr, "{}\n", bytes.error().text);
        return 2;
    }
    const auto module =
        zvm::Module::load(*bytes, flags.load.spec ? zvm::LoadOptions::spec() : zvm::LoadOptions::contract());
    if (!module) {
        fmt::print("refused {}\n", base::to_string(module.error()));
        return 1;
    }
    const auto& m = **module;
    if (m.imports().size() > kLog.size()) {
        fmt::print(stderr, "{}: more imports than this command has functions for\n", file);
        return 2;
    }
    std::vector<zvm::HostFunction> hosts;
    for (std::size_t i = 0; i < m.imports().size(); ++i) {
        const auto& import = m.imports()[i];
        if (import.kind != zvm::ExternKind::function) continue;
        hosts.push_back({import.module, import.name, m.types()[import.type], kLog[i]});
    }
    const auto made = zvm::Instance::make(*module, hosts);
    if (!made) {
        fmt::print("refused {}\n", base::to_string(made.error()));
        return 1;
    }
    const auto machine = zvm::Machine::make();
    auto gas = flags.gas;
    const auto started = (*made)->initialise(*machine, gas);
    if (started != zvm::Trap::none) {
        fmt::print("refused {}\n", to_string(started));
        return 1;
    }
    for (const auto& item : m.exports()) {
        if (item.kind != zvm::ExternKind::function) continue;
        const auto& type = m.function_type(item.index);
        if (is_wabt && !type.params.empty()) continue;  // wasm-interp leaves these out
        const std::vector<zvm::Slot> args(type.params.size());
        std::vector<zvm::Slot> results(type.results.size());
        Log log{&m, is_wabt, {}};
        auto left = flags.gas;
        const auto trap = machine->run(*(*made)->function(item.index), args, results, left, {.context = &log});
        fmt::print("{}{}{}", log.text, item.name, is_wabt ? "() =>" : "");
        if (trap != zvm::Trap::none) {
            fmt::print(" {} {}\n", is_wabt ? "error:" : "trap", to_string(trap));
            // What the other engine does about its own limits cannot be compared, nor can anything after it.
            if (trap == zvm::Trap::out_of_gas || trap == zvm::Trap::stack_exhausted) return 0;
            continue;
        }
        if (is_wabt && !results.empty()) fmt::print(" {}", wabt_list(results.data(), type.results));
        for (std::size_t i = 0; i < results.size() && !is_wabt; ++i)
            fmt::print(" {}", bits(results[i], type.results[i]));
        fmt::print("\n");
    }
    if (const auto* const memory = (*made)->memory(); memory && !is_wabt) {
        fmt::print("{}", memory_line(*memory));
    }
    return 0;
}

}  // namespace

int call_exports(const std::vector<std::string>& files, const RunFlags& flags, bool is_wabt) {
    int worst = 0;
    for (const auto& file : files) {
        if (files.size() > 1) fmt::print("# {}\n", file);
        worst = std::max(worst, call_exports_of(file, flags, is_wabt));
    }
    return worst;
}

}  // namespace zvm_tool
