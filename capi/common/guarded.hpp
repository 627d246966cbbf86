#pragma once
// The border between C and C++: no exception and no Result crosses it.

#include <cstdio>
#include <new>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ghost/error.h"

namespace capi {

/// The caller's bytes. Null is fine for no bytes.
inline base::ByteView bytes(const std::uint8_t* data, std::size_t size) noexcept {
    return {reinterpret_cast<const std::byte*>(data), size};
}
/// A fixed-size copy of what the caller points at.
template <std::size_t N>
base::FixedBytes<N> fixed(const std::uint8_t* data) noexcept {
    base::FixedBytes<N> out;
    std::memcpy(out.data(), data, N);
    return out;
}
/// To the caller, as the last step: what was overlapped by it has been read.
inline void give(base::ByteView value, std::uint8_t* out) noexcept {
    if (!value.empty()) std::memcpy(out, value.data(), value.size());
}
/// Whether `size` bytes can be at `data`.
inline bool given(const void* data, std::size_t size) noexcept {
    return size == 0 || (data != nullptr && size <= PTRDIFF_MAX);
}
template <typename... Pointers>
bool all_given(const Pointers*... pointers) noexcept {
    return ((pointers != nullptr) && ...);
}

/// This thread's text of the latest failure.
inline std::span<char> last_error() noexcept {
    thread_local char text[256] = "";
    return text;
}
inline int report(int code, const char* domain, const char* text, const char* note) noexcept {
    const auto out = last_error();
    std::snprintf(out.data(), out.size(), *note ? "%s: %s (%s)" : "%s: %s", domain, text, note);
    return code;
}
inline int refuse(int code, const char* library, const char* note = "") noexcept {
    return report(code, library, ghost_error_string(code), note);
}

/// Runs `body`, which returns Result<void>, and turns what comes out into a code. `code_of` maps an Error.
template <typename Body, typename CodeOf>
int guarded(const char* library, CodeOf code_of, Body&& body) noexcept {
    try {
        const auto done = body();
        if (done) return GHOST_OK;
        const auto& error = done.error();
        return report(code_of(error), error.domain->name, error.domain->describe(error.code), error.note);
    } catch (const std::bad_alloc&) {
        return refuse(GHOST_ERR_OUT_OF_MEMORY, library);
    } catch (...) {
        return refuse(GHOST_ERR_INTERNAL, library);
    }
}

}  // namespace capi
