#pragma once
// The two sums of Ed25519 verification, for any back end. Everything here has internal linkage: the same template
// compiled for other instructions must not be taken for this one.
//
// A back end's group G has kWays points side by side:
//   Sum                                 kWays running sums
//   Entry                               one multiple of a point, ready to be added
//   neutral(), twice(sum)
//   add(sum, entries, slots)            adds entries[slots[w] / 2] to way w, or subtracts it when slots[w] is odd
//   store(sum, points)                  the kWays points
//   fill_odd(points, tables)            8 odd multiples p, 3p, … 15p of kWays points, each to its table
//   entry_of(niels), neutral_entry()
// BaseEntry and base_entries() are the same for multiples of B in the sum of one signature.

#include <algorithm>
#include <cstdlib>

#include "ed25519_backend.hpp"

namespace zcrypto::curve {
namespace {

constexpr int kWidth = 5;                 // Of the signed windows of A and R: odd digits up to 15.
constexpr std::size_t kOdd = 8;           // Their table.
constexpr std::size_t kBaseOdd = 64;      // Of the base point: BaseTables::kWidth.
constexpr unsigned kPositions = 264;      // 253-bit scalars with the carry of their signed form, and room.
constexpr unsigned kDigitsMax = 53;       // Non-zero digits of one scalar: 264 / 5 rounded up.
constexpr unsigned kHalfPositions = 144;  // The same for scalars of 128 bits.
constexpr std::size_t kManyTerms = 24;    // From here on two independent sums are faster than one.

GC_INLINE std::uint32_t slot_of(std::size_t table, int digit) noexcept {
    const auto size = static_cast<std::uint32_t>(digit < 0 ? -digit : digit);
    return static_cast<std::uint32_t>(2 * (table + size / 2)) | (digit < 0 ? 1u : 0u);
}

/// Whether [8]p is the identity, for the point in the first way of `sum`.
template <typename G>
bool ends_small(typename G::Sum& sum) noexcept {
    Extended points[G::kWays];
    for (int i = 0; i < 3; ++i) G::twice(sum);
    G::store(sum, points);
    return is_identity(points[0]);
}

struct HalfDigits {
    std::int8_t digit[kHalfPositions] = {};
};
GC_INLINE void set_digits(HalfDigits& out, u128 value, int width, int& top) noexcept {
    for_each_naf_digit(naf_input(value), width, [&](unsigned position, int digit) {
        out.digit[position] = static_cast<std::int8_t>(digit);
        top = std::max(top, static_cast<int>(position));
    });
}

/// One at a time with G (one way); the tables of its two points are made by Tables, with one way or two.
template <typename G, typename Tables>
bool single_is_small(const SingleSum& in) noexcept {
    static_assert(G::kWays == 1);
    int top = 0;
    HalfDigits base_low, base_high, a, r;
    set_digits(base_low, static_cast<u128>(in.base.word[1]) << 64 | in.base.word[0], BaseTables::kWidth, top);
    set_digits(base_high, static_cast<u128>(in.base.word[3]) << 64 | in.base.word[2], BaseTables::kWidth, top);
    set_digits(a, in.a_scalar, kWidth, top);
    set_digits(r, in.r_scalar, kWidth, top);

    const auto* const base = G::base_entries();
    typename G::Entry table[2 * kOdd];
    const Extended* const points[2] = {&in.a, &in.r};
    typename G::Entry* const tables[2] = {table, table + kOdd};
    for (std::size_t i = 0; i < 2; i += Tables::kWays) Tables::fill_odd(points + i, tables + i);

    auto sum = G::neutral();
    for (int i = top; i >= 0; --i) {
        G::twice(sum);
        const auto step = [&](const auto* entries, std::size_t from, int digit) {
            if (digit == 0) return;
            const auto slot = slot_of(from, digit);
            G::add(sum, entries, &slot);
        };
        step(table, 0, a.digit[i]);
        step(table, kOdd, r.digit[i]);
        step(base, 0, base_low.digit[i]);
        step(base, kBaseOdd, base_high.digit[i]);
    }
    return ends_small<G>(sum);
}

/// Straus' method: the doublings are shared; every point has a small table and adds about one entry in six positions.
template <typename G>
class Straus {
 public:
    static Extended sum(const Term* terms, std::size_t count, const Scalar& base, Workspace& workspace) noexcept {
        Straus run{count, workspace};
        run.build(terms, count);
        run.schedule(terms, count, base);
        return count < kManyTerms ? run.template add_up<1>() : run.template add_up<2>();
    }

 private:
    static constexpr unsigned kWays = static_cast<unsigned>(G::kWays);
    static constexpr std::size_t kNeutral = kBaseOdd;     // An entry that changes nothing, to fill up a step.
    static constexpr std::size_t kTables = kNeutral + 1;  // Where the tables of the terms begin.
    struct Digit {
        std::uint32_t position;
        std::uint32_t slot;
    };

    Straus(std::size_t count, Workspace& workspace) noexcept {
        const auto rounded = count + count % 2;  // Tables are made two at a time.
        const auto entries = (kTables + kOdd * rounded) * sizeof(typename G::Entry);
        const auto digits_max = (count + 1) * kDigitsMax;
        const auto slots = (digits_max + std::size_t{kWays} * kPositions) * sizeof(std::uint32_t);
        auto* const memory = static_cast<std::byte*>(workspace.reserve(entries + digits_max * sizeof(Digit) + slots));
        entries_ = reinterpret_cast<typename G::Entry*>(memory);
        digits_ = reinterpret_cast<Digit*>(memory + entries);
        slots_ = reinterpret_cast<std::uint32_t*>(memory + entries + digits_max * sizeof(Digit));
    }

    void build(const Term* terms, std::size_t count) noexcept {
        const auto& base = base_tables().entries;
        for (std::size_t i = 0; i < kBaseOdd; ++i) entries_[i] = G::entry_of(base.data()[i]);
        entries_[kNeutral] = G::neutral_entry();
        for (std::size_t i = 0; i < count; i += kWays) {
            const Extended* points[kWays];
            typename G::Entry* tables[kWays];
            for (unsigned way = 0; way < kWays; ++way) {
                points[way] = &terms[std::min(i + way, count - 1)].point;
                tables[way] = entries_ + kTables + kOdd * (i + way);
            }
            G::fill_odd(points, tables);
        }
    }

    void push(std::size_t table, const Scalar& scalar, int width) noexcept {
        for_each_naf_digit(naf_input(scalar), width, [&](unsigned position, int digit) {
            digits_[digit_count_++] = {position, slot_of(table, digit)};
            ++ends_[position];
        });
    }

    /// Sorts the digits of all scalars by position, each position filled up to whole steps.
    void schedule(const Term* terms, std::size_t count, const Scalar& base) noexcept {
        push(0, base, BaseTables::kWidth);
        for (std::size_t i = 0; i < count; ++i) push(kTables + kOdd * i, terms[i].scalar, kWidth);
        std::uint32_t next[kPositions];
        std::uint32_t end = 0;
        for (unsigned i = 0; i < kPositions; ++i) {
            if (ends_[i] != 0) top_ = i;
            next[i] = end;
            end += (ends_[i] + kWays - 1) / kWays * kWays;
            for (auto d = next[i] + ends_[i]; d < end; ++d) slots_[d] = 2 * kNeutral;
            ends_[i] = end;
        }
        for (std::size_t d = 0; d < digit_count_; ++d) slots_[next[digits_[d].position]++] = digits_[d].slot;
    }

    void prefetch(std::uint32_t slot) const noexcept {
        const auto* const entry = reinterpret_cast<const char*>(entries_ + slot / 2);
        __builtin_prefetch(entry);
        __builtin_prefetch(entry + 64);
        __builtin_prefetch(entry + 128);
    }

    template <unsigned kSums>
    Extended add_up() const noexcept {
        constexpr std::uint32_t kAhead = 4 * kWays;
        typename G::Sum sums[kSums];
        for (auto& sum : sums) sum = G::neutral();
        const auto all = ends_[kPositions - 1];
        for (unsigned i = top_ + 1; i-- > 0;) {
            for (auto& sum : sums) G::twice(sum);
            auto slot = i == 0 ? 0 : ends_[i - 1];
            const auto end = ends_[i];
            for (; slot + (kSums - 1) * kWays < end; slot += kSums * kWays) {
                if (slot + kAhead + kSums * kWays <= all) {
                    for (unsigned w = 0; w < kSums * kWays; ++w) prefetch(slots_[slot + kAhead + w]);
                }
                for (unsigned s = 0; s < kSums; ++s) G::add(sums[s], entries_, slots_ + slot + s * kWays);
            }
            if (slot < end) G::add(sums[0], entries_, slots_ + slot);
        }
        Extended points[kSums * kWays];
        for (unsigned s = 0; s < kSums; ++s) G::store(sums[s], points + s * kWays);
        for (unsigned i = 1; i < kSums * kWays; ++i) {
            points[0] = to_extended(curve::sum<false>(points[0], to_cached(points[i])));
        }
        return points[0];
    }

    typename G::Entry* entries_;
    Digit* digits_;
    std::uint32_t* slots_;
    std::size_t digit_count_ = 0;
    std::uint32_t ends_[kPositions] = {};  // First the number of digits of a position, then where its slots end.
    unsigned top_ = 0;
};

template <typename G>
Extended multi_sum(const Term* terms, std::size_t count, const Scalar& base, Workspace& workspace) noexcept {
    return Straus<G>::sum(terms, count, base, workspace);
}

}  // namespace
}  // namespace zcrypto::curve
