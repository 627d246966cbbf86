#include "zvm/pool.hpp"

#include <algorithm>
#include <limits>

namespace zvm {

base::Result<InstancePool::Lease> InstancePool::acquire(const std::shared_ptr<const Module>& module) noexcept {
    if (const auto found = by_module_.find(module.get()); found != by_module_.end()) {
        return Lease{*this, take(found->second.back())};
    }
    GC_TRY(auto instance, Instance::make(module, functions_));
    auto gas = std::numeric_limits<std::int64_t>::max();
    if (instance->initialise(*machine_, gas) != Trap::none) return base::fail(Errc::invalid, "segments do not fit");
    instance->take_image();
    return Lease{*this, std::move(instance)};
}

std::unique_ptr<Instance> InstancePool::take(Place place) noexcept {
    auto instance = std::move(place->instance);
    bytes_ -= place->bytes;
    const auto list = by_module_.find(&instance->module());
    list->second.erase(std::find(list->second.begin(), list->second.end(), place));
    if (list->second.empty()) by_module_.erase(list);
    idle_.erase(place);
    return instance;
}

void InstancePool::put_back(std::unique_ptr<Instance> instance) noexcept {
    if (bounds_.instances == 0) return;
    instance->reset();
    const auto bytes = static_cast<std::size_t>(instance->held_bytes());
    if (bytes > bounds_.bytes) return;
    const auto* const module = &instance->module();
    idle_.push_front({std::move(instance), bytes});
    bytes_ += bytes;
    by_module_[module].push_back(idle_.begin());
    while (idle_.size() > bounds_.instances || bytes_ > bounds_.bytes) take(std::prev(idle_.end()));
}

}  // namespace zvm
