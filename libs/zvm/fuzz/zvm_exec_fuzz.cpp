// Whatever validates runs to an end under a small gas limit, twice with the same outcome: the second time on the
// cleaned instance, which must not remember anything.
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "zvm/machine.hpp"

namespace {

constexpr std::int64_t kGas = 200'000;

struct Outcome {
    zvm::Trap trap;
    std::int64_t gas;
    std::vector<zvm::Slot> results;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

zvm::Trap answer(zvm::HostCall& call) noexcept {
    if (!call.charge(100)) return zvm::Trap::out_of_gas;
    call.slots[0] = 0x1234'5678'9abc'def0;
    return zvm::Trap::none;
}

Outcome call(zvm::Machine& machine, const zvm::Function& function) {
    std::vector<zvm::Slot> args;
    for (std::size_t i = 0; i < function.type->params.size(); ++i) {
        // References cannot be made up.
        args.push_back(zvm::is_reference(function.type->params[i]) ? 0 : 0x0123'4567'89ab'cdef * (i + 1));
    }
    Outcome out{zvm::Trap::none, kGas, std::vector<zvm::Slot>(function.type->results.size())};
    out.trap = machine.run(function, args, out.results, out.gas);
    GC_ASSERT(out.gas >= 0 && out.gas <= kGas);
    for (std::size_t i = 0; i < out.results.size(); ++i) {
        const auto type = function.type->results[i];
        if (type == zvm::ValType::i32 || type == zvm::ValType::f32) GC_ASSERT(out.results[i] <= 0xffff'ffff);
        if (zvm::is_reference(type)) out.results[i] = out.results[i] != 0;
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto options = zvm::LoadOptions::spec();
    options.limits.memory_pages = 4;
    options.limits.table_elements = 1'000;
    const auto module = zvm::Module::load(std::as_bytes(std::span{data, size}), options);
    if (!module) return 0;
    std::vector<zvm::HostFunction> hosts;
    for (const auto& import : (*module)->imports()) {
        if (import.kind != zvm::ExternKind::function) return 0;
        const auto& type = (*module)->types()[import.type];
        // A host function that gives several values, or references, would need a richer answer.
        if (type.results.size() != 1 || zvm::is_reference(type.results[0])) return 0;
        hosts.push_back({import.module, import.name, type, &answer});
    }
    const auto made = zvm::Instance::make(*module, hosts);
    if (!made) return 0;  // two imports of one name and different types
    const auto& instance = *made;
    static const auto machine = zvm::Machine::make();
    auto gas = kGas;
    if (instance->initialise(*machine, gas) != zvm::Trap::none) return 0;
    instance->take_image();
    std::vector<Outcome> first;
    const auto count = std::min<std::uint32_t>((*module)->function_count(), 16);
    for (std::uint32_t i = 0; i < count; ++i) first.push_back(call(*machine, *instance->function(i)));
    (void)machine->trace(**module);
    instance->reset();
    for (std::uint32_t i = 0; i < count; ++i) GC_ASSERT(call(*machine, *instance->function(i)) == first[i]);
    return 0;
}
