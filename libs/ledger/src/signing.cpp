#include "ledger/signing.hpp"

#include "base/bcs.hpp"
#include "gcrypt/signature.hpp"
#include "ledger/execute.hpp"
#include "zcrypto/hash.hpp"

namespace ledger {
namespace {

/// scheme tag (1) public key (32) signature (64): what encode(SignedTx) appends to encode(Tx).
constexpr std::size_t kAuthBytes = 97;
/// A batch is at most this long, so that finding one bad signature in it stays cheap.
constexpr std::size_t kBatchMax = 256;

}  // namespace

base::Digest sign_bytes_of_encoded(base::ByteView encoded_tx, const Hash& genesis_hash, std::string_view chain_id) {
    static const zcrypto::Blake3Context context{"ghostchain 2026 tx signing v1"};
    base::BcsWriter head;
    head.string(chain_id);
    const std::array<base::ByteView, 3> parts{head.view(), genesis_hash, encoded_tx};
    return context.hash(parts);
}

base::Digest sign_bytes(const Tx& tx, std::string_view chain_id) {
    return sign_bytes_of_encoded(encode(tx), tx.genesis_hash, chain_id);
}

base::Result<Address> signer_address(Scheme scheme, const base::FixedBytes<32>& public_key) {
    if (scheme != Scheme::ed25519_zip215_v1) return base::fail(Errc::unsupported_scheme, "signer_address");
    return gcrypt::address_of(scheme, public_key);
}

SignedTx sign(Tx tx, const zcrypto::ed25519::SigningKey& key, std::string_view chain_id) {
    SignedTx out{.tx = std::move(tx), .auth = {}};
    out.auth.public_key = key.public_key().bytes;
    out.auth.signature = key.sign(sign_bytes(out.tx, chain_id)).bytes;
    return out;
}

/// The only maker of VerifiedTx.
class TxVerifier {
 public:
    explicit TxVerifier(const ChainBinding& chain) : chain_{chain} {}

    /// Everything but the signature. The caller must not let the value out before it has checked that.
    base::Result<VerifiedTx> prepare(SignedTx&& tx, base::Digest& message) const {
        GC_CHECK(check_form(tx, chain_.genesis_hash));
        GC_TRY(const auto address, signer_address(tx.auth.scheme, tx.auth.public_key));
        if (address != tx.tx.sender) return base::fail(Errc::wrong_signer);
        auto data = std::make_shared<VerifiedTx::Data>();
        data->encoded = encode(tx);
        const auto body = base::ByteView{data->encoded}.first(data->encoded.size() - kAuthBytes);
        data->id = tx_id_of_encoded(body);
        message = sign_bytes_of_encoded(body, chain_.genesis_hash, chain_.chain_id);
        data->signed_tx = std::move(tx);
        return VerifiedTx{std::move(data)};
    }

 private:
    const ChainBinding& chain_;
};

base::Result<VerifiedTx> verify(SignedTx tx, const ChainBinding& chain) {
    base::Digest message;
    GC_TRY(auto prepared, TxVerifier{chain}.prepare(std::move(tx), message));
    const auto& auth = prepared.signed_tx().auth;
    const auto verdict = gcrypt::verify(
        {.scheme = auth.scheme, .public_key = auth.public_key, .message = message, .signature = auth.signature});
    if (!verdict) return base::fail(Errc::bad_signature);
    return prepared;
}

std::vector<base::Result<VerifiedTx>> verify_batch(std::vector<SignedTx> txs, const ChainBinding& chain) {
    const TxVerifier verifier{chain};
    std::vector<base::Result<VerifiedTx>> out;
    out.reserve(txs.size());
    std::vector<base::Digest> messages(txs.size());
    for (std::size_t i = 0; i < txs.size(); ++i) out.push_back(verifier.prepare(std::move(txs[i]), messages[i]));
    gcrypt::BatchVerifier batch;
    std::vector<std::size_t> members;
    const auto settle = [&] {
        // Coefficients need not repeat: the verdicts equal those of single checks whatever they are.
        const auto verdicts = batch.verify(base::system_random());
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (!verdicts[i]) out[members[i]] = base::fail(Errc::bad_signature);
        }
        members.clear();
    };
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (!out[i]) continue;
        const auto& auth = out[i]->signed_tx().auth;
        batch.add({.scheme = auth.scheme,
                   .public_key = auth.public_key,
                   .message = messages[i],
                   .signature = auth.signature});
        members.push_back(i);
        if (members.size() == kBatchMax) settle();
    }
    if (!members.empty()) settle();
    return out;
}

}  // namespace ledger
