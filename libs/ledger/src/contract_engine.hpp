#pragma once
// One thread's means of running contracts, and how modules get to it.

#include <memory>
#include <mutex>
#include <vector>

#include "ledger/contracts.hpp"
#include "zvm/cache.hpp"
#include "zvm/contract_host.hpp"
#include "zvm/pool.hpp"

namespace ledger {

/// `zvm1` with the ledger's own prices for what stays on disk (contract_gas.cpp).
std::span<const zvm::HostFunction> contract_functions() noexcept;

/// The host of every run: what contract_functions() need to know besides ContractHost.
class MeteredHost : public zvm::ContractHost {
 public:
    /// Size of a slot's value now; nothing when there is no such slot.
    virtual std::optional<std::size_t> slot_bytes(base::ByteView key) noexcept = 0;
};

CodeInfo code_info_of(const zvm::Module& module, base::ByteView code);

class ContractRunner {
 public:
    ContractRunner(std::shared_ptr<zvm::ModuleCache> cache, std::size_t instances_max)
        : pool_{contract_functions(), instances_max}, cache_{std::move(cache)} {}

    [[nodiscard]] zvm::InstancePool& pool() noexcept { return pool_; }
    /// The stacks of a nesting depth.
    zvm::Machine& machine(std::size_t depth);
    /// From the cache, or null.
    std::shared_ptr<const zvm::Module> find(const Hash& code_hash);
    base::Result<std::shared_ptr<const zvm::Module>> load(const Hash& code_hash, base::ByteView code);

 private:
    zvm::InstancePool pool_;
    std::vector<std::unique_ptr<zvm::Machine>> machines_;
    std::shared_ptr<zvm::ModuleCache> cache_;
};

}  // namespace ledger
