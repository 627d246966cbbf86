#pragma once
// Binary Canonical Serialization (the Diem/Sui/Aptos standard): fixed little-endian integers, ULEB128 lengths and
// enum tags, one encoding per value. Consensus objects use this and nothing else.
// Source: github.com/zefchain/bcs, section "Detailed Specifications".

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/u128.hpp"

namespace base {

/// Appends values to a growing buffer. Cannot fail: lengths are bounded by what the types can hold.
class BcsWriter {
 public:
    void u8(std::uint8_t value) { out_.push_back(std::byte{value}); }
    void u16(std::uint16_t value) { integer(value); }
    void u32(std::uint32_t value) { integer(value); }
    void u64(std::uint64_t value) { integer(value); }
    void u128(base::u128 value) { integer(value); }
    void boolean(bool value) { u8(value ? 1 : 0); }
    /// ULEB128 of a length or an enum tag.
    void uleb(std::uint32_t value);
    /// Bytes without a length: fixed-size arrays and already encoded values.
    void fixed(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
    /// Length, then bytes.
    void bytes(ByteView bytes);
    void string(std::string_view text) { bytes(as_bytes(text)); }

    [[nodiscard]] ByteView view() const noexcept { return out_; }
    [[nodiscard]] Bytes take() && { return std::move(out_); }

 private:
    template <typename T>
    void integer(T value) {
        const auto at = out_.size();
        out_.resize(at + sizeof(T));
        store_le(out_.data() + at, value);
    }
    Bytes out_;
};

/// Reads values from the front of a borrowed buffer. The first failure sticks: later reads give zero values, so a
/// decoder reads straight through and asks `finish()` (or `status()`) once. Lengths are checked against the bytes
/// that remain before anything is allocated.
class BcsReader {
 public:
    explicit BcsReader(ByteView input) noexcept : rest_{input} {}

    std::uint8_t u8() noexcept { return integer<std::uint8_t>(); }
    std::uint16_t u16() noexcept { return integer<std::uint16_t>(); }
    std::uint32_t u32() noexcept { return integer<std::uint32_t>(); }
    std::uint64_t u64() noexcept { return integer<std::uint64_t>(); }
    base::u128 u128() noexcept { return integer<base::u128>(); }
    bool boolean() noexcept;
    /// A ULEB128 number up to `max`. `not_canonical` when not minimal, `out_of_range` beyond `max`.
    std::uint32_t uleb(std::uint32_t max) noexcept;
    /// A sequence length: also refused when fewer than `count * min_element_size` bytes remain.
    std::uint32_t length(std::uint32_t max, std::size_t min_element_size = 1) noexcept;
    template <std::size_t N>
    FixedBytes<N> fixed() noexcept {
        FixedBytes<N> out{};
        if (const auto view = take(N); view.size() == N) std::memcpy(out.data(), view.data(), N);
        return out;
    }
    /// Length-prefixed bytes; borrows the input.
    ByteView bytes(std::uint32_t max) noexcept { return take(length(max)); }
    /// Length-prefixed text, copied; must be valid UTF-8.
    std::string string(std::uint32_t max);
    /// The next `count` bytes; borrows the input.
    ByteView take(std::size_t count) noexcept;

    /// Records a failure found by the caller (an unknown tag, say) unless one is recorded already.
    template <typename E>
    void reject(E errc, const char* note) noexcept {
        if (!error_.domain) error_ = fail(errc, note).error();
    }
    [[nodiscard]] bool ok() const noexcept { return error_.domain == nullptr; }
    [[nodiscard]] ByteView rest() const noexcept { return rest_; }
    /// Success so far.
    [[nodiscard]] Result<void> status() const noexcept;
    /// Success, and nothing is left over.
    [[nodiscard]] Result<void> finish() noexcept;

 private:
    template <typename T>
    T integer() noexcept {
        const auto view = take(sizeof(T));
        return view.size() == sizeof(T) ? load_le<T>(view.data()) : T{};
    }
    ByteView rest_;
    Error error_{};
};

}  // namespace base
