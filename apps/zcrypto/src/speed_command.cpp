// Each row runs ours and the peer's code in turns and takes the best of each, so that a machine that is busy or changes
// its clock treats both alike.

#include <blake3.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sodium.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>

#include "commands.hpp"
#include "zcrypto/aead.hpp"
#include "zcrypto/ed25519.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/x25519.hpp"

namespace zcrypto_tool {
namespace {

using Clock = std::chrono::steady_clock;

struct Row {
    std::string name;
    std::string unit;  ///< "MB/s" or "op/s"
    double work;       ///< Bytes or operations of one call.
    std::string peer;
    std::function<void()> ours;
    std::function<void()> theirs;
};

/// Seconds of one call: `calls` in a row.
double time_of(const std::function<void()>& call, int calls) {
    const auto start = Clock::now();
    for (int i = 0; i < calls; ++i) call();
    return std::chrono::duration<double>(Clock::now() - start).count() / calls;
}

struct Measured {
    double ours;
    double theirs;
    int runs;
};

Measured measure(const Row& row, double seconds) {
    int calls = 1;
    while (calls < 1 << 24 && time_of(row.ours, calls) * calls < 0.005) calls *= 2;
    Measured out{std::numeric_limits<double>::max(), std::numeric_limits<double>::max(), 0};
    const auto end = Clock::now() + std::chrono::duration<double>(2 * seconds);
    do {
        out.ours = std::min(out.ours, time_of(row.ours, calls));
        out.theirs = std::min(out.theirs, time_of(row.theirs, calls));
        ++out.runs;
    } while (Clock::now() < end || out.runs < 3);
    return out;
}

volatile unsigned sink;  // what is computed has to be looked at

void look(base::ByteView bytes) { sink = sink + std::to_integer<unsigned>(bytes[0]); }

/// Buffers and keys of all rows.
struct Bench {
    base::Bytes data = base::Bytes(1 << 20, std::byte{0x5a});
    base::Bytes out = base::Bytes((1 << 20) + 16);
    zcrypto::Secret<32> key = zcrypto::Secret<32>::random(base::system_random());
    zcrypto::ed25519::SigningKey signer = zcrypto::ed25519::SigningKey::generate(base::system_random());
    std::vector<zcrypto::ed25519::BatchItem> batch;
    std::array<unsigned char, 64> sodium_key{};
    std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> cipher{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
    std::vector<zcrypto::ed25519::SigningKey> signers;

    Bench() {
        for (int i = 0; i < 64; ++i) {
            signers.push_back(zcrypto::ed25519::SigningKey::generate(base::system_random()));
            const auto message = base::ByteView{data}.first(128);
            batch.push_back(
                {.key = signers.back().public_key(), .message = message, .signature = signers.back().sign(message)});
        }
        std::array<unsigned char, 32> unused{};
        crypto_sign_ed25519_seed_keypair(unused.data(), sodium_key.data(), base::as_u8(key.expose()));
    }
};

void openssl_digest(const EVP_MD* md, base::ByteView text) {
    unsigned char digest[64];
    EVP_Digest(text.data(), text.size(), digest, nullptr, md, nullptr);
    sink = sink + digest[0];
}

void openssl_seal(Bench& b, const EVP_CIPHER* cipher, base::ByteView text) {
    const unsigned char nonce[12] = {};
    auto* const out = reinterpret_cast<unsigned char*>(b.out.data());
    int size = 0;
    EVP_EncryptInit_ex(b.cipher.get(), cipher, nullptr, base::as_u8(b.key.expose()), nonce);
    EVP_EncryptUpdate(b.cipher.get(), out, &size, base::as_u8(text), static_cast<int>(text.size()));
    EVP_EncryptFinal_ex(b.cipher.get(), out + size, &size);
    EVP_CIPHER_CTX_ctrl(b.cipher.get(), EVP_CTRL_AEAD_GET_TAG, 16, out + text.size());
    look(b.out);
}

void add_hashes(std::vector<Row>& rows, Bench& b) {
    const base::ByteView mib{b.data};
    const auto node = mib.first(64);
    const auto mid = mib.first(16384);
    const auto official = [](base::ByteView text) {
        blake3_hasher hasher;
        unsigned char digest[32];
        blake3_hasher_init(&hasher);
        blake3_hasher_update(&hasher, text.data(), text.size());
        blake3_hasher_finalize(&hasher, digest, sizeof digest);
        sink = sink + digest[0];
    };
    const auto add = [&](std::string name, base::ByteView text, std::string peer, auto ours, auto theirs) {
        rows.push_back({std::move(name), "MB/s", static_cast<double>(text.size()), std::move(peer),
                        [=] { look(ours(text)); }, [=] { theirs(text); }});
    };
    const auto blake3 = [](base::ByteView text) { return zcrypto::blake3(text); };
    const auto sha256 = [](base::ByteView text) { return zcrypto::sha256(text); };
    const auto one_shot = [](base::ByteView text) {
        unsigned char digest[32];
        SHA256(base::as_u8(text), text.size(), digest);
        sink = sink + digest[0];
    };
    add("blake3_64", node, "blake3-official", blake3, official);
    add("blake3_16k", mid, "blake3-official", blake3, official);
    add("blake3_1mib", mib, "blake3-official", blake3, official);
    add("sha256_64", node, "openssl-oneshot", sha256, one_shot);
    add("sha256_16k", mid, "openssl-oneshot", sha256, one_shot);
    add(
        "sha512_16k", mid, "openssl", [](base::ByteView text) { return zcrypto::sha512(text); },
        [](base::ByteView text) { openssl_digest(EVP_sha512(), text); });
    add(
        "sha3_256_16k", mid, "openssl", [](base::ByteView text) { return zcrypto::sha3_256(text); },
        [](base::ByteView text) { openssl_digest(EVP_sha3_256(), text); });
    // OpenSSL 3.0 has no Keccak with the old padding; SHA3-256 costs the same.
    add(
        "keccak256_16k", mid, "openssl-sha3", [](base::ByteView text) { return zcrypto::keccak256(text); },
        [](base::ByteView text) { openssl_digest(EVP_sha3_256(), text); });
    add(
        "blake2b_16k", mid, "openssl", [](base::ByteView text) { return zcrypto::blake2b_512(text); },
        [](base::ByteView text) { openssl_digest(EVP_blake2b512(), text); });
}

void add_signatures(std::vector<Row>& rows, Bench& b) {
    const auto message = base::ByteView{b.data}.first(128);
    const auto* const text = base::as_u8(message);
    const auto& one = b.batch.front();
    const auto verify_sodium = [&one, text] {
        sink = sink + static_cast<unsigned>(crypto_sign_ed25519_verify_detached(base::as_u8(one.signature.bytes), text,
                                                                                128, base::as_u8(one.key.bytes)));
    };
    rows.push_back({"ed25519_sign", "op/s", 1, "libsodium", [&b, message] { look(b.signer.sign(message).bytes); },
                    [&b, text] {
                        unsigned char signature[64];
                        crypto_sign_ed25519_detached(signature, nullptr, text, 128, b.sodium_key.data());
                        sink = sink + signature[0];
                    }});
    rows.push_back({"ed25519_verify", "op/s", 1, "libsodium",
                    [&one] { sink = sink + zcrypto::ed25519::verify(one.key, one.message, one.signature); },
                    verify_sodium});
    rows.push_back({"ed25519_verify_batch64", "op/s", 64, "libsodium",
                    [&b] { sink = sink + zcrypto::ed25519::verify_batch(b.batch, base::system_random()); },
                    [verify_sodium] {
                        for (int i = 0; i < 64; ++i) verify_sodium();
                    }});
    rows.push_back({"x25519", "op/s", 1, "libsodium",
                    [&b] {
                        const auto agreed = zcrypto::x25519::agree(
                            b.key, base::to_fixed<32>(base::ByteView{b.signer.public_key().bytes}).value());
                        if (agreed) look(agreed->expose());
                    },
                    [&b] {
                        unsigned char shared[32] = {};
                        sink =
                            sink + static_cast<unsigned>(crypto_scalarmult_curve25519(
                                       shared, base::as_u8(b.key.expose()), base::as_u8(b.signer.public_key().bytes)));
                    }});
}

void add_encryption(std::vector<Row>& rows, Bench& b) {
    const auto mid = base::ByteView{b.data}.first(16384);
    static constexpr base::FixedBytes<12> kNonce{};
    static constexpr base::FixedBytes<24> kLongNonce{};
    rows.push_back({"aes256gcm_16k", "MB/s", 16384, "openssl",
                    [&b, mid] { look(zcrypto::aes256gcm_seal({.key = b.key, .nonce = kNonce, .text = mid})); },
                    [&b, mid] { openssl_seal(b, EVP_aes_256_gcm(), mid); }});
    rows.push_back({"chacha20poly1305_16k", "MB/s", 16384, "openssl",
                    [&b, mid] { look(zcrypto::chacha20poly1305_seal({.key = b.key, .nonce = kNonce, .text = mid})); },
                    [&b, mid] { openssl_seal(b, EVP_chacha20_poly1305(), mid); }});
    rows.push_back(
        {"xchacha20poly1305_16k", "MB/s", 16384, "libsodium",
         [&b, mid] { look(zcrypto::xchacha20poly1305_seal({.key = b.key, .nonce = kLongNonce, .text = mid})); },
         [&b, mid] {
             crypto_aead_xchacha20poly1305_ietf_encrypt(reinterpret_cast<unsigned char*>(b.out.data()), nullptr,
                                                        base::as_u8(mid), mid.size(), nullptr, 0, nullptr,
                                                        base::as_u8(kLongNonce), base::as_u8(b.key.expose()));
             look(b.out);
         }});
}

}  // namespace

int speed_command(const Context& context, const SpeedOptions& options) {
    if (sodium_init() < 0) return report(context, {Exit::failed, "libsodium does not start"});
    Bench bench;
    std::vector<Row> rows;
    add_hashes(rows, bench);
    add_signatures(rows, bench);
    add_encryption(rows, bench);
    std::erase_if(rows, [&](const Row& row) { return row.name.find(options.only) == std::string::npos; });
    if (rows.empty()) return report(context, {Exit::usage, fmt::format("no row is called '{}'", options.only)});

    auto results = nlohmann::json::array();
    if (!context.json) fmt::print("{:<24}{:>12} {:<5}{:>12}  {:<17}{:>6}\n", "", "zcrypto", "", "peer", "", "ratio");
    for (const auto& row : rows) {
        const auto measured = measure(row, options.seconds);
        const double scale = row.unit == "MB/s" ? 1e-6 : 1;
        const auto ours = row.work * scale / measured.ours;
        const auto theirs = row.work * scale / measured.theirs;
        if (context.json) {
            results.push_back({{"name", row.name},
                               {"value", ours},
                               {"unit", row.unit},
                               {"peer", row.peer},
                               {"peer_value", theirs},
                               {"ratio", ours / theirs},
                               {"runs", measured.runs}});
        } else {
            fmt::print("{:<24}{:>12.0f} {:<5}{:>12.0f}  {:<17}{:>6.2f}\n", row.name, ours, row.unit, theirs, row.peer,
                       ours / theirs);
            std::fflush(stdout);
        }
    }
    if (context.json) print_json({{"rows", results}});
    return Exit::done;
}

}  // namespace zcrypto_tool
