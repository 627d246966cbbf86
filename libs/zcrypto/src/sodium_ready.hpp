#pragma once
// libsodium chooses its fast code paths in sodium_init(); before that it runs portable ones.

#include <sodium.h>

#include "base/result.hpp"

namespace zcrypto {

inline void sodium_ready() noexcept {
    static const bool ready = sodium_init() >= 0;
    GC_ASSERT(ready);
}

}  // namespace zcrypto
