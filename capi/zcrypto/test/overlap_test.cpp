// Outputs written over inputs, at every offset: the same bytes as with separate buffers.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include "ghost/zcrypto.h"

namespace {

using Bytes = std::vector<uint8_t>;

/// `call(input, output)`: runs once with separate buffers and then with the output at every offset of the input's
/// buffer, before, inside and behind it.
void check_overlaps(std::size_t input_size, std::size_t output_size,
                    const std::function<int(const uint8_t*, uint8_t*)>& call) {
    Bytes input(input_size);
    ASSERT_EQ(zcrypto_random(input.data(), input.size()), GHOST_OK);
    Bytes expected(output_size);
    ASSERT_EQ(call(input.data(), expected.data()), GHOST_OK) << zcrypto_last_error();
    for (std::size_t at = 0; at <= input_size + output_size; ++at) {
        Bytes shared(input_size + 2 * output_size, 0xee);
        std::ranges::copy(input, shared.begin() + static_cast<std::ptrdiff_t>(output_size));
        ASSERT_EQ(call(shared.data() + output_size, shared.data() + at), GHOST_OK);
        EXPECT_TRUE(std::equal(expected.begin(), expected.end(), shared.begin() + static_cast<std::ptrdiff_t>(at)))
            << "output at " << at;
    }
}

TEST(ZcryptoCOverlap, HashesOverTheirInput) {
    check_overlaps(100, 32, [](auto* in, auto* out) { return zcrypto_blake3_hash(in, 100, out); });
    check_overlaps(100, 32, [](auto* in, auto* out) { return zcrypto_sha256_hash(in, 100, out); });
    check_overlaps(100, 64, [](auto* in, auto* out) { return zcrypto_sha512_hash(in, 100, out); });
    check_overlaps(200, 32, [](auto* in, auto* out) { return zcrypto_sha3_256_hash(in, 200, out); });
    check_overlaps(200, 64, [](auto* in, auto* out) { return zcrypto_sha3_512_hash(in, 200, out); });
    check_overlaps(200, 32, [](auto* in, auto* out) { return zcrypto_keccak256_hash(in, 200, out); });
    check_overlaps(200, 40, [](auto* in, auto* out) { return zcrypto_blake2b_hash(in, 20, in + 10, 190, out, 40); });
    check_overlaps(90, 32, [](auto* in, auto* out) { return zcrypto_blake3_keyed_hash(in, in + 5, 85, out); });
    check_overlaps(90, 200, [](auto* in, auto* out) { return zcrypto_blake3_derive_key("test", in, 90, out, 200); });
    check_overlaps(90, 32, [](auto* in, auto* out) { return zcrypto_hmac_sha256(in, 20, in, 90, out); });
}

TEST(ZcryptoCOverlap, SignaturesAndKeysOverTheirInputs) {
    check_overlaps(96, 64, [](auto* in, auto* out) { return zcrypto_ed25519_sign(in, in + 32, 64, out); });
    check_overlaps(32, 32, [](auto* in, auto* out) { return zcrypto_ed25519_public_key(in, out); });
    check_overlaps(64, 64, [](auto* in, auto* out) { return zcrypto_secp256k1_sign(in, in + 32, out); });
    check_overlaps(32, 33, [](auto* in, auto* out) { return zcrypto_secp256k1_public_key(in, out); });
    check_overlaps(64, 32, [](auto* in, auto* out) { return zcrypto_x25519(in, in + 32, out); });
    check_overlaps(100, 70,
                   [](auto* in, auto* out) { return zcrypto_hkdf_sha256(in, 50, in + 20, 30, in, 100, out, 70); });
}

TEST(ZcryptoCOverlap, EncryptionInPlaceAndShifted) {
    for (const int algorithm : {1, 2, 3}) {
        const std::size_t nonce = algorithm == 1 ? 24 : 12;
        check_overlaps(150, 116, [&](auto* in, auto* out) {
            return zcrypto_aead_seal(algorithm, in, in + 20, nonce, in + 30, 20, in + 50, 100, out);
        });
        Bytes key(32, 7);
        Bytes sealed(116);
        ASSERT_EQ(
            zcrypto_aead_seal(algorithm, key.data(), key.data(), nonce, nullptr, 0, sealed.data(), 100, sealed.data()),
            GHOST_OK);
        for (std::size_t at = 0; at <= 132; ++at) {
            Bytes shared(300);
            std::ranges::copy(sealed, shared.begin() + 100);
            ASSERT_EQ(zcrypto_aead_open(algorithm, key.data(), key.data(), nonce, nullptr, 0, shared.data() + 100, 116,
                                        shared.data() + at),
                      GHOST_OK);
            EXPECT_TRUE(std::all_of(shared.begin() + static_cast<std::ptrdiff_t>(at),
                                    shared.begin() + static_cast<std::ptrdiff_t>(at) + 100,
                                    [](uint8_t b) { return b == 0; }));
        }
    }
}

}  // namespace
