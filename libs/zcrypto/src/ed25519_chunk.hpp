#pragma once
// A chunk of a batch: as many signatures as one equation covers.

#include <array>

#include "ed25519_prepare.hpp"

namespace zcrypto::ed25519 {

/// Signatures an equation covers: its tables stay inside the L2 cache.
inline constexpr std::size_t kChunk = 128;

/// Checks chunks of `items`, one after the other. For one thread.
class ChunkVerifier {
 public:
    ChunkVerifier(std::span<const BatchItem> items, base::Random& random);

    /// Whether all of items [from, to), at most kChunk, are valid.
    [[nodiscard]] bool all_valid(std::size_t from, std::size_t to);
    /// Sets verdicts[i] to 1 for each valid item i of [from, to), at most kChunk. They must be 0 before.
    void each(std::size_t from, std::size_t to, std::span<std::uint8_t> verdicts);

 private:
    /// An item after decoding, with its place in the caller's list.
    struct Entry {
        Prepared point;
        std::size_t item;
        std::size_t signer;  // Index of the first entry with the same public key.
    };
    static constexpr std::size_t kSlots = 1024;  // Of the table that finds equal public keys.
    static constexpr std::uint16_t kNone = 0xffff;
    static_assert(kSlots >= 4 * kChunk);

    bool prepare(std::size_t from, std::size_t to);
    bool push(std::size_t index, bool decoded, const curve::Extended& a, const curve::Extended& r);
    std::size_t signer_of(const PublicKey& key) noexcept;
    bool equation_holds(std::span<const Entry> entries);
    void settle(std::span<const Entry> entries, std::span<std::uint8_t> verdicts);

    std::span<const BatchItem> items_;
    base::Random& random_;
    const curve::Operations& operations_;
    std::vector<Entry> entries_;
    std::vector<curve::Scalar> coefficients_;
    std::vector<curve::Term> terms_;
    std::array<std::uint16_t, kSlots> signers_{};
    curve::Workspace workspace_;
};

}  // namespace zcrypto::ed25519
