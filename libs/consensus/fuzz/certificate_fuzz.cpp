// Whatever decodes as a certificate encodes to the same bytes.
#include "consensus/certificate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const base::ByteView input{reinterpret_cast<const std::byte*>(data), size};
    const auto certificate = consensus::decode_certificate(input);
    if (certificate) GC_ASSERT(base::equal(consensus::encode(*certificate), input));
    return 0;
}
