#pragma once
// Hierarchical keys for Ed25519: SLIP-0010. Every step is hardened, so a child key reveals nothing about its siblings.

#include <string>
#include <string_view>
#include <vector>

#include "zcrypto/ed25519.hpp"
#include "zcrypto/errc.hpp"

namespace zcrypto {

/// "m/44'/1337'/0'/0'". A hardened step is written with ' or h and stored with the top bit set.
class DerivationPath {
 public:
    static constexpr std::uint32_t kHardened = 0x8000'0000u;
    static constexpr std::size_t kMaxDepth = 16;

    /// "m" alone is the master key. `bad_path` on anything malformed, over-long or above 2^31 - 1.
    static base::Result<DerivationPath> parse(std::string_view text);
    /// The wallet's path of one account: m/44'/1337'/account'/0'. `account` below 2^31.
    static DerivationPath ghost_account(std::uint32_t account);

    [[nodiscard]] std::span<const std::uint32_t> steps() const noexcept { return steps_; }
    [[nodiscard]] std::string to_string() const;

 private:
    std::vector<std::uint32_t> steps_;
};

/// A node of the tree.
struct ExtendedKey {
    ed25519::Seed key;
    Secret<32> chain_code;
};

/// `seed` is 16 to 64 bytes (a mnemonic's seed has 64), else `bad_length`.
base::Result<ExtendedKey> slip10_ed25519_master(base::ByteView seed) noexcept;
/// Walks the whole path from the master key. `not_hardened` when a step is not.
base::Result<ExtendedKey> slip10_ed25519(base::ByteView seed, const DerivationPath& path) noexcept;

}  // namespace zcrypto
