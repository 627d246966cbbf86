#pragma once
// Ready instances, so that a call needs no system call: taken, used, cleaned, kept. One thread.

#include <cstddef>
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

    /// `functions` must outlive the pool. At most `idle_max` instances are kept, over all modules.
    InstancePool(std::span<const HostFunction> functions, std::size_t idle_max) noexcept
        : functions_{functions}, idle_max_{idle_max} {}

    /// An instance in its initial state. Linking errors, or `invalid` when its segments do not fit.
    base::Result<Lease> acquire(const std::shared_ptr<const Module>& module) noexcept;
    [[nodiscard]] std::size_t idle() const noexcept { return idle_; }

 private:
    void put_back(std::unique_ptr<Instance> instance) noexcept;

    std::span<const HostFunction> functions_;
    std::size_t idle_max_;
    std::size_t idle_ = 0;
    std::unordered_map<const Module*, std::vector<std::unique_ptr<Instance>>> free_;
    std::unique_ptr<Machine> machine_ = Machine::make();
};

}  // namespace zvm
