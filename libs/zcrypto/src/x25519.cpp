#include "zcrypto/x25519.hpp"

#include <sodium.h>

#include "raw.hpp"
#include "sodium_ready.hpp"

namespace zcrypto::x25519 {

PublicKey public_key_of(const SecretKey& key) noexcept {
    sodium_ready();
    PublicKey out;
    crypto_scalarmult_curve25519_base(out_u8(out), base::as_u8(key.expose()));
    return out;
}

base::Result<SharedSecret> agree(const SecretKey& ours, const PublicKey& theirs) {
    sodium_ready();
    SharedSecret out;
    // libsodium refuses the points of small order itself; the check stays ours whatever it does.
    const bool computed = crypto_scalarmult_curve25519(out_u8(out.expose_mutable()), base::as_u8(ours.expose()),
                                                       base::as_u8(theirs)) == 0;
    if (!computed || sodium_is_zero(base::as_u8(out.expose()), SharedSecret::kSize) != 0) {
        return base::fail(Errc::small_order, "X25519");
    }
    return out;
}

}  // namespace zcrypto::x25519
