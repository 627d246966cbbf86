#pragma once
// Bytes of a stream from write() until the peer has acknowledged them.
//
//   chunks_:  [head_ … cursor_)  sent, not acknowledged      [cursor_ … end)  not sent yet

#include <cstddef>
#include <span>
#include <vector>

#include "zquic/buffer.hpp"

namespace zquic {

class SendQueue {
 public:
    void push(Buffer data);
    /// Views of unsent bytes in order, into `out`; returns how many were filled. Borrowed until acknowledged().
    std::size_t peek(std::span<base::ByteView> out) const noexcept;
    /// The first `bytes` unsent ones are on their way.
    void sent(std::size_t bytes) noexcept;
    /// The next `bytes` of the sent ones have arrived: their buffers are released.
    void acknowledged(std::size_t bytes) noexcept;
    /// Nothing more will be sent; buffers on their way stay.
    void drop_unsent() noexcept;
    [[nodiscard]] std::size_t unsent_bytes() const noexcept { return unsent_; }

 private:
    void compact();
    std::vector<Buffer> chunks_;
    std::size_t head_ = 0;           ///< First chunk that is not fully acknowledged.
    std::size_t head_offset_ = 0;    ///< Acknowledged bytes of it.
    std::size_t cursor_ = 0;         ///< First chunk with unsent bytes.
    std::size_t cursor_offset_ = 0;  ///< Sent bytes of it.
    std::size_t unsent_ = 0;
};

}  // namespace zquic
