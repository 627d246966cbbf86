// The C library as its callers see it: codes, null pointers, sizes, off-by-default, threads, children.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "ghost/zcrypto.h"

namespace {

using Bytes = std::vector<uint8_t>;

Bytes random_bytes(std::size_t size) {
    Bytes out(size);
    EXPECT_EQ(zcrypto_random(out.data(), size), GHOST_OK);
    return out;
}

struct Ed25519Pair {
    std::array<uint8_t, 32> public_key{};
    std::array<uint8_t, 32> private_key{};
    Ed25519Pair() { EXPECT_EQ(zcrypto_ed25519_keypair(public_key.data(), private_key.data()), GHOST_OK); }
};

/// Post-quantum level for one test.
class Level {
 public:
    explicit Level(int level) { EXPECT_EQ(zcrypto_pq_enable(level), GHOST_OK); }
    ~Level() { zcrypto_pq_enable(ZCRYPTO_PQ_OFF); }
};

TEST(ZcryptoC, HasASentenceForEveryCodeAndForUnknownOnes) {
    for (int code = 0; code >= GHOST_ERR_TRAP; --code) {
        EXPECT_STRNE(ghost_error_string(code), ghost_error_string(-1000)) << code;
    }
    EXPECT_STREQ(ghost_error_string(1), ghost_error_string(-1000));
    EXPECT_STREQ(zcrypto_version(), "0.1.0");
    EXPECT_EQ(zcrypto_self_test(), GHOST_OK) << zcrypto_last_error();
}

TEST(ZcryptoC, SignsAsTheSourceDocumentDeclaresIt) {
    const Ed25519Pair pair;
    std::array<uint8_t, 32> again{};
    ASSERT_EQ(zcrypto_ed25519_public_key(pair.private_key.data(), again.data()), GHOST_OK);
    EXPECT_EQ(again, pair.public_key);
    for (const std::size_t size : {0u, 1u, 31u, 32u, 1000u}) {
        const auto message = random_bytes(size);
        std::array<uint8_t, 64> signature{};
        ASSERT_EQ(zcrypto_ed25519_sign(pair.private_key.data(), message.data(), size, signature.data()), GHOST_OK);
        EXPECT_EQ(zcrypto_ed25519_verify(pair.public_key.data(), message.data(), size, signature.data()), GHOST_OK);
        EXPECT_EQ(zcrypto_ed25519_verify_strict(pair.public_key.data(), message.data(), size, signature.data()), 0);
        signature[5] ^= 1;
        EXPECT_EQ(zcrypto_ed25519_verify(pair.public_key.data(), message.data(), size, signature.data()),
                  GHOST_ERR_INVALID_SIGNATURE);
        EXPECT_NE(std::string{zcrypto_last_error()}.find("Ed25519"), std::string::npos);
    }
}

TEST(ZcryptoC, ABatchNamesItsCulprits) {
    const Ed25519Pair pair;
    const auto message = random_bytes(40);
    std::array<uint8_t, 64> good{};
    ASSERT_EQ(zcrypto_ed25519_sign(pair.private_key.data(), message.data(), message.size(), good.data()), GHOST_OK);
    auto bad = good;
    bad[0] ^= 1;
    std::vector<zcrypto_ed25519_item> items(200, {pair.public_key.data(), message.data(), message.size(), good.data()});
    Bytes verdicts(items.size(), 9);
    EXPECT_EQ(zcrypto_ed25519_verify_batch(items.data(), items.size(), verdicts.data()), GHOST_OK);
    EXPECT_EQ(verdicts, Bytes(items.size(), 1));
    EXPECT_EQ(zcrypto_ed25519_verify_batch(items.data(), items.size(), nullptr), GHOST_OK);
    EXPECT_EQ(zcrypto_ed25519_verify_batch(nullptr, 0, nullptr), GHOST_OK);
    for (const std::size_t at : {0u, 77u, 199u}) items[at].signature = bad.data();
    EXPECT_EQ(zcrypto_ed25519_verify_batch(items.data(), items.size(), verdicts.data()), GHOST_ERR_INVALID_SIGNATURE);
    for (std::size_t i = 0; i < items.size(); ++i) EXPECT_EQ(verdicts[i], i == 0 || i == 77 || i == 199 ? 0 : 1);
    EXPECT_EQ(zcrypto_ed25519_verify_batch(items.data(), items.size(), nullptr), GHOST_ERR_INVALID_SIGNATURE);
    items[3].signature = nullptr;
    verdicts.assign(items.size(), 9);
    EXPECT_EQ(zcrypto_ed25519_verify_batch(items.data(), items.size(), verdicts.data()), GHOST_ERR_INVALID_ARGUMENT);
    EXPECT_EQ(verdicts, Bytes(items.size(), 9)) << "no output on an error";
    EXPECT_EQ(zcrypto_ed25519_verify_batch(items.data(), SIZE_MAX, nullptr), GHOST_ERR_OUT_OF_RANGE);
}

TEST(ZcryptoC, Secp256k1RefusesImpossibleKeysAndHighS) {
    const Bytes zero(32, 0);
    const Bytes ones(32, 0xff);
    std::array<uint8_t, 64> out{};
    out.fill(0xa5);
    const auto untouched = out;
    for (const auto& key : {zero, ones}) {
        EXPECT_EQ(zcrypto_secp256k1_sign(key.data(), zero.data(), out.data()), GHOST_ERR_INVALID_KEY);
        EXPECT_EQ(zcrypto_secp256k1_public_key(key.data(), out.data()), GHOST_ERR_INVALID_KEY);
    }
    EXPECT_EQ(out, untouched);
    std::array<uint8_t, 33> public_key{};
    std::array<uint8_t, 32> private_key{};
    ASSERT_EQ(zcrypto_secp256k1_keypair(public_key.data(), private_key.data()), GHOST_OK);
    const auto hash = random_bytes(32);
    uint8_t id = 9;
    ASSERT_EQ(zcrypto_secp256k1_sign_recoverable(private_key.data(), hash.data(), out.data(), &id), GHOST_OK);
    EXPECT_EQ(zcrypto_secp256k1_verify(public_key.data(), hash.data(), out.data()), GHOST_OK);
    std::array<uint8_t, 33> recovered{};
    ASSERT_EQ(zcrypto_secp256k1_recover(hash.data(), out.data(), id, recovered.data()), GHOST_OK);
    EXPECT_EQ(recovered, public_key);
    EXPECT_EQ(zcrypto_secp256k1_recover(hash.data(), out.data(), 4, recovered.data()), GHOST_ERR_INVALID_SIGNATURE);
    // n - s, byte by byte: the mirror that anybody can make.
    constexpr std::array<uint8_t, 32> kOrder = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                                0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
    int borrow = 0;
    for (int i = 31; i >= 0; --i) {
        const auto at = static_cast<std::size_t>(i);
        const int digit = kOrder[at] - out[32 + at] - borrow;
        borrow = digit < 0;
        out[32 + at] = static_cast<uint8_t>(digit + 256 * borrow);
    }
    EXPECT_EQ(zcrypto_secp256k1_verify(public_key.data(), hash.data(), out.data()), GHOST_ERR_INVALID_SIGNATURE);
    public_key[0] = 5;
    EXPECT_EQ(zcrypto_secp256k1_verify(public_key.data(), hash.data(), out.data()), GHOST_ERR_INVALID_KEY);
}

TEST(ZcryptoC, EveryNullPointerIsAnErrorAndNotACrash) {
    const Level all{ZCRYPTO_PQ_ALL};
    std::array<uint8_t, 64> b{};
    uint8_t id = 0;
    auto* const p = b.data();
    uint8_t* const n = nullptr;
    const std::vector<int> codes = {
        zcrypto_random(n, 1),
        zcrypto_ed25519_keypair(n, p),
        zcrypto_ed25519_keypair(p, n),
        zcrypto_ed25519_public_key(n, p),
        zcrypto_ed25519_public_key(p, n),
        zcrypto_ed25519_sign(n, p, 1, p),
        zcrypto_ed25519_sign(p, n, 1, p),
        zcrypto_ed25519_sign(p, p, 1, n),
        zcrypto_ed25519_sign(p, p, SIZE_MAX, p),
        zcrypto_ed25519_verify(n, p, 1, p),
        zcrypto_ed25519_verify(p, n, 1, p),
        zcrypto_ed25519_verify(p, p, 1, n),
        zcrypto_ed25519_verify_strict(n, p, 1, p),
        zcrypto_ed25519_verify_batch(nullptr, 1, p),
        zcrypto_secp256k1_keypair(n, p),
        zcrypto_secp256k1_keypair(p, n),
        zcrypto_secp256k1_public_key(n, p),
        zcrypto_secp256k1_public_key(p, n),
        zcrypto_secp256k1_sign(n, p, p),
        zcrypto_secp256k1_sign(p, n, p),
        zcrypto_secp256k1_sign(p, p, n),
        zcrypto_secp256k1_sign_recoverable(p, p, p, nullptr),
        zcrypto_secp256k1_sign_recoverable(p, p, n, &id),
        zcrypto_secp256k1_verify(n, p, p),
        zcrypto_secp256k1_verify(p, n, p),
        zcrypto_secp256k1_verify(p, p, n),
        zcrypto_secp256k1_recover(n, p, 0, p),
        zcrypto_secp256k1_recover(p, n, 0, p),
        zcrypto_secp256k1_recover(p, p, 0, n),
        zcrypto_blake3_hash(n, 1, p),
        zcrypto_blake3_hash(p, 1, n),
        zcrypto_sha256_hash(n, 1, p),
        zcrypto_sha256_hash(p, 1, n),
        zcrypto_sha512_hash(n, 1, p),
        zcrypto_sha3_256_hash(p, 1, n),
        zcrypto_sha3_512_hash(n, 1, p),
        zcrypto_keccak256_hash(p, 1, n),
        zcrypto_blake2b_hash(n, 1, p, 1, p, 32),
        zcrypto_blake2b_hash(p, 1, n, 1, p, 32),
        zcrypto_blake2b_hash(p, 1, p, 1, n, 32),
        zcrypto_blake3_keyed_hash(n, p, 1, p),
        zcrypto_blake3_keyed_hash(p, n, 1, p),
        zcrypto_blake3_derive_key(nullptr, p, 1, p, 1),
        zcrypto_blake3_derive_key("c", n, 1, p, 1),
        zcrypto_blake3_derive_key("c", p, 1, n, 1),
        zcrypto_hmac_sha256(n, 1, p, 1, p),
        zcrypto_hmac_sha256(p, 1, n, 1, p),
        zcrypto_hmac_sha256(p, 1, p, 1, n),
        zcrypto_x25519_keypair(n, p),
        zcrypto_x25519_public_key(p, n),
        zcrypto_x25519(n, p, p),
        zcrypto_x25519(p, n, p),
        zcrypto_x25519(p, p, n),
        zcrypto_hkdf_sha256(n, 1, p, 1, p, 1, p, 1),
        zcrypto_hkdf_sha256(p, 1, n, 1, p, 1, p, 1),
        zcrypto_hkdf_sha256(p, 1, p, 1, n, 1, p, 1),
        zcrypto_hkdf_sha256(p, 1, p, 1, p, 1, n, 1),
        zcrypto_argon2id(n, 1, p, 2, 19u << 20, p, 32),
        zcrypto_argon2id(p, 1, n, 2, 19u << 20, p, 32),
        zcrypto_argon2id(p, 1, p, 2, 19u << 20, n, 32),
        zcrypto_aead_seal(1, n, p, 24, p, 1, p, 1, p),
        zcrypto_aead_seal(1, p, n, 24, p, 1, p, 1, p),
        zcrypto_aead_seal(1, p, p, 24, n, 1, p, 1, p),
        zcrypto_aead_seal(1, p, p, 24, p, 1, n, 1, p),
        zcrypto_aead_seal(1, p, p, 24, p, 1, p, 1, n),
        zcrypto_aead_seal(0, p, p, 24, p, 1, p, 1, p),
        zcrypto_aead_seal(4, p, p, 12, p, 1, p, 1, p),
        zcrypto_aead_open(1, p, p, 24, p, 1, n, 17, p),
        zcrypto_aead_open(1, p, p, 24, p, 1, p, 17, n),
        zcrypto_pq_enable(-1),
        zcrypto_pq_enable(3),
        zcrypto_x25519_ml_kem_768_keypair(n, p),
        zcrypto_x25519_ml_kem_768_keypair(p, n),
        zcrypto_x25519_ml_kem_768_public_key(n, p),
        zcrypto_x25519_ml_kem_768_public_key(p, n),
        zcrypto_x25519_ml_kem_768_encapsulate(n, p, p),
        zcrypto_x25519_ml_kem_768_encapsulate(p, n, p),
        zcrypto_x25519_ml_kem_768_encapsulate(p, p, n),
        zcrypto_x25519_ml_kem_768_decapsulate(n, p, p),
        zcrypto_x25519_ml_kem_768_decapsulate(p, n, p),
        zcrypto_x25519_ml_kem_768_decapsulate(p, p, n),
        zcrypto_ml_kem_768_keypair(n, p),
        zcrypto_ml_kem_768_keypair(p, n),
        zcrypto_ml_kem_768_public_key(n, p),
        zcrypto_ml_kem_768_public_key(p, n),
        zcrypto_ml_kem_768_encapsulate(n, p, p),
        zcrypto_ml_kem_768_encapsulate(p, n, p),
        zcrypto_ml_kem_768_encapsulate(p, p, n),
        zcrypto_ml_kem_768_decapsulate(n, p, p),
        zcrypto_ml_kem_768_decapsulate(p, n, p),
        zcrypto_ml_kem_768_decapsulate(p, p, n),
        zcrypto_ml_dsa_65_keypair(n, p),
        zcrypto_ml_dsa_65_keypair(p, n),
        zcrypto_ml_dsa_65_public_key(n, p),
        zcrypto_ml_dsa_65_public_key(p, n),
        zcrypto_ml_dsa_65_sign(n, p, 1, p, 1, p),
        zcrypto_ml_dsa_65_sign(p, n, 1, p, 1, p),
        zcrypto_ml_dsa_65_sign(p, p, 1, n, 1, p),
        zcrypto_ml_dsa_65_sign(p, p, 1, p, 1, n),
        zcrypto_ml_dsa_65_verify(n, p, 1, p, 1, p),
        zcrypto_ml_dsa_65_verify(p, n, 1, p, 1, p),
        zcrypto_ml_dsa_65_verify(p, p, 1, n, 1, p),
        zcrypto_ml_dsa_65_verify(p, p, 1, p, 1, n),
    };
    for (std::size_t i = 0; i < codes.size(); ++i) EXPECT_EQ(codes[i], GHOST_ERR_INVALID_ARGUMENT) << "call " << i;
    EXPECT_EQ(b, (std::array<uint8_t, 64>{})) << "an error writes nothing";
    EXPECT_EQ(zcrypto_equal(n, p, 1), 0);
    EXPECT_EQ(zcrypto_equal(n, n, 0), 1);
    zcrypto_secure_zero(nullptr, 5);
}

TEST(ZcryptoC, RefusesWrongLengthsAndWeakParameters) {
    std::array<uint8_t, 64> b{};
    auto* const p = b.data();
    EXPECT_EQ(zcrypto_blake2b_hash(nullptr, 0, p, 1, p, 0), GHOST_ERR_INVALID_LENGTH);
    EXPECT_EQ(zcrypto_blake2b_hash(nullptr, 0, p, 1, p, 65), GHOST_ERR_INVALID_LENGTH);
    EXPECT_EQ(zcrypto_blake2b_hash(p, 65, p, 1, p, 32), GHOST_ERR_INVALID_LENGTH);
    EXPECT_EQ(zcrypto_aead_seal(1, p, p, 12, nullptr, 0, p, 1, p), GHOST_ERR_INVALID_LENGTH);
    EXPECT_EQ(zcrypto_aead_seal(2, p, p, 24, nullptr, 0, p, 1, p), GHOST_ERR_INVALID_LENGTH);
    EXPECT_EQ(zcrypto_aead_open(3, p, p, 12, nullptr, 0, p, 15, p), GHOST_ERR_INVALID_LENGTH);
    EXPECT_EQ(zcrypto_argon2id(p, 1, p, 1, 64u << 20, p, 32), GHOST_ERR_WEAK_PARAMETERS);
    EXPECT_EQ(zcrypto_argon2id(p, 1, p, 3, 1u << 20, p, 32), GHOST_ERR_WEAK_PARAMETERS);
    EXPECT_EQ(zcrypto_argon2id(p, 1, p, 3, 2ull << 30, p, 32), GHOST_ERR_OUT_OF_RANGE);
    EXPECT_EQ(zcrypto_argon2id(p, 1, p, 2, 19u << 20, p, 15), GHOST_ERR_INVALID_LENGTH);
    EXPECT_EQ(zcrypto_argon2id(p, 1, p, 2, 19u << 20, p, 65), GHOST_ERR_INVALID_LENGTH);
    EXPECT_EQ(zcrypto_hkdf_sha256(p, 1, p, 1, p, 1, p, 8161), GHOST_ERR_OUT_OF_RANGE);
    EXPECT_EQ(zcrypto_x25519(p, p, p), GHOST_ERR_INVALID_KEY) << "zero is a point of small order";
    EXPECT_EQ(b, (std::array<uint8_t, 64>{}));
}

TEST(ZcryptoC, TamperedCiphertextReleasesNothing) {
    const auto key = random_bytes(32);
    const auto nonce = random_bytes(24);
    const auto text = random_bytes(100);
    const auto data = random_bytes(10);
    for (const int algorithm : {1, 2, 3}) {
        const std::size_t nonce_len = algorithm == 1 ? 24 : 12;
        Bytes sealed(text.size() + 16);
        ASSERT_EQ(zcrypto_aead_seal(algorithm, key.data(), nonce.data(), nonce_len, data.data(), data.size(),
                                    text.data(), text.size(), sealed.data()),
                  GHOST_OK);
        Bytes opened(text.size(), 0xa5);
        const auto open = [&](const Bytes& ciphertext) {
            return zcrypto_aead_open(algorithm, key.data(), nonce.data(), nonce_len, data.data(), data.size(),
                                     ciphertext.data(), ciphertext.size(), opened.data());
        };
        for (std::size_t i = 0; i < sealed.size(); ++i) {
            auto changed = sealed;
            changed[i] ^= 0x40;
            EXPECT_EQ(open(changed), GHOST_ERR_AUTHENTICATION);
        }
        EXPECT_EQ(opened, Bytes(text.size(), 0xa5));
        EXPECT_EQ(open(sealed), GHOST_OK);
        EXPECT_EQ(opened, text);
    }
}

TEST(ZcryptoC, PostQuantumIsOffUntilAskedForAndTheBareAlgorithmsNeedMore) {
    Bytes big(4000);
    std::array<uint8_t, 64> small{};
    EXPECT_EQ(zcrypto_x25519_ml_kem_768_keypair(big.data(), small.data()), GHOST_ERR_NOT_ENABLED);
    const Level hybrid{ZCRYPTO_PQ_HYBRID};
    EXPECT_EQ(zcrypto_ml_kem_768_keypair(big.data(), small.data()), GHOST_ERR_NOT_ENABLED);
    EXPECT_EQ(zcrypto_ml_dsa_65_keypair(big.data(), small.data()), GHOST_ERR_NOT_ENABLED);

    Bytes public_key(ZCRYPTO_X25519_ML_KEM_768_PUBLIC_KEY_SIZE);
    Bytes ciphertext(ZCRYPTO_X25519_ML_KEM_768_CIPHERTEXT_SIZE);
    std::array<uint8_t, 32> private_key{}, sent{}, received{};
    ASSERT_EQ(zcrypto_x25519_ml_kem_768_keypair(public_key.data(), private_key.data()), GHOST_OK);
    ASSERT_EQ(zcrypto_x25519_ml_kem_768_encapsulate(public_key.data(), ciphertext.data(), sent.data()), GHOST_OK);
    ASSERT_EQ(zcrypto_x25519_ml_kem_768_decapsulate(private_key.data(), ciphertext.data(), received.data()), 0);
    EXPECT_EQ(sent, received);
    ciphertext[7] ^= 1;
    ASSERT_EQ(zcrypto_x25519_ml_kem_768_decapsulate(private_key.data(), ciphertext.data(), received.data()), 0);
    EXPECT_NE(sent, received);
    std::memset(public_key.data(), 0xff, 3);
    EXPECT_EQ(zcrypto_x25519_ml_kem_768_encapsulate(public_key.data(), ciphertext.data(), sent.data()),
              GHOST_ERR_INVALID_KEY);
}

TEST(ZcryptoC, TheBarePostQuantumAlgorithmsWorkWhenEnabled) {
    const Level all{ZCRYPTO_PQ_ALL};
    Bytes kem_key(ZCRYPTO_ML_KEM_768_PUBLIC_KEY_SIZE), ciphertext(ZCRYPTO_ML_KEM_768_CIPHERTEXT_SIZE);
    std::array<uint8_t, 64> kem_private{};
    std::array<uint8_t, 32> sent{}, received{}, private_key{};
    ASSERT_EQ(zcrypto_ml_kem_768_keypair(kem_key.data(), kem_private.data()), GHOST_OK);
    ASSERT_EQ(zcrypto_ml_kem_768_encapsulate(kem_key.data(), ciphertext.data(), sent.data()), GHOST_OK);
    ASSERT_EQ(zcrypto_ml_kem_768_decapsulate(kem_private.data(), ciphertext.data(), received.data()), GHOST_OK);
    EXPECT_EQ(sent, received);

    Bytes public_key(ZCRYPTO_ML_DSA_65_PUBLIC_KEY_SIZE), signature(ZCRYPTO_ML_DSA_65_SIGNATURE_SIZE);
    const auto message = random_bytes(33);
    const auto context = random_bytes(256);
    ASSERT_EQ(zcrypto_ml_dsa_65_keypair(public_key.data(), private_key.data()), GHOST_OK);
    const auto sign = [&](std::size_t context_len) {
        return zcrypto_ml_dsa_65_sign(private_key.data(), message.data(), message.size(), context.data(), context_len,
                                      signature.data());
    };
    const auto verify = [&](std::size_t context_len) {
        return zcrypto_ml_dsa_65_verify(public_key.data(), message.data(), message.size(), context.data(), context_len,
                                        signature.data());
    };
    ASSERT_EQ(sign(255), GHOST_OK);
    EXPECT_EQ(verify(255), GHOST_OK);
    EXPECT_EQ(verify(254), GHOST_ERR_INVALID_SIGNATURE);
    EXPECT_EQ(verify(256), GHOST_ERR_OUT_OF_RANGE);
    EXPECT_EQ(sign(256), GHOST_ERR_OUT_OF_RANGE);
    EXPECT_EQ(verify(255), GHOST_OK) << "a refused call left the signature alone";
}

TEST(ZcryptoC, APrivateKeyOfAPostQuantumPairGivesItsPublicKeyAgain) {
    const Level all{ZCRYPTO_PQ_ALL};
    using Function = int (*)(const uint8_t*, uint8_t*);
    const struct {
        int (*keypair)(uint8_t*, uint8_t*);
        Function public_key;
        std::size_t public_size, private_size;
    } kinds[] = {
        {zcrypto_x25519_ml_kem_768_keypair, zcrypto_x25519_ml_kem_768_public_key,
         ZCRYPTO_X25519_ML_KEM_768_PUBLIC_KEY_SIZE, ZCRYPTO_X25519_ML_KEM_768_PRIVATE_KEY_SIZE},
        {zcrypto_ml_kem_768_keypair, zcrypto_ml_kem_768_public_key, ZCRYPTO_ML_KEM_768_PUBLIC_KEY_SIZE,
         ZCRYPTO_ML_KEM_768_PRIVATE_KEY_SIZE},
        {zcrypto_ml_dsa_65_keypair, zcrypto_ml_dsa_65_public_key, ZCRYPTO_ML_DSA_65_PUBLIC_KEY_SIZE,
         ZCRYPTO_ML_DSA_65_PRIVATE_KEY_SIZE},
    };
    for (const auto& kind : kinds) {
        Bytes public_key(kind.public_size), private_key(kind.private_size), again(kind.public_size);
        ASSERT_EQ(kind.keypair(public_key.data(), private_key.data()), GHOST_OK);
        ASSERT_EQ(kind.public_key(private_key.data(), again.data()), GHOST_OK);
        EXPECT_EQ(again, public_key);
    }
    ASSERT_EQ(zcrypto_pq_enable(ZCRYPTO_PQ_OFF), GHOST_OK);
    Bytes room(ZCRYPTO_ML_DSA_65_PUBLIC_KEY_SIZE);
    for (const auto& kind : kinds) EXPECT_EQ(kind.public_key(room.data(), room.data()), GHOST_ERR_NOT_ENABLED);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

TEST(ZcryptoC, NoMemoryIsACodeAndNotTheEndOfTheProcess) {
    if (kSanitized) GTEST_SKIP() << "the sanitizers need memory of their own";
    const auto child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        std::array<uint8_t, 64> b{};
        if (zcrypto_self_test() != GHOST_OK) _exit(1);
        Bytes big(32u << 20);
        std::vector<zcrypto_ed25519_item> items(400'000, {b.data(), b.data(), 1, b.data()});
        const rlimit none{0, 0};
        setrlimit(RLIMIT_AS, &none);
        if (zcrypto_argon2id(nullptr, 0, b.data(), 2, 64u << 20, b.data(), 32) != GHOST_ERR_OUT_OF_MEMORY) _exit(2);
        // HKDF needs no memory, however long its input is.
        if (zcrypto_hkdf_sha256(b.data(), 1, nullptr, 0, big.data(), big.size(), b.data(), 32) != GHOST_OK) _exit(3);
        if (zcrypto_aead_open(1, b.data(), b.data(), 24, nullptr, 0, big.data(), big.size(), big.data()) !=
            GHOST_ERR_OUT_OF_MEMORY) {
            _exit(4);
        }
        if (zcrypto_ed25519_verify_batch(items.data(), items.size(), nullptr) != GHOST_ERR_OUT_OF_MEMORY) _exit(5);
        _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

TEST(ZcryptoC, NoMemoryForAFirstKeyIsACodeToo) {
    if (kSanitized) GTEST_SKIP() << "the sanitizers need memory of their own";
    // What OpenSSL sets up once is inherited; only the locked memory of keys has to be made anew.
    ASSERT_EQ(zcrypto_self_test(), GHOST_OK);
    const auto child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        // The child has no locked memory of its own yet.
        std::array<uint8_t, 64> b{};
        const rlimit none{0, 0};
        setrlimit(RLIMIT_AS, &none);
        const int code = zcrypto_ed25519_sign(b.data(), b.data(), 1, b.data());
        _exit(code == GHOST_ERR_OUT_OF_MEMORY ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

TEST(ZcryptoC, ThreadsCallEverythingAtOnce) {
    const Level all{ZCRYPTO_PQ_ALL};
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([] {
            for (int i = 0; i < 20; ++i) {
                const Ed25519Pair pair;
                const auto message = random_bytes(50);
                std::array<uint8_t, 64> signature{};
                EXPECT_EQ(zcrypto_ed25519_sign(pair.private_key.data(), message.data(), 50, signature.data()), 0);
                EXPECT_EQ(zcrypto_ed25519_verify(pair.public_key.data(), message.data(), 50, signature.data()), 0);
                EXPECT_EQ(zcrypto_ed25519_verify(pair.public_key.data(), message.data(), 49, signature.data()), -4);
                EXPECT_NE(std::string{zcrypto_last_error()}, "");
            }
        });
    }
}

TEST(ZcryptoC, AChildAfterForkCanCallEverything) {
    const Ed25519Pair pair;  // the parent's locked memory exists already
    const auto child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        std::array<uint8_t, 64> signature{};
        std::array<uint8_t, 32> public_key{}, private_key{};
        const bool ok = zcrypto_ed25519_sign(pair.private_key.data(), nullptr, 0, signature.data()) == GHOST_OK &&
                        zcrypto_x25519_keypair(public_key.data(), private_key.data()) == GHOST_OK;
        _exit(ok ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

}  // namespace
