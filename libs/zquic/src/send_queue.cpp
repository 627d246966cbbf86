#include "send_queue.hpp"

#include <algorithm>

namespace zquic {

void SendQueue::push(Buffer data) {
    if (data.empty()) return;
    unsent_ += data.size();
    if (data.size() < kCopiedBelow && cursor_ < chunks_.size()) return push_copy(data.view());
    chunks_.push_back(std::move(data));
}

void SendQueue::push_copy(base::ByteView data) {
    while (!data.empty()) {
        if (!block_ || block_->size() == block_->capacity()) {
            const auto room = block_ ? kBlockBytes : kFirstBlockBytes;
            block_ = std::make_shared<base::Bytes>();
            block_->reserve(room);
        }
        const auto part = data.first(std::min(data.size(), block_->capacity() - block_->size()));
        data = data.subspan(part.size());
        block_->insert(block_->end(), part.begin(), part.end());
        const auto added = base::ByteView{*block_}.last(part.size());
        // Callers hold views of what is in front; those stay good.
        auto& last = chunks_.back();
        const bool follows = last.data() + last.size() == added.data();
        if (follows && added.data() != block_->data()) {  // what ends at a block's begin is not of the block
            last = Buffer::share(block_, {last.data(), last.size() + added.size()});
        } else {
            chunks_.push_back(Buffer::share(block_, added));
        }
    }
}

std::size_t SendQueue::peek(std::span<base::ByteView> out) const noexcept {
    std::size_t filled = 0;
    auto offset = cursor_offset_;
    for (auto i = cursor_; i < chunks_.size() && filled < out.size(); ++i) {
        out[filled++] = chunks_[i].view().subspan(offset);
        offset = 0;
    }
    return filled;
}

void SendQueue::sent(std::size_t bytes) noexcept {
    GC_ASSERT(bytes <= unsent_);
    unsent_ -= bytes;
    while (bytes > 0) {
        const auto left = chunks_[cursor_].size() - cursor_offset_;
        const auto step = std::min(left, bytes);
        bytes -= step;
        cursor_offset_ += step;
        if (step == left) {
            ++cursor_;
            cursor_offset_ = 0;
        }
    }
}

void SendQueue::acknowledged(std::size_t bytes) noexcept {
    while (bytes > 0) {
        GC_ASSERT(head_ < chunks_.size());
        const auto left = chunks_[head_].size() - head_offset_;
        const auto step = std::min(left, bytes);
        bytes -= step;
        head_offset_ += step;
        if (step == left) {
            chunks_[head_] = Buffer{};
            ++head_;
            head_offset_ = 0;
        }
    }
    compact();
}

void SendQueue::drop_unsent() noexcept {
    unsent_ = 0;
    cursor_ = chunks_.size();
    cursor_offset_ = 0;
}

void SendQueue::compact() {
    if (head_ == chunks_.size()) {
        // An idle stream holds no memory; a busy one keeps its small table.
        block_.reset();
        if (chunks_.capacity() > 64) chunks_ = {};
        chunks_.clear();
        cursor_ -= head_;
        head_ = 0;
    } else if (head_ >= 64 && head_ * 2 >= chunks_.size()) {
        chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(head_));
        cursor_ -= head_;
        head_ = 0;
    }
}

}  // namespace zquic
