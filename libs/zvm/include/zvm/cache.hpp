#pragma once
// Loaded modules by key. Threads share it; a hit costs a lock and a look-up. A hit and a miss give equal modules, so
// gas and results never depend on it.

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>

#include "base/bytes.hpp"
#include "zvm/module.hpp"

namespace zvm {

/// What the owner's key must cover besides the code: the engine's version, the gas schedule, profile and limits.
/// Raise it with any change of lowering that is visible in gas.
inline constexpr std::uint32_t kEngineVersion = 1;

class ModuleCache {
 public:
    /// Keeps modules of at most `bytes_max` together (by Module::footprint), dropping the least recently used.
    explicit ModuleCache(std::size_t bytes_max) noexcept : bytes_max_{bytes_max} {}

    /// The module of `key`, loaded from `wasm` when it is not here. `key` is the caller's hash of the code and of
    /// everything above; two different inputs must never share one. Refusals are not kept.
    base::Result<std::shared_ptr<const Module>> load(const base::Digest& key, base::ByteView wasm,
                                                     const LoadOptions& options) noexcept;
    /// Null when it is not here; a caller without the code at hand asks first.
    std::shared_ptr<const Module> find(const base::Digest& key) noexcept;

    struct Stats {
        std::size_t modules = 0;
        std::size_t bytes = 0;
        std::uint64_t hits = 0;
        std::uint64_t misses = 0;
    };
    [[nodiscard]] Stats stats() const noexcept;

 private:
    struct Entry {
        base::Digest key;
        std::shared_ptr<const Module> module;
        std::size_t bytes;
    };
    mutable std::mutex mutex_;
    std::size_t bytes_max_;
    Stats stats_;
    std::list<Entry> entries_;  ///< Most recently used first.
    std::map<base::Digest, std::list<Entry>::iterator> index_;
};

}  // namespace zvm
