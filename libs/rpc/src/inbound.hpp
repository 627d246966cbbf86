#pragma once
// The receiving half of a call, the same on both sides: body bytes to messages, and when to give credit back.

#include <algorithm>
#include <cstddef>
#include <optional>

#include "rpc/framing.hpp"

namespace rpc {

class Inbound {
 public:
    explicit Inbound(std::size_t message_bytes_max) noexcept
        : buffer_{message_bytes_max}, message_bytes_max_{message_bytes_max} {}

    void set_encoding(Encoding encoding) noexcept { encoding_ = encoding; }
    void append(base::ByteView bytes) {
        buffer_.append(bytes);
        received_ += bytes.size();
    }
    void end() noexcept { ended_ = true; }
    [[nodiscard]] bool ended() const noexcept { return ended_; }
    /// Bytes of messages that next() has not returned.
    [[nodiscard]] std::size_t buffered() const noexcept { return buffer_.buffered(); }

    /// The next message, decompressed; nothing when more bytes are needed or none will come. INTERNAL when the stream
    /// ended inside a message. The view lives until append() or next().
    StatusOr<std::optional<base::ByteView>> next();

    /// Bytes to give credit for now: those of messages handed out, and while the reader waits for one (`hungry`) all
    /// that arrived, or a message larger than the window could never complete.
    std::size_t take_credit(bool hungry) noexcept {
        const auto due = hungry ? received_ : received_ - buffer_.buffered();
        const auto credit = due - std::min(due, credited_);
        credited_ += credit;
        return credit;
    }

 private:
    MessageBuffer buffer_;
    std::size_t message_bytes_max_;
    std::size_t received_ = 0;
    std::size_t credited_ = 0;
    base::Bytes inflated_;
    Encoding encoding_ = Encoding::identity;
    bool ended_ = false;
};

}  // namespace rpc
