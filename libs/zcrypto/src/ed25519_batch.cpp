// Many signatures in one equation: [8]( (sum z_i s_i) B - sum (z_i k_i) A_i - sum z_i R_i ) = 0 with random z_i of 128
// bits (Bernstein, Duif, Lange, Schwabe, Yang, "High-speed high-security signatures", 2012, section 5).
// Equal public keys are merged, so a batch from few signers (votes, one busy account) costs little more than its R_i.
#include "ed25519_chunk.hpp"

namespace zcrypto::ed25519 {

using namespace curve;

namespace {

constexpr std::size_t kTooFew = 2;   // So few are cheaper one by one.
constexpr std::size_t kSingly = 32;  // At most so many are checked one by one when their equation fails.

}  // namespace

ChunkVerifier::ChunkVerifier(std::span<const BatchItem> items, base::Random& random)
    : items_{items}, random_{random}, operations_{curve::operations()} {
    entries_.reserve(std::min(items.size(), kChunk));
}

/// Decodes into entries_. False when one of the items does not decode.
bool ChunkVerifier::prepare(std::size_t from, std::size_t to) {
    const auto count = to - from;
    const std::byte* encoded[2 * kChunk];
    Extended points[2 * kChunk];
    bool ok[2 * kChunk];
    for (std::size_t i = 0; i < count; ++i) {
        encoded[2 * i] = items_[from + i].key.bytes.data();
        encoded[2 * i + 1] = items_[from + i].signature.bytes.data();
    }
    operations_.decode(encoded, 2 * count, points, ok);
    entries_.clear();
    signers_.fill(kNone);
    bool all = true;
    for (std::size_t i = 0; i < count; ++i) {
        all &= push(from + i, ok[2 * i] && ok[2 * i + 1], points[2 * i], points[2 * i + 1]);
    }
    return all;
}

bool ChunkVerifier::push(std::size_t index, bool decoded, const Extended& a, const Extended& r) {
    const auto& item = items_[index];
    const auto s = scalar_from_canonical(item.signature.bytes.data() + 32);
    if (!decoded || !s) return false;
    entries_.push_back({.point = {.a = a, .r = r, .s = *s, .k = challenge(item.key, item.message, item.signature)},
                        .item = index,
                        .signer = signer_of(item.key)});
    return true;
}

/// The entry that first had `key`, or the one about to be pushed. Keys chosen to collide cost a walk over a chunk.
std::size_t ChunkVerifier::signer_of(const PublicKey& key) noexcept {
    static_assert(kSlots == 1u << (64 - 54));
    auto slot = base::load_le<u64>(key.bytes.data()) * 0x9e3779b97f4a7c15 >> 54;
    for (;; slot = (slot + 1) % kSlots) {
        if (signers_[slot] == kNone) return signers_[slot] = static_cast<std::uint16_t>(entries_.size());
        if (items_[entries_[signers_[slot]].item].key == key) return signers_[slot];
    }
}

bool ChunkVerifier::equation_holds(std::span<const Entry> entries) {
    terms_.clear();
    coefficients_.assign(entries_.size(), Scalar{});
    Scalar base_scalar{};
    std::array<std::byte, 16 * kChunk> raw;
    random_.fill(std::span{raw}.first(16 * entries.size()));
    const auto* bits = raw.data();
    for (const auto& entry : entries) {
        // Odd, hence not zero: a zero coefficient would leave the item unchecked.
        const auto z =
            scalar_from_u128(static_cast<u128>(base::load_le<u64>(bits + 8)) << 64 | base::load_le<u64>(bits) | 1);
        bits += 16;
        base_scalar = curve::add(base_scalar, curve::mul(z, entry.point.s));
        auto& of_signer = coefficients_[entry.signer];
        of_signer = curve::add(of_signer, curve::mul(z, entry.point.k));
        terms_.push_back({negate(entry.point.r), z});
    }
    for (std::size_t i = 0; i < coefficients_.size(); ++i) {
        if (coefficients_[i] != Scalar{}) terms_.push_back({negate(entries_[i].point.a), coefficients_[i]});
    }
    return is_small_order(operations_.multi(terms_.data(), terms_.size(), base_scalar, workspace_));
}

void ChunkVerifier::settle(std::span<const Entry> entries, std::span<std::uint8_t> verdicts) {
    if (entries.size() > kTooFew && equation_holds(entries)) {
        for (const auto& entry : entries) verdicts[entry.item] = 1;
    } else if (entries.size() <= kSingly) {
        for (const auto& entry : entries) verdicts[entry.item] = equation_holds_alone(operations_, entry.point);
    } else {
        const auto half = entries.size() / 2;
        settle(entries.first(half), verdicts);
        settle(entries.subspan(half), verdicts);
    }
}

bool ChunkVerifier::all_valid(std::size_t from, std::size_t to) {
    if (!prepare(from, to)) return false;
    if (entries_.size() > kTooFew) return equation_holds(entries_);
    return std::ranges::all_of(entries_, [&](const auto& e) { return equation_holds_alone(operations_, e.point); });
}

void ChunkVerifier::each(std::size_t from, std::size_t to, std::span<std::uint8_t> verdicts) {
    prepare(from, to);
    settle(entries_, verdicts);
}

bool verify_batch(std::span<const BatchItem> items, base::Random& random) {
    if (items.empty()) return true;
    const auto verifier = std::make_unique<ChunkVerifier>(items, random);
    for (std::size_t from = 0; from < items.size(); from += kChunk) {
        if (!verifier->all_valid(from, std::min(from + kChunk, items.size()))) return false;
    }
    return true;
}

std::vector<bool> verify_batch_each(std::span<const BatchItem> items, base::Random& random) {
    if (items.empty()) return {};
    std::vector<std::uint8_t> verdicts(items.size(), 0);
    const auto verifier = std::make_unique<ChunkVerifier>(items, random);
    for (std::size_t from = 0; from < items.size(); from += kChunk) {
        verifier->each(from, std::min(from + kChunk, items.size()), verdicts);
    }
    return {verdicts.begin(), verdicts.end()};
}

}  // namespace zcrypto::ed25519
