#include <string_view>

#include "call.hpp"
#include "zcrypto/hash.hpp"

using namespace capi_zcrypto;

namespace {

template <typename Hash>
int hash_with(Hash hash, const uint8_t* input, size_t input_len, uint8_t* output) noexcept {
    return call(given(input, input_len) && output, [&]() -> base::Result<void> {
        give(hash(bytes(input, input_len)), output);
        return {};
    });
}
using Hash256 = base::Digest (*)(base::ByteView) noexcept;
using Hash512 = zcrypto::Digest512 (*)(base::ByteView) noexcept;

}  // namespace

extern "C" {

int zcrypto_blake3_hash(const uint8_t* input, size_t input_len, uint8_t* output) {
    return hash_with(static_cast<Hash256>(&zcrypto::blake3), input, input_len, output);
}
int zcrypto_sha256_hash(const uint8_t* input, size_t input_len, uint8_t* output) {
    return hash_with(static_cast<Hash256>(&zcrypto::sha256), input, input_len, output);
}
int zcrypto_sha512_hash(const uint8_t* input, size_t input_len, uint8_t* output) {
    return hash_with(static_cast<Hash512>(&zcrypto::sha512), input, input_len, output);
}
int zcrypto_sha3_256_hash(const uint8_t* input, size_t input_len, uint8_t* output) {
    return hash_with(static_cast<Hash256>(&zcrypto::sha3_256), input, input_len, output);
}
int zcrypto_sha3_512_hash(const uint8_t* input, size_t input_len, uint8_t* output) {
    return hash_with(static_cast<Hash512>(&zcrypto::sha3_512), input, input_len, output);
}
int zcrypto_keccak256_hash(const uint8_t* input, size_t input_len, uint8_t* output) {
    return hash_with(static_cast<Hash256>(&zcrypto::keccak256), input, input_len, output);
}

int zcrypto_blake2b_hash(const uint8_t* key, size_t key_len, const uint8_t* input, size_t input_len, uint8_t* output,
                         size_t output_len) {
    return call(given(key, key_len) && given(input, input_len) && output, [&]() -> base::Result<void> {
        if (output_len == 0 || output_len > 64) return base::fail(zcrypto::Errc::bad_length, "BLAKE2b output");
        base::FixedBytes<64> out;
        const auto used = base::MutableBytes{out}.first(output_len);
        GC_CHECK(zcrypto::blake2b({.key = bytes(key, key_len), .message = bytes(input, input_len)}, used));
        give(used, output);
        return {};
    });
}

int zcrypto_blake3_keyed_hash(const uint8_t* key, const uint8_t* input, size_t input_len, uint8_t* output) {
    return call(all_given(key, output) && given(input, input_len), [&]() -> base::Result<void> {
        auto copy = fixed<32>(key);
        zcrypto::Blake3 hasher{copy};
        zcrypto::secure_wipe(copy);
        give(hasher.update(bytes(input, input_len)).finish(), output);
        hasher.wipe();
        return {};
    });
}

int zcrypto_blake3_derive_key(const char* context, const uint8_t* material, size_t material_len, uint8_t* output,
                              size_t output_len) {
    return call(context && given(material, material_len) && given(output, output_len), [&]() -> base::Result<void> {
        auto hasher = zcrypto::Blake3::derive_key(context);
        hasher.update(bytes(material, material_len));
        // All input has been read: the output may go straight to where it was.
        hasher.xof({reinterpret_cast<std::byte*>(output), output_len});
        hasher.wipe();
        return {};
    });
}

int zcrypto_hmac_sha256(const uint8_t* key, size_t key_len, const uint8_t* input, size_t input_len, uint8_t* output) {
    return call(given(key, key_len) && given(input, input_len) && output, [&]() -> base::Result<void> {
        give(zcrypto::hmac_sha256({.key = bytes(key, key_len), .message = bytes(input, input_len)}), output);
        return {};
    });
}

}  // extern "C"
