#pragma once
// BIP-32: hierarchical keys on secp256k1, with their xprv/xpub text. Unlike SLIP-0010's Ed25519, steps need not be
// hardened, and then whoever has an extended public key and one private child key has the parent's private key.

#include "zcrypto/hd.hpp"
#include "zcrypto/secp256k1.hpp"

namespace zcrypto::bip32 {

enum class Network { main, test };

/// Where a key stands in its tree; part of its text.
struct Position {
    Network network = Network::main;
    std::uint8_t depth = 0;
    base::FixedBytes<4> parent_fingerprint{};  ///< Zero for a master key.
    std::uint32_t step = 0;                    ///< Zero for a master key.
    friend bool operator==(const Position&, const Position&) = default;
};

/// "xpub…" or "tpub…".
class ExtendedPublicKey {
 public:
    /// `bad_encoding` (also for a private key's text), `bad_checksum`, `bad_length`, `bad_point`.
    static base::Result<ExtendedPublicKey> parse(std::string_view text) noexcept;
    [[nodiscard]] std::string to_string() const;

    /// `not_hardened`'s opposite is needed here: `bad_path` for a hardened step, which needs the private key, and past
    /// 255 levels. `bad_key` with probability 2^-127: take the next step.
    [[nodiscard]] base::Result<ExtendedPublicKey> child(std::uint32_t step) const noexcept;
    [[nodiscard]] base::Result<ExtendedPublicKey> derive(const DerivationPath& path) const noexcept;

    [[nodiscard]] const secp256k1::PublicKey& key() const noexcept { return key_; }
    [[nodiscard]] const base::Digest& chain_code() const noexcept { return chain_code_; }
    [[nodiscard]] const Position& position() const noexcept { return position_; }
    /// The first four bytes of RIPEMD-160(SHA-256(key)).
    [[nodiscard]] base::FixedBytes<4> fingerprint() const noexcept;

 private:
    friend class ExtendedPrivateKey;
    ExtendedPublicKey(const secp256k1::PublicKey& key, const base::Digest& chain_code, const Position& position)
        : key_{key}, chain_code_{chain_code}, position_{position} {}
    secp256k1::PublicKey key_;
    base::Digest chain_code_;
    Position position_;
};

/// "xprv…" or "tprv…".
class ExtendedPrivateKey {
 public:
    /// The master key. `seed` is 16 to 64 bytes, else `bad_length`; `bad_key` with probability 2^-127.
    static base::Result<ExtendedPrivateKey> from_seed(base::ByteView seed, Network network = Network::main) noexcept;
    /// `bad_encoding` (also for a public key's text), `bad_checksum`, `bad_length`, `bad_key`.
    static base::Result<ExtendedPrivateKey> parse(std::string_view text) noexcept;
    /// Secret text.
    [[nodiscard]] SecretBytes to_text() const noexcept;

    /// A step with the top bit set is hardened. `bad_path` past 255 levels; `bad_key` with probability 2^-127.
    [[nodiscard]] base::Result<ExtendedPrivateKey> child(std::uint32_t step) const noexcept;
    [[nodiscard]] base::Result<ExtendedPrivateKey> derive(const DerivationPath& path) const noexcept;
    [[nodiscard]] ExtendedPublicKey public_key() const noexcept;

    [[nodiscard]] const secp256k1::SecretKey& key() const noexcept { return key_; }
    [[nodiscard]] const Secret<32>& chain_code() const noexcept { return chain_code_; }
    [[nodiscard]] const Position& position() const noexcept { return position_; }

 private:
    ExtendedPrivateKey(secp256k1::SecretKey key, Secret<32> chain_code, const Position& position)
        : key_{std::move(key)}, chain_code_{std::move(chain_code)}, position_{position} {}
    secp256k1::SecretKey key_;
    Secret<32> chain_code_;
    Position position_;
};

}  // namespace zcrypto::bip32
