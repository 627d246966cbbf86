#include "zcrypto/pq_hybrid.hpp"

#include <sodium.h>

#include <algorithm>

#include "keccak.hpp"
#include "pq_secret.hpp"
#include "raw.hpp"
#include "sodium_ready.hpp"

namespace zcrypto::x_wing {
namespace {

using detail::Wiped;

constexpr std::string_view kLabel = "\\.//^\\";
static_assert(kLabel.size() == 6);

/// X25519 as RFC 7748 defines it: zero for a point of small order, where libsodium refuses and leaves `out` alone. The
/// combiner hashes that zero, as the draft wants; ML-KEM then carries the secrecy alone.
void x25519(base::ByteView scalar, base::ByteView point, base::MutableBytes out) noexcept {
    std::ranges::fill(out, std::byte{0});
    auto code = crypto_scalarmult_curve25519(base::as_u8(out), base::as_u8(scalar), base::as_u8(point));
    GC_PUBLIC(&code, sizeof code);  // whether the result is zero depends on the point alone
    if (code != 0) std::ranges::fill(out, std::byte{0});
}

struct Halves {
    base::ByteView ml_kem_shared;
    base::ByteView x25519_shared;
    base::ByteView x25519_ciphertext;
    base::ByteView x25519_public;
};
void combine(const Halves& halves, base::MutableBytes out) noexcept {
    auto hash = detail::sha3_256();
    hash.absorb(halves.ml_kem_shared).absorb(halves.x25519_shared);
    hash.absorb(halves.x25519_ciphertext).absorb(halves.x25519_public).absorb(base::as_bytes(kLabel));
    hash.squeeze(out);
    hash.wipe();
}

}  // namespace

struct PrivateKey::Expanded {
    explicit Expanded(const Seed& seed) {
        auto stream = detail::shake256();
        stream.absorb(seed.expose());
        stream.squeeze(ml_kem.expose_mutable());
        stream.squeeze(scalar.expose_mutable());
        stream.wipe();
    }
    ml_kem_768::Seed ml_kem;
    Secret<32> scalar;
};

PrivateKey::PrivateKey(const Seed& seed) : PrivateKey{Expanded{seed}} {}

PrivateKey::PrivateKey(Expanded&& expanded) : ml_kem_{expanded.ml_kem}, x25519_{std::move(expanded.scalar)} {
    sodium_ready();
    crypto_scalarmult_curve25519_base(out_u8(x25519_public_), base::as_u8(x25519_.expose()));
}

PublicKey PrivateKey::public_key() const noexcept {
    PublicKey out;
    const auto at = std::ranges::copy(ml_kem_.public_key(), out.begin()).out;
    std::ranges::copy(x25519_public_, at);
    return out;
}

SharedKey PrivateKey::decapsulate(const Ciphertext& ciphertext) const {
    ml_kem_768::Ciphertext first;
    std::ranges::copy(base::ByteView{ciphertext}.first(first.size()), first.begin());
    const auto second = base::ByteView{ciphertext}.subspan(first.size());
    const auto ml_kem_shared = ml_kem_.decapsulate(first);
    Wiped<base::FixedBytes<32>> shared;
    x25519(x25519_.expose(), second, *shared);
    SharedKey out;
    combine({.ml_kem_shared = ml_kem_shared.expose(),
             .x25519_shared = *shared,
             .x25519_ciphertext = second,
             .x25519_public = x25519_public_},
            out.expose_mutable());
    return out;
}

base::Result<Encapsulation> encapsulate(const PublicKey& key, base::Random& random) {
    return encapsulate_with(key, Secret<64>::random(random));
}

base::Result<Encapsulation> encapsulate_with(const PublicKey& key, const Secret<64>& randomness) {
    sodium_ready();
    ml_kem_768::PublicKey first;
    std::ranges::copy(base::ByteView{key}.first(first.size()), first.begin());
    const auto second = base::ByteView{key}.subspan(first.size());
    GC_TRY(const auto half, Secret<32>::make(base::ByteView{randomness.expose()}.first(32)));
    GC_TRY(const auto inner, ml_kem_768::encapsulate_with(first, half));

    const auto scalar = base::ByteView{randomness.expose()}.last(32);
    base::FixedBytes<32> ephemeral;
    crypto_scalarmult_curve25519_base(out_u8(ephemeral), base::as_u8(scalar));
    Wiped<base::FixedBytes<32>> shared;
    x25519(scalar, second, *shared);

    Encapsulation out;
    std::ranges::copy(ephemeral, std::ranges::copy(inner.ciphertext, out.ciphertext.begin()).out);
    combine({.ml_kem_shared = inner.shared_key.expose(),
             .x25519_shared = *shared,
             .x25519_ciphertext = ephemeral,
             .x25519_public = second},
            out.shared_key.expose_mutable());
    return out;
}

}  // namespace zcrypto::x_wing
