#pragma once
// BLAKE3 of large inputs on several threads. Its tree of 1 KiB chunks makes subtrees independent: they are handed out
// piece by piece, so that a thread that wakes late only takes fewer of them. The digest is that of blake3().

#include <memory>
#include <string_view>

#include "zcrypto/hash.hpp"

namespace zcrypto {

/// Keeps its helper threads, which sleep between calls. Calls from several threads are safe; the helpers then serve the
/// latest, and each caller works on its own.
class Blake3Tree {
 public:
    static constexpr unsigned kMaxThreads = 64;
    /// Below this many bytes the calling thread does it alone.
    static constexpr std::size_t kParallelBytes = 128 * 1024;

    /// `threads` includes the calling one: 1 makes no helper. 0 takes as many as the machine has processors.
    explicit Blake3Tree(unsigned threads);
    Blake3Tree(const Blake3Tree&) = delete;
    Blake3Tree& operator=(const Blake3Tree&) = delete;
    ~Blake3Tree();

    [[nodiscard]] unsigned threads() const noexcept;
    [[nodiscard]] base::Digest hash(base::ByteView message);
    [[nodiscard]] base::Digest hash_keyed(const Blake3Key& key, base::ByteView message);

 private:
    class Pool;
    std::unique_ptr<Pool> pool_;
};

}  // namespace zcrypto
