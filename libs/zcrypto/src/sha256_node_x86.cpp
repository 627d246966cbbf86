// The SHA extensions of x86-64. Each instruction waits for the one before it, so two nodes are computed side by side.
// The instructions keep the state as two vectors, named here by their words: abef and cdgh.
#include "sha256_constants.hpp"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

namespace zcrypto::sha256_nodes_detail {
namespace {

#define GC_SHA __attribute__((target("sha,sse4.1"), always_inline)) inline

/// `Lanes` nodes at once.
template <std::size_t Lanes>
struct Group {
    __m128i abef[Lanes], cdgh[Lanes], w[Lanes][4];

    GC_SHA void start(const std::byte* in) noexcept {
        const auto swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
        for (std::size_t l = 0; l < Lanes; ++l) {
            abef[l] = initial_abef();
            cdgh[l] = initial_cdgh();
            for (std::size_t i = 0; i < 4; ++i) {
                const auto words = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + 64 * l + 16 * i));
                w[l][i] = _mm_shuffle_epi8(words, swap);
            }
        }
    }

    /// Four rounds. Schedule words plus constants are in `words`.
    GC_SHA void rounds(std::size_t l, __m128i words) noexcept {
        cdgh[l] = _mm_sha256rnds2_epu32(cdgh[l], abef[l], words);
        abef[l] = _mm_sha256rnds2_epu32(abef[l], cdgh[l], _mm_shuffle_epi32(words, 0x0e));
    }

    GC_SHA void message_block() noexcept {
#pragma GCC unroll 16
        for (std::size_t g = 0; g < 16; ++g) {
            const auto constants = _mm_load_si128(reinterpret_cast<const __m128i*>(kRound.data() + 4 * g));
            for (std::size_t l = 0; l < Lanes; ++l) {
                auto& now = w[l][g % 4];
                if (g >= 4) {
                    const auto last = w[l][(g + 3) % 4], before = w[l][(g + 2) % 4];
                    now = _mm_sha256msg1_epu32(now, w[l][(g + 1) % 4]);
                    now = _mm_add_epi32(now, _mm_alignr_epi8(last, before, 4));
                    now = _mm_sha256msg2_epu32(now, last);
                }
                rounds(l, _mm_add_epi32(now, constants));
            }
        }
        for (std::size_t l = 0; l < Lanes; ++l) {
            abef[l] = _mm_add_epi32(abef[l], initial_abef());
            cdgh[l] = _mm_add_epi32(cdgh[l], initial_cdgh());
        }
    }

    GC_SHA void padding_block() noexcept {
        __m128i abef_before[Lanes], cdgh_before[Lanes];
        for (std::size_t l = 0; l < Lanes; ++l) {
            abef_before[l] = abef[l];
            cdgh_before[l] = cdgh[l];
        }
#pragma GCC unroll 16
        for (std::size_t g = 0; g < 16; ++g) {
            const auto words = _mm_load_si128(reinterpret_cast<const __m128i*>(kPaddingRound.data() + 4 * g));
            for (std::size_t l = 0; l < Lanes; ++l) rounds(l, words);
        }
        for (std::size_t l = 0; l < Lanes; ++l) {
            abef[l] = _mm_add_epi32(abef[l], abef_before[l]);
            cdgh[l] = _mm_add_epi32(cdgh[l], cdgh_before[l]);
        }
    }

    GC_SHA void finish(std::byte* out) const noexcept {
        const auto swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
        for (std::size_t l = 0; l < Lanes; ++l) {
            const auto front = _mm_shuffle_epi32(abef[l], 0x1b), back = _mm_shuffle_epi32(cdgh[l], 0x1b);
            auto* const at = reinterpret_cast<__m128i*>(out + 32 * l);
            _mm_storeu_si128(at, _mm_shuffle_epi8(_mm_unpacklo_epi64(front, back), swap));
            _mm_storeu_si128(at + 1, _mm_shuffle_epi8(_mm_unpackhi_epi64(front, back), swap));
        }
    }

    GC_SHA static __m128i initial_abef() noexcept { return pick(0, 1, 4, 5); }
    GC_SHA static __m128i initial_cdgh() noexcept { return pick(2, 3, 6, 7); }
    GC_SHA static __m128i pick(std::size_t a, std::size_t b, std::size_t c, std::size_t d) noexcept {
        return _mm_set_epi32(static_cast<int>(kInitial[a]), static_cast<int>(kInitial[b]),
                             static_cast<int>(kInitial[c]), static_cast<int>(kInitial[d]));
    }
};

/// Everything is read before anything is written, so that `out` may be the front of `in`.
template <std::size_t Lanes>
GC_SHA void hash_group(const std::byte* in, std::byte* out) noexcept {
    Group<Lanes> group;
    group.start(in);
    group.message_block();
    group.padding_block();
    group.finish(out);
}

}  // namespace

__attribute__((target("sha,sse4.1"))) void hash_sha_extensions(const std::byte* in, std::byte* out,
                                                               std::size_t count) noexcept {
    for (; count >= 2; count -= 2, in += 128, out += 64) hash_group<2>(in, out);
    if (count == 1) hash_group<1>(in, out);
}

bool has_sha_extensions() noexcept {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_SHA)) return false;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSSE3) && (c & bit_SSE4_1);
}

}  // namespace zcrypto::sha256_nodes_detail

#else

namespace zcrypto::sha256_nodes_detail {

bool has_sha_extensions() noexcept { return false; }
void hash_sha_extensions(const std::byte* in, std::byte* out, std::size_t count) noexcept {
    hash_portable(in, out, count);
}

}  // namespace zcrypto::sha256_nodes_detail

#endif
