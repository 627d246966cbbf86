#pragma once
// What every function of the library does first and last.

#include "ghost/zcrypto.h"
#include "guarded.hpp"
#include "zcrypto/errc.hpp"
#include "zcrypto/secret.hpp"

namespace capi_zcrypto {

using capi::all_given;
using capi::bytes;
using capi::fixed;
using capi::give;
using capi::given;

inline constexpr const char* kName = "zcrypto";

/// Known-answer tests, each run once a process at the first need. Thread-safe; std::bad_alloc leaves them for next
/// time.
bool core_works();
bool argon2_works();
bool pq_works();

int code_of(const base::Error& error) noexcept;

inline int refuse(int code, const char* note = "") noexcept { return capi::refuse(code, kName, note); }

/// GHOST_OK, or why nothing may be computed.
inline int tested(bool (*works)(), const char* note = "") noexcept {
    try {
        return works() ? GHOST_OK : refuse(GHOST_ERR_SELF_TEST, note);
    } catch (const std::bad_alloc&) {
        return refuse(GHOST_ERR_OUT_OF_MEMORY, note);
    }
}

/// `arguments_ok`: no pointer is null that must not be.
template <typename Body>
int call(bool arguments_ok, Body&& body) noexcept {
    if (const int code = tested(&core_works); code != GHOST_OK) return code;
    if (!arguments_ok) return refuse(GHOST_ERR_INVALID_ARGUMENT, "null pointer or impossible length");
    return capi::guarded(kName, code_of, std::forward<Body>(body));
}

/// A private key of the caller's, copied into locked memory.
template <std::size_t N>
zcrypto::Secret<N> secret(const std::uint8_t* data) {
    zcrypto::Secret<N> out;
    std::memcpy(out.expose_mutable().data(), data, N);
    return out;
}

}  // namespace capi_zcrypto
