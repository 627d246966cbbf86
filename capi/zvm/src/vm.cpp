#include "vm.hpp"

#include "zvm/errc.hpp"

namespace capi::zvm_local {
namespace {

/// Enough for any module: active segments are not metered and there is no start function.
constexpr std::int64_t kStartGas = 1'000'000;

/// Values of the parameters from packed bytes; nothing when they do not fit.
std::optional<std::vector<zvm::Slot>> unpack(const zvm::FuncType& type, base::ByteView args) {
    std::vector<zvm::Slot> out;
    for (const auto param : type.params) {
        if (zvm::is_reference(param)) return std::nullopt;  // cannot be written as bytes
        const std::size_t size = param == zvm::ValType::i32 ? 4 : 8;
        if (args.size() < size) return std::nullopt;
        out.push_back(size == 4 ? base::load_le<std::uint32_t>(args.data())
                                : base::load_le<std::uint64_t>(args.data()));
        args = args.subspan(size);
    }
    if (!args.empty()) return std::nullopt;
    return out;
}

}  // namespace

base::Result<std::unique_ptr<Vm>> Vm::make(base::ByteView wasm, std::uint32_t flags) {
    GC_TRY(auto module, zvm::Module::load(wasm, zvm::LoadOptions::contract()));
    GC_TRY(auto instance, zvm::Instance::make(std::move(module), zvm::zvm1_functions()));
    auto vm = std::make_unique<Vm>();
    vm->flags = flags;
    vm->instance_ = std::move(instance);
    auto gas = kStartGas;
    if (vm->instance_->initialise(*vm->machine_, gas) != zvm::Trap::none) {
        return base::fail(zvm::Errc::invalid, "segments do not fit");
    }
    vm->instance_->take_image();
    return vm;
}

Outcome Vm::execute(std::string_view name, base::ByteView args) {
    Outcome out;
    const auto index = module().find_function(name);
    if (!index) {
        out.fail(GHOST_ERR_NOT_FOUND, "the module exports no function '" + std::string{name} + "'");
        return out;
    }
    const auto& type = module().function_type(*index);
    std::optional<std::vector<zvm::Slot>> slots{std::in_place};
    if (!type.params.empty()) {
        slots = unpack(type, args);
        if (!slots) {
            out.fail(GHOST_ERR_INVALID_LENGTH, "the arguments do not fit " + to_string(type));
            return out;
        }
        args = {};
    } else if (args.size() > ZVM_INPUT_BYTES_MAX) {
        out.fail(GHOST_ERR_OUT_OF_RANGE, "the input is above its bound");
        return out;
    }
    // Memory and globals, too, are fresh for the next call, however this one ends.
    struct Reset {
        zvm::Instance& instance;
        ~Reset() { instance.reset(); }
    } const reset{*instance_};
    LocalHost::Call call{host, args};
    run(*instance_->function(*index), *slots, out);
    if (out.status == GHOST_OK) call.keep();
    return out;
}

void Vm::run(const zvm::Function& function, const std::vector<zvm::Slot>& args, Outcome& out) {
    out.values.resize(function.type->results.size());
    auto gas = static_cast<std::int64_t>(gas_limit);
    zvm::ContractHost* const context = &host;
    const auto trap = machine_->run(function, args, out.values, gas, {.context = context});
    out.gas_used = gas_limit - static_cast<std::uint64_t>(gas);
    if (host.out_of_memory) {  // What the contract saw from there on, a chain would not have shown it.
        out.values.clear();
        out.fail(GHOST_ERR_OUT_OF_MEMORY, ghost_error_string(GHOST_ERR_OUT_OF_MEMORY));
        return;
    }
    out.reverted = trap == zvm::Trap::reverted;
    if (trap == zvm::Trap::none || out.reverted) {
        out.has_data = host.did_return;
        out.data = std::move(host.returned);
    }
    if (trap == zvm::Trap::none) {
        out.events = std::move(host.events);
        for (std::size_t i = 0; i < out.values.size(); ++i) {
            // The address of a function is nobody's business.
            if (zvm::is_reference(function.type->results[i])) out.values[i] = out.values[i] != 0;
        }
        return;
    }
    out.values.clear();
    out.fail(trap == zvm::Trap::out_of_gas ? GHOST_ERR_OUT_OF_GAS : GHOST_ERR_TRAP, to_string(trap));
    for (const auto& entry : machine_->trace(module())) out.trace += entry.name + "\n";
}

}  // namespace capi::zvm_local
