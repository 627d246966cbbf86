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

/// Where a lane of the next state comes from: rho and pi of FIPS 202, read backwards.
struct Origin {
    std::size_t lane;
    int rotation;
};
constexpr std::array<Origin, 25> kOrigins = [] {
    std::array<int, 25> rotations{};
    for (std::size_t x = 1, y = 0, t = 1; t <= 24; ++t) {
        rotations[x + 5 * y] = static_cast<int>(t * (t + 1) / 2 % 64);
        const auto next = (2 * x + 3 * y) % 5;
        x = y;
        y = next;
    }
    std::array<Origin, 25> out{};
    for (std::size_t y = 0; y < 5; ++y) {
        for (std::size_t x = 0; x < 5; ++x) {
            const auto lane = (x + 3 * y) % 5 + 5 * x;
            out[x + 5 * y] = {lane, rotations[lane]};
        }
    }
    return out;
}();

/// From one state to another, so that each lane is read and written once.
[[gnu::always_inline]] inline void step(const KeccakState& a, KeccakState& next, std::uint64_t constant) noexcept {
    std::array<std::uint64_t, 5> column, parity;
#pragma GCC unroll 5
    for (std::size_t x = 0; x < 5; ++x) column[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
#pragma GCC unroll 5
    for (std::size_t x = 0; x < 5; ++x) parity[x] = column[(x + 4) % 5] ^ std::rotl(column[(x + 1) % 5], 1);
#pragma GCC unroll 5
    for (std::size_t y = 0; y < 25; y += 5) {
        std::array<std::uint64_t, 5> row;
#pragma GCC unroll 5
        for (std::size_t x = 0; x < 5; ++x) {
            const auto& [lane, rotation] = kOrigins[x + y];
            row[x] = std::rotl(a[lane] ^ parity[lane % 5], rotation);
        }
#pragma GCC unroll 5
        for (std::size_t x = 0; x < 5; ++x) next[x + y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
    }
    next[0] ^= constant;
}

// Inlined into the forms below.
[[gnu::always_inline]] inline void permute(KeccakState& a) noexcept {
    KeccakState other;
    for (std::size_t i = 0; i < kRoundConstants.size(); i += 2) {
        step(a, other, kRoundConstants[i]);
        step(other, a, kRoundConstants[i + 1]);
    }
    secure_wipe(std::as_writable_bytes(std::span{other}));
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
