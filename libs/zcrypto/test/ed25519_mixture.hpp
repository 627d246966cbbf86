#pragma once
// Signatures of every kind for tests: valid, damaged, of small and mixed order, in encodings that are not canonical.

#include <algorithm>
#include <memory>

#include "ed25519_backend.hpp"
#include "zcrypto/ed25519.hpp"
#include "zcrypto/hash.hpp"

namespace zcrypto::test {

namespace ed = zcrypto::ed25519;
using zcrypto::curve::Scalar;

/// Makes items of every kind; owns their messages.
class Mixture {
 public:
    explicit Mixture(std::uint64_t seed, int keys = 6) : random_{seed} {
        for (int i = 0; i < keys; ++i) keys_.push_back(ed::SigningKey::generate(random_));
    }

    ed::BatchItem valid() {
        const auto& key = random_.below(3) ? keys_[random_.below(keys_.size())] : keys_[0];
        const auto message = new_message();
        return {.key = key.public_key(), .message = message, .signature = key.sign(message)};
    }

    ed::BatchItem any() {
        auto item = valid();
        switch (random_.below(9)) {
            case 0: item.signature.bytes[random_.below(64)] ^= static_cast<std::byte>(1u << random_.below(8)); break;
            case 1: item.key.bytes[random_.below(32)] ^= static_cast<std::byte>(1u << random_.below(8)); break;
            case 2: item.message = new_message(); break;
            case 3: random_.fill(item.signature.bytes); break;
            case 4: item.signature = {}; break;
            case 5: small_order(item); break;
            case 6: with_torsion(item); break;
            case 7: s_plus_order(item); break;
            case 8: mixed_order(item); break;
        }
        return item;
    }

    base::SeededRandom& random() { return random_; }

 private:
    base::ByteView new_message() {
        messages_.push_back(std::make_unique<base::Bytes>(random_.below(40)));
        random_.fill(*messages_.back());
        return *messages_.back();
    }

    base::FixedBytes<32> small_order_point() {
        constexpr const char* kY[] = {"0100000000000000000000000000000000000000000000000000000000000000",
                                      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                      "0000000000000000000000000000000000000000000000000000000000000000",
                                      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                                      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                                      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
        const auto bytes = base::from_hex(kY[random_.below(std::size(kY))]).value();
        auto point = base::to_fixed<32>(bytes).value();
        if (random_.below(2)) point[31] ^= std::byte{0x80};
        return point;
    }

    void small_order(ed::BatchItem& item) {
        item.key.bytes = small_order_point();
        if (random_.below(2)) {
            item.signature = {};
            std::ranges::copy(small_order_point(), item.signature.bytes.begin());
        }
    }

    /// R of small order and S = k * a: holds only cofactored, and is the classic case where rules part ways.
    void with_torsion(ed::BatchItem& item) {
        const auto seed = ed::Seed::random(random_);
        item.key = ed::public_key_of(seed);
        auto expanded = zcrypto::sha512(seed.expose());
        expanded[0] &= std::byte{248};
        expanded[31] = (expanded[31] & std::byte{63}) | std::byte{64};
        std::fill(expanded.begin() + 32, expanded.end(), std::byte{0});
        const auto a = zcrypto::curve::scalar_from_wide(expanded.data());
        std::ranges::copy(small_order_point(), item.signature.bytes.begin());
        const std::array<base::ByteView, 3> parts{base::ByteView{item.signature.bytes}.first(32), item.key.bytes,
                                                  item.message};
        const auto s = zcrypto::curve::mul(zcrypto::curve::scalar_from_wide(zcrypto::sha512(parts).data()), a);
        for (std::size_t i = 0; i < 4; ++i) base::store_le(item.signature.bytes.data() + 32 + 8 * i, s.word[i]);
    }

    Scalar random_scalar() {
        base::FixedBytes<64> wide;
        random_.fill(wide);
        return zcrypto::curve::scalar_from_wide(wide.data());
    }

    /// scalar * B plus a point of small order.
    base::FixedBytes<32> with_small_part(const Scalar& scalar) {
        namespace curve = zcrypto::curve;
        curve::Workspace workspace;
        const auto multiple = curve::portable_operations().multi(nullptr, 0, scalar, workspace);
        const auto small = curve::to_cached(*curve::decompress(small_order_point().data()));
        return curve::compress(curve::to_extended(curve::sum<false>(multiple, small)));
    }

    /// A and R each with a small part: valid, but only when the equation is cofactored.
    void mixed_order(ed::BatchItem& item) {
        const auto a = random_scalar(), r = random_scalar();
        item.key.bytes = with_small_part(a);
        std::ranges::copy(with_small_part(r), item.signature.bytes.begin());
        const std::array<base::ByteView, 3> parts{base::ByteView{item.signature.bytes}.first(32), item.key.bytes,
                                                  item.message};
        const auto k = zcrypto::curve::scalar_from_wide(zcrypto::sha512(parts).data());
        const auto s = zcrypto::curve::add(r, zcrypto::curve::mul(k, a));
        for (std::size_t i = 0; i < 4; ++i) base::store_le(item.signature.bytes.data() + 32 + 8 * i, s.word[i]);
    }

    static void s_plus_order(ed::BatchItem& item) {
        unsigned carry = 0;
        for (std::size_t i = 0; i < 32; ++i) {
            const auto order = static_cast<unsigned>(zcrypto::curve::kOrder.word[i / 8] >> (8 * (i % 8)) & 0xff);
            const auto sum = std::to_integer<unsigned>(item.signature.bytes[32 + i]) + order + carry;
            item.signature.bytes[32 + i] = static_cast<std::byte>(sum & 0xff);
            carry = sum >> 8;
        }
    }

    base::SeededRandom random_;
    std::vector<ed::SigningKey> keys_;
    std::vector<std::unique_ptr<base::Bytes>> messages_;
};

}  // namespace zcrypto::test
