// Runs under valgrind's memcheck with every secret marked undefined: a branch or an address that depends on one is then
// an error. The sources of the arithmetic are compiled into this program with the marks on (ZCRYPTO_TAINT); what
// becomes public is said there, and here where it leaves the library. libsodium's own branches on whether a product is
// the identity are in taint.supp.

#include <valgrind/memcheck.h>

#include <cstdio>
#include <string_view>

#include "base/random.hpp"
#include "gcrypt/frost.hpp"
#include "gcrypt/vrf.hpp"

namespace {

using namespace gcrypt;

void make_secret(base::ByteView bytes) { static_cast<void>(VALGRIND_MAKE_MEM_UNDEFINED(bytes.data(), bytes.size())); }
template <typename T>
void make_public(const T& value) {
    static_cast<void>(VALGRIND_MAKE_MEM_DEFINED(&value, sizeof value));
}

bool vrf_works() {
    const auto seed = zcrypto::ed25519::Seed::random(base::system_random());
    make_secret(seed.expose());
    const vrf::SecretKey key{seed};
    make_public(key.public_key());
    const auto proof = key.prove(base::as_bytes("alpha"));
    make_public(proof);
    return vrf::verify(key.public_key(), base::as_bytes("alpha"), proof.bytes).has_value();
}

/// Whatever is drawn from it is a secret.
class SecretRandom final : public base::Random {
 public:
    void fill(base::MutableBytes out) noexcept override {
        base::system_random().fill(out);
        make_secret(out);
    }
};

bool frost_works() {
    SecretRandom random;
    const auto dealt = frost::deal(edwards::SecretScalar::random(random), {.threshold = 2, .participants = 3}, random);
    if (!dealt) return false;
    std::vector<frost::SigningNonces> nonces;
    std::vector<frost::Commitment> commitments;
    for (std::size_t i = 0; i < 2; ++i) {
        nonces.push_back(frost::SigningNonces::make(dealt->shares[i], random));
        make_public(nonces.back().commitment());
        commitments.push_back(nonces.back().commitment());
    }
    const auto session = frost::Session::make(dealt->group, commitments, base::as_bytes("message"));
    if (!session) return false;
    std::vector<frost::SignatureShare> shares;
    for (std::size_t i = 0; i < 2; ++i) {
        auto share = session->sign(dealt->shares[i], std::move(nonces[i]));
        if (!share) return false;
        make_public(*share);
        shares.push_back(*share);
    }
    return session->aggregate(shares).has_value();
}

/// The control: must be reported, or this program proves nothing.
bool leak() {
    const auto seed = zcrypto::ed25519::Seed::random(base::system_random());
    make_secret(seed.expose());
    return seed.expose()[0] == std::byte{0};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view{argv[1]} == "leak") return leak() ? 2 : 3;
    const bool vrf = vrf_works(), frost = frost_works();
    std::printf("VRF %s\nFROST %s\n", vrf ? "ok" : "WRONG", frost ? "ok" : "WRONG");
    return vrf && frost ? 0 : 1;
}
