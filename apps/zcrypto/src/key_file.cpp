#include "key_file.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

#include "base/file.hpp"
#include "zcrypto/ed25519.hpp"
#include "zcrypto/secp256k1.hpp"
#include "zcrypto/x25519.hpp"

namespace zcrypto_tool {
namespace {

constexpr std::size_t kFileMax = 16384;
constexpr std::size_t kBase64Max = 512;

/// The DER of each kind is a fixed text and then the key; openssl appends the public key of a secp256k1 pair, which we
/// skip on reading.
struct Encoding {
    KeyType type;
    const char* name;
    std::string_view private_prefix;
    std::string_view public_prefix;
    std::size_t public_size;
};
constexpr Encoding kEncodings[] = {
    {KeyType::ed25519, "ed25519", "302e020100300506032b657004220420", "302a300506032b6570032100", 32},
    {KeyType::x25519, "x25519", "302e020100300506032b656e04220420", "302a300506032b656e032100", 32},
    {KeyType::secp256k1, "secp256k1", "303e020100301006072a8648ce3d020106052b8104000a042730250201010420",
     "3036301006072a8648ce3d020106052b8104000a032200", 33},
};
// openssl's secp256k1 private key with the public key behind.
constexpr std::string_view kLongPrefix = "308184020100301006072a8648ce3d020106052b8104000a046d306b0201010420";
constexpr std::size_t kLongSize = 135;

const Encoding& encoding_of(KeyType type) noexcept { return *std::ranges::find(kEncodings, type, &Encoding::type); }

base::Bytes hex(std::string_view text) { return base::from_hex(text).value(); }

constexpr std::string_view kPrivateLabel = "PRIVATE KEY";
constexpr std::string_view kPublicLabel = "PUBLIC KEY";

/// The text of a PEM file. The caller wipes it.
base::Bytes encode_pem(std::string_view label, base::ByteView der) {
    zcrypto::SecretBytes text{kBase64Max};
    auto* const at = reinterpret_cast<char*>(text.expose_mutable().data());
    sodium_bin2base64(at, kBase64Max, base::as_u8(der), der.size(), sodium_base64_VARIANT_ORIGINAL);
    std::string_view rest{at};
    base::Bytes pem;
    pem.reserve(1024);  // no reallocation leaves a copy behind
    const auto append = [&](std::string_view part) {
        const auto bytes = base::as_bytes(part);
        pem.insert(pem.end(), bytes.begin(), bytes.end());
    };
    append(fmt::format("-----BEGIN {}-----\n", label));
    for (; !rest.empty(); rest.remove_prefix(std::min<std::size_t>(64, rest.size()))) {
        append(rest.substr(0, 64));
        append("\n");
    }
    append(fmt::format("-----END {}-----\n", label));
    return pem;
}

Outcome<void> write_pem(const std::string& path, base::Bytes pem, mode_t mode) {
    const auto written = base::write_file_atomic(path, pem, {.mode = mode, .replace = false});
    zcrypto::secure_wipe(pem);
    if (!written) return give_up(written.error());
    return {};
}

Outcome<zcrypto::SecretBytes> read_pem(base::ByteView content, std::string_view label, const std::string& path) {
    const auto text = base::as_text(content);
    const auto begin = fmt::format("-----BEGIN {}-----", label);
    const auto from = text.find(begin);
    const auto to = from == std::string_view::npos ? from : text.find("-----END", from);
    if (to == std::string_view::npos) return give_up(Exit::failed, fmt::format("{}: no PEM block '{}'", path, label));
    const auto body = text.substr(from + begin.size(), to - from - begin.size());
    zcrypto::SecretBytes der{kBase64Max};
    std::size_t size = 0;
    const char* end = nullptr;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(der.expose_mutable().data()), kBase64Max, body.data(),
                          body.size(), " \r\n", &size, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != body.data() + body.size()) {
        return give_up(Exit::failed, fmt::format("{}: the PEM block is not base64", path));
    }
    return zcrypto::SecretBytes::copy_of(der.expose().first(size));
}

}  // namespace

const char* key_type_name(KeyType type) noexcept { return encoding_of(type).name; }

std::optional<KeyType> key_type_by_name(std::string_view name) noexcept {
    for (const auto& each : kEncodings) {
        if (name == each.name) return each.type;
    }
    return std::nullopt;
}

Outcome<PublicKey> public_key_of(const PrivateKey& key) {
    switch (key.type) {
        case KeyType::ed25519:
            return PublicKey{key.type, base::to_bytes(zcrypto::ed25519::public_key_of(key.bytes).bytes)};
        case KeyType::x25519: return PublicKey{key.type, base::to_bytes(zcrypto::x25519::public_key_of(key.bytes))};
        case KeyType::secp256k1: {
            const auto scalar = zcrypto::secp256k1::SecretKey::make(key.bytes.expose());
            if (!scalar) return give_up(scalar.error());
            return PublicKey{key.type, base::to_bytes(scalar->public_key().bytes())};
        }
    }
    return give_up(Exit::failed, "unknown key type");
}

Outcome<void> write_private_key(const std::string& path, const PrivateKey& key) {
    return write_pem(path, encode_private_key(key), 0600);
}

base::Bytes encode_private_key(const PrivateKey& key) {
    const auto prefix = hex(encoding_of(key.type).private_prefix);
    zcrypto::SecretBytes der{prefix.size() + 32};
    std::ranges::copy(prefix, der.expose_mutable().begin());
    std::ranges::copy(key.bytes.expose(), der.expose_mutable().subspan(prefix.size()).begin());
    return encode_pem(kPrivateLabel, der.expose());
}

Outcome<void> write_public_key(const std::string& path, const PublicKey& key) {
    return write_pem(path, encode_public_key(key), 0644);
}

base::Bytes encode_public_key(const PublicKey& key) {
    auto der = hex(encoding_of(key.type).public_prefix);
    der.insert(der.end(), key.bytes.begin(), key.bytes.end());
    return encode_pem(kPublicLabel, der);
}

Outcome<PrivateKey> read_private_key(const std::string& path) {
    if (auto safe = base::check_private_file(path); !safe) return give_up(Exit::usage, safe.error().text);
    auto content = base::read_file(path, kFileMax);
    if (!content) return give_up(content.error());
    auto key = decode_private_key(*content, path);
    zcrypto::secure_wipe(*content);
    return key;
}

Outcome<PrivateKey> decode_private_key(base::ByteView content, const std::string& path) {
    auto der = read_pem(content, kPrivateLabel, path);
    if (!der) return std::unexpected{std::move(der).error()};
    const auto key_behind = [&](std::string_view prefix_hex, KeyType type) -> std::optional<PrivateKey> {
        const auto prefix = hex(prefix_hex);
        if (der->size() < prefix.size() + 32 || !base::equal(der->expose().first(prefix.size()), prefix)) return {};
        PrivateKey key{type, {}};
        std::ranges::copy(der->expose().subspan(prefix.size(), 32), key.bytes.expose_mutable().begin());
        return key;
    };
    for (const auto& each : kEncodings) {
        if (der->size() != each.private_prefix.size() / 2 + 32) continue;
        if (auto key = key_behind(each.private_prefix, each.type)) return std::move(*key);
    }
    if (der->size() == kLongSize) {
        if (auto key = key_behind(kLongPrefix, KeyType::secp256k1)) return std::move(*key);
    }
    return give_up(Exit::failed, fmt::format("{}: not an Ed25519, X25519 or secp256k1 private key", path));
}

Outcome<PublicKey> read_public_key(const std::string& text) {
    if (text.size() == 64 || text.size() == 66) {
        if (auto bytes = base::from_hex(text); bytes && bytes->size() == text.size() / 2) {
            return PublicKey{text.size() == 64 ? KeyType::ed25519 : KeyType::secp256k1, std::move(*bytes)};
        }
    }
    const auto content = base::read_file(text, kFileMax);
    if (!content) return give_up(content.error());
    return decode_public_key(*content, text);
}

Outcome<PublicKey> decode_public_key(base::ByteView content, const std::string& path) {
    auto der = read_pem(content, kPublicLabel, path);
    if (!der) return std::unexpected{std::move(der).error()};
    for (const auto& each : kEncodings) {
        const auto prefix = hex(each.public_prefix);
        if (der->size() == prefix.size() + each.public_size &&
            base::equal(der->expose().first(prefix.size()), prefix)) {
            return PublicKey{each.type, base::to_bytes(der->expose().subspan(prefix.size()))};
        }
    }
    return give_up(Exit::failed, fmt::format("{}: not an Ed25519, X25519 or compressed secp256k1 public key", path));
}

}  // namespace zcrypto_tool
