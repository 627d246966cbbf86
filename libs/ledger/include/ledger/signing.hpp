#pragma once
// Signatures of transactions: what is signed, and the proof that a transaction's signature was checked.

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "ledger/codec.hpp"
#include "zcrypto/ed25519.hpp"

namespace ledger {

/// What a wallet signs: BLAKE3 "ghostchain 2026 tx signing v1" over BCS(chain id text) ‖ genesis hash ‖ encode(tx).
/// Ed25519 and BIP-340 sign these 32 bytes as their message.
base::Digest sign_bytes(const Tx& tx, std::string_view chain_id);
base::Digest sign_bytes_of_encoded(base::ByteView encoded_tx, const Hash& genesis_hash, std::string_view chain_id);

/// The address that `scheme` and `public_key` control.
base::Result<Address> signer_address(Scheme scheme, const base::FixedBytes<32>& public_key);

/// Signs with an Ed25519 key. The caller has set the sender; verify() refuses another one's.
SignedTx sign(Tx tx, const zcrypto::ed25519::SigningKey& key, std::string_view chain_id);

/// The chain that signatures are bound to.
struct ChainBinding {
    std::string chain_id;
    Hash genesis_hash;
};

/// A transaction whose form, chain and signature are right. Only verify() and verify_batch() make one, so whoever holds
/// one need not check again. An immutable handle: copying is cheap, any thread.
class VerifiedTx {
 public:
    [[nodiscard]] const Tx& tx() const noexcept { return data_->signed_tx.tx; }
    [[nodiscard]] const SignedTx& signed_tx() const noexcept { return data_->signed_tx; }
    [[nodiscard]] const Hash& id() const noexcept { return data_->id; }
    [[nodiscard]] base::ByteView encoded() const noexcept { return data_->encoded; }  ///< encode(signed_tx())

 private:
    friend class TxVerifier;
    struct Data {
        SignedTx signed_tx;
        Hash id{};
        base::Bytes encoded;
    };
    explicit VerifiedTx(std::shared_ptr<const Data> data) noexcept : data_{std::move(data)} {}
    std::shared_ptr<const Data> data_;
};

/// Runs the stateless checks (check_form of execute.hpp) and then the signature.
base::Result<VerifiedTx> verify(SignedTx tx, const ChainBinding& chain);
/// The same for many at once; results in the same order. Ed25519 signatures are checked as one batch, which accepts
/// exactly what single checks accept. Pure: call it from any thread, off the consensus thread.
std::vector<base::Result<VerifiedTx>> verify_batch(std::vector<SignedTx> txs, const ChainBinding& chain);

}  // namespace ledger
