// The prices that the ledger adds to those of zvm: zvm prices the work of a host call, the ledger what it leaves on
// disk for ever. They are charged before the function does anything, like everything else.

#include <algorithm>

#include "contract_engine.hpp"
#include "ledger/execute.hpp"
#include "zvm/instance.hpp"

namespace ledger {
namespace {

using zvm::HostCall;
using zvm::HostFunction;
using zvm::Trap;

const HostFunction& original(std::string_view name) {
    const auto all = zvm::zvm1_functions();
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& f) { return f.name == name; });
    GC_ASSERT(at != all.end());
    return *at;
}

MeteredHost& host(HostCall& call) { return *static_cast<MeteredHost*>(static_cast<zvm::ContractHost*>(call.context)); }

/// The key that arguments 0 and 1 mean; nothing when zvm is going to trap on them.
std::optional<base::ByteView> key_of(const HostCall& call) {
    const auto length = call.u32(1);
    if (length > zvm::kStorageKeyMax || !call.instance.memory()) return std::nullopt;
    const auto* const at = call.instance.memory()->view(call.u32(0), length);
    if (!at) return std::nullopt;
    return base::ByteView{reinterpret_cast<const std::byte*>(at), length};
}

/// A large value costs its reading even if the contract wants only a part of it. zvm charges the part.
Trap storage_get(HostCall& call) noexcept {
    static const auto& zvm1 = original("storage_get");
    if (const auto key = key_of(call)) {
        const auto size = host(call).slot_bytes(*key).value_or(0);
        const auto copied = std::min<std::size_t>(size, call.u32(3));
        if (!call.charge((size - copied) * gas::kReadByte)) return Trap::out_of_gas;
    }
    return zvm1.call(call);
}

Trap storage_set(HostCall& call) noexcept {
    static const auto& zvm1 = original("storage_set");
    if (const auto key = key_of(call)) {
        const std::uint64_t size = call.u32(3);
        const auto before = host(call).slot_bytes(*key);
        const auto growth = before ? size - std::min<std::uint64_t>(size, *before) : size + key->size();
        if (!call.charge(growth * gas::kGrowthByte + (before ? 0 : gas::kSlotNew))) return Trap::out_of_gas;
    }
    return zvm1.call(call);
}

Trap emit(HostCall& call) noexcept {
    static const auto& zvm1 = original("emit");
    const std::uint64_t bytes = std::uint64_t{call.u32(1)} * 32 + call.u32(3);
    if (!call.charge(bytes * gas::kEventByte)) return Trap::out_of_gas;
    return zvm1.call(call);
}

std::vector<HostFunction> make_table() {
    const auto all = zvm::zvm1_functions();
    std::vector<HostFunction> out{all.begin(), all.end()};
    for (auto& function : out) {
        if (function.name == "storage_get") function.call = &storage_get;
        if (function.name == "storage_set") function.call = &storage_set;
        if (function.name == "emit") function.call = &emit;
    }
    return out;
}

}  // namespace

std::span<const HostFunction> contract_functions() noexcept {
    static const auto kTable = make_table();
    return kTable;
}

}  // namespace ledger
