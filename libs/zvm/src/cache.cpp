#include "zvm/cache.hpp"

namespace zvm {

std::shared_ptr<const Module> ModuleCache::find(const base::Digest& key) noexcept {
    const std::lock_guard lock{mutex_};
    const auto found = index_.find(key);
    if (found == index_.end()) {
        ++stats_.misses;
        return nullptr;
    }
    ++stats_.hits;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->module;
}

base::Result<std::shared_ptr<const Module>> ModuleCache::load(const base::Digest& key, base::ByteView wasm,
                                                              const LoadOptions& options) noexcept {
    if (auto module = find(key)) return module;
    // Outside the lock: two threads may load the same module at once, and the first one in stays.
    GC_TRY(auto module, Module::load(wasm, options));
    const auto bytes = module->footprint();
    const std::lock_guard lock{mutex_};
    if (const auto found = index_.find(key); found != index_.end()) return found->second->module;
    if (bytes > bytes_max_) return module;
    entries_.push_front({key, module, bytes});
    index_.emplace(key, entries_.begin());
    stats_.bytes += bytes;
    while (stats_.bytes > bytes_max_) {
        stats_.bytes -= entries_.back().bytes;
        index_.erase(entries_.back().key);
        entries_.pop_back();
    }
    stats_.modules = entries_.size();
    return module;
}

ModuleCache::Stats ModuleCache::stats() const noexcept {
    const std::lock_guard lock{mutex_};
    return stats_;
}

}  // namespace zvm
