#include "gcrypt/vrf.hpp"

#include <array>
#include <optional>

namespace gcrypt::vrf {
namespace {

using edwards::CurvePoint;
using edwards::Point;
using edwards::Scalar;
using edwards::SecretScalar;

// RFC 9381 §5.5 (suite) and the domain separators of §5.4.1.1, §5.4.3 and §5.2.
constexpr std::byte kSuite{0x03};
constexpr std::array kEncodeToCurve{kSuite, std::byte{0x01}};
constexpr std::array kChallenge{kSuite, std::byte{0x02}};
constexpr std::array kProofToHash{kSuite, std::byte{0x03}};
constexpr std::array kEnd{std::byte{0x00}};

constexpr std::size_t kGammaAt = 0, kChallengeAt = 32, kChallengeSize = 16, kScalarAt = 48;

zcrypto::Secret<64> expand(const zcrypto::ed25519::Seed& seed) noexcept {
    const std::array<base::ByteView, 1> parts{seed.expose()};
    return zcrypto::sha512_secret(parts);
}

/// §5.5 with RFC 8032 §5.1.5: the clamped first half, as an integer modulo L. Only points of order L are multiplied
/// with it, so the reduction changes nothing.
SecretScalar secret_scalar(const zcrypto::Secret<64>& expanded) noexcept {
    zcrypto::Secret<64> wide;
    const auto bytes = wide.expose_mutable();
    std::memcpy(bytes.data(), expanded.expose().data(), 32);
    bytes[0] &= std::byte{248};
    bytes[31] &= std::byte{63};
    bytes[31] |= std::byte{64};
    return SecretScalar::from_wide(wide);
}

zcrypto::Secret<32> second_half(const zcrypto::Secret<64>& expanded) noexcept {
    return std::move(*zcrypto::Secret<32>::make(expanded.expose().subspan<32>()));
}

/// §5.4.1.1. Each try succeeds with probability one half: all 256 fail once in 2^256.
std::optional<Point> encode_to_curve(const zcrypto::ed25519::PublicKey& salt, base::ByteView alpha) noexcept {
    for (unsigned counter = 0; counter < 256; ++counter) {
        const std::array ctr{static_cast<std::byte>(counter)};
        const std::array<base::ByteView, 5> parts{kEncodeToCurve, salt.bytes, alpha, ctr, kEnd};
        const auto digest = zcrypto::sha512(parts);
        const auto candidate = CurvePoint::decode(base::ByteView{digest}.first(32));
        if (!candidate) continue;
        if (const auto point = candidate->clear_cofactor(); !point.is_identity()) return point;
    }
    return std::nullopt;
}

using Challenge = std::array<std::byte, kChallengeSize>;

/// §5.4.3.
Challenge challenge(const std::array<base::ByteView, 5>& points) noexcept {
    const std::array<base::ByteView, 7> parts{kChallenge, points[0], points[1], points[2], points[3], points[4], kEnd};
    const auto digest = zcrypto::sha512(parts);
    Challenge out;
    std::memcpy(out.data(), digest.data(), out.size());
    return out;
}

Scalar to_scalar(const Challenge& challenge) noexcept {
    Scalar out;
    std::memcpy(out.bytes.data(), challenge.data(), challenge.size());
    return out;
}

struct Decoded {
    CurvePoint gamma;
    Challenge c;
    Scalar s;
};

/// §5.4.4.
base::Result<Decoded> decode(base::ByteView proof) noexcept {
    if (proof.size() != sizeof(Proof::bytes)) return base::fail(Errc::bad_length, "VRF proof");
    const auto gamma = CurvePoint::decode(proof.subspan(kGammaAt, 32));
    if (!gamma) return base::fail(Errc::bad_proof, "VRF gamma");
    const auto s = Scalar::decode(proof.subspan(kScalarAt, 32));
    if (!s) return base::fail(Errc::bad_proof, "VRF scalar");
    Decoded out{.gamma = *gamma, .c = {}, .s = *s};
    std::memcpy(out.c.data(), proof.data() + kChallengeAt, out.c.size());
    return out;
}

Output hash_of(const CurvePoint& gamma) noexcept {
    const auto cleared = gamma.clear_cofactor();
    const std::array<base::ByteView, 3> parts{kProofToHash, cleared.bytes, kEnd};
    return zcrypto::sha512(parts);
}

}  // namespace

SecretKey::SecretKey(const zcrypto::ed25519::Seed& seed) noexcept
    : public_key_{zcrypto::ed25519::public_key_of(seed)},
      x_{secret_scalar(expand(seed))},
      nonce_key_{second_half(expand(seed))} {}

Proof SecretKey::prove(base::ByteView alpha) const noexcept {
    const auto h = encode_to_curve(public_key_, alpha);
    GC_ASSERT(h.has_value());  // See encode_to_curve.
    const auto gamma = edwards::mul(x_, *h);

    // §5.4.2.2, which is RFC 8032's nonce for the message H.
    const std::array<base::ByteView, 2> nonce_parts{nonce_key_.expose(), h->bytes};
    const auto k = SecretScalar::from_wide(zcrypto::sha512_secret(nonce_parts));

    const auto k_base = edwards::base_mul(k);
    const auto k_h = edwards::mul(k, *h);
    const auto c = challenge({public_key_.bytes, h->bytes, gamma.bytes, k_base.bytes, k_h.bytes});
    const auto s = edwards::add(k, edwards::mul(x_, to_scalar(c))).declassify();

    Proof out;
    std::memcpy(out.bytes.data() + kGammaAt, gamma.bytes.data(), 32);
    std::memcpy(out.bytes.data() + kChallengeAt, c.data(), c.size());
    std::memcpy(out.bytes.data() + kScalarAt, s.bytes.data(), 32);
    return out;
}

base::Result<Output> proof_to_hash(base::ByteView proof) noexcept {
    GC_TRY(const auto decoded, decode(proof));
    return hash_of(decoded.gamma);
}

base::Result<Output> verify(const zcrypto::ed25519::PublicKey& key, base::ByteView alpha,
                            base::ByteView proof) noexcept {
    GC_TRY(const auto y, CurvePoint::decode(key.bytes));
    if (y.clear_cofactor().is_identity()) return base::fail(Errc::bad_point, "VRF key of small order");
    GC_TRY(const auto decoded, decode(proof));
    const auto h = encode_to_curve(key, alpha);
    if (!h) return base::fail(Errc::bad_proof, "VRF input");
    const auto c = to_scalar(decoded.c);
    const auto u = edwards::sub(edwards::widen(edwards::base_mul(decoded.s)), edwards::mul(c, y));
    const auto v = edwards::sub(edwards::widen(edwards::mul(decoded.s, *h)), edwards::mul(c, decoded.gamma));
    if (challenge({key.bytes, h->bytes, decoded.gamma.bytes, u.bytes, v.bytes}) != decoded.c) {
        return base::fail(Errc::bad_proof, "VRF challenge");
    }
    return hash_of(decoded.gamma);
}

std::uint64_t output_below(const Output& output, std::uint64_t bound) noexcept {
    GC_ASSERT(bound > 0);
    __extension__ typedef unsigned __int128 Wide;
    const auto value = base::load_be<std::uint64_t>(output.data());
    return static_cast<std::uint64_t>(static_cast<Wide>(value) * bound >> 64);
}

}  // namespace gcrypt::vrf
