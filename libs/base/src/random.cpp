#include "base/random.hpp"

#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <cerrno>

namespace base {
namespace {

class SystemRandom final : public Random {
 public:
    void fill(MutableBytes out) noexcept override {
        while (!out.empty()) {
            const auto got = getrandom(out.data(), out.size(), 0);
            if (got < 0 && errno == EINTR) continue;
            GC_ASSERT(got > 0);
            out = out.subspan(static_cast<std::size_t>(got));
        }
    }
};

}  // namespace

Random& system_random() noexcept {
    static SystemRandom random;
    return random;
}

std::uint64_t Random::below(std::uint64_t bound) noexcept {
    GC_ASSERT(bound > 0);
    const auto limit = -bound % bound;  // 2^64 mod bound: values below it would be over-represented
    for (;;) {
        if (const auto value = u64(); value >= limit) return value % bound;
    }
}

SeededRandom::SeededRandom(std::uint64_t seed) noexcept {
    for (auto& word : state_) {
        seed += 0x9e3779b97f4a7c15;
        auto z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        word = z ^ (z >> 31);
    }
}

std::uint64_t SeededRandom::next() noexcept {
    const auto result = std::rotl(state_[1] * 5, 7) * 9;
    const auto shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

void SeededRandom::fill(MutableBytes out) noexcept {
    while (!out.empty()) {
        FixedBytes<8> word;
        store_le(word.data(), next());
        const auto count = std::min(out.size(), word.size());
        std::copy_n(word.begin(), count, out.begin());
        out = out.subspan(count);
    }
}

}  // namespace base
