// Proofs, keys and inputs of an adversary: no crash, one verdict, and no output that proof_to_hash() contradicts.
// Input: key(32) proof(80) alpha(rest).
#include "gcrypt/vrf.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const base::ByteView input{reinterpret_cast<const std::byte*>(data), size};
    GC_ASSERT(!gcrypt::vrf::verify({}, {}, input.first(size < 79 ? size : 79)));
    if (size < 112) return 0;
    zcrypto::ed25519::PublicKey key;
    std::memcpy(key.bytes.data(), data, key.bytes.size());
    const auto proof = input.subspan(32, 80);
    const auto alpha = input.subspan(112);
    const auto output = gcrypt::vrf::verify(key, alpha, proof);
    const auto claimed = gcrypt::vrf::proof_to_hash(proof);
    if (output) GC_ASSERT(claimed && *claimed == *output);
    return 0;
}
