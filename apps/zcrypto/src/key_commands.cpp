#include <fmt/format.h>

#include <algorithm>

#include "base/file.hpp"
#include "commands.hpp"
#include "key_file.hpp"
#include "zcrypto/ed25519.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/secp256k1.hpp"

namespace zcrypto_tool {
namespace {

// Ed25519 reads its message twice, so the whole of it is held.
constexpr std::size_t kMessageMax = std::size_t{1} << 30;

Outcome<base::FixedBytes<64>> read_signature(const std::string& text) {
    if (text.size() == 128) {
        if (auto bytes = base::fixed_from_hex<64>(text)) return *bytes;
    }
    const auto content = base::read_file(text, 256);
    if (!content) return give_up(content.error());
    if (auto raw = base::to_fixed<64>(*content)) return *raw;
    auto trimmed = std::string{base::as_text(*content)};
    while (!trimmed.empty() && (trimmed.back() == '\n' || trimmed.back() == '\r')) trimmed.pop_back();
    if (auto bytes = base::fixed_from_hex<64>(trimmed)) return *bytes;
    return give_up(Exit::failed, fmt::format("{}: a signature is 64 bytes, raw or in hexadecimal", text));
}

Outcome<base::FixedBytes<64>> sign(const PrivateKey& key, base::ByteView message) {
    switch (key.type) {
        case KeyType::ed25519: return zcrypto::ed25519::sign(key.bytes, message).bytes;
        case KeyType::secp256k1: {
            const auto scalar = zcrypto::secp256k1::SecretKey::make(key.bytes.expose());
            if (!scalar) return give_up(scalar.error());
            return zcrypto::secp256k1::sign(*scalar, zcrypto::sha256(message)).bytes;
        }
        case KeyType::x25519: break;
    }
    return give_up(Exit::usage, "an X25519 key agrees on secrets; it does not sign");
}

Outcome<bool> verify(const PublicKey& key, base::ByteView message, const base::FixedBytes<64>& signature, bool strict) {
    switch (key.type) {
        case KeyType::ed25519: {
            const zcrypto::ed25519::PublicKey point{base::to_fixed<32>(key.bytes).value()};
            return strict ? zcrypto::ed25519::verify_strict(point, message, {signature})
                          : zcrypto::ed25519::verify(point, message, {signature});
        }
        case KeyType::secp256k1: {
            const auto point = zcrypto::secp256k1::PublicKey::parse(key.bytes);
            if (!point) return give_up(point.error());
            return zcrypto::secp256k1::verify(*point, zcrypto::sha256(message), {signature});
        }
        case KeyType::x25519: break;
    }
    return give_up(Exit::usage, "an X25519 key agrees on secrets; it signs nothing");
}

Outcome<void> run_keygen(const Context& context, const KeygenOptions& options) {
    const auto type = key_type_by_name(options.algorithm);
    if (!type) {
        return give_up(Exit::usage,
                       fmt::format("unknown algorithm '{}'; there are: ed25519 x25519 secp256k1", options.algorithm));
    }
    PrivateKey key{*type, {}};
    if (*type == KeyType::secp256k1) {
        const auto scalar = zcrypto::secp256k1::SecretKey::generate(base::system_random());
        std::ranges::copy(scalar.expose(), key.bytes.expose_mutable().begin());
    } else {
        base::system_random().fill(key.bytes.expose_mutable());
    }
    GC_TRY(const auto public_key, public_key_of(key));
    GC_CHECK(write_private_key(options.file, key));
    if (!options.public_file.empty()) GC_CHECK(write_public_key(options.public_file, public_key));
    if (context.json) {
        print_json({{"algorithm", key_type_name(*type)},
                    {"public_key", base::to_hex(public_key.bytes)},
                    {"file", options.file}});
    } else {
        fmt::print("{}\n", base::to_hex(public_key.bytes));
    }
    return {};
}

Outcome<void> run_sign(const Context& context, const SignOptions& options) {
    GC_TRY(const auto key, read_private_key(options.key_file));
    GC_TRY(const auto message, read_input(options.message, kMessageMax));
    GC_TRY(const auto signature, sign(key, message));
    GC_TRY(const auto public_key, public_key_of(key));
    if (!options.signature_file.empty()) {
        if (auto written = base::write_file_atomic(options.signature_file, signature, {.mode = 0644}); !written) {
            return give_up(written.error());
        }
    }
    if (context.json) {
        print_json({{"algorithm", key_type_name(key.type)},
                    {"public_key", base::to_hex(public_key.bytes)},
                    {"signature", base::to_hex(signature)}});
    } else if (options.signature_file.empty()) {
        fmt::print("{}\n", base::to_hex(signature));
    }
    return {};
}

Outcome<int> run_verify(const Context& context, const VerifyOptions& options) {
    GC_TRY(const auto key, read_public_key(options.key));
    GC_TRY(const auto signature, read_signature(options.signature));
    GC_TRY(const auto message, read_input(options.message, kMessageMax));
    GC_TRY(const auto valid, verify(key, message, signature, options.strict));
    if (context.json) {
        print_json({{"algorithm", key_type_name(key.type)}, {"valid", valid}});
    } else {
        fmt::print("{}\n", valid ? "valid" : "INVALID");
    }
    return valid ? Exit::done : Exit::failed;
}

}  // namespace

int keygen_command(const Context& context, const KeygenOptions& options) {
    const auto outcome = run_keygen(context, options);
    return outcome ? Exit::done : report(context, outcome.error());
}

int sign_command(const Context& context, const SignOptions& options) {
    const auto outcome = run_sign(context, options);
    return outcome ? Exit::done : report(context, outcome.error());
}

int verify_command(const Context& context, const VerifyOptions& options) {
    const auto outcome = run_verify(context, options);
    return outcome ? *outcome : report(context, outcome.error());
}

}  // namespace zcrypto_tool
