// Whatever decodes as a policy has exactly those bytes as its encoding, also when it is built again from its tree.
#include "gcrypt/policy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const base::ByteView input{reinterpret_cast<const std::byte*>(data), size};
    const auto policy = gcrypt::Policy::decode(input);
    if (!policy) return 0;
    GC_ASSERT(base::equal(policy->encoded(), input));
    GC_ASSERT(policy->keys().size() <= gcrypt::kMaxPolicyKeys);
    const auto again = gcrypt::Policy::make(policy->root());
    GC_ASSERT(again && again->address() == policy->address());
    GC_ASSERT(!policy->satisfied_by(0));
    const auto all = static_cast<std::uint32_t>((std::uint64_t{1} << policy->keys().size()) - 1);
    GC_ASSERT(policy->satisfied_by(all));
    return 0;
}
