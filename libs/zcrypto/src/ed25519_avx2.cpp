// The back end for AVX2: square roots of four points at a time; a batch decodes its points a third faster than in
// 64-bit words. The sums stay the portable ones: with 32-bit multiplications, and without IFMA's three-operand
// shuffles, point additions over four lanes took 1.25 times as long as in 64-bit words on the processor this was
// measured on (Zen 5). Compiled for these instructions; nothing with external linkage but the table at the end.
#include "ed25519_backend.hpp"
#include "field_avx2.hpp"

namespace zcrypto::curve {
namespace {

/// decompress_lanes() for four encodings; see there for the formula.
void decode_four(const std::byte* const (&encoded)[4], Decoding (&out)[4]) noexcept {
    for (int i = 0; i < 4; ++i) out[i].y = fe_from_bytes(encoded[i]);
    const auto y = load_lanes(out[0].y, out[1].y, out[2].y, out[3].y);
    const auto yy = square(y);
    const auto u = sub(yy, splat(kOne));
    const auto v = add(mul(yy, splat(kD)), splat(kOne));
    const auto v3 = mul(square(v), v);
    const auto uv7 = mul(mul(square(v3), v), u);
    const auto root = mul(mul(power_p58(uv7), v3), u);
    store_lanes(u, {&out[0].u, &out[1].u, &out[2].u, &out[3].u});
    store_lanes(v, {&out[0].v, &out[1].v, &out[2].v, &out[3].v});
    store_lanes(root, {&out[0].root, &out[1].root, &out[2].root, &out[3].root});
}

void decode(const std::byte* const* encoded, std::size_t count, Extended* points, bool* ok) noexcept {
    // Two lanes of four are no gain.
    if (count <= 2) return portable_operations().decode(encoded, count, points, ok);
    for (std::size_t i = 0; i < count; i += 4) {
        const auto at = [&](std::size_t lane) { return encoded[i + lane < count ? i + lane : count - 1]; };
        Decoding decoding[4];
        decode_four({at(0), at(1), at(2), at(3)}, decoding);
        for (std::size_t lane = 0; lane < 4 && i + lane < count; ++lane) {
            ok[i + lane] = finish_decoding(decoding[lane], encoded[i + lane], points[i + lane]);
        }
    }
}

void probe(const Fe (&a)[kProbes], const Fe (&b)[kProbes], FieldProbe (&out)[kProbes]) noexcept {
    for (std::size_t i = 0; i < kProbes; i += 4) {
        const auto x = load_lanes(a[i], a[i + 1], a[i + 2], a[i + 3]);
        const auto y = load_lanes(b[i], b[i + 1], b[i + 2], b[i + 3]);
        const auto store = [&](const Vec& v, Fe FieldProbe::* to) {
            store_lanes(v, {&(out[i].*to), &(out[i + 1].*to), &(out[i + 2].*to), &(out[i + 3].*to)});
        };
        store(mul(x, y), &FieldProbe::product);
        store(square(x), &FieldProbe::square);
        store(add(x, y), &FieldProbe::sum);
        store(sub(x, y), &FieldProbe::difference);
    }
}

}  // namespace

const Operations& avx2_operations() noexcept {
    static const Operations operations{.backend = Backend::avx2,
                                       .decode = decode,
                                       .single = portable_operations().single,
                                       .multi = portable_operations().multi,
                                       .probe = probe};
    return operations;
}

}  // namespace zcrypto::curve
