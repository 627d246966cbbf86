#pragma once
// Bytes and ids of ledger values: strict BCS (base/bcs.hpp). decode(encode(x)) == x, and whatever decodes re-encodes to
// the same bytes. Decoders bound every length before they allocate; they check form, not meaning (see execute.hpp).

#include <span>

#include "gcrypt/address.hpp"
#include "ledger/errc.hpp"
#include "ledger/types.hpp"

namespace ledger {

base::Bytes encode(const Tx& tx);
base::Bytes encode(const SignedTx& tx);
base::Bytes encode(const Receipt& receipt);
base::Bytes encode(const BlockHeader& header);
base::Bytes encode(const Block& block);

/// Errors: those of base (truncated, trailing_bytes, not_canonical, out_of_range), and `too_large`, `bad_version`,
/// `unsupported_message`, `unknown_message`, `unsupported_scheme`, `malformed`.
base::Result<Tx> decode_tx(base::ByteView bytes);
base::Result<SignedTx> decode_signed_tx(base::ByteView bytes);
base::Result<Receipt> decode_receipt(base::ByteView bytes);
base::Result<BlockHeader> decode_header(base::ByteView bytes);
base::Result<Block> decode_block(base::ByteView bytes);

/// Encoded size without encoding.
std::size_t encoded_size(const SignedTx& tx) noexcept;

/// The block's bytes from parts that are encoded already (each transaction as encode(SignedTx) gives it).
base::Bytes encode_block(const BlockHeader& header, std::span<const base::ByteView> signed_txs);

/// BLAKE3 "ghostchain 2026 tx v1" over encode(tx): without the signature, so nobody can give one payment two ids.
Hash tx_id(const Tx& tx);
/// The same from encode(tx).
Hash tx_id_of_encoded(base::ByteView encoded_tx);
/// BLAKE3 "ghostchain 2026 block v1" over encode(header).
Hash block_hash(const BlockHeader& header);
/// BLAKE3 "ghostchain 2026 certificate v1"; zero for an empty certificate.
Hash certificate_hash(base::ByteView certificate);
AssetId asset_id(const Address& creator, std::string_view symbol, std::uint64_t nonce);

/// BLAKE3 "ghostchain 2026 code v1".
Hash code_hash(base::ByteView code);
/// BLAKE3 "ghostchain 2026 contract v1" over creator ‖ salt ‖ code hash: known before the transaction is sent.
Address contract_address(const Address& creator, const Hash& salt, const Hash& code_hash);
/// A message deploys code or brings it for an upgrade: kCodeTxBytesMax is its bound then, else kTxBytesMax.
bool brings_code(const Tx& tx) noexcept;
std::size_t tx_bytes_max(const Tx& tx) noexcept;

/// Merkle roots over encoded items, in order.
Hash tx_root(std::span<const base::ByteView> signed_txs);
Hash receipts_root(std::span<const base::ByteView> receipts);

}  // namespace ledger
