#include "p256.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include <array>
#include <memory>
#include <new>

#include "pq_secret.hpp"
#include "raw.hpp"

namespace zcrypto::p256 {
namespace {

__extension__ typedef unsigned __int128 Wide;
using Limbs = std::array<std::uint64_t, 4>;  // the least significant first

constexpr Limbs kOrder = {0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000};

void load(base::ByteView bytes, Limbs& out) noexcept {
    for (std::size_t i = 0; i < 4; ++i) out[3 - i] = base::load_be<std::uint64_t>(bytes.data() + 8 * i);
}

/// out = a + b; the carry.
std::uint64_t add(const Limbs& a, const Limbs& b, Limbs& out) noexcept {
    Wide sum = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        sum += Wide{a[i]} + b[i];
        out[i] = static_cast<std::uint64_t>(sum);
        sum >>= 64;
    }
    return static_cast<std::uint64_t>(sum);
}

/// out = a - b; 1 when a is below b.
std::uint64_t subtract(const Limbs& a, const Limbs& b, Limbs& out) noexcept {
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto difference = Wide{a[i]} - b[i] - borrow;
        out[i] = static_cast<std::uint64_t>(difference);
        borrow = static_cast<std::uint64_t>(difference >> 64) & 1;
    }
    return borrow;
}

struct Free {
    void operator()(BIGNUM* number) const noexcept { BN_clear_free(number); }
    void operator()(BN_CTX* context) const noexcept { BN_CTX_free(context); }
    void operator()(EC_POINT* point) const noexcept { EC_POINT_clear_free(point); }
};
using Number = std::unique_ptr<BIGNUM, Free>;
using NumberContext = std::unique_ptr<BN_CTX, Free>;
using Point = std::unique_ptr<EC_POINT, Free>;

const EC_GROUP* group() {
    static const EC_GROUP* const made = [] {
        const auto* const curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
        if (curve == nullptr) throw std::bad_alloc{};
        return curve;
    }();
    return made;
}

/// Not inlined: taint.supp knows it by its name. False without memory.
[[gnu::noinline]] bool encode(const EC_GROUP* curve, const EC_POINT* point, BN_CTX* context,
                              base::FixedBytes<33>& out) noexcept {
    return EC_POINT_point2oct(curve, point, POINT_CONVERSION_COMPRESSED, out_u8(out), out.size(), context) ==
           out.size();
}

}  // namespace

std::optional<Secret<32>> add(base::ByteView left, base::ByteView right) {
    Secret<32> out;
    detail::Wiped<Limbs> a, b, sum, reduced;
    load(left, *a);
    load(right, *b);
    const auto in_range = subtract(*b, kOrder, *reduced);
    const auto carry = add(*a, *b, *sum);
    const auto below = subtract(*sum, kOrder, *reduced) & ~carry;
    const auto keep = detail::opaque(std::uint64_t{0} - (below & 1));  // All ones: the sum is below the order as it is.
    std::uint64_t any = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto limb = (*reduced)[i] ^ (keep & ((*sum)[i] ^ (*reduced)[i]));
        any |= limb;
        base::store_be<std::uint64_t>(out.expose_mutable().data() + 8 * (3 - i), limb);
    }
    auto valid = in_range & ((any | (std::uint64_t{0} - any)) >> 63);
    GC_PUBLIC(&valid, sizeof valid);  // Zero and n to 2^256 are no keys: it says nothing about one that is.
    if (valid == 0) return std::nullopt;
    return out;
}

base::FixedBytes<33> public_key(base::ByteView key) {
    const auto* const curve = group();
    const NumberContext context{BN_CTX_secure_new()};
    const Point point{EC_POINT_new(curve)};
    // In OpenSSL's secure heap where it has one, and with its constant-time paths.
    const Number scalar{BN_secure_new()};
    base::FixedBytes<33> out;
    if (!context || !point || !scalar ||
        BN_bin2bn(base::as_u8(key), static_cast<int>(key.size()), scalar.get()) == nullptr) {
        throw std::bad_alloc{};
    }
    BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
    if (EC_POINT_mul(curve, point.get(), scalar.get(), nullptr, nullptr, context.get()) != 1 ||
        !encode(curve, point.get(), context.get(), out)) {
        throw std::bad_alloc{};  // The one way to fail with a key in range.
    }
    GC_PUBLIC(&out, sizeof out);
    return out;
}

}  // namespace zcrypto::p256
