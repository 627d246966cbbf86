// Points, signatures and keys from anywhere: what parses round-trips, and the verdicts agree with one another.
#include "zcrypto/secp256k1.hpp"

namespace k1 = zcrypto::secp256k1;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span{data, size});
    if (const auto key = k1::PublicKey::parse(input)) {
        GC_ASSERT(k1::PublicKey::parse(key->bytes()).value() == *key);
        GC_ASSERT(k1::PublicKey::parse(key->uncompressed()).value() == *key);
    }
    if (const auto signature = k1::from_der(input)) GC_ASSERT(base::equal(k1::to_der(*signature), input));
    if (size < 1 + 33 + 32 + 64) return 0;
    // id(1) key(33) hash(32) signature(64)
    const auto id = std::to_integer<std::uint8_t>(input[0]);
    const auto hash = base::to_fixed<32>(input.subspan(34, 32)).value();
    const k1::Signature signature{base::to_fixed<64>(input.subspan(66, 64)).value()};
    if (const auto key = k1::PublicKey::parse(input.subspan(1, 33))) {
        const bool strict = k1::verify(*key, hash, signature);
        const bool lenient = k1::verify(*key, hash, signature, k1::HighS::accept);
        GC_ASSERT(!strict || lenient);
        if (lenient) GC_ASSERT(k1::verify(*key, hash, k1::normalise(signature).value()));
        (void)k1::verify_schnorr({base::to_fixed<32>(input.subspan(2, 32)).value()}, hash, signature);
    }
    if (const auto key = k1::recover(hash, {.signature = signature, .id = id})) {
        GC_ASSERT(id <= 3 && k1::verify(*key, hash, signature));
    }
    if (const auto key = k1::recover(hash, {.signature = signature, .id = id}, k1::HighS::accept)) {
        GC_ASSERT(id <= 3 && k1::verify(*key, hash, signature, k1::HighS::accept));
    }
    if (const auto low = k1::normalise(signature)) GC_ASSERT(k1::normalise(*low).value() == *low);
    if (const auto key = k1::SecretKey::make(input.first(32))) (void)k1::add_tweak(*key, input.subspan(34, 32));
    return 0;
}
