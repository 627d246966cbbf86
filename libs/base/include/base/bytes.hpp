#pragma once
// Byte views and buffers, hexadecimal, and the 32-byte digest used everywhere.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace base {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

template <std::size_t N>
using FixedBytes = std::array<std::byte, N>;
using Digest = FixedBytes<32>;

/// The bytes of `text`; borrows it.
inline ByteView as_bytes(std::string_view text) noexcept { return std::as_bytes(std::span{text.data(), text.size()}); }
/// The characters of `bytes`; borrows them. No encoding is checked.
inline std::string_view as_text(ByteView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline const std::uint8_t* as_u8(ByteView bytes) noexcept {
    return reinterpret_cast<const std::uint8_t*>(bytes.data());
}
inline std::uint8_t* as_u8(MutableBytes bytes) noexcept { return reinterpret_cast<std::uint8_t*>(bytes.data()); }

inline Bytes to_bytes(ByteView bytes) { return {bytes.begin(), bytes.end()}; }
inline Bytes to_bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

inline bool equal(ByteView a, ByteView b) noexcept {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}
/// Lexicographic on unsigned bytes, as RocksDB orders keys.
std::strong_ordering compare(ByteView a, ByteView b) noexcept;

/// Copies into a fixed array. `invalid_argument` when the size differs.
template <std::size_t N>
Result<FixedBytes<N>> to_fixed(ByteView bytes) noexcept {
    if (bytes.size() != N) return fail(Errc::invalid_argument, "fixed-size bytes");
    FixedBytes<N> out;
    std::memcpy(out.data(), bytes.data(), N);
    return out;
}

/// Lower-case hexadecimal, two digits a byte, no prefix.
std::string to_hex(ByteView bytes);
/// Accepts either case and an optional 0x. `invalid_argument` on anything else.
Result<Bytes> from_hex(std::string_view text);
template <std::size_t N>
Result<FixedBytes<N>> fixed_from_hex(std::string_view text) {
    GC_TRY(const auto bytes, from_hex(text));
    return to_fixed<N>(bytes);
}

/// Big-endian and little-endian integers at the front of `bytes`, which must be long enough.
template <typename T>
T load_le(const std::byte* at) noexcept {
    T value{};
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value |= static_cast<T>(std::to_integer<std::uint8_t>(at[i])) << (8 * i);
    return value;
}
template <typename T>
T load_be(const std::byte* at) noexcept {
    T value{};
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>(value << 8 | std::to_integer<std::uint8_t>(at[i]));
    return value;
}
template <typename T>
void store_le(std::byte* at, T value) noexcept {
    for (std::size_t i = 0; i < sizeof(T); ++i) at[i] = static_cast<std::byte>(value >> (8 * i));
}
template <typename T>
void store_be(std::byte* at, T value) noexcept {
    for (std::size_t i = 0; i < sizeof(T); ++i) at[i] = static_cast<std::byte>(value >> (8 * (sizeof(T) - 1 - i)));
}

}  // namespace base
