#pragma once
// Bytes of a stream from write() until the peer has acknowledged them.
//
// Small writes are copied together: a queue of one-byte writes holds little more than their bytes.
//
//   chunks_:  [head_ … cursor_)  sent, not acknowledged      [cursor_ … end)  not sent yet

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "zquic/buffer.hpp"

namespace zquic {

class SendQueue {
 public:
    /// Smaller ones are copied when something waits in front of them; others are kept by reference.
    static constexpr std::size_t kCopiedBelow = 1024;
    /// Where copies go, in blocks of so many bytes. One block of a queue is partly unused.
    static constexpr std::size_t kBlockBytes = 4096;
    static constexpr std::size_t kFirstBlockBytes = 512;  ///< Enough for the end of a short answer.

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
    void push_copy(base::ByteView data);
    std::vector<Buffer> chunks_;
    std::size_t head_ = 0;           ///< First chunk that is not fully acknowledged.
    std::size_t head_offset_ = 0;    ///< Acknowledged bytes of it.
    std::size_t cursor_ = 0;         ///< First chunk with unsent bytes.
    std::size_t cursor_offset_ = 0;  ///< Sent bytes of it.
    std::size_t unsent_ = 0;
    /// The block that is being filled. It never grows beyond what it reserved, so its bytes stay where they are.
    std::shared_ptr<base::Bytes> block_;
};

}  // namespace zquic
