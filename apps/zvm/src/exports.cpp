#include <fmt/format.h>

#include <bit>

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

struct Log {
    const zvm::Module* module;
    std::string text;
};

/// One function per import: HostCall does not say which import was called, so each has its own number.
template <std::size_t kIndex>
zvm::Trap log_call(zvm::HostCall& call) noexcept {
    auto& log = *static_cast<Log*>(call.context);
    const auto& type = log.module->types()[log.module->imports()[kIndex].type];
    log.text += "call " + log.module->imports()[kIndex].name;
    for (std::size_t i = 0; i < type.params.size(); ++i) log.text += " " + bits(call.slots[i], type.params[i]);
    log.text += "\n";
    for (std::size_t i = 0; i < type.results.size(); ++i) call.slots[i] = 0;
    return zvm::Trap::none;
}
template <std::size_t... kIndex>
constexpr auto log_table(std::index_sequence<kIndex...>) {
    return std::array<zvm::Trap (*)(zvm::HostCall&) noexcept, sizeof...(kIndex)>{&log_call<kIndex>...};
}
constexpr auto kLog = log_table(std::make_index_sequence<32>{});

std::uint64_t fnv1a(const std::uint8_t* at, std::uint64_t size) {
    std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
    for (std::uint64_t i = 0; i < size; ++i) hash = (hash ^ at[i]) * 0x100'0000'01b3;
    return hash;
}

}  // namespace

int call_exports(const std::string& file, const RunFlags& flags) {
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
        const std::vector<zvm::Slot> args(type.params.size());
        std::vector<zvm::Slot> results(type.results.size());
        Log log{&m, {}};
        auto left = flags.gas;
        const auto trap = machine->run(*(*made)->function(item.index), args, results, left, {.context = &log});
        fmt::print("{}{}", log.text, item.name);
        if (trap != zvm::Trap::none) {
            fmt::print(" trap {}\n", to_string(trap));
            // What the other engine does about its own limits cannot be compared, nor can anything after it.
            if (trap == zvm::Trap::out_of_gas || trap == zvm::Trap::stack_exhausted) return 0;
            continue;
        }
        for (std::size_t i = 0; i < results.size(); ++i) fmt::print(" {}", bits(results[i], type.results[i]));
        fmt::print("\n");
    }
    if (const auto* const memory = (*made)->memory()) {
        fmt::print("memory {:x} {}\n", fnv1a(memory->base(), memory->size()), memory->pages());
    }
    return 0;
}

}  // namespace zvm_tool
