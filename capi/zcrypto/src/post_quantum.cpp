#include <atomic>

#include "call.hpp"

#ifdef ZCRYPTO_WITH_PQ
#include "zcrypto/pq_hybrid.hpp"
#include "zcrypto/pq_ml_dsa.hpp"
#endif

using namespace capi_zcrypto;

namespace {

std::atomic<int> enabled_level{ZCRYPTO_PQ_OFF};

/// The checks of call(), after those for this family.
template <typename Body>
int pq_call(int level, bool arguments_ok, Body&& body) noexcept {
    if (enabled_level.load(std::memory_order_relaxed) < level) {
        return refuse(GHOST_ERR_NOT_ENABLED, "call zcrypto_pq_enable() first");
    }
    if (const int code = tested(&pq_works, "post-quantum"); code != GHOST_OK) return code;
    return call(arguments_ok, std::forward<Body>(body));
}

#ifdef ZCRYPTO_WITH_PQ
namespace kem = zcrypto::ml_kem_768;
namespace dsa = zcrypto::ml_dsa_65;
namespace x_wing = zcrypto::x_wing;

template <typename Key, typename Seed>
int keypair(int level, uint8_t* public_key, uint8_t* private_key) noexcept {
    return pq_call(level, all_given(public_key, private_key), [&]() -> base::Result<void> {
        const auto seed = Seed::random(base::system_random());
        give(Key{seed}.public_key(), public_key);
        give(seed.expose(), private_key);
        return {};
    });
}

template <typename Key, typename Seed>
int public_key_of(int level, const uint8_t* private_key, uint8_t* public_key) noexcept {
    return pq_call(level, all_given(private_key, public_key), [&]() -> base::Result<void> {
        give(Key{secret<Seed::kSize>(private_key)}.public_key(), public_key);
        return {};
    });
}
#endif

}  // namespace

extern "C" {

#ifdef ZCRYPTO_WITH_PQ

int zcrypto_pq_enable(int level) {
    if (level < ZCRYPTO_PQ_OFF || level > ZCRYPTO_PQ_ALL) return refuse(GHOST_ERR_INVALID_ARGUMENT, "level");
    enabled_level.store(level, std::memory_order_relaxed);
    return GHOST_OK;
}

int zcrypto_x25519_ml_kem_768_keypair(uint8_t* public_key, uint8_t* private_key) {
    return keypair<x_wing::PrivateKey, x_wing::Seed>(ZCRYPTO_PQ_HYBRID, public_key, private_key);
}

int zcrypto_x25519_ml_kem_768_public_key(const uint8_t* private_key, uint8_t* public_key) {
    return public_key_of<x_wing::PrivateKey, x_wing::Seed>(ZCRYPTO_PQ_HYBRID, private_key, public_key);
}

int zcrypto_x25519_ml_kem_768_encapsulate(const uint8_t* public_key, uint8_t* ciphertext, uint8_t* shared_key) {
    return pq_call(ZCRYPTO_PQ_HYBRID, all_given(public_key, ciphertext, shared_key), [&]() -> base::Result<void> {
        GC_TRY(const auto made, x_wing::encapsulate(fixed<x_wing::kPublicKeySize>(public_key), base::system_random()));
        give(made.ciphertext, ciphertext);
        give(made.shared_key.expose(), shared_key);
        return {};
    });
}

int zcrypto_x25519_ml_kem_768_decapsulate(const uint8_t* private_key, const uint8_t* ciphertext, uint8_t* shared_key) {
    return pq_call(ZCRYPTO_PQ_HYBRID, all_given(private_key, ciphertext, shared_key), [&]() -> base::Result<void> {
        const x_wing::PrivateKey key{secret<32>(private_key)};
        give(key.decapsulate(fixed<x_wing::kCiphertextSize>(ciphertext)).expose(), shared_key);
        return {};
    });
}

int zcrypto_ml_kem_768_keypair(uint8_t* public_key, uint8_t* private_key) {
    return keypair<kem::PrivateKey, kem::Seed>(ZCRYPTO_PQ_ALL, public_key, private_key);
}

int zcrypto_ml_kem_768_public_key(const uint8_t* private_key, uint8_t* public_key) {
    return public_key_of<kem::PrivateKey, kem::Seed>(ZCRYPTO_PQ_ALL, private_key, public_key);
}

int zcrypto_ml_kem_768_encapsulate(const uint8_t* public_key, uint8_t* ciphertext, uint8_t* shared_key) {
    return pq_call(ZCRYPTO_PQ_ALL, all_given(public_key, ciphertext, shared_key), [&]() -> base::Result<void> {
        GC_TRY(const auto made, kem::encapsulate(fixed<kem::kPublicKeySize>(public_key), base::system_random()));
        give(made.ciphertext, ciphertext);
        give(made.shared_key.expose(), shared_key);
        return {};
    });
}

int zcrypto_ml_kem_768_decapsulate(const uint8_t* private_key, const uint8_t* ciphertext, uint8_t* shared_key) {
    return pq_call(ZCRYPTO_PQ_ALL, all_given(private_key, ciphertext, shared_key), [&]() -> base::Result<void> {
        const kem::PrivateKey key{secret<64>(private_key)};
        give(key.decapsulate(fixed<kem::kCiphertextSize>(ciphertext)).expose(), shared_key);
        return {};
    });
}

int zcrypto_ml_dsa_65_keypair(uint8_t* public_key, uint8_t* private_key) {
    return keypair<dsa::PrivateKey, dsa::Seed>(ZCRYPTO_PQ_ALL, public_key, private_key);
}

int zcrypto_ml_dsa_65_public_key(const uint8_t* private_key, uint8_t* public_key) {
    return public_key_of<dsa::PrivateKey, dsa::Seed>(ZCRYPTO_PQ_ALL, private_key, public_key);
}

int zcrypto_ml_dsa_65_sign(const uint8_t* private_key, const uint8_t* message, size_t message_len,
                           const uint8_t* context, size_t context_len, uint8_t* signature) {
    const auto ok = all_given(private_key, signature) && given(message, message_len) && given(context, context_len);
    return pq_call(ZCRYPTO_PQ_ALL, ok, [&]() -> base::Result<void> {
        const dsa::PrivateKey key{secret<32>(private_key)};
        GC_TRY(const auto made, key.sign({.text = bytes(message, message_len), .context = bytes(context, context_len)},
                                         base::system_random()));
        give(made.bytes, signature);
        return {};
    });
}

int zcrypto_ml_dsa_65_verify(const uint8_t* public_key, const uint8_t* message, size_t message_len,
                             const uint8_t* context, size_t context_len, const uint8_t* signature) {
    const auto ok = all_given(public_key, signature) && given(message, message_len) && given(context, context_len);
    return pq_call(ZCRYPTO_PQ_ALL, ok, [&]() -> base::Result<void> {
        if (context_len > dsa::kContextMax) return base::fail(base::Errc::out_of_range, "ML-DSA context");
        if (!dsa::verify(fixed<dsa::kPublicKeySize>(public_key),
                         {.text = bytes(message, message_len), .context = bytes(context, context_len)},
                         {fixed<dsa::kSignatureSize>(signature)})) {
            return base::fail(zcrypto::Errc::bad_signature, "ML-DSA-65");
        }
        return {};
    });
}

#else

#define GHOST_ABSENT(name, ...) \
    int name(__VA_ARGS__) { return refuse(GHOST_ERR_NOT_ENABLED, "not part of this build"); }
GHOST_ABSENT(zcrypto_pq_enable, int)
GHOST_ABSENT(zcrypto_x25519_ml_kem_768_keypair, uint8_t*, uint8_t*)
GHOST_ABSENT(zcrypto_x25519_ml_kem_768_public_key, const uint8_t*, uint8_t*)
GHOST_ABSENT(zcrypto_x25519_ml_kem_768_encapsulate, const uint8_t*, uint8_t*, uint8_t*)
GHOST_ABSENT(zcrypto_x25519_ml_kem_768_decapsulate, const uint8_t*, const uint8_t*, uint8_t*)
GHOST_ABSENT(zcrypto_ml_kem_768_keypair, uint8_t*, uint8_t*)
GHOST_ABSENT(zcrypto_ml_kem_768_public_key, const uint8_t*, uint8_t*)
GHOST_ABSENT(zcrypto_ml_kem_768_encapsulate, const uint8_t*, uint8_t*, uint8_t*)
GHOST_ABSENT(zcrypto_ml_kem_768_decapsulate, const uint8_t*, const uint8_t*, uint8_t*)
GHOST_ABSENT(zcrypto_ml_dsa_65_keypair, uint8_t*, uint8_t*)
GHOST_ABSENT(zcrypto_ml_dsa_65_public_key, const uint8_t*, uint8_t*)
GHOST_ABSENT(zcrypto_ml_dsa_65_sign, const uint8_t*, const uint8_t*, size_t, const uint8_t*, size_t, uint8_t*)
GHOST_ABSENT(zcrypto_ml_dsa_65_verify, const uint8_t*, const uint8_t*, size_t, const uint8_t*, size_t, const uint8_t*)

#endif

}  // extern "C"
