// FIPS 204 with (k, l) = (6, 5), eta = 4, gamma1 = 2^19, gamma2 = (q - 1) / 32, tau = 49, omega = 55.
//
//   expanded private key (4032)   rho (32) || K (32) || tr (64) || s1 (640) || s2 (768) || t0 (2496)
//   public key (1952)             rho (32) || t1 (1920)
//   signature (3309)              c (48) || z (3200) || hints (61)

#include "zcrypto/pq_ml_dsa.hpp"

#include <algorithm>

#include "pq_ml_dsa_poly.hpp"
#include "pq_secret.hpp"

namespace zcrypto::ml_dsa_65 {
namespace {

using detail::Wiped;

constexpr std::size_t kRows = 6;
constexpr std::size_t kColumns = 5;
constexpr std::size_t kHintsMax = 55;
constexpr std::size_t kChallengeSize = 48;
constexpr std::size_t kMaskSize = 640;   // one packed polynomial of z
constexpr std::size_t kW1Size = 128;     // one packed polynomial of w1
constexpr std::size_t kSmallSize = 128;  // one of s1 or s2
constexpr std::size_t kT1Size = 320;
constexpr std::size_t kT0Size = 416;
constexpr std::size_t kS1At = 128;
constexpr std::size_t kS2At = kS1At + kColumns * kSmallSize;
constexpr std::size_t kT0At = kS2At + kRows * kSmallSize;
constexpr std::size_t kHintsAt = kChallengeSize + kColumns * kMaskSize;
static_assert(kT0At + kRows * kT0Size == kExpandedKeySize);
static_assert(kHintsAt + kHintsMax + kRows == kSignatureSize);
static_assert(32 + kRows * kT1Size == kPublicKeySize);

// FIPS 204, appendix C: needing more attempts than this has probability below 2^-256.
constexpr int kAttemptsMax = 814;

using Row = std::array<Poly, kColumns>;
using Column = std::array<Poly, kRows>;
using Matrix = std::array<Row, kRows>;

void expand_matrix(base::ByteView rho, Matrix& out) noexcept {
    for (std::size_t r = 0; r < kRows; ++r) {
        for (std::size_t c = 0; c < kColumns; ++c)
            sample_uniform(rho, static_cast<std::uint8_t>(c), static_cast<std::uint8_t>(r), out[r][c]);
    }
}

/// out = NTT^-1(matrix row * vector), in [0, q) after positive().
void multiply_row(const Row& row, const Row& vector, Poly& out) noexcept {
    multiply(row[0], vector[0], out);
    for (std::size_t c = 1; c < kColumns; ++c) accumulate(row[c], vector[c], out);
    reduce(out);
    inverse_ntt(out);
    reduce(out);
    positive(out);
}

void public_key_hash(const PublicKey& key, base::MutableBytes out) noexcept {
    detail::shake256().absorb(key).squeeze(out);
}

/// mu = H(tr || domain || |context| || context || text), where a digest is preceded by the name of its hash.
struct Encoded {
    std::byte domain;
    base::ByteView context;
    base::ByteView name;
    base::ByteView text;
};
base::Result<Mu> represent(const PublicKey& key, const Encoded& message) noexcept {
    if (message.context.size() > kContextMax) return base::fail(base::Errc::out_of_range, "ML-DSA context");
    base::FixedBytes<64> tr;
    public_key_hash(key, tr);
    const std::byte prefix[] = {message.domain, static_cast<std::byte>(message.context.size())};
    auto hash = detail::shake256();
    hash.absorb(tr).absorb(prefix).absorb(message.context).absorb(message.name).absorb(message.text);
    Mu mu;
    hash.squeeze(mu);
    return mu;
}

/// The challenge's seed: H(mu || w1).
void challenge_of(const Mu& mu, const Column& w1, base::MutableBytes out) noexcept {
    auto hash = detail::shake256();
    hash.absorb(mu);
    // Of an attempt that is refused, w1 stays secret.
    Wiped<base::FixedBytes<kW1Size>> packed;
    for (const auto& poly : w1) {
        pack(poly, kPackW1, *packed);
        hash.absorb(*packed);
    }
    hash.squeeze(out);
    hash.wipe();
}

/// HintBitUnpack. False unless the encoding is the only one of its hints: positions rise, the rest is zero.
bool unpack_hints(base::ByteView bytes, Column& hints) noexcept {
    for (auto& hint : hints) hint.at.fill(0);
    std::size_t index = 0;
    for (std::size_t r = 0; r < kRows; ++r) {
        const auto end = std::to_integer<std::size_t>(bytes[kHintsMax + r]);
        if (end < index || end > kHintsMax) return false;
        for (const auto first = index; index < end; ++index) {
            if (index > first && bytes[index - 1] >= bytes[index]) return false;
            hints[r].at[std::to_integer<std::size_t>(bytes[index])] = 1;
        }
    }
    return std::ranges::all_of(bytes.subspan(index, kHintsMax - index), [](std::byte b) { return b == std::byte{0}; });
}

void pack_hints(const Column& hints, base::MutableBytes out) noexcept {
    std::ranges::fill(out, std::byte{0});
    std::size_t count = 0;
    for (std::size_t r = 0; r < kRows; ++r) {
        for (std::size_t i = 0; i < kDegree; ++i) {
            if (hints[r].at[i] != 0) out[count++] = static_cast<std::byte>(i);
        }
        out[kHintsMax + r] = static_cast<std::byte>(count);
    }
}

/// Everything of one signature that is secret or derived from secrets.
struct Signing {
    Row s1;     // transformed
    Column s2;  // transformed
    Column t0;  // transformed
    base::FixedBytes<64> mask_seed;
    Row y;
    Row work;
    Column w;
    Column w1;
    Column hints;
    Poly product;
    Poly low;
    Poly high;
};

void unpack_secrets(base::ByteView key, Signing& s) noexcept {
    for (std::size_t i = 0; i < kColumns; ++i) {
        unpack(key.subspan(kS1At + i * kSmallSize, kSmallSize), kPackSecret, s.s1[i]);
        ntt(s.s1[i]);
    }
    for (std::size_t i = 0; i < kRows; ++i) {
        unpack(key.subspan(kS2At + i * kSmallSize, kSmallSize), kPackSecret, s.s2[i]);
        ntt(s.s2[i]);
        unpack(key.subspan(kT0At + i * kT0Size, kT0Size), kPackT0, s.t0[i]);
        ntt(s.t0[i]);
    }
}

/// A verdict on an attempt. It is public: the signer's rejections tell nothing that the published signature does not
/// (FIPS 204, 3.6; the attempts are independent).
bool refused(std::uint32_t verdict) noexcept {
    GC_PUBLIC(&verdict, sizeof verdict);
    return verdict != 0;
}

/// One attempt: algorithm 7, lines 11 to 32. False: try again with the next counter.
bool attempt(const Matrix& matrix, const Mu& mu, std::uint16_t counter, Signing& s, Signature& out) noexcept {
    for (std::size_t i = 0; i < kColumns; ++i) {
        sample_mask(s.mask_seed, static_cast<std::uint16_t>(counter + i), s.y[i]);
        s.work[i] = s.y[i];
        ntt(s.work[i]);
    }
    for (std::size_t r = 0; r < kRows; ++r) {
        multiply_row(matrix[r], s.work, s.w[r]);
        split_gamma(s.w[r], s.w1[r], s.low);
    }
    const auto seed = base::MutableBytes{out.bytes}.first(kChallengeSize);
    challenge_of(mu, s.w1, seed);
    // A hash: what it tells of w1 is what any published challenge tells.
    GC_PUBLIC(seed.data(), seed.size());
    // A refused attempt's challenge is published nowhere, and with z it would tell of s1.
    Wiped<Poly> c;
    sample_challenge(seed, *c);
    ntt(*c);
    const auto& challenge = *c;

    std::uint32_t bad = 0;
    for (std::size_t i = 0; i < kColumns; ++i) {  // z = y + c * s1
        multiply(challenge, s.s1[i], s.product);
        inverse_ntt(s.product);
        add_to(s.y[i], s.product);
        reduce(s.y[i]);
        bad |= exceeds(s.y[i], kGamma1 - kBeta);
    }
    if (refused(bad)) return false;
    for (std::size_t r = 0; r < kRows; ++r) {  // w - c * s2 keeps clear of the rounding's edges
        multiply(challenge, s.s2[r], s.product);
        inverse_ntt(s.product);
        subtract_from(s.w[r], s.product);
        reduce(s.w[r]);
        positive(s.w[r]);
        split_gamma(s.w[r], s.w1[r], s.low);
        bad |= exceeds(s.low, kGamma2 - kBeta);
    }
    if (refused(bad)) return false;
    std::uint32_t count = 0;
    for (std::size_t r = 0; r < kRows; ++r) {  // where adding c * t0 changes the high bits, a hint says so
        multiply(challenge, s.t0[r], s.product);
        inverse_ntt(s.product);
        reduce(s.product);
        bad |= exceeds(s.product, kGamma2);
        add_to(s.product, s.w[r]);
        reduce(s.product);
        positive(s.product);
        split_gamma(s.product, s.high, s.low);
        for (std::size_t i = 0; i < kDegree; ++i) {
            const auto changed = detail::mask_nonzero(static_cast<std::uint32_t>(s.high.at[i] ^ s.w1[r].at[i])) & 1;
            s.hints[r].at[i] = static_cast<std::int32_t>(changed);
            count += changed;
        }
    }
    bad |= static_cast<std::uint32_t>(static_cast<std::int32_t>(kHintsMax - count) >> 31);
    if (refused(bad)) return false;

    GC_PUBLIC(&s.y, sizeof s.y);  // accepted: z and the hints are the signature
    GC_PUBLIC(&s.hints, sizeof s.hints);
    for (std::size_t i = 0; i < kColumns; ++i)
        pack(s.y[i], kPackMask, base::MutableBytes{out.bytes}.subspan(kChallengeSize + i * kMaskSize, kMaskSize));
    pack_hints(s.hints, base::MutableBytes{out.bytes}.subspan(kHintsAt));
    return true;
}

/// The two secret vectors, not transformed.
struct Secrets {
    Row s1;
    Column s2;
};

/// t = A * s1 + s2: rho and its high part are the public key, its low part goes to `t0`, packed. Transforms s1.
void derive_public(base::ByteView rho, Secrets& secrets, PublicKey& key, base::MutableBytes t0) noexcept {
    std::ranges::copy(rho, key.begin());
    for (auto& poly : secrets.s1) ntt(poly);
    Wiped<Poly> t;
    Wiped<Poly> low;
    for (std::size_t r = 0; r < kRows; ++r) {
        Row row;
        for (std::size_t c = 0; c < kColumns; ++c)
            sample_uniform(rho, static_cast<std::uint8_t>(c), static_cast<std::uint8_t>(r), row[c]);
        multiply_row(row, secrets.s1, *t);
        add_to(*t, secrets.s2[r]);
        reduce(*t);
        positive(*t);
        Poly t1;
        split_power(*t, t1, *low);
        pack(t1, kPackT1, base::MutableBytes{key}.subspan(32 + r * kT1Size, kT1Size));
        pack(*low, kPackT0, t0.subspan(r * kT0Size, kT0Size));
    }
    GC_PUBLIC(key.data(), key.size());
}

}  // namespace

PrivateKey::PrivateKey(const Seed& seed) {
    Wiped<base::FixedBytes<128>> derived;
    const std::byte dimensions[] = {std::byte{kRows}, std::byte{kColumns}};
    auto hash = detail::shake256();
    hash.absorb(seed.expose()).absorb(dimensions).squeeze(*derived);
    hash.wipe();
    const base::ByteView all{*derived};
    const auto rho = all.first(32);
    const auto secret_seed = all.subspan(32, 64);
    GC_PUBLIC(rho.data(), rho.size());  // part of the public key

    const auto expanded = base::MutableBytes{expanded_.expose_mutable()};
    std::ranges::copy(rho, expanded.begin());
    std::ranges::copy(all.subspan(96, 32), expanded.subspan(32).begin());
    Wiped<Secrets> s;
    for (std::size_t i = 0; i < kColumns; ++i) {
        sample_bounded(secret_seed, static_cast<std::uint16_t>(i), s->s1[i]);
        pack(s->s1[i], kPackSecret, expanded.subspan(kS1At + i * kSmallSize, kSmallSize));
    }
    for (std::size_t r = 0; r < kRows; ++r) {
        sample_bounded(secret_seed, static_cast<std::uint16_t>(kColumns + r), s->s2[r]);
        pack(s->s2[r], kPackSecret, expanded.subspan(kS2At + r * kSmallSize, kSmallSize));
    }
    derive_public(rho, *s, public_key_, expanded.subspan(kT0At));
    public_key_hash(public_key_, expanded.subspan(64, 64));
}

base::Result<PrivateKey> PrivateKey::from_expanded(base::ByteView bytes) {
    if (bytes.size() != kExpandedKeySize) return base::fail(base::Errc::invalid_argument, "ML-DSA private key size");
    PrivateKey key;
    std::ranges::copy(bytes, key.expanded_.expose_mutable().begin());
    Wiped<Secrets> s;
    std::uint32_t bad = 0;
    for (std::size_t i = 0; i < kColumns; ++i) {
        unpack(bytes.subspan(kS1At + i * kSmallSize, kSmallSize), kPackSecret, s->s1[i]);
        bad |= exceeds(s->s1[i], kEta + 1);
    }
    for (std::size_t r = 0; r < kRows; ++r) {
        unpack(bytes.subspan(kS2At + r * kSmallSize, kSmallSize), kPackSecret, s->s2[r]);
        bad |= exceeds(s->s2[r], kEta + 1);
    }
    // Whether a key is well-formed is what the caller gets to know.
    if (refused(bad)) return base::fail(base::Errc::not_canonical, "ML-DSA private key: secrets out of range");
    Wiped<base::FixedBytes<kRows * kT0Size>> t0;
    derive_public(bytes.first(32), *s, key.public_key_, *t0);
    base::FixedBytes<64> tr;
    public_key_hash(key.public_key_, tr);
    bool belongs = equal_constant_time(*t0, bytes.subspan(kT0At)) && equal_constant_time(tr, bytes.subspan(64, 64));
    GC_PUBLIC(&belongs, sizeof belongs);
    if (!belongs) return base::fail(base::Errc::not_canonical, "ML-DSA private key: its parts do not belong together");
    return key;
}

base::Result<Signature> PrivateKey::sign(const Message& message, base::Random& random) const {
    GC_TRY(const auto mu, mu_of(public_key_, message));
    return sign_mu(mu, random);
}

Signature PrivateKey::sign_mu(const Mu& mu, base::Random& random) const noexcept {
    Wiped<base::FixedBytes<32>> fresh;
    random.fill(*fresh);
    return sign_with(mu, *fresh);
}

base::Result<Signature> PrivateKey::sign_hashed(const HashedMessage& message, base::Random& random) const {
    GC_TRY(const auto mu, mu_of_hashed(public_key_, message));
    return sign_mu(mu, random);
}

base::Result<Signature> PrivateKey::sign_deterministic(const Message& message) const {
    GC_TRY(const auto mu, mu_of(public_key_, message));
    return sign_mu_deterministic(mu);
}

Signature PrivateKey::sign_mu_deterministic(const Mu& mu) const noexcept {
    return sign_with(mu, base::FixedBytes<32>{});
}

Signature PrivateKey::sign_with(const Mu& mu, base::ByteView randomness) const noexcept {
    const base::ByteView key = expanded_.expose();
    Matrix matrix;
    expand_matrix(base::ByteView{public_key_}.first(32), matrix);
    Wiped<Signing> s;
    unpack_secrets(key, *s);
    auto hash = detail::shake256();
    hash.absorb(key.subspan(32, 32)).absorb(randomness).absorb(mu).squeeze(s->mask_seed);
    hash.wipe();

    Signature out;
    int tries = 0;
    while (!attempt(matrix, mu, static_cast<std::uint16_t>(tries * static_cast<int>(kColumns)), *s, out)) {
        GC_ASSERT(++tries < kAttemptsMax);
    }
    // A fault while signing could publish a signature that gives the key away.
    GC_ASSERT(verify_mu(public_key_, mu, out));
    return out;
}

base::Result<Mu> mu_of(const PublicKey& key, const Message& message) noexcept {
    return represent(key, {.domain = std::byte{0}, .context = message.context, .name = {}, .text = message.text});
}

std::size_t digest_size(PreHash hash) noexcept {
    switch (hash) {
        case PreHash::sha224:
        case PreHash::sha512_224:
        case PreHash::sha3_224: return 28;
        case PreHash::sha256:
        case PreHash::sha512_256:
        case PreHash::sha3_256:
        case PreHash::shake128: return 32;
        case PreHash::sha384:
        case PreHash::sha3_384: return 48;
        case PreHash::sha512:
        case PreHash::sha3_512:
        case PreHash::shake256: return 64;
    }
    return 0;
}

base::Result<Mu> mu_of_hashed(const PublicKey& key, const HashedMessage& message) noexcept {
    if (message.digest.empty() || message.digest.size() != digest_size(message.hash)) {
        return base::fail(base::Errc::invalid_argument, "ML-DSA digest size");
    }
    // DER of 2.16.840.1.101.3.4.2.x: the enumeration's values are NIST's numbers.
    const std::byte name[] = {std::byte{0x06},
                              std::byte{0x09},
                              std::byte{0x60},
                              std::byte{0x86},
                              std::byte{0x48},
                              std::byte{0x01},
                              std::byte{0x65},
                              std::byte{0x03},
                              std::byte{0x04},
                              std::byte{0x02},
                              static_cast<std::byte>(message.hash)};
    return represent(key, {.domain = std::byte{1}, .context = message.context, .name = name, .text = message.digest});
}

bool verify(const PublicKey& key, const Message& message, const Signature& signature) noexcept {
    const auto mu = mu_of(key, message);
    return mu && verify_mu(key, *mu, signature);
}

bool verify_hashed(const PublicKey& key, const HashedMessage& message, const Signature& signature) noexcept {
    const auto mu = mu_of_hashed(key, message);
    return mu && verify_mu(key, *mu, signature);
}

bool verify_mu(const PublicKey& key, const Mu& mu, const Signature& signature) noexcept {
    const base::ByteView bytes{signature.bytes};
    Column hints;
    if (!unpack_hints(bytes.subspan(kHintsAt), hints)) return false;
    Row z;
    for (std::size_t i = 0; i < kColumns; ++i) {
        unpack(bytes.subspan(kChallengeSize + i * kMaskSize, kMaskSize), kPackMask, z[i]);
        if (exceeds(z[i], kGamma1 - kBeta) != 0) return false;
        ntt(z[i]);
    }
    Poly challenge;
    sample_challenge(bytes.first(kChallengeSize), challenge);
    ntt(challenge);

    Column w1;
    const auto rho = base::ByteView{key}.first(32);
    for (std::size_t r = 0; r < kRows; ++r) {  // A * z - c * t1 * 2^13, corrected by the hints
        Row row;
        for (std::size_t c = 0; c < kColumns; ++c)
            sample_uniform(rho, static_cast<std::uint8_t>(c), static_cast<std::uint8_t>(r), row[c]);
        auto& w = w1[r];
        multiply(row[0], z[0], w);
        for (std::size_t c = 1; c < kColumns; ++c) accumulate(row[c], z[c], w);
        Poly t1;
        unpack(base::ByteView{key}.subspan(32 + r * kT1Size, kT1Size), kPackT1, t1);
        for (auto& c : t1.at) c <<= kDropped;
        ntt(t1);
        Poly product;
        multiply(challenge, t1, product);
        subtract_from(w, product);
        reduce(w);
        inverse_ntt(w);
        reduce(w);
        positive(w);
        use_hint(hints[r], w);
    }
    base::FixedBytes<kChallengeSize> expected;
    challenge_of(mu, w1, expected);
    return base::equal(expected, bytes.first(kChallengeSize));
}

}  // namespace zcrypto::ml_dsa_65
