// Whatever decodes as a FROST group, commitment or signature share encodes to the same bytes.
#include "gcrypt/frost.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gcrypt::frost;
    const base::ByteView input{reinterpret_cast<const std::byte*>(data), size};
    if (const auto group = decode_group(input)) {
        GC_ASSERT(base::equal(encode(*group), input));
        GC_ASSERT(group->public_share(1).has_value());
    }
    if (const auto commitment = decode_commitment(input)) GC_ASSERT(base::equal(encode(*commitment), input));
    if (const auto share = decode_signature_share(input)) GC_ASSERT(base::equal(encode(*share), input));
    return 0;
}
