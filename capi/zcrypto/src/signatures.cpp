#include <memory>
#include <vector>

#include "call.hpp"
#include "zcrypto/ed25519.hpp"
#include "zcrypto/secp256k1.hpp"

using namespace capi_zcrypto;
namespace ed25519 = zcrypto::ed25519;
namespace secp256k1 = zcrypto::secp256k1;

namespace {

template <typename Verify>
int verify_ed25519(Verify verify, const uint8_t* public_key, const uint8_t* message, size_t message_len,
                   const uint8_t* signature) noexcept {
    return call(all_given(public_key, signature) && given(message, message_len), [&]() -> base::Result<void> {
        if (!verify({fixed<32>(public_key)}, bytes(message, message_len), {fixed<64>(signature)})) {
            return base::fail(zcrypto::Errc::bad_signature, "Ed25519");
        }
        return {};
    });
}

bool item_ok(const zcrypto_ed25519_item& item) noexcept {
    return all_given(item.public_key, item.signature) && given(item.message, item.message_len);
}

}  // namespace

extern "C" {

int zcrypto_ed25519_keypair(uint8_t* public_key, uint8_t* private_key) {
    return call(all_given(public_key, private_key), [&]() -> base::Result<void> {
        const auto seed = ed25519::Seed::random(base::system_random());
        give(ed25519::public_key_of(seed).bytes, public_key);
        give(seed.expose(), private_key);
        return {};
    });
}

int zcrypto_ed25519_public_key(const uint8_t* private_key, uint8_t* public_key) {
    return call(all_given(private_key, public_key), [&]() -> base::Result<void> {
        give(ed25519::public_key_of(secret<32>(private_key)).bytes, public_key);
        return {};
    });
}

int zcrypto_ed25519_sign(const uint8_t* private_key, const uint8_t* message, size_t message_len, uint8_t* signature) {
    return call(all_given(private_key, signature) && given(message, message_len), [&]() -> base::Result<void> {
        give(ed25519::sign(secret<32>(private_key), bytes(message, message_len)).bytes, signature);
        return {};
    });
}

int zcrypto_ed25519_verify(const uint8_t* public_key, const uint8_t* message, size_t message_len,
                           const uint8_t* signature) {
    return verify_ed25519(&ed25519::verify, public_key, message, message_len, signature);
}

int zcrypto_ed25519_verify_strict(const uint8_t* public_key, const uint8_t* message, size_t message_len,
                                  const uint8_t* signature) {
    return verify_ed25519(&ed25519::verify_strict, public_key, message, message_len, signature);
}

int zcrypto_ed25519_verify_batch(const zcrypto_ed25519_item* items, size_t count, uint8_t* verdicts) {
    if (count > PTRDIFF_MAX / sizeof *items) return refuse(GHOST_ERR_OUT_OF_RANGE, "batch size");
    return call(given(items, count), [&]() -> base::Result<void> {
        std::vector<ed25519::BatchItem> batch;
        batch.reserve(count);
        for (const auto& item : std::span{items, count}) {
            if (!item_ok(item)) return base::fail(base::Errc::invalid_argument, "null pointer in an item");
            batch.push_back({.key = {fixed<32>(item.public_key)},
                             .message = bytes(item.message, item.message_len),
                             .signature = {fixed<64>(item.signature)}});
        }
        auto all = ed25519::verify_batch(batch, base::system_random());
        if (!verdicts) return all ? base::Result<void>{} : base::fail(zcrypto::Errc::bad_signature, "batch");
        std::vector<bool> each(count, true);
        if (!all) each = ed25519::verify_batch_each(batch, base::system_random());
        for (size_t i = 0; i < count; ++i) verdicts[i] = each[i] ? 1 : 0;
        return all ? base::Result<void>{} : base::fail(zcrypto::Errc::bad_signature, "batch");
    });
}

int zcrypto_secp256k1_keypair(uint8_t* public_key, uint8_t* private_key) {
    return call(all_given(public_key, private_key), [&]() -> base::Result<void> {
        const auto key = secp256k1::SecretKey::generate(base::system_random());
        give(key.public_key().bytes(), public_key);
        give(key.expose(), private_key);
        return {};
    });
}

int zcrypto_secp256k1_public_key(const uint8_t* private_key, uint8_t* public_key) {
    return call(all_given(private_key, public_key), [&]() -> base::Result<void> {
        GC_TRY(const auto key, secp256k1::SecretKey::make(bytes(private_key, 32)));
        give(key.public_key().bytes(), public_key);
        return {};
    });
}

int zcrypto_secp256k1_sign(const uint8_t* private_key, const uint8_t* message_hash, uint8_t* signature) {
    return call(all_given(private_key, message_hash, signature), [&]() -> base::Result<void> {
        GC_TRY(const auto key, secp256k1::SecretKey::make(bytes(private_key, 32)));
        give(secp256k1::sign(key, fixed<32>(message_hash)).bytes, signature);
        return {};
    });
}

int zcrypto_secp256k1_sign_recoverable(const uint8_t* private_key, const uint8_t* message_hash, uint8_t* signature,
                                       uint8_t* recovery_id) {
    return call(all_given(private_key, message_hash, signature, recovery_id), [&]() -> base::Result<void> {
        GC_TRY(const auto key, secp256k1::SecretKey::make(bytes(private_key, 32)));
        const auto made = secp256k1::sign_recoverable(key, fixed<32>(message_hash));
        give(made.signature.bytes, signature);
        *recovery_id = made.id;
        return {};
    });
}

int zcrypto_secp256k1_verify(const uint8_t* public_key, const uint8_t* message_hash, const uint8_t* signature) {
    return call(all_given(public_key, message_hash, signature), [&]() -> base::Result<void> {
        GC_TRY(const auto key, secp256k1::PublicKey::parse(bytes(public_key, 33)));
        if (!secp256k1::verify(key, fixed<32>(message_hash), {fixed<64>(signature)})) {
            return base::fail(zcrypto::Errc::bad_signature, "secp256k1");
        }
        return {};
    });
}

int zcrypto_secp256k1_recover(const uint8_t* message_hash, const uint8_t* signature, uint8_t recovery_id,
                              uint8_t* public_key) {
    return call(all_given(message_hash, signature, public_key), [&]() -> base::Result<void> {
        const secp256k1::RecoverableSignature recoverable{.signature = {fixed<64>(signature)}, .id = recovery_id};
        GC_TRY(const auto key, secp256k1::recover(fixed<32>(message_hash), recoverable));
        give(key.bytes(), public_key);
        return {};
    });
}

}  // extern "C"
