// The tree of BLAKE3 (section 2.1 of its paper): chunks of 1 KiB are leaves; a left subtree is the largest full one
// that leaves something for the right. So aligned pieces of a power of two of chunks are nodes of the tree, and what is
// above them has the same shape as a tree of pieces. Pairing neighbours layer by layer, an odd one moving up as it is,
// gives that shape. The compression functions are the official ones.
#include "zcrypto/blake3_tree.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

extern "C" {
#include <blake3_impl.h>
}

#include "raw.hpp"

namespace zcrypto {
namespace {

constexpr std::size_t kChunk = 1024;
constexpr std::size_t kPieceChunks = 64;
constexpr std::size_t kPiece = kPieceChunks * kChunk;
/// How often a helper looks for the next job before it sleeps: about 0.2 ms, in which a busy caller's next message
/// takes and an idle one's does not.
constexpr int kSpins = 20000;

using Words = std::array<std::uint32_t, 8>;

Words load_words(base::ByteView bytes) noexcept {
    Words out;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = base::load_le<std::uint32_t>(bytes.data() + 4 * i);
    return out;
}

void store_words(const Words& words, std::byte* out) noexcept {
    for (std::size_t i = 0; i < words.size(); ++i) base::store_le(out + 4 * i, words[i]);
}

/// What all nodes of one tree have in common.
struct Mode {
    Words key;
    std::uint8_t flags;
};

void wipe(Mode& mode) noexcept { secure_wipe(std::as_writable_bytes(std::span{&mode, 1})); }

Mode plain_mode() noexcept {
    Mode mode{.key = {}, .flags = 0};
    std::copy_n(IV, mode.key.size(), mode.key.begin());
    return mode;
}

/// The last chunk of a message, of 1 to 1024 bytes.
void hash_last_chunk(const Mode& mode, base::ByteView bytes, std::uint64_t counter, std::byte* out) noexcept {
    auto cv = mode.key;
    std::uint8_t flags = mode.flags | CHUNK_START;
    for (;;) {
        base::FixedBytes<64> block{};
        const auto size = std::min<std::size_t>(bytes.size(), block.size());
        std::copy_n(bytes.begin(), size, block.begin());
        bytes = bytes.subspan(size);
        if (bytes.empty()) flags |= CHUNK_END;
        blake3_compress_in_place(cv.data(), base::as_u8(base::ByteView{block}), static_cast<std::uint8_t>(size),
                                 counter, flags);
        if (bytes.empty()) break;
        flags = mode.flags;
    }
    store_words(cv, out);
}

/// Replaces `count` chaining values by those of the layer above, in place. The count of that layer.
std::size_t reduce_layer(const Mode& mode, std::byte* values, std::size_t count) noexcept {
    std::array<const std::uint8_t*, kPieceChunks> blocks;
    std::array<std::byte, kPieceChunks * 32> made;
    std::size_t out = 0;
    for (std::size_t at = 0; at + 1 < count;) {
        const auto pairs = std::min((count - at) / 2, blocks.size());
        for (std::size_t i = 0; i < pairs; ++i) {
            blocks[i] = reinterpret_cast<const std::uint8_t*>(values + (at + 2 * i) * 32);
        }
        blake3_hash_many(blocks.data(), pairs, 1, mode.key.data(), 0, false, mode.flags | PARENT, 0, 0, out_u8(made));
        std::copy_n(made.begin(), pairs * 32, values + out * 32);
        out += pairs;
        at += 2 * pairs;
    }
    if (count % 2 != 0) {
        std::copy_n(values + (count - 1) * 32, 32, values + out * 32);
        ++out;
    }
    return out;
}

/// The chaining value of a piece, which is not the whole message.
void hash_piece(const Mode& mode, base::ByteView piece, std::uint64_t first_chunk, std::byte* out) noexcept {
    std::array<const std::uint8_t*, kPieceChunks> inputs;
    alignas(64) std::array<std::byte, kPieceChunks * 32> values;
    // A message's last chunk is full or not; full ones are hashed side by side.
    auto count = piece.size() / kChunk;
    for (std::size_t i = 0; i < count; ++i) inputs[i] = base::as_u8(piece.subspan(i * kChunk));
    blake3_hash_many(inputs.data(), count, kChunk / BLAKE3_BLOCK_LEN, mode.key.data(), first_chunk, true, mode.flags,
                     CHUNK_START, CHUNK_END, out_u8(values));
    if (const auto rest = piece.subspan(count * kChunk); !rest.empty()) {
        hash_last_chunk(mode, rest, first_chunk + count, values.data() + count * 32);
        ++count;
    }
    while (count > 1) count = reduce_layer(mode, values.data(), count);
    std::copy_n(values.begin(), 32, out);
}

/// One message: who takes a number from `next` hashes that piece.
struct Job {
    Mode mode;
    base::ByteView message;
    std::size_t pieces;
    base::Bytes values;
    std::atomic<std::size_t> next = 0;
    std::atomic<std::size_t> finished = 0;

    Job(const Mode& m, base::ByteView bytes)
        : mode{m}, message{bytes}, pieces{(bytes.size() + kPiece - 1) / kPiece}, values(pieces * 32) {}
    // The mode may hold a key.
    ~Job() { wipe(mode); }
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    void work() noexcept {
        std::size_t done = 0;
        for (;;) {
            const auto piece = next.fetch_add(1, std::memory_order_relaxed);
            if (piece >= pieces) break;
            const auto at = piece * kPiece;
            hash_piece(mode, message.subspan(at, std::min(kPiece, message.size() - at)), piece * kPieceChunks,
                       values.data() + piece * 32);
            ++done;
        }
        if (done > 0 && finished.fetch_add(done, std::memory_order_acq_rel) + done == pieces) finished.notify_all();
    }

    void wait() noexcept {
        for (;;) {
            const auto now = finished.load(std::memory_order_acquire);
            if (now == pieces) return;
            finished.wait(now, std::memory_order_acquire);
        }
    }

    base::Digest root() noexcept {
        auto count = pieces;
        while (count > 2) count = reduce_layer(mode, values.data(), count);
        auto cv = mode.key;
        blake3_compress_in_place(cv.data(), base::as_u8(base::ByteView{values}.first(64)), BLAKE3_BLOCK_LEN, 0,
                                 mode.flags | PARENT | ROOT);
        base::Digest out;
        store_words(cv, out.data());
        return out;
    }
};

}  // namespace

class Blake3Tree::Pool {
 public:
    explicit Pool(unsigned helpers) {
        try {
            for (unsigned i = 0; i < helpers; ++i) {
                threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
            }
        } catch (const std::system_error&) {
            // The system has no more threads: those that started have to do.
        }
    }

    ~Pool() {
        for (auto& thread : threads_) thread.request_stop();
        const std::scoped_lock lock{mutex_};
        generation_.fetch_add(1, std::memory_order_release);  // Ends a spin, too.
        wake_.notify_all();
    }

    [[nodiscard]] unsigned threads() const noexcept { return static_cast<unsigned>(threads_.size()) + 1; }

    base::Digest hash(const Mode& mode, base::ByteView message) {
        const auto job = std::make_shared<Job>(mode, message);
        {
            const std::scoped_lock lock{mutex_};
            job_ = job;
            generation_.fetch_add(1, std::memory_order_release);
        }
        wake_.notify_all();
        job->work();
        job->wait();
        const auto root = job->root();
        {
            const std::scoped_lock lock{mutex_};
            if (job_ == job) job_.reset();  // With it goes the key.
        }
        return root;
    }

 private:
    void run(const std::stop_token& stop) {
        std::uint64_t seen = 0;
        while (!stop.stop_requested()) {
            for (int i = 0; i < kSpins && generation_.load(std::memory_order_acquire) == seen; ++i) pause();
            std::shared_ptr<Job> job;
            {
                std::unique_lock lock{mutex_};
                wake_.wait(lock, [&] { return stop.stop_requested() || generation_.load() != seen; });
                seen = generation_.load();
                job = job_;
            }
            // A job that is over has no pieces left; its message is not touched any more.
            if (job) job->work();
        }
    }

    static void pause() noexcept {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::shared_ptr<Job> job_;
    std::atomic<std::uint64_t> generation_ = 0;
    std::vector<std::jthread> threads_;  // Last: they use everything above.
};

Blake3Tree::Blake3Tree(unsigned threads) {
    if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
    pool_ = std::make_unique<Pool>(std::min(threads, kMaxThreads) - 1);
}

Blake3Tree::~Blake3Tree() = default;

unsigned Blake3Tree::threads() const noexcept { return pool_->threads(); }

base::Digest Blake3Tree::hash(base::ByteView message) {
    if (message.size() < kParallelBytes || threads() == 1) return blake3(message);
    return pool_->hash(plain_mode(), message);
}

base::Digest Blake3Tree::hash_keyed(const Blake3Key& key, base::ByteView message) {
    if (message.size() < kParallelBytes || threads() == 1) return blake3_keyed(key, message);
    Mode mode{.key = load_words(key), .flags = KEYED_HASH};
    const auto digest = pool_->hash(mode, message);
    wipe(mode);
    return digest;
}

}  // namespace zcrypto
