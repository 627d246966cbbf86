// Linked with sources whose expected answers are wrong: everything must refuse, and leave outputs alone.

#include <array>
#include <cstdio>
#include <cstring>

#include "ghost/zcrypto.h"

int main() {
    std::array<uint8_t, 64> out;
    out.fill(0xa5);
    const auto untouched = out;
    const bool refuses = zcrypto_self_test() == GHOST_ERR_SELF_TEST &&
                         zcrypto_sha256_hash(nullptr, 0, out.data()) == GHOST_ERR_SELF_TEST &&
                         zcrypto_ed25519_keypair(out.data(), out.data() + 32) == GHOST_ERR_SELF_TEST &&
                         zcrypto_random(out.data(), out.size()) == GHOST_ERR_SELF_TEST && out == untouched;
    std::printf("%s: %s\n", refuses ? "refused" : "NOT refused", zcrypto_last_error());
    return refuses && std::strlen(zcrypto_last_error()) > 0 ? 0 : 1;
}
