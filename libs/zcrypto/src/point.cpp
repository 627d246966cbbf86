#include "point.hpp"

#include <span>

#include "base/result.hpp"

namespace zcrypto::curve {
namespace {

constexpr Fe kBaseX{{0x62d608f25d51a, 0x412a4b4f6592a, 0x75b7171a4b31d, 0x1ff60527118fe, 0x216936d3cd6e5}};
constexpr Fe kBaseY{{0x6666666666658, 0x4cccccccccccc, 0x1999999999999, 0x3333333333333, 0x6666666666666}};

bool same(const Fe& a, const Fe& b) noexcept { return is_zero(sub(a, b)); }

void fill_niels(const Extended& p, std::span<Niels> table) noexcept {
    const auto step = to_cached(to_extended(twice(to_projective(p))));
    Extended multiple = p;
    for (auto& entry : table) {
        const auto z_inverse = invert(multiple.z);
        const auto x = mul(multiple.x, z_inverse);
        const auto y = mul(multiple.y, z_inverse);
        entry = {add(y, x), carried(sub(y, x)), mul(mul(x, y), k2D)};
        multiple = to_extended(sum<false>(multiple, step));
    }
}

BaseTables make_base_tables() noexcept {
    BaseTables tables;
    Extended p{kBaseX, kBaseY, kOne, mul(kBaseX, kBaseY)};
    fill_niels(p, std::span{tables.entries}.first(64));
    for (int i = 0; i < 128; ++i) p = to_extended(twice(to_projective(p)));
    fill_niels(p, std::span{tables.entries}.last(64));
    return tables;
}

/// The common end of both additions: c and d as in sum(), whose roles `minus` swaps.
GC_INLINE void finish_signed(Completed& p, const Fe& a, const Fe& b, const Fe& c, const Fe& d, bool minus) noexcept {
    p.x = sub(b, a);
    p.y = add(b, a);
    (minus ? p.t : p.z) = add(d, c);
    (minus ? p.z : p.t) = sub(d, c);
}

}  // namespace

void add_signed(Completed& completed, const Cached& q, bool minus) noexcept {
    const auto p = to_extended(completed);
    const auto a = mul(sub(p.y, p.x), minus ? q.y_plus_x : q.y_minus_x);
    const auto b = mul(add(p.y, p.x), minus ? q.y_minus_x : q.y_plus_x);
    finish_signed(completed, a, b, mul(p.t, q.t2d), mul(p.z, q.z2), minus);
}

void add_signed(Completed& completed, const Niels& q, bool minus) noexcept {
    const auto p = to_extended(completed);
    const auto a = mul(sub(p.y, p.x), minus ? q.y_plus_x : q.y_minus_x);
    const auto b = mul(add(p.y, p.x), minus ? q.y_minus_x : q.y_plus_x);
    finish_signed(completed, a, b, mul(p.t, q.xy2d), add(p.z, p.z), minus);
}

bool is_identity(const Extended& p) noexcept { return is_zero(p.x) && same(p.y, p.z); }

bool is_small_order(const Extended& p) noexcept {
    const auto p2 = to_projective(twice(to_projective(p)));
    const auto p4 = to_projective(twice(p2));
    return is_identity(to_extended(twice(p4)));
}

bool finish_decoding(const Decoding& d, const std::byte* encoded, Extended& point) noexcept {
    auto x = d.root;
    const auto check = mul(square(x), d.v);
    const bool plus = same(check, d.u);
    const bool minus = !plus && is_zero(add(check, d.u));
    if (!plus && !minus) return false;
    if (minus) x = mul(x, kSqrtMinus1);
    const bool sign = (encoded[31] & std::byte{0x80}) != std::byte{0};
    if (is_negative(x) != sign) x = carried(negate(x));
    point = {.x = x, .y = d.y, .z = kOne, .t = mul(x, d.y)};
    return true;
}

template <std::size_t N>
std::array<bool, N> decompress_lanes(const std::array<const std::byte*, N>& encoded,
                                     std::array<Extended, N>& points) noexcept {
    // x^2 = u/v with u = y^2 - 1, v = d y^2 + 1; candidate root u v^3 (u v^7)^((p-5)/8), RFC 8032 §5.1.3.
    std::array<Decoding, N> decodings;
    Lanes<N> v3, uv7, u;
    for (std::size_t i = 0; i < N; ++i) {
        auto& d = decodings[i];
        d.y = fe_from_bytes(encoded[i]);
        const auto yy = square(d.y);
        d.u = carried(sub(yy, kOne));
        d.v = carried(add(mul(yy, kD), kOne));
        v3.fe[i] = mul(square(d.v), d.v);
        uv7.fe[i] = mul(mul(square(v3.fe[i]), d.v), d.u);
        u.fe[i] = d.u;
    }
    const auto root = mul(mul(power_p58(uv7), v3), u);
    std::array<bool, N> ok;
    for (std::size_t i = 0; i < N; ++i) {
        decodings[i].root = root.fe[i];
        ok[i] = finish_decoding(decodings[i], encoded[i], points[i]);
    }
    return ok;
}
template std::array<bool, 2> decompress_lanes<2>(const std::array<const std::byte*, 2>&,
                                                 std::array<Extended, 2>&) noexcept;
template std::array<bool, 4> decompress_lanes<4>(const std::array<const std::byte*, 4>&,
                                                 std::array<Extended, 4>&) noexcept;

std::optional<Extended> decompress(const std::byte* encoded) noexcept {
    std::array<Extended, 1> point;
    if (!decompress_lanes<1>({encoded}, point)[0]) return std::nullopt;
    return point[0];
}

base::FixedBytes<32> compress(const Extended& p) noexcept {
    const auto z_inverse = invert(p.z);
    auto out = fe_to_bytes(mul(p.y, z_inverse));
    if (is_negative(mul(p.x, z_inverse))) out[31] |= std::byte{0x80};
    return out;
}

bool is_canonical(const std::byte* encoded) noexcept {
    const auto point = decompress(encoded);
    return point && base::equal(compress(*point), base::ByteView{encoded, 32});
}

void fill_odd_multiples(const Extended& p, Cached* table) noexcept {
    table[0] = to_cached(p);
    const auto doubled = to_extended(twice(to_projective(p)));
    for (int i = 1; i < 8; ++i) table[i] = to_cached(to_extended(sum<false>(doubled, table[i - 1])));
}

const BaseTables& base_tables() noexcept {
    static const BaseTables tables = make_base_tables();
    return tables;
}

}  // namespace zcrypto::curve
