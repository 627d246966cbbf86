#pragma once
// Ready instances, so that a call needs no system call: taken, used, cleaned, kept. One thread.

#include <cstddef>
#include <list>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "zvm/instance.hpp"
#include "zvm/machine.hpp"

namespace zvm {

class InstancePool {
 public:
    /// Gives its instance back, cleaned, when it goes out of scope. The pool must still be there.
    class Lease {
     public:
        Lease(InstancePool& pool, std::unique_ptr<Instance> instance) noexcept
            : pool_{&pool}, instance_{std::move(instance)} {}
        Lease(Lease&&) noexcept = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (instance_) pool_->put_back(std::move(instance_));
        }
        Instance& operator*() const noexcept { return *instance_; }
        Instance* operator->() const noexcept { return instance_.get(); }

     private:
        InstancePool* pool_;
        std::unique_ptr<Instance> instance_;
    };

    /// What idle instances, of all modules together, are kept within; the longest unused go first.
    struct Bounds {
        std::size_t instances = 128;
        std::size_t bytes = 64U << 20U;  ///< By Instance::held_bytes: memory, tables, and the module of each.
    };
    /// `functions` must outlive the pool.
    InstancePool(std::span<const HostFunction> functions, const Bounds& bounds) noexcept
        : functions_{functions}, bounds_{bounds} {}

    /// An instance in its initial state. Linking errors, or `invalid` when its segments do not fit.
    base::Result<Lease> acquire(const std::shared_ptr<const Module>& module) noexcept;
    [[nodiscard]] std::size_t idle() const noexcept { return idle_.size(); }
    [[nodiscard]] std::size_t idle_bytes() const noexcept { return bytes_; }

 private:
    struct Idle {
        std::unique_ptr<Instance> instance;
        std::size_t bytes;
    };
    using Place = std::list<Idle>::iterator;
    void put_back(std::unique_ptr<Instance> instance) noexcept;
    std::unique_ptr<Instance> take(Place place) noexcept;

    std::span<const HostFunction> functions_;
    Bounds bounds_;
    std::size_t bytes_ = 0;
    std::list<Idle> idle_;                                             ///< Most recently used first.
    std::unordered_map<const Module*, std::vector<Place>> by_module_;  // unkeyed: our addresses
    std::unique_ptr<Machine> machine_ = Machine::make();
};

}  // namespace zvm
