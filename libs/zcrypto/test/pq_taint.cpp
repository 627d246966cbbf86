// Runs under valgrind's memcheck with every secret marked undefined: a branch or an address that depends on one is then
// an error. The post-quantum sources and those of key derivation are compiled into this program with the marks on
// (ZCRYPTO_TAINT); what becomes public, and why, is said at each GC_PUBLIC there.
//
// Not covered: BIP-39, BIP-32's text and SLIP-39's words handle secrets as text, with table look-ups; they run when a
// person sets up or restores a wallet, not when somebody else chooses to. OpenSSL's multiplication on P-256 is excused
// in taint.supp. libs/gcrypt has FROST and the VRF.

#include <cstdio>
#include <cstring>
#include <string_view>

#include "gf256.hpp"
#include "pq_secret.hpp"
#include "zcrypto/aead.hpp"
#include "zcrypto/bip32.hpp"
#include "zcrypto/ed25519.hpp"
#include "zcrypto/kdf.hpp"
#include "zcrypto/pq_hybrid.hpp"
#include "zcrypto/pq_ml_dsa.hpp"
#include "zcrypto/slip10.hpp"

namespace {

using namespace zcrypto;

template <std::size_t N>
Secret<N> unknown() {
    auto out = Secret<N>::random(base::system_random());
    GC_SECRET(out.expose_mutable().data(), N);
    return out;
}

/// The test's own comparison: says that what it looks at may be known.
bool same(base::ByteView a, base::ByteView b) {
    GC_PUBLIC(a.data(), a.size());
    GC_PUBLIC(b.data(), b.size());
    return base::equal(a, b);
}

bool ml_kem() {
    const ml_kem_768::PrivateKey key{unknown<64>()};
    auto sent = ml_kem_768::encapsulate_with(key.public_key(), unknown<32>());
    if (!sent) return false;
    GC_PUBLIC(sent->ciphertext.data(), sent->ciphertext.size());  // it goes over the wire
    if (!same(key.decapsulate(sent->ciphertext).expose(), sent->shared_key.expose())) return false;
    sent->ciphertext[100] ^= std::byte{1};
    return !same(key.decapsulate(sent->ciphertext).expose(), sent->shared_key.expose());
}

bool hybrid() {
    const x_wing::PrivateKey key{unknown<32>()};
    auto public_key = key.public_key();
    GC_PUBLIC(public_key.data(), public_key.size());
    auto sent = x_wing::encapsulate_with(public_key, unknown<64>());
    if (!sent) return false;
    GC_PUBLIC(sent->ciphertext.data(), sent->ciphertext.size());
    return same(key.decapsulate(sent->ciphertext).expose(), sent->shared_key.expose());
}

bool ml_dsa() {
    const ml_dsa_65::PrivateKey key{unknown<32>()};
    for (int i = 0; i < 3; ++i) {
        const auto signature = key.sign({.text = base::as_bytes("a message")}, base::system_random());
        if (!signature || !ml_dsa_65::verify(key.public_key(), {.text = base::as_bytes("a message")}, *signature))
            return false;
    }
    const base::FixedBytes<64> digest{};
    return key.sign_hashed({.hash = ml_dsa_65::PreHash::sha512, .digest = digest}, base::system_random()).has_value();
}

/// What is ours around other people's primitives.
bool wrappers() {
    const auto secret = unknown<32>();
    Secret<64> derived;
    if (!hkdf_sha256({.key_material = secret.expose(), .info = base::as_bytes("taint")}, derived.expose_mutable()))
        return false;
    bool equal = equal_constant_time(derived.expose(), secret.expose());
    GC_PUBLIC(&equal, sizeof equal);
    (void)ed25519::sign(secret, base::as_bytes("a message"));
    // Sealing only: an open's verdict is public, but the branch on it sits inside libsodium, without a mark.
    const auto sealed = xchacha20poly1305_seal({.key = secret, .nonce = {}, .text = derived.expose()});
    return !equal && sealed.size() == 64 + kAeadTagSize;
}

/// SLIP-39's arithmetic: shares of a secret, and the secret of shares.
bool shamir() {
    const auto secret = unknown<32>(), random = unknown<32>();
    base::FixedBytes<32> shares[3], again;
    const gf256::Sample polynomial[] = {{255, secret.expose()}, {254, random.expose()}};
    for (std::uint8_t i = 0; i < 3; ++i) gf256::interpolate(polynomial, i, shares[i]);
    const gf256::Sample some[] = {{0, shares[0]}, {2, shares[2]}};
    gf256::interpolate(some, 255, again);
    return same(again, secret.expose());
}

/// Keys from a seed: hardened steps and, where there are some, others.
bool derivation() {
    const auto seed = unknown<64>();
    const auto hardened = DerivationPath::parse("m/44'/1337'/0'").value();
    const auto mixed = DerivationPath::parse("m/44'/1/7").value();
    const std::pair<slip10::Curve, const DerivationPath*> trees[] = {{slip10::Curve::ed25519, &hardened},
                                                                     {slip10::Curve::curve25519, &hardened},
                                                                     {slip10::Curve::secp256k1, &mixed},
                                                                     {slip10::Curve::nist256p1, &mixed}};
    for (const auto& [curve, path] : trees) {
        if (!slip10::derive(curve, seed.expose(), *path)) return false;
    }
    const auto master = bip32::ExtendedPrivateKey::from_seed(seed.expose(), bip32::Network::main);
    return master && master->derive(mixed).has_value();
}

/// The control: must be reported, or this program proves nothing.
bool leak() {
    const auto secret = unknown<32>();
    return secret.expose()[0] == std::byte{0};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view{argv[1]} == "leak") return leak() ? 2 : 3;
    const struct {
        const char* name;
        bool (*run)();
    } parts[] = {{"ML-KEM-768", ml_kem}, {"X-Wing", hybrid}, {"ML-DSA-65", ml_dsa},
                 {"wrappers", wrappers}, {"Shamir", shamir}, {"derivation", derivation}};
    int failed = 0;
    for (const auto& part : parts) {
        const bool ok = part.run();
        std::printf("%-12s %s\n", part.name, ok ? "ok" : "WRONG");
        failed += ok ? 0 : 1;
    }
    return failed;
}
