#include "keccak.hpp"

#include <bit>
#include <cstring>

#include "zcrypto/secret.hpp"

namespace zcrypto::detail {
namespace {

constexpr std::array<std::uint64_t, 24> kRoundConstants = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

// Rho's rotations and pi's targets, along pi's single cycle that starts at lane 1.
constexpr std::array<int, 24> kRotations = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                            27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};
constexpr std::array<std::size_t, 24> kTargets = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                                  15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};

// Inlined into the forms below. Works on the state itself: a copy of it would stay on the stack.
[[gnu::always_inline]] inline void permute(KeccakState& a) noexcept {
    for (const auto constant : kRoundConstants) {
        std::array<std::uint64_t, 5> column;
#pragma GCC unroll 5
        for (std::size_t x = 0; x < 5; ++x) column[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
#pragma GCC unroll 5
        for (std::size_t x = 0; x < 5; ++x) {
            const auto parity = column[(x + 4) % 5] ^ std::rotl(column[(x + 1) % 5], 1);
#pragma GCC unroll 5
            for (std::size_t y = 0; y < 25; y += 5) a[x + y] ^= parity;
        }
        auto moving = a[1];
#pragma GCC unroll 24
        for (std::size_t i = 0; i < 24; ++i) {
            const auto next = a[kTargets[i]];
            a[kTargets[i]] = std::rotl(moving, kRotations[i]);
            moving = next;
        }
#pragma GCC unroll 5
        for (std::size_t y = 0; y < 25; y += 5) {
            const std::array<std::uint64_t, 5> row = {a[y], a[y + 1], a[y + 2], a[y + 3], a[y + 4]};
#pragma GCC unroll 5
            for (std::size_t x = 0; x < 5; ++x) a[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
        }
        a[0] ^= constant;
    }
}

void permute_anywhere(KeccakState& state) noexcept { permute(state); }

#if defined(__x86_64__)
// With and-not and three-operand rotations, which every second step is.
[[gnu::target("bmi,bmi2")]] void permute_bmi(KeccakState& state) noexcept { permute(state); }
#endif

using Permutation = void (*)(KeccakState&) noexcept;
Permutation fastest() noexcept {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")) return &permute_bmi;
#endif
    return &permute_anywhere;
}

}  // namespace

void keccak_f1600(KeccakState& state) noexcept {
    static const auto best = fastest();
    best(state);
}

Keccak& Keccak::absorb(base::ByteView bytes) noexcept {
    while (!bytes.empty()) {
        if (at_ % 8 == 0 && bytes.size() >= 8) {  // whole lanes
            state_[at_ / 8] ^= base::load_le<std::uint64_t>(bytes.data());
            bytes = bytes.subspan(8);
            at_ += 8;
        } else {
            state_[at_ / 8] ^= std::to_integer<std::uint64_t>(bytes.front()) << (8 * (at_ % 8));
            bytes = bytes.subspan(1);
            ++at_;
        }
        if (at_ == rate_) {
            keccak_f1600(state_);
            at_ = 0;
        }
    }
    return *this;
}

void Keccak::pad() noexcept {
    state_[at_ / 8] ^= std::uint64_t{suffix_} << (8 * (at_ % 8));
    state_[rate_ / 8 - 1] ^= 0x8000000000000000;
    keccak_f1600(state_);
    at_ = 0;
    squeezing_ = true;
}

void Keccak::squeeze(base::MutableBytes out) noexcept {
    if (!squeezing_) pad();
    while (!out.empty()) {
        if (at_ == rate_) {
            keccak_f1600(state_);
            at_ = 0;
        }
        if (at_ % 8 == 0 && out.size() >= 8) {
            base::store_le(out.data(), state_[at_ / 8]);
            out = out.subspan(8);
            at_ += 8;
        } else {
            out.front() = static_cast<std::byte>(state_[at_ / 8] >> (8 * (at_ % 8)));
            out = out.subspan(1);
            ++at_;
        }
    }
}

void Keccak::wipe() noexcept { secure_wipe(std::as_writable_bytes(std::span{state_})); }

}  // namespace zcrypto::detail
