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

CodeInfo code_info_of(const zvm::Module& module, base::ByteView code);

class ContractRunner {
 public:
    ContractRunner(std::shared_ptr<zvm::ModuleCache> cache, const zvm::InstancePool::Bounds& instances)
        : pool_{zvm::zvm1_functions(), instances}, cache_{std::move(cache)} {}

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
