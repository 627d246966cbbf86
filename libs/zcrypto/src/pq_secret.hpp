#pragma once
// Helpers of the constant-time code: masks that the compiler cannot turn back into branches, and locals that are wiped.

#include <cstdint>
#include <span>
#include <type_traits>

#include "zcrypto/secret.hpp"
#include "zcrypto/taint.hpp"

namespace zcrypto::detail {

/// The value itself, about which the compiler knows nothing any more.
template <typename T>
    requires std::is_integral_v<T>
inline T opaque(T value) noexcept {
    asm volatile("" : "+r"(value));
    return value;
}

/// All ones when `value` is not zero, else zero.
inline std::uint32_t mask_nonzero(std::uint32_t value) noexcept {
    return opaque(static_cast<std::uint32_t>(-static_cast<std::int64_t>(value) >> 63));
}

/// Wipes a local when it goes out of scope.
template <typename T>
    requires std::is_trivially_copyable_v<T>
class Wiped {
 public:
    Wiped() noexcept = default;
    ~Wiped() { secure_wipe(std::as_writable_bytes(std::span{&value, 1})); }
    Wiped(const Wiped&) = delete;
    Wiped& operator=(const Wiped&) = delete;
    T* operator->() noexcept { return &value; }
    T& operator*() noexcept { return value; }
    const T& operator*() const noexcept { return value; }

    T value;
};

}  // namespace zcrypto::detail
