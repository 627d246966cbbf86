// Any bytes as a proof: refused, or a proof that encodes to the same bytes.
#include <cstdint>
#include <cstdlib>

#include "call_proof/guard.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const base::ByteView wire{reinterpret_cast<const std::byte*>(data), size};
    const auto proof = call_proof::decode(wire);
    if (!proof) return 0;
    if (!base::equal(call_proof::encode(*proof), wire)) std::abort();
    static call_proof::Guard guard{{}};  // for the audience 00…
    // Nobody signed it.
    if (guard.admit(*proof, {.path = "/a/b", .request = wire}, proof->time_ms)) std::abort();
    return 0;
}
