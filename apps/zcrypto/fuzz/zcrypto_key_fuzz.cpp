// PEM and DER of keys: what decodes comes back from its own encoding, the same way.

#include "base/result.hpp"
#include "key_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace zcrypto_tool;
    const auto input = std::as_bytes(std::span{data, size});
    if (const auto key = decode_private_key(input, "fuzz")) {
        const auto again = decode_private_key(encode_private_key(*key), "fuzz");
        GC_ASSERT(again && again->type == key->type && base::equal(again->bytes.expose(), key->bytes.expose()));
        // secp256k1's range is checked where the key is used.
        GC_ASSERT(public_key_of(*key).has_value() || key->type == KeyType::secp256k1);
    }
    if (const auto key = decode_public_key(input, "fuzz")) {
        const auto again = decode_public_key(encode_public_key(*key), "fuzz");
        GC_ASSERT(again && again->type == key->type && again->bytes == key->bytes);
    }
    return 0;
}
