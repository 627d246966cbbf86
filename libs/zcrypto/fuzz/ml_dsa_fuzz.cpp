// ML-DSA's keys, signatures and hints. The first byte says what the rest is: bytes from anybody, or changes to a true
// object, three bytes each (where, twice, and what), so that a short input reaches every check.
#include "changes.hpp"
#include "zcrypto/pq_ml_dsa.hpp"

namespace {

using namespace zcrypto;
using fuzz::fill;
using namespace zcrypto::ml_dsa_65;

constexpr std::size_t kHintsAt = kSignatureSize - 61;

void private_key(base::ByteView bytes) {
    const auto key = PrivateKey::from_expanded(bytes);
    if (!key) return;
    GC_ASSERT(base::equal(key->expanded(), bytes));
    (void)key->sign_deterministic({.text = {}});  // Verifies itself.
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const PrivateKey truth{Seed{}};
    static const Message message{.text = base::as_bytes("a message")};
    static const auto signature = truth.sign_deterministic(message).value();
    if (size == 0) return 0;
    const auto rest = std::as_bytes(std::span{data, size}).subspan(1);
    const bool changes = (data[0] & 1) != 0;
    switch (data[0] >> 1 & 3) {
        case 0: {
            auto key = truth.public_key();
            fill(changes, rest, key);
            GC_ASSERT(verify(key, message, signature) == (key == truth.public_key()));
            break;
        }
        case 1: {
            auto bytes = base::to_bytes(truth.expanded());
            fill(changes, rest, bytes);
            private_key(bytes);
            if (!changes) private_key(rest);  // Of any size.
            break;
        }
        default: {
            // The hints alone in one form: that their encoding is the only one shows there.
            auto other = signature;
            fill(changes, rest, base::MutableBytes{other.bytes}.subspan((data[0] >> 1 & 3) == 2 ? 0 : kHintsAt));
            GC_ASSERT(verify(truth.public_key(), message, other) == (other == signature));
        }
    }
    return 0;
}
