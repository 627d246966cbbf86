#include "zcrypto/secp256k1.hpp"

#include <secp256k1.h>
#include <secp256k1_ecdh.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_recovery.h>
#include <secp256k1_schnorrsig.h>

#include <algorithm>

#include "pq_secret.hpp"
#include "raw.hpp"

namespace zcrypto::secp256k1 {

/// Makes PublicKeys from points that are known to be good.
class Access {
 public:
    static PublicKey from(const base::FixedBytes<33>& bytes) noexcept {
        PublicKey out;
        out.bytes_ = bytes;
        return out;
    }
};

namespace {

/// One context for all threads: after its blinding it is only read.
const secp256k1_context* context() noexcept {
    static const secp256k1_context* const shared = [] {
        auto* const made = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
        GC_ASSERT(made != nullptr);
        const auto blinding = Secret<32>::random(base::system_random());
        GC_ASSERT(secp256k1_context_randomize(made, base::as_u8(blinding.expose())) == 1);
        return made;
    }();
    return shared;
}

PublicKey to_public_key(const secp256k1_pubkey& point) noexcept {
    base::FixedBytes<33> bytes;
    std::size_t size = bytes.size();
    secp256k1_ec_pubkey_serialize(context(), out_u8(bytes), &size, &point, SECP256K1_EC_COMPRESSED);
    return Access::from(bytes);
}

secp256k1_pubkey to_point(const PublicKey& key) noexcept {
    secp256k1_pubkey point;
    const auto ok = secp256k1_ec_pubkey_parse(context(), &point, base::as_u8(key.bytes()), PublicKey::kSize);
    GC_ASSERT(ok == 1);  // The type's promise.
    return point;
}

/// The library's form of a key pair, which holds the secret.
class KeyPair {
 public:
    explicit KeyPair(const SecretKey& key) {
        GC_ASSERT(secp256k1_keypair_create(context(), get(), base::as_u8(key.expose())) == 1);
    }
    secp256k1_keypair* get() noexcept { return reinterpret_cast<secp256k1_keypair*>(memory_.expose_mutable().data()); }

 private:
    Secret<sizeof(secp256k1_keypair)> memory_;
};

/// r and s below the order; they may still be zero, which no verification accepts.
bool parse_compact(const Signature& signature, secp256k1_ecdsa_signature& out) noexcept {
    return secp256k1_ecdsa_signature_parse_compact(context(), &out, base::as_u8(signature.bytes)) == 1;
}

bool is_zero(base::ByteView bytes) noexcept {
    return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

bool has_zero_half(const Signature& signature) noexcept {
    const base::ByteView bytes = signature.bytes;
    return is_zero(bytes.first(32)) || is_zero(bytes.subspan(32));
}

bool is_high(const secp256k1_ecdsa_signature& signature) noexcept {
    return secp256k1_ecdsa_signature_normalize(context(), nullptr, &signature) == 1;
}

Signature to_signature(const secp256k1_ecdsa_signature& signature) noexcept {
    Signature out;
    secp256k1_ecdsa_signature_serialize_compact(context(), out_u8(out.bytes), &signature);
    return out;
}

int copy_x(unsigned char* out, const unsigned char* x, const unsigned char*, void*) {
    std::copy_n(x, 32, out);
    return 1;
}

Secret<32> agree_by(secp256k1_ecdh_hash_function hash, const SecretKey& ours, const PublicKey& theirs) {
    const auto point = to_point(theirs);
    Secret<32> out;
    const auto ok =
        secp256k1_ecdh(context(), out_u8(out.expose_mutable()), &point, base::as_u8(ours.expose()), hash, nullptr);
    GC_ASSERT(ok == 1);  // It fails for a bad scalar only, and SecretKey has none.
    return out;
}

}  // namespace

base::Result<PublicKey> PublicKey::parse(base::ByteView bytes) noexcept {
    if (bytes.size() != 33 && bytes.size() != 65) return base::fail(Errc::bad_length, "secp256k1 public key");
    // The library also takes the hybrid prefixes 06 and 07, which nobody should make.
    if (bytes.size() == 65 && bytes[0] != std::byte{4}) return base::fail(Errc::bad_point, "secp256k1 public key");
    secp256k1_pubkey point;
    if (secp256k1_ec_pubkey_parse(context(), &point, base::as_u8(bytes), bytes.size()) != 1) {
        return base::fail(Errc::bad_point, "secp256k1 public key");
    }
    return to_public_key(point);
}

base::FixedBytes<65> PublicKey::uncompressed() const noexcept {
    const auto point = to_point(*this);
    base::FixedBytes<65> out;
    std::size_t size = out.size();
    secp256k1_ec_pubkey_serialize(context(), out_u8(out), &size, &point, SECP256K1_EC_UNCOMPRESSED);
    return out;
}

base::Result<SecretKey> SecretKey::make(base::ByteView bytes) {
    if (bytes.size() != 32) return base::fail(Errc::bad_length, "secp256k1 private key");
    auto valid = secp256k1_ec_seckey_verify(context(), base::as_u8(bytes));
    GC_PUBLIC(&valid, sizeof valid);  // Zero and n to 2^256 are no keys: it says nothing about one that is.
    if (valid != 1) {
        return base::fail(Errc::bad_key, "secp256k1 private key");
    }
    Secret<32> copy;
    std::ranges::copy(bytes, copy.expose_mutable().begin());
    return SecretKey{std::move(copy)};
}

SecretKey SecretKey::generate(base::Random& random) {
    for (;;) {  // A second round has probability 2^-128.
        auto made = make(Secret<32>::random(random).expose());
        if (made) return std::move(*made);
    }
}

PublicKey SecretKey::public_key() const {
    secp256k1_pubkey point;
    auto made = secp256k1_ec_pubkey_create(context(), &point, base::as_u8(expose()));
    GC_PUBLIC(&made, sizeof made);
    GC_PUBLIC(&point, sizeof point);
    GC_ASSERT(made == 1);
    return to_public_key(point);
}

XOnlyKey SecretKey::x_only_key() const {
    XOnlyKey out;
    const auto key = public_key();
    std::copy_n(key.bytes().begin() + 1, out.bytes.size(), out.bytes.begin());
    return out;
}

Signature sign(const SecretKey& key, const base::Digest& hash) {
    secp256k1_ecdsa_signature made;
    GC_ASSERT(secp256k1_ecdsa_sign(context(), &made, base::as_u8(hash), base::as_u8(key.expose()), nullptr, nullptr) ==
              1);
    const auto signature = to_signature(made);
    GC_ASSERT(verify(key.public_key(), hash, signature));
    return signature;
}

bool verify(const PublicKey& key, const base::Digest& hash, const Signature& signature, HighS high_s) noexcept {
    secp256k1_ecdsa_signature parsed;
    if (!parse_compact(signature, parsed)) return false;
    if (is_high(parsed)) {
        if (high_s == HighS::refuse) return false;
        const auto high = parsed;
        secp256k1_ecdsa_signature_normalize(context(), &parsed, &high);
    }
    const auto point = to_point(key);
    return secp256k1_ecdsa_verify(context(), &parsed, base::as_u8(hash), &point) == 1;
}

base::Result<Signature> normalise(const Signature& signature) noexcept {
    secp256k1_ecdsa_signature parsed;
    if (!parse_compact(signature, parsed) || has_zero_half(signature)) {
        return base::fail(Errc::bad_signature, "ECDSA signature");
    }
    secp256k1_ecdsa_signature low;
    secp256k1_ecdsa_signature_normalize(context(), &low, &parsed);
    return to_signature(low);
}

base::Bytes to_der(const Signature& signature) {
    // By hand: the library's own encoder takes only numbers below the order.
    base::Bytes out{std::byte{0x30}, std::byte{0}};
    for (auto number : {base::ByteView{signature.bytes}.first(32), base::ByteView{signature.bytes}.last(32)}) {
        while (number.size() > 1 && number[0] == std::byte{0}) number = number.subspan(1);
        const bool negative = (number[0] & std::byte{0x80}) != std::byte{0};
        out.push_back(std::byte{0x02});
        out.push_back(static_cast<std::byte>(number.size() + (negative ? 1 : 0)));
        if (negative) out.push_back(std::byte{0});
        out.insert(out.end(), number.begin(), number.end());
    }
    out[1] = static_cast<std::byte>(out.size() - 2);
    return out;
}

base::Result<Signature> from_der(base::ByteView der) noexcept {
    secp256k1_ecdsa_signature parsed;
    if (der.empty() || secp256k1_ecdsa_signature_parse_der(context(), &parsed, base::as_u8(der), der.size()) != 1) {
        return base::fail(Errc::bad_signature, "ECDSA signature in DER");
    }
    const auto signature = to_signature(parsed);
    // The library makes zero of what is not below the order.
    if (has_zero_half(signature)) return base::fail(Errc::bad_signature, "ECDSA signature in DER");
    return signature;
}

RecoverableSignature sign_recoverable(const SecretKey& key, const base::Digest& hash) {
    secp256k1_ecdsa_recoverable_signature made;
    GC_ASSERT(secp256k1_ecdsa_sign_recoverable(context(), &made, base::as_u8(hash), base::as_u8(key.expose()), nullptr,
                                               nullptr) == 1);
    RecoverableSignature out;
    int id = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context(), out_u8(out.signature.bytes), &id, &made);
    out.id = static_cast<std::uint8_t>(id);
    const auto recovered = recover(hash, out);
    GC_ASSERT(recovered && *recovered == key.public_key());
    return out;
}

base::Result<PublicKey> recover(const base::Digest& hash, const RecoverableSignature& signature,
                                HighS high_s) noexcept {
    secp256k1_ecdsa_signature plain;
    secp256k1_ecdsa_recoverable_signature parsed;
    secp256k1_pubkey point;
    // The library ends the process for an id above 3.
    const bool good = signature.id <= 3 && parse_compact(signature.signature, plain) &&
                      (high_s == HighS::accept || !is_high(plain)) &&
                      secp256k1_ecdsa_recoverable_signature_parse_compact(
                          context(), &parsed, base::as_u8(signature.signature.bytes), signature.id) == 1 &&
                      secp256k1_ecdsa_recover(context(), &point, &parsed, base::as_u8(hash)) == 1;
    if (!good) return base::fail(Errc::bad_signature, "recoverable signature");
    return to_public_key(point);
}

Signature sign_schnorr(const SecretKey& key, base::ByteView message, const base::FixedBytes<32>& auxiliary) {
    KeyPair pair{key};
    Signature signature;
    secp256k1_schnorrsig_extraparams extra = SECP256K1_SCHNORRSIG_EXTRAPARAMS_INIT;
    auto random = auxiliary;
    extra.ndata = out_u8(random);
    static const std::uint8_t nothing = 0;
    const auto* const bytes = message.empty() ? &nothing : base::as_u8(message);
    GC_ASSERT(secp256k1_schnorrsig_sign_custom(context(), out_u8(signature.bytes), bytes, message.size(), pair.get(),
                                               &extra) == 1);
    GC_ASSERT(verify_schnorr(key.x_only_key(), message, signature));
    return signature;
}

bool verify_schnorr(const XOnlyKey& key, base::ByteView message, const Signature& signature) noexcept {
    secp256k1_xonly_pubkey point;
    if (secp256k1_xonly_pubkey_parse(context(), &point, base::as_u8(key.bytes)) != 1) return false;
    static const std::uint8_t nothing = 0;
    const auto* const bytes = message.empty() ? &nothing : base::as_u8(message);
    return secp256k1_schnorrsig_verify(context(), base::as_u8(signature.bytes), bytes, message.size(), &point) == 1;
}

Secret<32> agree(const SecretKey& ours, const PublicKey& theirs) {
    return agree_by(secp256k1_ecdh_hash_function_sha256, ours, theirs);
}

Secret<32> agree_x(const SecretKey& ours, const PublicKey& theirs) { return agree_by(&copy_x, ours, theirs); }

base::Result<SecretKey> add_tweak(const SecretKey& key, base::ByteView tweak) {
    if (tweak.size() != 32) return base::fail(Errc::bad_length, "tweak");
    Secret<32> sum;
    std::ranges::copy(key.expose(), sum.expose_mutable().begin());
    auto valid = secp256k1_ec_seckey_tweak_add(context(), out_u8(sum.expose_mutable()), base::as_u8(tweak));
    GC_PUBLIC(&valid, sizeof valid);  // As in make().
    if (valid != 1) {
        return base::fail(Errc::bad_key, "tweaked key");
    }
    return SecretKey::make(sum.expose());
}

base::Result<PublicKey> add_tweak(const PublicKey& key, base::ByteView tweak) noexcept {
    if (tweak.size() != 32) return base::fail(Errc::bad_length, "tweak");
    auto point = to_point(key);
    if (secp256k1_ec_pubkey_tweak_add(context(), &point, base::as_u8(tweak)) != 1) {
        return base::fail(Errc::bad_key, "tweaked key");
    }
    return to_public_key(point);
}

}  // namespace zcrypto::secp256k1
