// ML-KEM's two forms of keys and its ciphertexts. The first byte says what the rest is: bytes from anybody, or changes
// to a true object, three bytes each (where, twice, and what), so that a short input reaches every check.
#include "changes.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/pq_ml_kem.hpp"

namespace {

using namespace zcrypto;
using fuzz::fill;
using namespace zcrypto::ml_kem_768;

constexpr std::size_t kPublicAt = 1152, kHashAt = kPublicAt + kPublicKeySize;

void private_key(base::ByteView bytes) {
    const auto key = PrivateKey::from_expanded(bytes);
    if (!key) return;
    GC_ASSERT(base::equal(key->expanded(), bytes));
    // Its secret half may be anything, so that the shared keys agree is not said.
    const auto sent = encapsulate_with(key->public_key(), Secret<32>{});
    GC_ASSERT(sent.has_value());
    (void)key->decapsulate(sent->ciphertext);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const PrivateKey truth{Seed{}};
    if (size == 0) return 0;
    const auto rest = std::as_bytes(std::span{data, size}).subspan(1);
    const bool changes = (data[0] & 1) != 0;
    switch (data[0] >> 1 & 3) {
        case 0: {
            auto key = truth.public_key();
            fill(changes, rest, key);
            const bool good = check_public_key(key).has_value();
            GC_ASSERT(encapsulate_with(key, Secret<32>{}).has_value() == good);
            break;
        }
        case 1: {
            auto bytes = base::to_bytes(truth.expanded());
            fill(changes, rest, bytes);
            private_key(bytes);
            // Once more with a hash that fits: past the check that refuses nearly all.
            const auto hash = sha3_256(base::ByteView{bytes}.subspan(kPublicAt, kPublicKeySize));
            std::ranges::copy(hash, bytes.begin() + kHashAt);
            private_key(bytes);
            if (!changes) private_key(rest);  // Of any size.
            break;
        }
        default: {
            static const auto sent = encapsulate_with(truth.public_key(), Secret<32>{}).value();
            auto ciphertext = sent.ciphertext;
            fill(changes, rest, ciphertext);
            const bool same = base::equal(truth.decapsulate(ciphertext).expose(), sent.shared_key.expose());
            GC_ASSERT(same == base::equal(ciphertext, sent.ciphertext));
        }
    }
    return 0;
}
