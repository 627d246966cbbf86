#pragma once
// FROST(Ed25519, SHA-512), RFC 9591: t of n signers make one plain 64-byte Ed25519 signature in two rounds.
//
//   dealer (appendix C)     deal() -> one KeyShare each, one public Group
//   round 1 (§5.1)          SigningNonces::make(share) -> keep the nonces, send commitment()
//   coordinator             Session::make(group, commitments, message)
//   round 2 (§5.2)          session.sign(share, std::move(nonces)) -> SignatureShare
//   coordinator (§5.3)      session.aggregate(shares) -> signature, or who is to blame
//
// Nonces sign once: they cannot be copied or stored, and sign() consumes them even when it fails. Marking them used on
// disk before a share leaves the machine, and distributed key generation, are zsig's.

#include <memory>
#include <vector>

#include "gcrypt/vss.hpp"
#include "zcrypto/ed25519.hpp"

namespace gcrypt::frost {

using vss::Identifier;
inline constexpr std::size_t kMaxParticipants = vss::kMaxParticipants;

/// What everyone knows of a group. Consistent by construction: the group key and each participant's public share follow
/// from the commitment.
class Group {
 public:
    /// Participants are 1..participants. out_of_range (base) unless 2 <= threshold <= participants <= kMaxParticipants.
    static base::Result<Group> make(vss::Commitment commitment, std::size_t participants);

    [[nodiscard]] zcrypto::ed25519::PublicKey key() const noexcept { return {point().bytes}; }
    [[nodiscard]] const edwards::Point& point() const noexcept { return commitment_.public_secret(); }
    [[nodiscard]] std::size_t threshold() const noexcept { return commitment_.threshold(); }
    [[nodiscard]] std::size_t participants() const noexcept { return participants_; }
    [[nodiscard]] const vss::Commitment& commitment() const noexcept { return commitment_; }
    [[nodiscard]] bool has(Identifier id) const noexcept { return id >= 1 && id <= participants_; }
    /// out_of_range (base) for a stranger.
    [[nodiscard]] base::Result<edwards::Point> public_share(Identifier id) const noexcept;
    friend bool operator==(const Group&, const Group&) = default;

 private:
    Group(vss::Commitment commitment, std::size_t participants)
        : commitment_{std::move(commitment)}, participants_{participants} {}
    vss::Commitment commitment_;
    std::size_t participants_;
};

/// One participant's secret. Move-only.
class KeyShare {
 public:
    /// Checks the share against the group's commitment (vss_verify of appendix C.2). Errors: bad_share, out_of_range.
    static base::Result<KeyShare> make(const Group& group, Identifier id, edwards::SecretScalar secret) noexcept;

    [[nodiscard]] Identifier id() const noexcept { return id_; }
    [[nodiscard]] const edwards::SecretScalar& secret() const noexcept { return secret_; }
    [[nodiscard]] const edwards::Point& group_key() const noexcept { return group_key_; }

 private:
    KeyShare(Identifier id, edwards::SecretScalar secret, const edwards::Point& group_key) noexcept
        : id_{id}, secret_{std::move(secret)}, group_key_{group_key} {}
    Identifier id_;
    edwards::SecretScalar secret_;
    edwards::Point group_key_;
};

struct Dealt {
    Group group;
    std::vector<KeyShare> shares;  ///< Of participants 1, 2, …
};
struct GroupSize {
    std::size_t threshold;
    std::size_t participants;
};
/// Trusted dealer, appendix C: splits `secret` (SecretScalar::random for a new key). Whoever runs this knows the key.
base::Result<Dealt> deal(edwards::SecretScalar secret, GroupSize size, base::Random& random);
/// The same with a given polynomial.
base::Result<Dealt> deal(const vss::SecretPolynomial& polynomial, std::size_t participants);

/// What round 1 sends.
struct Commitment {
    Identifier id = 0;
    edwards::Point hiding;
    edwards::Point binding;
    friend auto operator<=>(const Commitment&, const Commitment&) = default;
};

/// Secret nonces of one signature. Move-only, never serialised, consumed by Session::sign.
class SigningNonces {
 public:
    /// §4.1 and §5.1: hedged, so a weak `random` alone does not leak the key. Use base::system_random().
    static SigningNonces make(const KeyShare& share, base::Random& random) noexcept;

    SigningNonces(SigningNonces&&) noexcept = default;
    SigningNonces& operator=(SigningNonces&&) noexcept = default;

    [[nodiscard]] const Commitment& commitment() const noexcept { return commitment_; }
    /// Whether they were moved into sign() already.
    [[nodiscard]] bool used() const noexcept { return !secrets_; }
    /// For tests against published vectors.
    [[nodiscard]] const edwards::SecretScalar* hiding() const noexcept {
        return secrets_ ? &secrets_->hiding : nullptr;
    }
    [[nodiscard]] const edwards::SecretScalar* binding() const noexcept {
        return secrets_ ? &secrets_->binding : nullptr;
    }

 private:
    friend class Session;
    struct Pair {
        edwards::SecretScalar hiding, binding;
    };
    explicit SigningNonces(std::unique_ptr<Pair> secrets, Identifier id) noexcept;
    std::unique_ptr<Pair> secrets_;
    Commitment commitment_;
};

/// What round 2 sends.
struct SignatureShare {
    Identifier id = 0;
    edwards::Scalar value;
    friend auto operator<=>(const SignatureShare&, const SignatureShare&) = default;
};

/// Why no signature came out, and whose fault that is; nobody's when a share is missing.
struct Abort {
    base::Error error;
    std::vector<Identifier> culprits;  ///< Ascending.
};

/// One signing attempt: a message, the signers and their commitments. Signers and coordinator each make their own.
class Session {
 public:
    /// `commitments` in any order. Errors: base out_of_range (fewer than the threshold, or a stranger), already_exists
    /// (one signer twice), invalid_argument (an identity point, or a group commitment that is the identity).
    static base::Result<Session> make(Group group, std::vector<Commitment> commitments, base::ByteView message);

    /// §5.2. Consumes the nonces whatever happens. Errors: nonces_used, not_a_signer (the share's id is not in this
    /// session, or its commitment is not that of these nonces), bad_share (a share of another group).
    [[nodiscard]] base::Result<SignatureShare> sign(const KeyShare& share, SigningNonces nonces) const noexcept;

    /// §5.4. bad_share, not_a_signer.
    [[nodiscard]] base::Result<void> verify_share(const SignatureShare& share) const noexcept;

    /// §5.3: sums the shares, checks the result, and when it is wrong finds every wrong share. A returned signature
    /// always verifies, strictly and by ZIP-215.
    [[nodiscard]] std::expected<zcrypto::ed25519::Signature, Abort> aggregate(
        std::span<const SignatureShare> shares) const;

    [[nodiscard]] const Group& group() const noexcept { return group_; }
    [[nodiscard]] std::span<const Commitment> commitments() const noexcept { return commitments_; }
    [[nodiscard]] std::span<const edwards::Scalar> binding_factors() const noexcept { return binding_factors_; }
    /// R of the signature to be.
    [[nodiscard]] const edwards::Point& group_commitment() const noexcept { return group_commitment_; }
    /// §4.4: what binding factor `index` is the hash of.
    [[nodiscard]] base::Bytes binding_factor_input(std::size_t index) const;

 private:
    Session(Group group, std::vector<Commitment> commitments) noexcept
        : group_{std::move(group)}, commitments_{std::move(commitments)} {}
    void bind(base::ByteView message);
    [[nodiscard]] std::ptrdiff_t index_of(Identifier id) const noexcept;
    Group group_;
    std::vector<Commitment> commitments_;  ///< Ascending by id.
    base::Bytes binding_prefix_;
    std::vector<Identifier> ids_;
    std::vector<edwards::Scalar> binding_factors_;
    edwards::Point group_commitment_;
    edwards::Scalar challenge_;
};

// Encodings for files and messages: BCS, strict. A share is a bare scalar after its id; keep it secret on the way.
base::Bytes encode(const Group& group);
base::Bytes encode(const Commitment& commitment);
base::Bytes encode(const SignatureShare& share);
base::Result<Group> decode_group(base::ByteView encoded);
base::Result<Commitment> decode_commitment(base::ByteView encoded);
base::Result<SignatureShare> decode_signature_share(base::ByteView encoded);

}  // namespace gcrypt::frost
