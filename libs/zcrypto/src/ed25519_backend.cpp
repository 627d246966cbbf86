#include "ed25519_backend.hpp"

#include <atomic>
#include <new>

namespace zcrypto::curve {
namespace {

constexpr std::align_val_t kAlignment{64};

bool runs(Backend backend) noexcept {
    switch (backend) {
        case Backend::portable: return true;
#ifdef ZCRYPTO_X86
        // These builtins also ask whether the operating system saves the registers.
        case Backend::avx2: return __builtin_cpu_supports("avx2");
        case Backend::ifma:
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512ifma");
#else
        case Backend::avx2:
        case Backend::ifma: return false;
#endif
    }
    return false;
}

const Operations& best() noexcept {
    for (const auto backend : {Backend::ifma, Backend::avx2}) {
        if (const auto* const found = operations_of(backend)) return *found;
    }
    return portable_operations();
}

std::atomic<const Operations*> forced{nullptr};

}  // namespace

std::string_view name_of(Backend backend) noexcept {
    switch (backend) {
        case Backend::portable: return "portable";
        case Backend::avx2: return "avx2";
        case Backend::ifma: return "ifma";
    }
    return "?";
}

const Operations* operations_of(Backend backend) noexcept {
    if (!runs(backend)) return nullptr;
    switch (backend) {
        case Backend::portable: return &portable_operations();
#ifdef ZCRYPTO_X86
        case Backend::avx2: return &avx2_operations();
        case Backend::ifma: return &ifma_operations();
#else
        case Backend::avx2:
        case Backend::ifma: return nullptr;
#endif
    }
    return nullptr;
}

const Operations& operations() noexcept {
    static const Operations& chosen = best();
    const auto* const other = forced.load(std::memory_order_acquire);
    return other ? *other : chosen;
}

bool force_backend(Backend backend) noexcept {
    const auto* const found = operations_of(backend);
    if (found) forced.store(found, std::memory_order_release);
    return found != nullptr;
}

void Workspace::Free::operator()(void* memory) const noexcept { ::operator delete(memory, kAlignment); }

void* Workspace::reserve(std::size_t size) noexcept {
    if (size > size_) {
        memory_.reset();
        memory_.reset(::operator new(size, kAlignment));
        size_ = size;
    }
    return memory_.get();
}

}  // namespace zcrypto::curve
