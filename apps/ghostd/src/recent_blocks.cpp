#include "ghostd/recent_blocks.hpp"

#include "views.hpp"

namespace ghostd {
namespace {

/// Bytes of a message in memory for each that it has on the wire: it is maps of short texts, for the most part.
constexpr std::size_t kMessageFactor = 6;

}  // namespace

void RecentBlocks::add(const FinalizedBlockPtr& block) {
    const auto bytes = block->block->memory_bytes() + block->certificate.size();
    const auto added = recent_.emplace(block->block->header().height, Recent{block, nullptr, nullptr, bytes}).second;
    if (added) bytes_ += bytes;
    make_room();
}

RecentBlocks::MessagePtr RecentBlocks::find(std::uint64_t height, bool with_transactions) {
    const auto at = recent_.find(height);
    if (at == recent_.end()) return nullptr;
    auto& held = at->second;
    auto& made = with_transactions ? held.full : held.bare;
    if (made) return made;
    made = std::make_shared<const ghost::chain::v1::Block>(views::block(*held.block, with_transactions));
    const auto message = made;
    const auto bytes = kMessageFactor * message->ByteSizeLong();
    held.bytes += bytes;
    bytes_ += bytes;
    make_room();  // May let go of this very one.
    return message;
}

void RecentBlocks::make_room() {
    while (recent_.size() > 1 && (recent_.size() > kCountMax || bytes_ > kBytesMax)) {
        bytes_ -= recent_.begin()->second.bytes;
        recent_.erase(recent_.begin());
    }
}

}  // namespace ghostd
