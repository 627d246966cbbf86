// Batches over several threads: chunks are taken from a common counter until none is left.
#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include "ed25519_chunk.hpp"

namespace zcrypto::ed25519 {
namespace {

constexpr std::size_t kChunkMin = 32;  // Smaller equations lose more than another thread gains.

/// One thread at a time; chunks draw their coefficients in one call each.
class LockedRandom final : public base::Random {
 public:
    explicit LockedRandom(base::Random& random) : random_{random} {}
    void fill(base::MutableBytes out) noexcept override {
        const std::scoped_lock lock{mutex_};
        random_.fill(out);
    }

 private:
    std::mutex mutex_;
    base::Random& random_;
};

/// A batch in progress.
struct Job {
    std::span<const BatchItem> items;
    base::Random& random;
    std::size_t chunk;
    std::span<std::uint8_t> verdicts;  // Empty: only whether all are valid.
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> all_valid = true;

    void work() {
        std::unique_ptr<ChunkVerifier> verifier;
        for (;;) {
            const auto from = next.fetch_add(chunk, std::memory_order_relaxed);
            if (from >= items.size()) return;
            if (!verifier) verifier = std::make_unique<ChunkVerifier>(items, random);
            const auto to = std::min(from + chunk, items.size());
            if (!verdicts.empty()) {
                verifier->each(from, to, verdicts);
            } else if (!verifier->all_valid(from, to)) {
                all_valid.store(false, std::memory_order_relaxed);
                next.store(items.size(), std::memory_order_relaxed);  // Nothing more to find out.
            }
        }
    }
};

}  // namespace

class BatchVerifier::Pool {
 public:
    explicit Pool(unsigned threads) {
        for (unsigned i = 1; i < threads; ++i) {
            try {
                threads_.emplace_back([this](const std::stop_token& stop) { serve(stop); });
            } catch (const std::system_error&) {
                break;
            }
            pthread_setname_np(threads_.back().native_handle(), "ed25519-batch");
        }
    }

    [[nodiscard]] unsigned threads() const noexcept { return static_cast<unsigned>(threads_.size()) + 1; }

    bool run(std::span<const BatchItem> items, base::Random& random, std::span<std::uint8_t> verdicts) {
        const std::scoped_lock one_batch{batch_};
        LockedRandom locked{random};
        const auto share = (items.size() + threads() - 1) / threads();
        Job job{.items = items, .random = locked, .chunk = std::clamp(share, kChunkMin, kChunk), .verdicts = verdicts};
        if (items.size() > job.chunk) {
            const std::scoped_lock lock{mutex_};
            job_ = &job;
            ++generation_;
            wake_.notify_all();
        }
        job.work();
        std::unique_lock lock{mutex_};
        job_ = nullptr;  // Who has not begun by now finds nothing to do.
        done_.wait(lock, [this] { return busy_ == 0; });
        return job.all_valid;
    }

 private:
    void serve(const std::stop_token& stop) {
        std::uint64_t seen = 0;
        std::unique_lock lock{mutex_};
        while (wake_.wait(lock, stop, [&] { return job_ != nullptr && generation_ != seen; })) {
            seen = generation_;
            auto& job = *job_;
            ++busy_;
            lock.unlock();
            job.work();
            lock.lock();
            if (--busy_ == 0) done_.notify_one();
        }
    }

    std::mutex batch_;  // Held by whoever has a batch checked.
    std::mutex mutex_;  // Guards what follows.
    std::condition_variable_any wake_;
    std::condition_variable done_;
    Job* job_ = nullptr;
    std::uint64_t generation_ = 0;
    unsigned busy_ = 0;
    std::vector<std::jthread> threads_;  // Last: they stop before what they use goes.
};

BatchVerifier::BatchVerifier(unsigned threads) : pool_{std::make_unique<Pool>(std::clamp(threads, 1u, kThreadsMax))} {}
BatchVerifier::~BatchVerifier() = default;

unsigned BatchVerifier::threads() const noexcept { return pool_->threads(); }

bool BatchVerifier::verify(std::span<const BatchItem> items, base::Random& random) {
    return items.empty() || pool_->run(items, random, {});
}

std::vector<bool> BatchVerifier::verify_each(std::span<const BatchItem> items, base::Random& random) {
    if (items.empty()) return {};
    std::vector<std::uint8_t> verdicts(items.size(), 0);
    pool_->run(items, random, verdicts);
    return {verdicts.begin(), verdicts.end()};
}

}  // namespace zcrypto::ed25519
