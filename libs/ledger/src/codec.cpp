#include "ledger/codec.hpp"

#include <algorithm>

#include "base/bcs.hpp"
#include "gcrypt/hash.hpp"
#include "gcrypt/merkle.hpp"

namespace ledger {
namespace {

using base::BcsReader;
using base::BcsWriter;

/// Looks like a BcsWriter and only counts.
class SizeCounter {
 public:
    void u8(std::uint8_t) { size_ += 1; }
    void u16(std::uint16_t) { size_ += 2; }
    void u64(std::uint64_t) { size_ += 8; }
    void u128(base::u128) { size_ += 16; }
    void boolean(bool) { size_ += 1; }
    void uleb(std::uint32_t value) {
        for (++size_; value >= 0x80; value >>= 7U) ++size_;
    }
    void fixed(base::ByteView bytes) { size_ += bytes.size(); }
    void string(std::string_view text) {
        uleb(static_cast<std::uint32_t>(text.size()));
        size_ += text.size();
    }
    void bytes(base::ByteView view) {
        uleb(static_cast<std::uint32_t>(view.size()));
        size_ += view.size();
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
    std::size_t size_ = 0;
};

// What lists hold; declared first, because write_list() finds them by name.
template <typename Writer>
void write(Writer& out, const Transfer& msg);
template <typename Writer>
void write(Writer& out, const Msg& msg);
template <typename Writer>
void write(Writer& out, const SignedTx& tx);
void write(BcsWriter& out, const Event& event);

template <typename Writer, typename T>
void write_list(Writer& out, const std::vector<T>& items) {
    out.uleb(static_cast<std::uint32_t>(items.size()));
    for (const auto& item : items) write(out, item);
}

template <typename Writer>
void write(Writer& out, const Transfer& msg) {
    out.fixed(msg.to.bytes);
    out.fixed(msg.asset.bytes);
    out.u128(msg.amount);
}
template <typename Writer>
void write(Writer& out, const BatchTransfer& msg) {
    write_list(out, msg.transfers);
}
template <typename Writer>
void write(Writer& out, const AssetCreate& msg) {
    out.string(msg.symbol);
    out.u8(msg.decimals);
    out.boolean(msg.mintable);
    out.u128(msg.initial_supply);
}
template <typename Writer>
void write(Writer& out, const AssetMint& msg) {
    out.fixed(msg.asset.bytes);
    out.fixed(msg.to.bytes);
    out.u128(msg.amount);
}
template <typename Writer>
void write(Writer& out, const AssetBurn& msg) {
    out.fixed(msg.asset.bytes);
    out.u128(msg.amount);
}
template <typename Writer>
void write(Writer& out, const ContractDeploy& msg) {
    out.bytes(msg.code);
    out.bytes(msg.input);
    out.u128(msg.value);
    out.fixed(msg.salt);
}
template <typename Writer>
void write(Writer& out, const ContractCall& msg) {
    out.fixed(msg.contract.bytes);
    out.bytes(msg.input);
    out.u128(msg.value);
}
template <typename Writer>
void write(Writer& out, const ContractUpgrade& msg) {
    out.fixed(msg.contract.bytes);
    out.fixed(msg.code_hash);
    out.bytes(msg.code);
}
template <typename Writer>
void write(Writer& out, const Msg& msg) {
    out.uleb(static_cast<std::uint32_t>(msg.index()));
    std::visit([&out](const auto& body) { write(out, body); }, msg);
}
template <typename Writer>
void write(Writer& out, const Tx& tx) {
    out.u16(tx.version);
    out.fixed(tx.genesis_hash);
    out.fixed(tx.sender.bytes);
    out.u64(tx.nonce);
    out.u64(tx.valid_until_height);
    out.u64(tx.gas_limit);
    out.u128(tx.max_fee_per_gas);
    out.u128(tx.tip_per_gas);
    write_list(out, tx.msgs);
    out.string(tx.memo);
}
template <typename Writer>
void write(Writer& out, const SignedTx& tx) {
    write(out, tx.tx);
    out.uleb(static_cast<std::uint32_t>(tx.auth.scheme));
    out.fixed(tx.auth.public_key);
    out.fixed(tx.auth.signature);
}

void write(BcsWriter& out, const TransferEvent& event) {
    out.fixed(event.from.bytes);
    out.fixed(event.to.bytes);
    out.fixed(event.asset.bytes);
    out.u128(event.amount);
}
void write(BcsWriter& out, const AssetCreatedEvent& event) {
    out.fixed(event.asset.bytes);
    out.fixed(event.owner.bytes);
    out.string(event.symbol);
    out.u8(event.decimals);
    out.boolean(event.mintable);
    out.u128(event.initial_supply);
}
void write(BcsWriter& out, const AssetMintedEvent& event) {
    out.fixed(event.asset.bytes);
    out.fixed(event.to.bytes);
    out.u128(event.amount);
}
void write(BcsWriter& out, const AssetBurnedEvent& event) {
    out.fixed(event.asset.bytes);
    out.fixed(event.from.bytes);
    out.u128(event.amount);
}
void write(BcsWriter& out, const ContractEvent& event) {
    out.fixed(event.contract.bytes);
    out.uleb(static_cast<std::uint32_t>(event.topics.size()));
    for (const auto& topic : event.topics) out.fixed(topic);
    out.bytes(event.data);
}
void write(BcsWriter& out, const ContractDeployedEvent& event) {
    out.fixed(event.contract.bytes);
    out.fixed(event.owner.bytes);
    out.fixed(event.code_hash);
}
void write(BcsWriter& out, const ContractUpgradeEvent& event) {
    out.fixed(event.contract.bytes);
    out.fixed(event.code_hash);
    out.u64(event.ready_ms);
}
void write(BcsWriter& out, const Event& event) {
    out.uleb(static_cast<std::uint32_t>(event.index()));
    std::visit([&out](const auto& body) { write(out, body); }, event);
}

void write(BcsWriter& out, const BlockHeader& header) {
    out.u16(header.version);
    out.string(header.chain_id);
    out.u64(header.epoch);
    out.u64(header.height);
    out.u64(header.slot);
    out.fixed(header.parent);
    out.u64(header.time_ms);
    out.fixed(header.proposer.bytes);
    out.fixed(header.tx_root);
    out.fixed(header.state_root);
    out.fixed(header.receipts_root);
    out.u64(header.gas_used);
    out.u128(header.base_fee);
    out.fixed(header.valset_hash);
    out.fixed(header.next_valset_hash);
    out.fixed(header.parent_cert_hash);
}

template <typename T>
base::Bytes encoded(const T& value) {
    BcsWriter out;
    write(out, value);
    return std::move(out).take();
}

// Smallest encodings, so that a short input cannot claim a long list.
constexpr std::size_t kTransferBytes = 32 + 32 + 16;
constexpr std::size_t kMsgBytesMin = 1 + 1 + 1 + 1 + 16;
constexpr std::size_t kAuthBytes = 1 + 32 + 64;
constexpr std::size_t kSignedTxBytesMin = 2 + 32 + 32 + 8 * 3 + 16 * 2 + 1 + 1 + kAuthBytes;
constexpr std::size_t kEventBytesMin = 1 + 32 + 1 + 1;
constexpr std::uint32_t kEventsMax = kMsgsMax * kBatchTransfersMax + kContractEventsMax;

Address read_address(BcsReader& in) { return Address{in.fixed<32>()}; }
AssetId read_asset(BcsReader& in) { return AssetId{in.fixed<32>()}; }

// Each field is its own statement: the order of reads must not depend on the order of evaluation.
Transfer read_transfer(BcsReader& in) {
    Transfer msg;
    msg.to = read_address(in);
    msg.asset = read_asset(in);
    msg.amount = in.u128();
    return msg;
}
BatchTransfer read_batch_transfer(BcsReader& in) {
    BatchTransfer msg;
    const auto count = in.length(kBatchTransfersMax, kTransferBytes);
    msg.transfers.reserve(count);
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) msg.transfers.push_back(read_transfer(in));
    return msg;
}
AssetCreate read_asset_create(BcsReader& in) {
    AssetCreate msg;
    msg.symbol = in.string(kSymbolBytesMax);
    msg.decimals = in.u8();
    msg.mintable = in.boolean();
    msg.initial_supply = in.u128();
    return msg;
}
AssetMint read_asset_mint(BcsReader& in) {
    AssetMint msg;
    msg.asset = read_asset(in);
    msg.to = read_address(in);
    msg.amount = in.u128();
    return msg;
}
AssetBurn read_asset_burn(BcsReader& in) {
    AssetBurn msg;
    msg.asset = read_asset(in);
    msg.amount = in.u128();
    return msg;
}

ContractDeploy read_contract_deploy(BcsReader& in) {
    ContractDeploy msg;
    msg.code = base::to_bytes(in.bytes(kCodeBytesMax));
    msg.input = base::to_bytes(in.bytes(kContractInputMax));
    msg.value = in.u128();
    msg.salt = in.fixed<32>();
    return msg;
}
ContractCall read_contract_call(BcsReader& in) {
    ContractCall msg;
    msg.contract = read_address(in);
    msg.input = base::to_bytes(in.bytes(kContractInputMax));
    msg.value = in.u128();
    return msg;
}
ContractUpgrade read_contract_upgrade(BcsReader& in) {
    ContractUpgrade msg;
    msg.contract = read_address(in);
    msg.code_hash = in.fixed<32>();
    msg.code = base::to_bytes(in.bytes(kCodeBytesMax));
    return msg;
}

Msg read_msg(BcsReader& in) {
    const auto tag = in.uleb(~std::uint32_t{0});
    if (!in.ok()) return {};
    if (tag > kMsgTagLast) {
        in.reject(Errc::unknown_message, "message tag");
        return {};
    }
    switch (static_cast<MsgTag>(tag)) {
        case MsgTag::transfer: return read_transfer(in);
        case MsgTag::batch_transfer: return read_batch_transfer(in);
        case MsgTag::asset_create: return read_asset_create(in);
        case MsgTag::asset_mint: return read_asset_mint(in);
        case MsgTag::asset_burn: return read_asset_burn(in);
        case MsgTag::contract_deploy: return read_contract_deploy(in);
        case MsgTag::contract_call: return read_contract_call(in);
        case MsgTag::contract_upgrade: return read_contract_upgrade(in);
        case MsgTag::name_commit:
        case MsgTag::name_register:
        case MsgTag::name_renew:
        case MsgTag::name_update_records:
        case MsgTag::name_transfer:
        case MsgTag::name_release:
        case MsgTag::identity_incept:
        case MsgTag::identity_rotate:
        case MsgTag::identity_add_device:
        case MsgTag::identity_revoke_device:
        case MsgTag::identity_set_guardians:
        case MsgTag::identity_recover:
        case MsgTag::identity_deactivate:
        case MsgTag::validator_create:
        case MsgTag::validator_edit:
        case MsgTag::validator_rotate_key:
        case MsgTag::validator_unjail:
        case MsgTag::delegate:
        case MsgTag::undelegate:
        case MsgTag::redelegate:
        case MsgTag::claim_rewards:
        case MsgTag::submit_evidence:
        case MsgTag::param_change:
        case MsgTag::upgrade_plan: break;
    }
    in.reject(Errc::unsupported_message, "message tag");
    return {};
}

Tx read_tx(BcsReader& in) {
    Tx tx;
    tx.version = in.u16();
    // Later versions may look different from here on: say so before anything else looks wrong.
    if (in.ok() && tx.version != kTxVersion) in.reject(Errc::bad_version, "transaction");
    tx.genesis_hash = in.fixed<32>();
    tx.sender = read_address(in);
    tx.nonce = in.u64();
    tx.valid_until_height = in.u64();
    tx.gas_limit = in.u64();
    tx.max_fee_per_gas = in.u128();
    tx.tip_per_gas = in.u128();
    const auto count = in.length(kMsgsMax, kMsgBytesMin);
    tx.msgs.reserve(count);
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) tx.msgs.push_back(read_msg(in));
    tx.memo = in.string(kMemoBytesMax);
    return tx;
}

Auth read_auth(BcsReader& in) {
    Auth auth;
    const auto tag = in.uleb(~std::uint32_t{0});
    if (in.ok() && tag != static_cast<std::uint32_t>(Scheme::ed25519_zip215_v1)) {
        in.reject(Errc::unsupported_scheme, "scheme tag");
    }
    auth.public_key = in.fixed<32>();
    auth.signature = in.fixed<64>();
    return auth;
}

SignedTx read_signed_tx(BcsReader& in) {
    SignedTx tx;
    tx.tx = read_tx(in);
    tx.auth = read_auth(in);
    return tx;
}

Event read_event(BcsReader& in) {
    switch (in.uleb(std::variant_size_v<Event> - 1)) {
        case 0: {
            TransferEvent event;
            event.from = read_address(in);
            event.to = read_address(in);
            event.asset = read_asset(in);
            event.amount = in.u128();
            return event;
        }
        case 1: {
            AssetCreatedEvent event;
            event.asset = read_asset(in);
            event.owner = read_address(in);
            event.symbol = in.string(kSymbolBytesMax);
            event.decimals = in.u8();
            event.mintable = in.boolean();
            event.initial_supply = in.u128();
            return event;
        }
        case 2: {
            AssetMintedEvent event;
            event.asset = read_asset(in);
            event.to = read_address(in);
            event.amount = in.u128();
            return event;
        }
        case 3: {
            AssetBurnedEvent event;
            event.asset = read_asset(in);
            event.from = read_address(in);
            event.amount = in.u128();
            return event;
        }
        case 4: {
            ContractEvent event;
            event.contract = read_address(in);
            const auto count = in.length(kTopicsMax, 32);
            for (std::uint32_t i = 0; i < count && in.ok(); ++i) event.topics.push_back(in.fixed<32>());
            event.data = base::to_bytes(in.bytes(kEventDataMax));
            return event;
        }
        case 5: {
            ContractDeployedEvent event;
            event.contract = read_address(in);
            event.owner = read_address(in);
            event.code_hash = in.fixed<32>();
            return event;
        }
        default: {
            ContractUpgradeEvent event;
            event.contract = read_address(in);
            event.code_hash = in.fixed<32>();
            event.ready_ms = in.u64();
            return event;
        }
    }
}

BlockHeader read_header(BcsReader& in) {
    BlockHeader header;
    header.version = in.u16();
    if (in.ok() && header.version != kBlockVersion) in.reject(Errc::bad_version, "block");
    header.chain_id = in.string(kChainIdBytesMax);
    header.epoch = in.u64();
    header.height = in.u64();
    header.slot = in.u64();
    header.parent = in.fixed<32>();
    header.time_ms = in.u64();
    header.proposer = read_address(in);
    header.tx_root = in.fixed<32>();
    header.state_root = in.fixed<32>();
    header.receipts_root = in.fixed<32>();
    header.gas_used = in.u64();
    header.base_fee = in.u128();
    header.valset_hash = in.fixed<32>();
    header.next_valset_hash = in.fixed<32>();
    header.parent_cert_hash = in.fixed<32>();
    // What nobody can reach: whoever reads a header may add to its numbers.
    if (std::max({header.epoch, header.height, header.slot}) > kHeaderCountMax || header.time_ms > kTimeMsMax) {
        in.reject(Errc::malformed, "a number of the header is out of bounds");
    }
    return header;
}

Hash merkle(std::span<const base::ByteView> items, gcrypt::Domain domain) {
    std::vector<Hash> leaves;
    leaves.reserve(items.size());
    for (const auto item : items) leaves.push_back(gcrypt::hash(domain, item));
    return gcrypt::merkle_root(leaves);
}

}  // namespace

base::Bytes encode(const Tx& tx) { return encoded(tx); }
base::Bytes encode(const SignedTx& tx) { return encoded(tx); }
base::Bytes encode(const BlockHeader& header) { return encoded(header); }

base::Bytes encode(const Receipt& receipt) {
    BcsWriter out;
    out.uleb(static_cast<std::uint32_t>(receipt.status));
    out.u64(receipt.gas_used);
    out.u128(receipt.fee);
    write_list(out, receipt.events);
    out.bytes(receipt.output);
    return std::move(out).take();
}

base::Bytes encode(const Block& block) {
    BcsWriter out;
    write(out, block.header);
    write_list(out, block.txs);
    return std::move(out).take();
}

base::Bytes encode_block(const BlockHeader& header, std::span<const base::ByteView> signed_txs) {
    BcsWriter out;
    write(out, header);
    out.uleb(static_cast<std::uint32_t>(signed_txs.size()));
    for (const auto tx : signed_txs) out.fixed(tx);
    return std::move(out).take();
}

std::size_t encoded_size(const SignedTx& tx) noexcept {
    SizeCounter out;
    write(out, tx);
    return out.size();
}

base::Result<Tx> decode_tx(base::ByteView bytes) {
    if (bytes.size() > kCodeTxBytesMax) return base::fail(Errc::too_large, "transaction");
    BcsReader in{bytes};
    auto tx = read_tx(in);
    GC_CHECK(in.finish());
    if (bytes.size() > tx_bytes_max(tx)) return base::fail(Errc::too_large, "transaction");
    return tx;
}

base::Result<SignedTx> decode_signed_tx(base::ByteView bytes) {
    if (bytes.size() > kCodeTxBytesMax) return base::fail(Errc::too_large, "transaction");
    BcsReader in{bytes};
    auto tx = read_signed_tx(in);
    GC_CHECK(in.finish());
    if (bytes.size() > tx_bytes_max(tx.tx)) return base::fail(Errc::too_large, "transaction");
    return tx;
}

base::Result<Receipt> decode_receipt(base::ByteView bytes) {
    BcsReader in{bytes};
    Receipt receipt;
    receipt.status = static_cast<ExecStatus>(in.uleb(kExecStatusLast));
    receipt.gas_used = in.u64();
    receipt.fee = in.u128();
    const auto count = in.length(kEventsMax, kEventBytesMin);
    receipt.events.reserve(count);
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) receipt.events.push_back(read_event(in));
    receipt.output = base::to_bytes(in.bytes(kReceiptOutputMax));
    GC_CHECK(in.finish());
    return receipt;
}

base::Result<BlockHeader> decode_header(base::ByteView bytes) {
    if (bytes.size() > kHeaderBytesMax) return base::fail(Errc::too_large, "header");
    BcsReader in{bytes};
    auto header = read_header(in);
    GC_CHECK(in.finish());
    return header;
}

base::Result<Block> decode_block(base::ByteView bytes) {
    if (bytes.size() > kBlockBytesMax) return base::fail(Errc::too_large, "block");
    BcsReader in{bytes};
    Block block;
    block.header = read_header(in);
    const auto count = in.length(kBlockTxsMax, kSignedTxBytesMin);
    block.txs.reserve(count);
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        const auto before = in.rest().size();
        block.txs.push_back(read_signed_tx(in));
        if (before - in.rest().size() > tx_bytes_max(block.txs.back().tx)) in.reject(Errc::too_large, "transaction");
    }
    GC_CHECK(in.finish());
    return block;
}

Hash tx_id_of_encoded(base::ByteView encoded_tx) { return gcrypt::hash(gcrypt::Domain::tx, encoded_tx); }
Hash tx_id(const Tx& tx) { return tx_id_of_encoded(encode(tx)); }
Hash block_hash(const BlockHeader& header) { return gcrypt::hash(gcrypt::Domain::block, encode(header)); }

Hash certificate_hash(base::ByteView certificate) {
    static const zcrypto::Blake3Context context{"ghostchain 2026 certificate v1"};
    return certificate.empty() ? Hash{} : context.hash(certificate);
}

AssetId asset_id(const Address& creator, std::string_view symbol, std::uint64_t nonce) {
    base::FixedBytes<8> nonce_bytes;
    base::store_le(nonce_bytes.data(), nonce);
    return AssetId{gcrypt::hash(gcrypt::Domain::asset, {creator.bytes, base::as_bytes(symbol), nonce_bytes})};
}

bool brings_code(const Tx& tx) noexcept {
    return std::any_of(tx.msgs.begin(), tx.msgs.end(), [](const Msg& msg) {
        const auto* upgrade = std::get_if<ContractUpgrade>(&msg);
        return std::holds_alternative<ContractDeploy>(msg) || (upgrade && !upgrade->code.empty());
    });
}
std::size_t tx_bytes_max(const Tx& tx) noexcept { return brings_code(tx) ? kCodeTxBytesMax : kTxBytesMax; }

Hash code_hash(base::ByteView code) { return gcrypt::hash(gcrypt::Domain::code, code); }

Address contract_address(const Address& creator, const Hash& salt, const Hash& code_hash) {
    return Address{gcrypt::hash(gcrypt::Domain::contract, {creator.bytes, salt, code_hash})};
}

Hash tx_root(std::span<const base::ByteView> signed_txs) { return merkle(signed_txs, gcrypt::Domain::tx); }
Hash receipts_root(std::span<const base::ByteView> receipts) { return merkle(receipts, gcrypt::Domain::receipt); }

}  // namespace ledger
