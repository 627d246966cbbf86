#include "zvm/contract.hpp"

#include <algorithm>

#include "zvm/errc.hpp"
#include "zvm/pool.hpp"

namespace zvm {

const char* contract_problem(const Module& module) noexcept {
    if (!module.find_function(kEntryCall)) return "no function is exported as \"call\"";
    for (const auto name : {kEntryCall, kEntryInit}) {
        if (!module.find_export(name)) continue;
        const auto function = module.find_function(name);
        const auto* const type = function ? &module.function_type(*function) : nullptr;
        if (!type || !type->params.empty() || !type->results.empty()) return "an entry point takes or gives something";
    }
    const auto& customs = module.custom_sections();
    if (std::count_if(customs.begin(), customs.end(), [](const auto& s) { return s.name == kAbiSection; }) > 1) {
        return "there is more than one section \"zvm.abi\"";
    }
    return nullptr;
}

base::Checked<std::shared_ptr<const Module>> load_contract(base::ByteView code,
                                                           std::span<const HostFunction> functions) {
    const auto refuse = [](const base::Error& error) {
        return std::unexpected{base::Diagnostic{.error = error, .text = base::to_string(error)}};
    };
    auto module = Module::load(code, LoadOptions::contract());
    if (!module) return refuse(module.error());
    if (const auto* problem = contract_problem(**module)) return base::explain(Errc::invalid, problem);
    InstancePool pool{functions, {.instances = 0}};
    if (const auto instance = pool.acquire(*module); !instance) return refuse(instance.error());
    return std::move(*module);
}

}  // namespace zvm
