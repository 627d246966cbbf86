// Published answers, computed once a process before anything else is. A library built for another machine, a broken
// linker script or a damaged file shows here and not in a signature.

#include <atomic>
#include <string_view>

#include "call.hpp"
#include "zcrypto/aead.hpp"
#include "zcrypto/ed25519.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/kdf.hpp"
#include "zcrypto/secp256k1.hpp"
#include "zcrypto/x25519.hpp"

#ifdef ZCRYPTO_WITH_PQ
#include "zcrypto/pq_hybrid.hpp"
#include "zcrypto/pq_ml_dsa.hpp"
#endif

namespace capi_zcrypto {
namespace {

#ifdef ZCRYPTO_BREAK_SELF_TEST
constexpr std::string_view kBroken = "00";  // built by a test, to see what a failing self-test does
#else
constexpr std::string_view kBroken = "";
#endif

/// Whether `bytes` are those of the hexadecimal text.
bool is(base::ByteView bytes, std::string_view hex) noexcept {
    if (!kBroken.empty()) hex = kBroken;
    if (bytes.size() * 2 != hex.size()) return false;
    constexpr std::string_view kDigits = "0123456789abcdef";
    bool same = true;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto value = std::to_integer<unsigned>(bytes[i]);
        same = same && hex[2 * i] == kDigits[value >> 4] && hex[2 * i + 1] == kDigits[value & 15];
    }
    return same;
}

template <std::size_t N>
base::FixedBytes<N> from(std::string_view hex) noexcept {
    const auto parsed = base::fixed_from_hex<N>(hex);
    return parsed ? *parsed : base::FixedBytes<N>{};
}
template <std::size_t N>
zcrypto::Secret<N> secret_of(base::ByteView bytes) noexcept {
    zcrypto::Secret<N> out;
    std::memcpy(out.expose_mutable().data(), bytes.data(), N);
    return out;
}
template <std::size_t N>
base::FixedBytes<N> filled(unsigned value) noexcept {
    base::FixedBytes<N> out;
    out.fill(static_cast<std::byte>(value));
    return out;
}

bool hashes_work() {
    const auto abc = base::as_bytes("abc");
    base::FixedBytes<42> okm;
    const auto salt = from<13>("000102030405060708090a0b0c");
    const auto info = from<10>("f0f1f2f3f4f5f6f7f8f9");
    return is(zcrypto::sha256(abc), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") &&
           is(zcrypto::sha512(abc),
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f") &&
           is(zcrypto::sha3_256(abc), "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532") &&
           is(zcrypto::sha3_512(abc),
              "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
              "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0") &&
           is(zcrypto::keccak256({}), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470") &&
           is(zcrypto::blake2b_512(abc),
              "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
              "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923") &&
           is(zcrypto::blake3(base::ByteView{}), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262") &&
           is(zcrypto::hmac_sha256(
                  {.key = base::as_bytes("Jefe"), .message = base::as_bytes("what do ya want for nothing?")}),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843") &&
           zcrypto::hkdf_sha256({.key_material = filled<22>(0x0b), .salt = salt, .info = info}, okm) &&
           is(okm, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

bool curves_work() {
    namespace ed25519 = zcrypto::ed25519;
    namespace secp256k1 = zcrypto::secp256k1;
    // RFC 8032, 7.1, test 1.
    const auto seed = secret_of<32>(from<32>("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
    const auto key = ed25519::public_key_of(seed);
    auto signature = ed25519::sign(seed, {});
    if (!is(key.bytes, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")) return false;
    if (!is(signature.bytes,
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b")) {
        return false;
    }
    if (!ed25519::verify(key, {}, signature) || !ed25519::verify_strict(key, {}, signature)) return false;
    signature.bytes[40] ^= std::byte{1};
    if (ed25519::verify(key, {}, signature)) return false;

    // RFC 7748, 5.2: one iteration.
    base::FixedBytes<32> nine{};
    nine[0] = std::byte{9};
    const auto agreed = zcrypto::x25519::agree(secret_of<32>(nine), nine);
    if (!agreed || !is(agreed->expose(), "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079")) {
        return false;
    }

    base::FixedBytes<32> one{};
    one[31] = std::byte{1};
    const auto scalar = secp256k1::SecretKey::make(one);
    if (!scalar) return false;
    const auto hash = zcrypto::sha256(base::as_bytes("Satoshi Nakamoto"));
    const auto made = secp256k1::sign_recoverable(*scalar, hash);
    const auto recovered = secp256k1::recover(hash, made);
    return is(scalar->public_key().bytes(), "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798") &&
           is(made.signature.bytes,
              "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
              "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5") &&
           secp256k1::verify(scalar->public_key(), hash, made.signature) && recovered &&
           *recovered == scalar->public_key();
}

bool aeads_work() {
    const zcrypto::AeadKey zero;
    const auto text = filled<16>(0);
    const auto nonce = filled<12>(0);
    const zcrypto::ChaChaInput input{.key = zero, .nonce = nonce, .text = text};
    if (!is(zcrypto::aes256gcm_seal(input), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919") ||
        !is(zcrypto::chacha20poly1305_seal(input),
            "9f07e7be5551387a98ba977c732d080dc34a88047320f52aa2c6683ef8084d2f")) {
        return false;
    }
    // draft-irtf-cfrg-xchacha-03, A.3.1: its tag.
    const auto key = secret_of<32>(from<32>("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"));
    const auto long_nonce = from<24>("404142434445464748494a4b4c4d4e4f5051525354555657");
    const auto data = from<12>("50515253c0c1c2c3c4c5c6c7");
    auto sealed = zcrypto::xchacha20poly1305_seal(
        {.key = key,
         .nonce = long_nonce,
         .text = base::as_bytes("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
                                "future, sunscreen would be it."),
         .associated_data = data});
    if (!is(base::ByteView{sealed}.last(16), "c0875924c1c7987947deafd8780acf49")) return false;
    if (!zcrypto::xchacha20poly1305_open({.key = key, .nonce = long_nonce, .text = sealed, .associated_data = data})) {
        return false;
    }
    sealed[3] ^= std::byte{1};
    return !zcrypto::xchacha20poly1305_open({.key = key, .nonce = long_nonce, .text = sealed, .associated_data = data});
}

#ifdef ZCRYPTO_WITH_PQ
bool pq_answers() {
    namespace dsa = zcrypto::ml_dsa_65;
    const zcrypto::ml_kem_768::PrivateKey kem{secret_of<64>(filled<64>(7))};
    if (!is(zcrypto::sha3_256(kem.public_key()), "cc567de1b5f32d0ca92439e50a7672c8c980a9a937e565729a9986adf11e695f")) {
        return false;
    }
    // draft-connolly-cfrg-xwing-kem, appendix C: the first vector.
    const zcrypto::x_wing::PrivateKey hybrid{
        secret_of<32>(from<32>("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26"))};
    const auto randomness =
        secret_of<64>(from<64>("3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2"
                               "35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2"));
    const auto sent = zcrypto::x_wing::encapsulate_with(hybrid.public_key(), randomness);
    constexpr std::string_view kShared = "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384";
    if (!sent || !is(sent->shared_key.expose(), kShared)) return false;
    if (!is(hybrid.decapsulate(sent->ciphertext).expose(), kShared)) return false;

    const dsa::PrivateKey signer{secret_of<32>(filled<32>(7))};
    if (!is(zcrypto::sha3_256(signer.public_key()),
            "fc24452a6a4cd77f74643b2cb0a7dfd658b3874c37e7a23fae9fc7e2ec0978fc")) {
        return false;
    }
    auto signature = signer.sign_deterministic({.text = base::as_bytes("abc")});
    if (!signature || !dsa::verify(signer.public_key(), {.text = base::as_bytes("abc")}, *signature)) return false;
    return !dsa::verify(signer.public_key(), {.text = base::as_bytes("abd")}, *signature);
}
#endif

}  // namespace

bool core_works() {
    static const bool works = hashes_work() && curves_work() && aeads_work();
    return works;
}

bool argon2_works() {
    static const bool works = [] {
        base::Digest out;
        const auto salt = filled<16>(1);
        return zcrypto::argon2id(base::as_bytes("password"), salt, {.passes = 2, .memory_bytes = 19ull << 20}, out)
                   .has_value() &&
               is(out, "14695787c8ad1a210f90997854ba075c517b97924ed513e244aa058c48a03ea3");
    }();
    return works;
}

bool pq_works() {
#ifdef ZCRYPTO_WITH_PQ
    static const bool works = pq_answers();
    return works;
#else
    return true;
#endif
}

}  // namespace capi_zcrypto
