#include "contract_engine.hpp"

#include "ledger/codec.hpp"
#include "zcrypto/hash.hpp"
#include "zvm/contract.hpp"
#include "zvm/gas.hpp"

namespace ledger {
namespace {

// The ledger's names and bounds are the engine's.
static_assert(kEntryInit == zvm::kEntryInit && kEntryCall == zvm::kEntryCall);
static_assert(kContractEventsMax == zvm::kEventsMax && kContractEventBytesMax == zvm::kEventBytesTotalMax);

/// Everything that a lowered module depends on.
base::Digest cache_key(const Hash& code_hash) {
    static const zcrypto::Blake3Context context{"ghostchain 2026 module cache v1"};
    base::FixedBytes<9> versions;
    base::store_le(versions.data(), zvm::kEngineVersion);
    base::store_le(versions.data() + 4, zvm::gas::kGasVersion);
    versions[8] = static_cast<std::byte>(zvm::Profile::contract);
    const std::array<base::ByteView, 2> parts{code_hash, versions};
    return context.hash(parts);
}

}  // namespace

CodeInfo code_info_of(const zvm::Module& module, base::ByteView code) {
    CodeInfo info{.code_bytes = static_cast<std::uint32_t>(code.size()),
                  .load_gas = module.load_gas(),
                  .instance_gas = module.instance_gas()};
    for (const auto& section : module.custom_sections()) {
        if (section.name == zvm::kAbiSection) info.abi_hash = zcrypto::blake3(section.bytes);
    }
    return info;
}

base::Checked<CodeInfo> check_code(base::ByteView code) {
    const auto refuse = [](std::string text) { return base::explain(Errc::malformed, "code: " + std::move(text)); };
    if (code.empty() || code.size() > kCodeBytesMax) return refuse("its size is not allowed");
    const auto module = zvm::load_contract(code);
    if (!module) return refuse(module.error().text);
    return code_info_of(**module, code);
}

zvm::Machine& ContractRunner::machine(std::size_t depth) {
    while (machines_.size() <= depth) machines_.push_back(zvm::Machine::make());
    return *machines_[depth];
}

std::shared_ptr<const zvm::Module> ContractRunner::find(const Hash& code_hash) {
    return cache_->find(cache_key(code_hash));
}

base::Result<std::shared_ptr<const zvm::Module>> ContractRunner::load(const Hash& code_hash, base::ByteView code) {
    return cache_->load(cache_key(code_hash), code, zvm::LoadOptions::contract());
}

struct ContractEngine::Impl {
    explicit Impl(const Options& given)
        : options{given}, cache{std::make_shared<zvm::ModuleCache>(given.module_bytes_max)} {}
    const Options options;
    const std::shared_ptr<zvm::ModuleCache> cache;
    std::mutex mutex;
    std::vector<std::unique_ptr<ContractRunner>> idle;
};

ContractEngine::ContractEngine() : ContractEngine{Options{}} {}
ContractEngine::ContractEngine(const Options& options) : impl_{std::make_shared<Impl>(options)} {}
ContractEngine::~ContractEngine() = default;

ContractEngine::Stats ContractEngine::stats() const {
    const auto cache = impl_->cache->stats();
    return {.modules = cache.modules, .module_bytes = cache.bytes, .hits = cache.hits, .misses = cache.misses};
}

std::shared_ptr<ContractRunner> ContractEngine::runner() {
    std::unique_ptr<ContractRunner> taken;
    {
        const std::scoped_lock lock{impl_->mutex};
        if (!impl_->idle.empty()) {
            taken = std::move(impl_->idle.back());
            impl_->idle.pop_back();
        }
    }
    if (!taken)
        taken = std::make_unique<ContractRunner>(impl_->cache,
                                                 zvm::InstancePool::Bounds{.instances = impl_->options.instances_max,
                                                                           .bytes = impl_->options.instance_bytes_max});
    return {taken.release(), [impl = impl_](ContractRunner* raw) {
                std::unique_ptr<ContractRunner> runner{raw};
                const std::scoped_lock lock{impl->mutex};
                if (impl->idle.size() < impl->options.runners_max) impl->idle.push_back(std::move(runner));
            }};
}

}  // namespace ledger
