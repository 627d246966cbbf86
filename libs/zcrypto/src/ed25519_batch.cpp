// Many signatures in one equation: [8]( (sum z_i s_i) B - sum (z_i k_i) A_i - sum z_i R_i ) = 0 with random z_i.
// Straus' method: the doublings are shared; every point has a small table and adds about one entry in six positions.
// Equal public keys are merged, so a batch from few signers (votes, one busy account) costs little more than its R_i.
#include <cstdlib>
#include <memory>

#include "ed25519_prepare.hpp"

namespace zcrypto::ed25519 {

using namespace curve;

namespace {

constexpr std::size_t kChunk = 128;      // Signatures an equation covers: its tables stay inside the L2 cache.
constexpr std::size_t kTooFew = 2;       // So few are cheaper one by one.
constexpr std::size_t kSingly = 32;      // At most so many are checked one by one when their equation fails.
constexpr int kWidth = 5;                // Of the signed windows of A and R.
constexpr std::size_t kPositions = 264;  // 253-bit scalars with the carry of their signed form.
constexpr std::size_t kMaxDigits = 64;   // Non-zero digits of one scalar: 264 / 5 rounded up, and room.

/// One chunk's item after decoding, with its place in the caller's list.
struct Entry {
    Prepared point;
    std::size_t item;
    std::size_t signer;  // Index of the first entry with the same public key.
};

/// Sums scalar * point for many points with shared doublings.
class Straus {
 public:
    Straus() : tables_(2 * kChunk) { next_.reserve(2 * kChunk * kMaxDigits); }

    void clear() noexcept {
        points_ = 0;
        top_ = 0;
        digits_.clear();
        next_.clear();
        head_.fill(kNone);
    }

    void add(const Extended& point, const Scalar& scalar) noexcept {
        const auto index = static_cast<std::uint32_t>(points_++);
        fill_odd_multiples(point, tables_[index]);
        for_each_naf_digit(naf_input(scalar), kWidth, [&](unsigned position, int digit) {
            next_.push_back(head_[position]);
            head_[position] = static_cast<std::uint32_t>(digits_.size());
            digits_.push_back({index, digit});
            top_ = std::max(top_, static_cast<int>(position));
        });
    }

    /// The sum, plus base_scalar times the base point.
    Extended sum_with_base(const Scalar& base_scalar) noexcept {
        std::array<std::int8_t, kPositions> base_digits{};
        for_each_naf_digit(naf_input(base_scalar), BaseTables::kWidth, [&](unsigned position, int digit) {
            base_digits[position] = static_cast<std::int8_t>(digit);
            top_ = std::max(top_, static_cast<int>(position));
        });
        const auto& base = base_tables().low;
        Extended point = kIdentity;
        for (int i = top_; i >= 0; --i) {
            const auto at = static_cast<std::size_t>(i);
            auto completed = twice(to_projective(point));
            if (const int digit = base_digits[at]; digit != 0) {
                add_signed(completed, base[static_cast<std::size_t>(std::abs(digit) / 2)], digit < 0);
            }
            for (auto d = head_[at]; d != kNone; d = next_[d]) {
                if (next_[d] != kNone) prefetch(digits_[next_[d]]);
                const auto [index, digit] = digits_[d];
                add_signed(completed, tables_[index][static_cast<std::size_t>(std::abs(digit) / 2)], digit < 0);
            }
            point = to_extended(completed);
        }
        return point;
    }

 private:
    struct Digit {
        std::uint32_t point;
        std::int32_t digit;
    };
    static constexpr std::uint32_t kNone = ~0u;

    void prefetch(const Digit& d) const noexcept {
        const auto* const entry =
            reinterpret_cast<const char*>(&tables_[d.point][static_cast<std::size_t>(std::abs(d.digit) / 2)]);
        __builtin_prefetch(entry);
        __builtin_prefetch(entry + 64);
        __builtin_prefetch(entry + 128);
    }

    std::vector<OddTable> tables_;
    std::vector<Digit> digits_;
    std::vector<std::uint32_t> next_;  // Digits of one position form a list.
    std::array<std::uint32_t, kPositions> head_{};
    std::size_t points_ = 0;
    int top_ = 0;
};

class Verifier {
 public:
    Verifier(std::span<const BatchItem> items, base::Random& random) : items_{items}, random_{random} {
        entries_.reserve(std::min(items.size(), kChunk));
    }

    /// Decodes items [from, to), at most kChunk, into entries(). False when one of them does not decode.
    bool prepare(std::size_t from, std::size_t to) {
        entries_.clear();
        bool all = true;
        for (std::size_t i = from; i < to; i += 2) {
            // Two items are four points: their square roots are computed in step.
            const auto& first = items_[i];
            const auto& second = items_[std::min(i + 1, to - 1)];
            std::array<Extended, 4> points;
            const auto ok = decompress_lanes<4>({first.key.bytes.data(), first.signature.bytes.data(),
                                                 second.key.bytes.data(), second.signature.bytes.data()},
                                                points);
            all &= push(i, ok[0] && ok[1], points[0], points[1]);
            if (i + 1 < to) all &= push(i + 1, ok[2] && ok[3], points[2], points[3]);
        }
        return all;
    }

    [[nodiscard]] std::span<const Entry> entries() const noexcept { return entries_; }

    bool equation_holds(std::span<const Entry> entries) {
        straus_.clear();
        coefficients_.assign(entries_.size(), Scalar{});
        Scalar base_scalar{};
        for (const auto& entry : entries) {
            base::FixedBytes<16> raw;
            random_.fill(raw);
            // Odd, hence not zero: a zero coefficient would leave the item unchecked.
            const auto z = scalar_from_u128(static_cast<u128>(base::load_le<u64>(raw.data() + 8)) << 64 |
                                            base::load_le<u64>(raw.data()) | 1);
            base_scalar = curve::add(base_scalar, curve::mul(z, entry.point.s));
            auto& of_signer = coefficients_[entry.signer];
            of_signer = curve::add(of_signer, curve::mul(z, entry.point.k));
            straus_.add(negate(entry.point.r), z);
        }
        for (std::size_t i = 0; i < coefficients_.size(); ++i) {
            if (coefficients_[i] != Scalar{}) straus_.add(negate(entries_[i].point.a), coefficients_[i]);
        }
        return is_small_order(straus_.sum_with_base(base_scalar));
    }

    /// Sets the verdicts of `entries`.
    void settle(std::span<const Entry> entries, std::vector<bool>& verdicts) {
        if (entries.size() > kTooFew && equation_holds(entries)) {
            for (const auto& entry : entries) verdicts[entry.item] = true;
        } else if (entries.size() <= kSingly) {
            for (const auto& entry : entries) {
                const auto& item = items_[entry.item];
                verdicts[entry.item] = verify(item.key, item.message, item.signature);
            }
        } else {
            const auto half = entries.size() / 2;
            settle(entries.first(half), verdicts);
            settle(entries.subspan(half), verdicts);
        }
    }

 private:
    bool push(std::size_t index, bool decoded, const Extended& a, const Extended& r) {
        const auto& item = items_[index];
        const auto s = scalar_from_canonical(item.signature.bytes.data() + 32);
        if (!decoded || !s) return false;
        auto signer = entries_.size();
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            if (items_[entries_[i].item].key == item.key) {
                signer = entries_[i].signer;
                break;
            }
        }
        entries_.push_back({.point = {.a = a, .r = r, .s = *s, .k = challenge(item.key, item.message, item.signature)},
                            .item = index,
                            .signer = signer});
        return true;
    }

    std::span<const BatchItem> items_;
    base::Random& random_;
    std::vector<Entry> entries_;
    std::vector<Scalar> coefficients_;
    Straus straus_;
};

}  // namespace

bool verify_batch(std::span<const BatchItem> items, base::Random& random) noexcept {
    if (items.size() <= kTooFew) {
        return std::ranges::all_of(items,
                                   [](const auto& item) { return verify(item.key, item.message, item.signature); });
    }
    const auto verifier = std::make_unique<Verifier>(items, random);
    for (std::size_t from = 0; from < items.size(); from += kChunk) {
        if (!verifier->prepare(from, std::min(from + kChunk, items.size()))) return false;
        if (!verifier->equation_holds(verifier->entries())) return false;
    }
    return true;
}

std::vector<bool> verify_batch_each(std::span<const BatchItem> items, base::Random& random) {
    std::vector<bool> verdicts(items.size(), false);
    if (items.empty()) return verdicts;
    const auto verifier = std::make_unique<Verifier>(items, random);
    for (std::size_t from = 0; from < items.size(); from += kChunk) {
        verifier->prepare(from, std::min(from + kChunk, items.size()));
        verifier->settle(verifier->entries(), verdicts);
    }
    return verdicts;
}

}  // namespace zcrypto::ed25519
