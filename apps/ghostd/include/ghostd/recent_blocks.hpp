#pragma once
// The newest finalized blocks with the messages that subscribers get, in bounded memory.

#include <cstdint>
#include <map>
#include <memory>

#include "ghost/chain/v1/chain.pb.h"
#include "ghostd/chain.hpp"

namespace ghostd {

/// Blocks are shared with whoever else has them; a message is made when first asked for and shared by all subscribers.
/// Not thread-safe.
class RecentBlocks {
 public:
    using MessagePtr = std::shared_ptr<const ghost::chain::v1::Block>;
    static constexpr std::size_t kCountMax = 32;
    /// Of blocks and messages together. The newest block is held in any case.
    static constexpr std::size_t kBytesMax = 16U << 20U;

    void add(const FinalizedBlockPtr& block);
    /// Null: not held any more, the database has it.
    MessagePtr find(std::uint64_t height, bool with_transactions);

    [[nodiscard]] std::size_t count() const noexcept { return recent_.size(); }
    /// About what they take, messages included.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
    struct Recent {
        FinalizedBlockPtr block;
        MessagePtr bare, full;
        std::size_t bytes = 0;
    };
    void make_room();

    std::map<std::uint64_t, Recent> recent_;
    std::size_t bytes_ = 0;
};

}  // namespace ghostd
