#include "gcrypt/signature.hpp"

#include <utility>

namespace gcrypt {
namespace {

/// Into the types that zcrypto checks, or why not.
base::Result<zcrypto::ed25519::BatchItem> to_ed25519(const SignedMessage& item) noexcept {
    zcrypto::ed25519::BatchItem out{.key = {}, .message = item.message, .signature = {}};
    if (item.public_key.size() != out.key.bytes.size()) return base::fail(Errc::bad_length, "public key");
    if (item.signature.size() != out.signature.bytes.size()) return base::fail(Errc::bad_length, "signature");
    std::memcpy(out.key.bytes.data(), item.public_key.data(), out.key.bytes.size());
    std::memcpy(out.signature.bytes.data(), item.signature.data(), out.signature.bytes.size());
    return out;
}

base::Result<zcrypto::ed25519::BatchItem> supported(const SignedMessage& item) noexcept {
    switch (item.scheme) {
        case Scheme::ed25519_zip215_v1: return to_ed25519(item);
        case Scheme::secp256k1_bip340: return base::fail(Errc::unsupported_scheme, "secp256k1 is reserved");
        case Scheme::multisig: return base::fail(Errc::unsupported_scheme, "multisig is reserved");
    }
    return base::fail(Errc::unsupported_scheme, "unknown tag");
}

base::Result<void> verdict(bool valid) noexcept {
    if (!valid) return base::fail(Errc::bad_signature, "ed25519-zip215-v1");
    return {};
}

}  // namespace

base::Result<Scheme> scheme_from_tag(std::uint8_t tag) noexcept {
    if (tag > std::to_underlying(Scheme::multisig)) return base::fail(Errc::unsupported_scheme, "unknown tag");
    return Scheme{tag};
}

base::Result<void> verify(const SignedMessage& item) noexcept {
    GC_TRY(const auto ed25519, supported(item));
    return verdict(zcrypto::ed25519::verify(ed25519.key, ed25519.message, ed25519.signature));
}

std::size_t BatchVerifier::add(const SignedMessage& item) {
    const auto index = verdicts_.size();
    if (const auto ed25519 = supported(item)) {
        items_.push_back(*ed25519);
        index_of_item_.push_back(index);
        verdicts_.emplace_back();
    } else {
        verdicts_.push_back(std::unexpected{ed25519.error()});
    }
    return index;
}

std::vector<base::Result<void>> BatchVerifier::verify(base::Random& random) {
    const auto valid = zcrypto::ed25519::verify_batch_each(items_, random);
    for (std::size_t i = 0; i < valid.size(); ++i) verdicts_[index_of_item_[i]] = verdict(valid[i]);
    items_.clear();
    index_of_item_.clear();
    return std::exchange(verdicts_, {});
}

}  // namespace gcrypt
