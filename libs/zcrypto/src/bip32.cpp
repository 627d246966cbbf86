// BIP-32. Serialised key (78 bytes): version(4) depth(1) parent fingerprint(4) step(4) chain code(32) key(33), where
// a private key is 0x00 and 32 bytes; in Base58Check.
#include "zcrypto/bip32.hpp"

#include <algorithm>

#include "sha2.hpp"
#include "zcrypto/base58.hpp"
#include "zcrypto/hash.hpp"

namespace zcrypto::bip32 {
namespace {

constexpr std::size_t kSerialisedSize = 78;
constexpr std::size_t kChainCodeAt = 13, kKeyAt = 45;

struct Version {
    std::uint32_t number;
    Network network;
    bool is_private;
};
constexpr Version kVersions[] = {{0x0488ade4, Network::main, true},
                                 {0x0488b21e, Network::main, false},
                                 {0x04358394, Network::test, true},
                                 {0x043587cf, Network::test, false}};

/// Everything but the key. `out` has kSerialisedSize bytes.
void write_head(base::MutableBytes out, const Position& position, base::ByteView chain_code, bool is_private) noexcept {
    const auto version = std::ranges::find_if(
        kVersions, [&](const Version& v) { return v.network == position.network && v.is_private == is_private; });
    base::store_be<std::uint32_t>(out.data(), version->number);
    out[4] = std::byte{position.depth};
    std::ranges::copy(position.parent_fingerprint, out.begin() + 5);
    base::store_be<std::uint32_t>(out.data() + 9, position.step);
    std::ranges::copy(chain_code, out.begin() + kChainCodeAt);
}

struct Decoded {
    Position position;
    SecretBytes bytes;
};

base::Result<Decoded> decode(std::string_view text, bool is_private) noexcept {
    GC_TRY(auto bytes, base58check_decode(text));
    const auto view = bytes.expose();
    if (view.size() != kSerialisedSize) return base::fail(Errc::bad_length, "extended key");
    const auto number = base::load_be<std::uint32_t>(view.data());
    const auto* const version = std::ranges::find(kVersions, number, &Version::number);
    if (version == std::end(kVersions)) return base::fail(Errc::bad_encoding, "extended key version");
    if (version->is_private != is_private) {
        return base::fail(Errc::bad_encoding, is_private ? "a public key's text" : "a private key's text");
    }
    Position position{.network = version->network,
                      .depth = std::to_integer<std::uint8_t>(view[4]),
                      .step = base::load_be<std::uint32_t>(view.data() + 9)};
    std::copy_n(view.begin() + 5, 4, position.parent_fingerprint.begin());
    if (position.depth == 0 && (position.step != 0 || position.parent_fingerprint != base::FixedBytes<4>{})) {
        return base::fail(Errc::bad_encoding, "a master key has no parent and no step");
    }
    return Decoded{position, std::move(bytes)};
}

base::Result<Position> below(const Position& parent, std::uint32_t step, const base::FixedBytes<4>& fingerprint) {
    if (parent.depth == 255) return base::fail(Errc::bad_path, "deeper than 255 levels");
    return Position{.network = parent.network,
                    .depth = static_cast<std::uint8_t>(parent.depth + 1),
                    .parent_fingerprint = fingerprint,
                    .step = step};
}

/// HMAC-SHA512(chain code, 33 bytes of key || step): the tweak, then the child's chain code.
Secret<64> child_hash(base::ByteView chain_code, base::ByteView key, std::uint32_t step) noexcept {
    Secret<37> data;
    std::ranges::copy(key, data.expose_mutable().begin());
    base::store_be<std::uint32_t>(data.expose_mutable().data() + 33, step);
    auto hash = hmac_sha512({.key = chain_code, .message = data.expose()});
    Secret<64> out;
    std::ranges::copy(hash, out.expose_mutable().begin());
    secure_wipe(hash);
    return out;
}

Secret<32> right_half(const Secret<64>& hash) noexcept {
    Secret<32> out;
    std::ranges::copy(hash.expose().last<32>(), out.expose_mutable().begin());
    return out;
}

}  // namespace

base::Result<ExtendedPublicKey> ExtendedPublicKey::parse(std::string_view text) noexcept {
    GC_TRY(const auto decoded, decode(text, false));
    const auto bytes = decoded.bytes.expose();
    GC_TRY(const auto key, secp256k1::PublicKey::parse(bytes.subspan(kKeyAt)));
    base::Digest chain_code;
    std::copy_n(bytes.begin() + kChainCodeAt, chain_code.size(), chain_code.begin());
    return ExtendedPublicKey{key, chain_code, decoded.position};
}

std::string ExtendedPublicKey::to_string() const {
    base::FixedBytes<kSerialisedSize> bytes;
    write_head(bytes, position_, chain_code_, false);
    std::ranges::copy(key_.bytes(), bytes.begin() + kKeyAt);
    const auto text = base58check_encode(bytes);
    GC_ASSERT(text.has_value());
    return std::string{base::as_text(text->expose())};
}

base::Result<ExtendedPublicKey> ExtendedPublicKey::child(std::uint32_t step) const noexcept {
    if (step & DerivationPath::kHardened) return base::fail(Errc::bad_path, "a hardened step needs the private key");
    GC_TRY(const auto position, below(position_, step, fingerprint()));
    const auto hash = child_hash(chain_code_, key_.bytes(), step);
    GC_TRY(const auto key, secp256k1::add_tweak(key_, hash.expose().first<32>()));
    base::Digest chain_code;
    std::ranges::copy(hash.expose().last<32>(), chain_code.begin());
    return ExtendedPublicKey{key, chain_code, position};
}

base::Result<ExtendedPublicKey> ExtendedPublicKey::derive(const DerivationPath& path) const noexcept {
    auto key = *this;
    for (const auto step : path.steps()) {
        GC_TRY(key, key.child(step));
    }
    return key;
}

base::FixedBytes<4> ExtendedPublicKey::fingerprint() const noexcept {
    const auto hash = ripemd160(sha256(key_.bytes()));
    base::FixedBytes<4> out;
    std::copy_n(hash.begin(), out.size(), out.begin());
    return out;
}

base::Result<ExtendedPrivateKey> ExtendedPrivateKey::from_seed(base::ByteView seed, Network network) noexcept {
    if (seed.size() < 16 || seed.size() > 64) return base::fail(Errc::bad_length, "seed");
    auto hash = hmac_sha512({.key = base::as_bytes("Bitcoin seed"), .message = seed});
    auto key = secp256k1::SecretKey::make(base::ByteView{hash}.first(32));
    Secret<32> chain_code;
    std::copy_n(hash.begin() + 32, 32, chain_code.expose_mutable().begin());
    secure_wipe(hash);
    if (!key) return std::unexpected{key.error()};
    return ExtendedPrivateKey{std::move(*key), std::move(chain_code), {.network = network}};
}

base::Result<ExtendedPrivateKey> ExtendedPrivateKey::parse(std::string_view text) noexcept {
    GC_TRY(const auto decoded, decode(text, true));
    const auto bytes = decoded.bytes.expose();
    if (bytes[kKeyAt] != std::byte{0}) return base::fail(Errc::bad_encoding, "private key prefix");
    GC_TRY(auto key, secp256k1::SecretKey::make(bytes.subspan(kKeyAt + 1)));
    GC_TRY(auto chain_code, Secret<32>::make(bytes.subspan(kChainCodeAt, 32)));
    return ExtendedPrivateKey{std::move(key), std::move(chain_code), decoded.position};
}

SecretBytes ExtendedPrivateKey::to_text() const noexcept {
    Secret<kSerialisedSize> bytes;
    write_head(bytes.expose_mutable(), position_, chain_code_.expose(), true);
    std::ranges::copy(key_.expose(), bytes.expose_mutable().begin() + kKeyAt + 1);
    auto text = base58check_encode(bytes.expose());
    GC_ASSERT(text.has_value());
    return std::move(*text);
}

base::Result<ExtendedPrivateKey> ExtendedPrivateKey::child(std::uint32_t step) const noexcept {
    const auto parent = public_key();
    GC_TRY(const auto position, below(position_, step, parent.fingerprint()));
    Secret<33> padded;  // 0x00 || key
    std::ranges::copy(key_.expose(), padded.expose_mutable().begin() + 1);
    const bool hardened = (step & DerivationPath::kHardened) != 0;
    const auto hash = child_hash(
        chain_code_.expose(), hardened ? base::ByteView{padded.expose()} : base::ByteView{parent.key().bytes()}, step);
    GC_TRY(auto key, secp256k1::add_tweak(key_, hash.expose().first<32>()));
    return ExtendedPrivateKey{std::move(key), right_half(hash), position};
}

base::Result<ExtendedPrivateKey> ExtendedPrivateKey::derive(const DerivationPath& path) const noexcept {
    ExtendedPrivateKey key{key_.clone(), chain_code_.clone(), position_};
    for (const auto step : path.steps()) {
        GC_TRY(key, key.child(step));
    }
    return key;
}

ExtendedPublicKey ExtendedPrivateKey::public_key() const noexcept {
    base::Digest chain_code;
    std::ranges::copy(chain_code_.expose(), chain_code.begin());
    return ExtendedPublicKey{key_.public_key(), chain_code, position_};
}

}  // namespace zcrypto::bip32
