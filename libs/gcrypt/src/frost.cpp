// Section numbers are RFC 9591's. All arithmetic on secrets is edwards.hpp's, hence constant-time.
#include "gcrypt/frost.hpp"

#include <algorithm>
#include <array>

namespace gcrypt::frost {
namespace {

using edwards::Point;
using edwards::Scalar;
using edwards::SecretScalar;

constexpr std::string_view kContext = "FROST-ED25519-SHA512-v1";

// §6.1: H1 (rho) and H3 (nonce) give scalars, H4 (msg) and H5 (com) digests. H2 has no context, which makes the
// result a plain Ed25519 signature.
Scalar h1(base::ByteView input) noexcept {
    const std::array<base::ByteView, 3> parts{base::as_bytes(kContext), base::as_bytes("rho"), input};
    return Scalar::from_wide(zcrypto::sha512(parts));
}
Scalar h2(const Point& r, const Point& key, base::ByteView message) noexcept {
    const std::array<base::ByteView, 3> parts{r.bytes, key.bytes, message};
    return Scalar::from_wide(zcrypto::sha512(parts));
}
SecretScalar h3(const zcrypto::Secret<32>& random, const SecretScalar& secret) noexcept {
    const std::array<base::ByteView, 4> parts{base::as_bytes(kContext), base::as_bytes("nonce"), random.expose(),
                                              secret.expose()};
    return SecretScalar::from_wide(zcrypto::sha512_secret(parts));
}
zcrypto::Digest512 tagged(std::string_view tag, base::ByteView input) noexcept {
    const std::array<base::ByteView, 3> parts{base::as_bytes(kContext), base::as_bytes(tag), input};
    return zcrypto::sha512(parts);
}

void append(base::Bytes& out, base::ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

}  // namespace

base::Result<Group> Group::make(vss::Commitment commitment, std::size_t participants) {
    if (commitment.threshold() < 2 || commitment.threshold() > participants || participants > kMaxParticipants) {
        return base::fail(base::Errc::out_of_range, "group size");
    }
    if (std::ranges::any_of(commitment.coefficients, &Point::is_identity)) {
        return base::fail(Errc::bad_point, "identity in the commitment");
    }
    return Group{std::move(commitment), participants};
}

base::Result<Point> Group::public_share(Identifier id) const noexcept {
    if (!has(id)) return base::fail(base::Errc::out_of_range, "participant");
    return commitment_.public_share(id);
}

base::Result<KeyShare> KeyShare::make(const Group& group, Identifier id, SecretScalar secret) noexcept {
    if (!group.has(id)) return base::fail(base::Errc::out_of_range, "participant");
    GC_CHECK(vss::verify_share(group.commitment(), id, secret));
    return KeyShare{id, std::move(secret), group.point()};
}

base::Result<Dealt> deal(SecretScalar secret, GroupSize size, base::Random& random) {
    GC_TRY(const auto polynomial, vss::SecretPolynomial::random(std::move(secret), size.threshold, random));
    return deal(polynomial, size.participants);
}

base::Result<Dealt> deal(const vss::SecretPolynomial& polynomial, std::size_t participants) {
    GC_TRY(auto commitment, polynomial.commit());
    GC_TRY(auto group, Group::make(std::move(commitment), participants));
    std::vector<KeyShare> shares;
    shares.reserve(participants);
    for (std::size_t id = 1; id <= participants; ++id) {
        GC_TRY(auto secret, polynomial.share(static_cast<Identifier>(id)));
        GC_TRY(auto share, KeyShare::make(group, static_cast<Identifier>(id), std::move(secret)));
        shares.push_back(std::move(share));
    }
    return Dealt{.group = std::move(group), .shares = std::move(shares)};
}

SigningNonces::SigningNonces(std::unique_ptr<Pair> secrets, Identifier id) noexcept
    : secrets_{std::move(secrets)},
      commitment_{
          .id = id, .hiding = edwards::base_mul(secrets_->hiding), .binding = edwards::base_mul(secrets_->binding)} {}

SigningNonces SigningNonces::make(const KeyShare& share, base::Random& random) noexcept {
    // The order of the two draws is the order of appendix E's vectors.
    auto hiding = h3(zcrypto::Secret<32>::random(random), share.secret());
    auto binding = h3(zcrypto::Secret<32>::random(random), share.secret());
    return SigningNonces{std::make_unique<Pair>(std::move(hiding), std::move(binding)), share.id()};
}

base::Result<Session> Session::make(Group group, std::vector<Commitment> commitments, base::ByteView message) {
    std::ranges::sort(commitments, {}, &Commitment::id);
    if (commitments.size() < group.threshold()) return base::fail(base::Errc::out_of_range, "too few signers");
    for (std::size_t i = 0; i < commitments.size(); ++i) {
        const auto& one = commitments[i];
        if (!group.has(one.id)) return base::fail(base::Errc::out_of_range, "signer outside the group");
        if (i > 0 && commitments[i - 1].id == one.id) return base::fail(base::Errc::already_exists, "signer twice");
        if (one.hiding.is_identity() || one.binding.is_identity()) {
            return base::fail(base::Errc::invalid_argument, "identity as a commitment");
        }
    }
    Session session{std::move(group), std::move(commitments)};
    session.bind(message);
    if (session.group_commitment_.is_identity()) {
        return base::fail(base::Errc::invalid_argument, "commitments cancel out");
    }
    return session;
}

/// §4.3 to §4.6: everything that follows from commitments and message.
void Session::bind(base::ByteView message) {
    base::Bytes list;
    for (const auto& one : commitments_) {
        append(list, Scalar::from_u64(one.id).bytes);
        append(list, one.hiding.bytes);
        append(list, one.binding.bytes);
        ids_.push_back(one.id);
    }
    append(binding_prefix_, group_.point().bytes);
    append(binding_prefix_, tagged("msg", message));
    append(binding_prefix_, tagged("com", list));
    for (std::size_t i = 0; i < commitments_.size(); ++i) {
        binding_factors_.push_back(h1(binding_factor_input(i)));
        const auto bound = edwards::mul(binding_factors_[i], commitments_[i].binding);
        group_commitment_ = edwards::add(group_commitment_, edwards::add(commitments_[i].hiding, bound));
    }
    challenge_ = h2(group_commitment_, group_.point(), message);
}

base::Bytes Session::binding_factor_input(std::size_t index) const {
    auto out = binding_prefix_;
    append(out, Scalar::from_u64(commitments_[index].id).bytes);
    return out;
}

std::ptrdiff_t Session::index_of(Identifier id) const noexcept {
    const auto at = std::ranges::lower_bound(ids_, id);
    return at != ids_.end() && *at == id ? at - ids_.begin() : -1;
}

base::Result<SignatureShare> Session::sign(const KeyShare& share, SigningNonces nonces) const noexcept {
    if (nonces.used()) return base::fail(Errc::nonces_used, "FROST");
    if (share.group_key() != group_.point()) return base::fail(Errc::bad_share, "key share of another group");
    const auto index = index_of(share.id());
    // A coordinator that lists another commitment for us would turn our share into a leak.
    if (index < 0 || commitments_[static_cast<std::size_t>(index)] != nonces.commitment()) {
        return base::fail(Errc::not_a_signer, "no such commitment in this session");
    }
    GC_TRY(const auto lambda, vss::lagrange_at_zero(ids_, share.id()));
    const auto& rho = binding_factors_[static_cast<std::size_t>(index)];
    const auto nonce = edwards::add(nonces.secrets_->hiding, edwards::mul(nonces.secrets_->binding, rho));
    const auto key_part = edwards::mul(share.secret(), edwards::mul(lambda, challenge_));
    return SignatureShare{.id = share.id(), .value = edwards::add(nonce, key_part).declassify()};
}

base::Result<void> Session::verify_share(const SignatureShare& share) const noexcept {
    const auto index = index_of(share.id);
    if (index < 0) return base::fail(Errc::not_a_signer, "share of a stranger");
    GC_TRY(const auto lambda, vss::lagrange_at_zero(ids_, share.id));
    GC_TRY(const auto public_share, group_.public_share(share.id));
    const auto& [id, hiding, binding] = commitments_[static_cast<std::size_t>(index)];
    const auto nonce = edwards::add(hiding, edwards::mul(binding_factors_[static_cast<std::size_t>(index)], binding));
    const auto key_part = edwards::mul(edwards::mul(challenge_, lambda), public_share);
    if (edwards::base_mul(share.value) != edwards::add(nonce, key_part)) {
        return base::fail(Errc::bad_share, "signature share");
    }
    return {};
}

std::expected<zcrypto::ed25519::Signature, Abort> Session::aggregate(std::span<const SignatureShare> shares) const {
    const auto abort = [](std::unexpected<base::Error> failure, std::vector<Identifier> culprits) {
        return std::unexpected{Abort{.error = failure.error(), .culprits = std::move(culprits)}};
    };
    std::vector<bool> seen(ids_.size(), false);
    auto z = Scalar{};
    for (const auto& share : shares) {
        const auto index = index_of(share.id);
        if (index < 0) return abort(base::fail(Errc::not_a_signer, "share of a stranger"), {share.id});
        if (seen[static_cast<std::size_t>(index)]) {
            return abort(base::fail(base::Errc::already_exists, "two shares of one signer"), {share.id});
        }
        seen[static_cast<std::size_t>(index)] = true;
        z = edwards::add(z, share.value);
    }
    if (std::ranges::find(seen, false) != seen.end()) {
        return abort(base::fail(base::Errc::not_found, "a signer's share is missing"), {});
    }
    zcrypto::ed25519::Signature signature;
    std::memcpy(signature.bytes.data(), group_commitment_.bytes.data(), 32);
    std::memcpy(signature.bytes.data() + 32, z.bytes.data(), 32);
    // The right z is the one with z B = R + c PK. All points have order L, so this is the strict rule and ZIP-215
    // alike.
    if (edwards::base_mul(z) == edwards::add(group_commitment_, edwards::mul(challenge_, group_.point()))) {
        return signature;
    }
    std::vector<Identifier> culprits;
    for (const auto& share : shares) {
        if (!verify_share(share)) culprits.push_back(share.id);
    }
    std::ranges::sort(culprits);
    return abort(base::fail(Errc::bad_share, "signature shares"), std::move(culprits));
}

}  // namespace gcrypt::frost
