#include "zvm/pool.hpp"

#include <limits>

namespace zvm {

base::Result<InstancePool::Lease> InstancePool::acquire(const std::shared_ptr<const Module>& module) noexcept {
    if (const auto found = free_.find(module.get()); found != free_.end() && !found->second.empty()) {
        auto instance = std::move(found->second.back());
        found->second.pop_back();
        --idle_;
        return Lease{*this, std::move(instance)};
    }
    GC_TRY(auto instance, Instance::make(module, functions_));
    auto gas = std::numeric_limits<std::int64_t>::max();
    if (instance->initialise(*machine_, gas) != Trap::none) return base::fail(Errc::invalid, "segments do not fit");
    instance->take_image();
    return Lease{*this, std::move(instance)};
}

void InstancePool::put_back(std::unique_ptr<Instance> instance) noexcept {
    if (idle_max_ == 0) return;
    if (idle_ >= idle_max_) {
        // Make room with another module's: the one just used is the likeliest to be wanted again. Lists that have
        // become empty go too, since nothing else removes them.
        for (auto it = free_.begin(); it != free_.end() && idle_ >= idle_max_;) {
            if (!it->second.empty()) {
                it->second.pop_back();
                --idle_;
            }
            it = it->second.empty() ? free_.erase(it) : std::next(it);
        }
    }
    instance->reset();
    auto& list = free_[&instance->module()];
    list.push_back(std::move(instance));
    ++idle_;
}

}  // namespace zvm
