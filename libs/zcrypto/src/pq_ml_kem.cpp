// FIPS 203 with k = 3, eta1 = eta2 = 2, du = 10, dv = 4.
//
//   expanded private key (2400)   s (1152) || public key (1184) || H(public key) (32) || z (32)
//   public key (1184)             t (1152) || rho (32)
//   ciphertext (1088)             u (960) || v (128)

#include "zcrypto/pq_ml_kem.hpp"

#include <algorithm>

#include "pq_ml_kem_poly.hpp"
#include "pq_secret.hpp"

namespace zcrypto::ml_kem_768 {
namespace {

using detail::Wiped;

constexpr std::size_t kVectorSize = 384 * kRank;
constexpr std::size_t kCompressedSize = 320 * kRank;
constexpr std::size_t kPublicAt = kVectorSize;
constexpr std::size_t kHashAt = kPublicAt + kPublicKeySize;
constexpr std::size_t kRejectAt = kHashAt + 32;
static_assert(kRejectAt + 32 == kExpandedKeySize);

void decode_vector(base::ByteView bytes, Vector& out) noexcept {
    for (std::size_t i = 0; i < kRank; ++i) decode12(bytes.subspan(384 * i, 384), out[i]);
}

/// A, transposed: a vector is a column of A, as encrypting needs it.
using Columns = std::array<Vector, kRank>;

void sample_matrix(base::ByteView rho, Columns& out) noexcept {
    for (std::size_t column = 0; column < kRank; ++column) {
        for (std::size_t row = 0; row < kRank; ++row) {
            sample_uniform(rho, static_cast<std::uint8_t>(column), static_cast<std::uint8_t>(row), out[column][row]);
        }
    }
}

/// K-PKE.KeyGen and the rest of ML-KEM.KeyGen_internal (algorithms 13 and 16).
void expand(base::ByteView seed, base::MutableBytes out, Columns& matrix) noexcept {
    Wiped<base::FixedBytes<64>> halves;
    const std::byte rank[] = {std::byte{kRank}};
    auto hash = detail::sha3_512();
    hash.absorb(seed.first(32)).absorb(rank).squeeze(*halves);
    hash.wipe();
    const auto rho = base::ByteView{*halves}.first(32);
    const auto sigma = base::ByteView{*halves}.last(32);
    GC_PUBLIC(rho.data(), rho.size());  // half of the public key
    sample_matrix(rho, matrix);

    Wiped<Vector> secret;
    for (std::size_t i = 0; i < kRank; ++i) {
        sample_noise(sigma, static_cast<std::uint8_t>(i), (*secret)[i]);
        ntt((*secret)[i]);
        encode12((*secret)[i], out.subspan(384 * i, 384));
    }
    const auto key = out.subspan(kPublicAt, kPublicKeySize);
    for (std::size_t i = 0; i < kRank; ++i) {
        Wiped<Poly> noise;
        sample_noise(sigma, static_cast<std::uint8_t>(kRank + i), *noise);
        ntt(*noise);
        Wiped<Poly> t;
        inner_product({matrix[0][i], matrix[1][i], matrix[2][i]}, *secret, *t);
        to_montgomery(*t);
        add_to(*t, *noise);
        encode12(*t, key.subspan(384 * i, 384));
    }
    std::ranges::copy(rho, key.subspan(kVectorSize).begin());
    GC_PUBLIC(key.data(), key.size());
    auto key_hash = detail::sha3_256();
    key_hash.absorb(key).squeeze(out.subspan(kHashAt, 32));
    std::ranges::copy(seed.last(32), out.subspan(kRejectAt).begin());
}

/// K-PKE.Encrypt (algorithm 14).
struct Encryption {
    base::ByteView key;
    const Columns& matrix;  ///< Of the key.
    base::ByteView message;
    base::ByteView randomness;
};
void encrypt(const Encryption& input, base::MutableBytes out) noexcept {
    const auto& [key, matrix, message, randomness] = input;
    Wiped<Vector> y;
    for (std::size_t i = 0; i < kRank; ++i) {
        sample_noise(randomness, static_cast<std::uint8_t>(i), (*y)[i]);
        ntt((*y)[i]);
    }
    Wiped<Poly> noise;
    Wiped<Poly> work;
    for (std::size_t i = 0; i < kRank; ++i) {
        inner_product(matrix[i], *y, *work);
        inverse_ntt(*work);
        sample_noise(randomness, static_cast<std::uint8_t>(kRank + i), *noise);
        add_to(*work, *noise);
        compress(*work, 10, out.subspan(320 * i, 320));
    }
    Wiped<Vector> t;
    decode_vector(key, *t);
    inner_product(*t, *y, *work);
    inverse_ntt(*work);
    sample_noise(randomness, 2 * kRank, *noise);
    add_to(*work, *noise);
    decompress(message, 1, *noise);
    add_to(*work, *noise);
    compress(*work, 4, out.subspan(kCompressedSize, 128));
}

/// K-PKE.Decrypt (algorithm 15).
void decrypt(base::ByteView secret, base::ByteView ciphertext, base::MutableBytes message) noexcept {
    Vector u;
    for (std::size_t i = 0; i < kRank; ++i) {
        decompress(ciphertext.subspan(320 * i, 320), 10, u[i]);
        ntt(u[i]);
    }
    Poly v;
    decompress(ciphertext.subspan(kCompressedSize, 128), 4, v);
    Wiped<Vector> s;
    decode_vector(secret, *s);
    Wiped<Poly> work;
    inner_product(*s, u, *work);
    inverse_ntt(*work);
    subtract_from(*work, v);
    compress(*work, 1, message);
}

/// (K, r) = G(message || H(key)).
void derive(base::ByteView message, base::ByteView key_hash, base::MutableBytes out) noexcept {
    auto hash = detail::sha3_512();
    hash.absorb(message).absorb(key_hash).squeeze(out);
    hash.wipe();
}

}  // namespace

struct PrivateKey::Matrix {
    Columns columns;
};

PrivateKey::PrivateKey() : matrix_{std::make_unique<Matrix>()} {}
PrivateKey::PrivateKey(const Seed& seed) : PrivateKey{} {
    expand(seed.expose(), expanded_.expose_mutable(), matrix_->columns);
}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

base::Result<PrivateKey> PrivateKey::from_expanded(base::ByteView bytes) {
    if (bytes.size() != kExpandedKeySize) return base::fail(base::Errc::invalid_argument, "ML-KEM private key size");
    PrivateKey key;
    std::ranges::copy(bytes, key.expanded_.expose_mutable().begin());
    GC_CHECK(check_public_key(key.public_key()));
    base::Digest hash;
    auto hasher = detail::sha3_256();
    hasher.absorb(bytes.subspan(kPublicAt, kPublicKeySize)).squeeze(hash);
    // FIPS 203, 7.3: a private key whose parts do not belong together is damaged.
    if (!base::equal(hash, bytes.subspan(kHashAt, 32))) {
        return base::fail(base::Errc::not_canonical, "ML-KEM private key: hash of its public key");
    }
    sample_matrix(bytes.subspan(kPublicAt + kVectorSize, 32), key.matrix_->columns);
    return key;
}

PublicKey PrivateKey::public_key() const noexcept {
    PublicKey out;
    std::ranges::copy(base::ByteView{expanded_.expose()}.subspan(kPublicAt, kPublicKeySize), out.begin());
    return out;
}

SharedKey PrivateKey::decapsulate(const Ciphertext& ciphertext) const {
    const base::ByteView expanded = expanded_.expose();
    Wiped<base::FixedBytes<32>> message;
    decrypt(expanded.first(kVectorSize), ciphertext, *message);
    Wiped<base::FixedBytes<64>> derived;
    derive(*message, expanded.subspan(kHashAt, 32), *derived);

    SharedKey out;  // J(z || ciphertext), replaced below unless the ciphertext was tampered with
    const auto shared = out.expose_mutable();
    auto reject = detail::shake256();
    reject.absorb(expanded.subspan(kRejectAt, 32)).absorb(ciphertext).squeeze(shared);
    reject.wipe();

    Wiped<Ciphertext> again;
    encrypt({.key = expanded.subspan(kPublicAt, kPublicKeySize),
             .matrix = matrix_->columns,
             .message = *message,
             .randomness = base::ByteView{*derived}.last(32)},
            *again);
    std::uint32_t difference = 0;
    for (std::size_t i = 0; i < kCiphertextSize; ++i) {
        difference |= std::to_integer<std::uint32_t>((*again)[i] ^ ciphertext[i]);
    }
    const auto keep = static_cast<std::byte>(detail::mask_nonzero(difference));
    for (std::size_t i = 0; i < 32; ++i) shared[i] ^= ~keep & (shared[i] ^ (*derived)[i]);
    return out;
}

base::Result<void> check_public_key(const PublicKey& key) noexcept {
    for (std::size_t i = 0; i < kRank; ++i) {
        Poly poly;
        decode12(base::ByteView{key}.subspan(384 * i, 384), poly);
        if (std::ranges::any_of(poly.at, [](std::int16_t c) { return c >= kModulus; })) {
            return base::fail(base::Errc::not_canonical, "ML-KEM public key: coefficient at or above q");
        }
    }
    return {};
}

base::Result<Encapsulation> encapsulate(const PublicKey& key, base::Random& random) {
    return encapsulate_with(key, Secret<32>::random(random));
}

base::Result<Encapsulation> encapsulate_with(const PublicKey& key, const Secret<32>& randomness) {
    GC_CHECK(check_public_key(key));
    base::Digest key_hash;
    auto hasher = detail::sha3_256();
    hasher.absorb(key).squeeze(key_hash);
    Wiped<base::FixedBytes<64>> derived;
    derive(randomness.expose(), key_hash, *derived);
    Encapsulation out;
    Columns matrix;
    sample_matrix(base::ByteView{key}.subspan(kVectorSize, 32), matrix);
    encrypt(
        {.key = key, .matrix = matrix, .message = randomness.expose(), .randomness = base::ByteView{*derived}.last(32)},
        out.ciphertext);
    std::ranges::copy(base::ByteView{*derived}.first(32), out.shared_key.expose_mutable().begin());
    return out;
}

}  // namespace zcrypto::ml_kem_768
