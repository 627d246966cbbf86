#pragma once
// Half-size scalars for single verification (Antipa et al., "Accelerated Verification of ECDSA Signatures", 2005;
// Pornin, "Optimized Lattice Basis Reduction", 2020): k = u/v modulo L with u and v of half its length, so that
// S*B - k*A - R, multiplied by v, needs half the doublings. v is invertible modulo L, and the cofactored comparison
// ignores the torsion part, so the verdict is exactly that of the original equation.

#include "scalar.hpp"

namespace zcrypto::curve {

/// v * k = u (modulo L) with 0 <= u < 2^127, 0 < |v| < 2^127; v is negative when `v_negative`.
struct HalfScalars {
    u128 u;
    u128 v;
    bool v_negative;
};
HalfScalars split_scalar(const Scalar& k) noexcept;

}  // namespace zcrypto::curve
