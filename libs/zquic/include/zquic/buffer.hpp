#pragma once
// Bytes to send, shared by reference: a stream keeps the Buffer until the peer has acknowledged it, so the bytes are
// neither copied on the way down nor freed too early.

#include <cstddef>
#include <memory>
#include <utility>

#include "base/bytes.hpp"

namespace zquic {

/// An immutable view with its owner. Copying it is cheap. The bytes must not change while any copy lives.
class Buffer {
 public:
    Buffer() noexcept = default;
    /// Takes `bytes` over.
    Buffer(base::Bytes&& bytes) {  // NOLINT(google-explicit-constructor): a Bytes is a Buffer
        auto owner = std::make_shared<const base::Bytes>(std::move(bytes));
        view_ = *owner;
        owner_ = std::move(owner);
    }
    static Buffer copy(base::ByteView bytes) { return Buffer{base::to_bytes(bytes)}; }
    static Buffer copy(std::string_view text) { return Buffer{base::to_bytes(text)}; }
    /// `view` lives at least as long as `owner` does. A null owner: the caller guarantees the lifetime (static bytes).
    static Buffer share(std::shared_ptr<const void> owner, base::ByteView view) noexcept {
        Buffer out;
        out.owner_ = std::move(owner);
        out.view_ = view;
        return out;
    }

    [[nodiscard]] base::ByteView view() const noexcept { return view_; }
    [[nodiscard]] const std::byte* data() const noexcept { return view_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return view_.size(); }
    [[nodiscard]] bool empty() const noexcept { return view_.empty(); }
    /// The bytes from `offset`, at most `count` of them, sharing the owner. `offset` <= size().
    [[nodiscard]] Buffer slice(std::size_t offset, std::size_t count = static_cast<std::size_t>(-1)) const noexcept {
        const auto rest = view_.subspan(offset);
        return share(owner_, rest.first(count < rest.size() ? count : rest.size()));
    }

 private:
    std::shared_ptr<const void> owner_;
    base::ByteView view_;
};

}  // namespace zquic
