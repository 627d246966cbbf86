#pragma once
// Reads the binary format. The first failure sticks: later reads give zero, so callers ask failed() once an item.
// Source: Core Specification 5.2 "Values". The notes are the words of the specification's tests.

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "zvm/errc.hpp"

namespace zvm {

bool valid_utf8(base::ByteView text) noexcept;

class Reader {
 public:
    explicit Reader(base::ByteView bytes) noexcept : at_{base::as_u8(bytes)}, end_{at_ + bytes.size()}, begin_{at_} {}

    [[nodiscard]] bool failed() const noexcept { return note_ != nullptr; }
    [[nodiscard]] const char* note() const noexcept { return note_; }
    [[nodiscard]] bool empty() const noexcept { return at_ == end_; }
    [[nodiscard]] std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - at_); }
    [[nodiscard]] std::size_t position() const noexcept { return static_cast<std::size_t>(at_ - begin_); }
    void fail(const char* note) noexcept {
        if (!note_) note_ = note;
        at_ = end_;
    }
    [[nodiscard]] base::Result<void> status() const noexcept {
        if (note_) return base::fail(Errc::malformed, note_);
        return {};
    }

    std::uint8_t byte() noexcept {
        if (at_ == end_) {
            fail("unexpected end");
            return 0;
        }
        return *at_++;
    }
    [[nodiscard]] std::uint8_t peek() const noexcept { return at_ == end_ ? std::uint8_t{0} : *at_; }
    std::uint32_t u32() noexcept {
        if (at_ != end_ && *at_ < 0x80) return *at_++;
        return static_cast<std::uint32_t>(unsigned_leb(32));
    }
    std::int32_t s32() noexcept { return static_cast<std::int32_t>(signed_leb(32)); }
    std::int64_t s33() noexcept { return signed_leb(33); }
    std::int64_t s64() noexcept { return signed_leb(64); }
    base::ByteView bytes(std::size_t count) noexcept {
        if (count > remaining()) {
            fail("unexpected end");
            return {};
        }
        const base::ByteView view{reinterpret_cast<const std::byte*>(at_), count};
        at_ += count;
        return view;
    }
    /// A part of the input with its own end.
    Reader part(std::size_t count) noexcept { return Reader{bytes(count)}; }
    std::string name() noexcept {
        const auto length = u32();
        if (length > remaining()) {
            fail("length out of bounds");
            return {};
        }
        const auto text = bytes(length);
        if (!valid_utf8(text)) fail("malformed UTF-8 encoding");
        return std::string{base::as_text(text)};
    }
    /// The length of a vector whose elements take at least one byte each.
    std::uint32_t count() noexcept {
        const auto n = u32();
        if (n > remaining()) {
            fail("length out of bounds");
            return 0;
        }
        return n;
    }

 private:
    std::uint64_t unsigned_leb(unsigned bits) noexcept;
    std::int64_t signed_leb(unsigned bits) noexcept;

    const std::uint8_t* at_;
    const std::uint8_t* end_;
    const std::uint8_t* begin_;
    const char* note_ = nullptr;
};

}  // namespace zvm
