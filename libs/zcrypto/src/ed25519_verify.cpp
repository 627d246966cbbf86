// One signature at a time: [8]((vS)B - uA - vR) = 0 with k = u/v, all four scalars of about 128 bits.
#include "ed25519_prepare.hpp"
#include "lattice.hpp"

namespace zcrypto::ed25519 {

using namespace curve;

bool equation_holds_alone(const Operations& operations, const Prepared& item) noexcept {
    const auto half = split_scalar(item.k);
    // Multiply by |v|; a negative v turns u into -u. Then the sum is (|v|S)B - uA - |v|R.
    return operations.single({.a = half.v_negative ? item.a : negate(item.a),
                              .r = negate(item.r),
                              .a_scalar = half.u,
                              .r_scalar = half.v,
                              .base = mul(scalar_from_u128(half.v), item.s)});
}

Scalar challenge(const PublicKey& key, base::ByteView message, const Signature& signature) noexcept {
    const std::array<base::ByteView, 3> parts{base::ByteView{signature.bytes}.first<32>(), key.bytes, message};
    return scalar_from_wide(sha512(parts).data());
}

bool verify(const PublicKey& key, base::ByteView message, const Signature& signature) noexcept {
    const auto s = scalar_from_canonical(signature.bytes.data() + 32);
    if (!s) return false;
    const auto& operations = curve::operations();
    const std::byte* const encoded[2] = {key.bytes.data(), signature.bytes.data()};
    Extended points[2];
    bool ok[2];
    operations.decode(encoded, 2, points, ok);
    if (!ok[0] || !ok[1]) return false;
    return equation_holds_alone(operations,
                                {.a = points[0], .r = points[1], .s = *s, .k = challenge(key, message, signature)});
}

bool verify_strict(const PublicKey& key, base::ByteView message, const Signature& signature) noexcept {
    if (!is_canonical(key.bytes.data()) || !is_canonical(signature.bytes.data())) return false;
    const auto a = decompress(key.bytes.data());
    return a && !is_small_order(*a) && verify(key, message, signature);
}

}  // namespace zcrypto::ed25519
