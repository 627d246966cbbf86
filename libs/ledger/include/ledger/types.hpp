#pragma once
// What a chain is made of: amounts, messages, transactions, receipts, blocks. Plain values; `codec.hpp` gives them
// their bytes and ids, `execute.hpp` their meaning. Field order here is the order on the wire (BCS).

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/u128.hpp"
#include "gcrypt/address.hpp"

namespace ledger {

using Address = gcrypt::Address;
using Hash = base::Digest;
using Amount = base::u128;  ///< Atomic units of an asset; for GCC: agcc.

/// BLAKE3 derive_key("ghostchain 2026 asset v1", creator ‖ symbol ‖ nonce); all zero is GCC, the fee coin.
struct AssetId {
    base::Digest bytes{};
    friend bool operator==(const AssetId&, const AssetId&) = default;
    friend std::strong_ordering operator<=>(const AssetId& a, const AssetId& b) noexcept {
        return base::compare(a.bytes, b.bytes);
    }
};
inline constexpr AssetId kGcc{};
inline constexpr std::string_view kGccSymbol = "GCC";
inline constexpr unsigned kGccDecimals = 18;
inline constexpr Amount kAgccPerGcc = 1'000'000'000'000'000'000U;

// Limits. Everything that a peer or a user can make long is bounded by one of these.
inline constexpr std::uint16_t kTxVersion = 1;
inline constexpr std::uint16_t kBlockVersion = 1;
inline constexpr std::size_t kTxBytesMax = 128 * 1024;      ///< BCS of a SignedTx that brings no code.
inline constexpr std::size_t kCodeTxBytesMax = 512 * 1024;  ///< BCS of a SignedTx that brings code.
inline constexpr std::size_t kMsgsMax = 8;
inline constexpr std::size_t kBatchTransfersMax = 256;
inline constexpr std::size_t kMemoBytesMax = 256;
inline constexpr std::size_t kSymbolBytesMax = 12;
inline constexpr std::uint8_t kDecimalsMax = 30;
inline constexpr std::size_t kChainIdBytesMax = 64;
inline constexpr std::size_t kBlockTxsMax = 16'384;
inline constexpr std::size_t kBlockBytesMax = 8 * 1024 * 1024;  ///< BCS of a Block.
inline constexpr std::size_t kHeaderBytesMax = 1024;
/// Block times end with the year 9999, so that no sum of them overflows.
inline constexpr std::uint64_t kTimeMsMax = 253'402'300'799'999;
/// Of epoch, height and slot in a header that is decoded.
inline constexpr std::uint64_t kHeaderCountMax = std::uint64_t{1} << 62;
/// Slots that may be skipped between a block and its parent: a leader cannot use up the numbers.
inline constexpr std::uint64_t kSlotStepMax = std::uint64_t{1} << 32;
inline constexpr std::size_t kCertificateBytesMax = 256 * 1024;

// Contracts. The bounds inside a run are those of zvm/contract_host.hpp.
inline constexpr std::size_t kCodeBytesMax = 256 * 1024;
inline constexpr std::size_t kTxCodeBytesMax = 4u << 20;  ///< Different codes that one transaction runs, together.
inline constexpr std::size_t kContractInputMax = 64 * 1024;
inline constexpr std::size_t kSlotKeyMax = 256;
inline constexpr std::size_t kSlotValueMax = 64 * 1024;
inline constexpr std::size_t kTopicsMax = 4;
inline constexpr std::size_t kEventDataMax = 16 * 1024;
inline constexpr std::size_t kContractEventsMax = 1'024;           ///< Events of a transaction's contract runs.
inline constexpr std::size_t kContractEventBytesMax = 256 * 1024;  ///< Their topics and data together.
inline constexpr std::size_t kReceiptOutputMax = 1'024;            ///< Of returned or revert data, in a receipt.
// Exports of a contract, each () -> (); docs/contract-abi.md. `call` must be there. `init` runs when the contract is
// made and may be missing when it gets neither input nor value.
inline constexpr std::string_view kEntryInit = "init";
inline constexpr std::string_view kEntryCall = "call";

/// BCS tags of messages, stable for ever. Tags from name_commit on are reserved: their payloads are defined by the
/// libraries that bring them, and until then a transaction that carries one is refused (Errc::unsupported_message).
enum class MsgTag : std::uint8_t {
    transfer = 0,
    batch_transfer = 1,
    asset_create = 2,
    asset_mint = 3,
    asset_burn = 4,
    contract_deploy = 5,
    contract_call = 6,
    contract_upgrade = 7,
    name_commit = 8,
    name_register = 9,
    name_renew = 10,
    name_update_records = 11,
    name_transfer = 12,
    name_release = 13,
    identity_incept = 14,
    identity_rotate = 15,
    identity_add_device = 16,
    identity_revoke_device = 17,
    identity_set_guardians = 18,
    identity_recover = 19,
    identity_deactivate = 20,
    validator_create = 21,
    validator_edit = 22,
    validator_rotate_key = 23,
    validator_unjail = 24,
    delegate = 25,
    undelegate = 26,
    redelegate = 27,
    claim_rewards = 28,
    submit_evidence = 29,
    param_change = 30,
    upgrade_plan = 31,
};
inline constexpr std::uint32_t kMsgTagLast = 31;

/// Moves `amount` (> 0) of `asset` from the transaction's sender to `to`.
struct Transfer {
    Address to;
    AssetId asset;
    Amount amount{};
    friend bool operator==(const Transfer&, const Transfer&) = default;
};

/// 1 to kBatchTransfersMax transfers.
struct BatchTransfer {
    std::vector<Transfer> transfers;
    friend bool operator==(const BatchTransfer&, const BatchTransfer&) = default;
};

/// Makes a new asset owned by the sender, who receives `initial_supply` (may be 0 when `mintable`).
struct AssetCreate {
    std::string symbol;       ///< 1–12 of A–Z and 0–9, a letter first; not "GCC". Not unique: the id is.
    std::uint8_t decimals{};  ///< At most kDecimalsMax.
    bool mintable{};          ///< Whether the owner can mint more later.
    Amount initial_supply{};
    friend bool operator==(const AssetCreate&, const AssetCreate&) = default;
};

/// Owner only: `amount` (> 0) new units to `to`.
struct AssetMint {
    AssetId asset;
    Address to;
    Amount amount{};
    friend bool operator==(const AssetMint&, const AssetMint&) = default;
};

/// Destroys `amount` (> 0) of the sender's own units; any asset, GCC too.
struct AssetBurn {
    AssetId asset;
    Amount amount{};
    friend bool operator==(const AssetBurn&, const AssetBurn&) = default;
};

/// Puts `code` on the chain (if it is not there) and makes a contract of it, owned by the sender, at
/// contract_address(sender, salt, code_hash(code)). Its `init` is given `input` and `value`.
struct ContractDeploy {
    base::Bytes code;  ///< Wasm of the contract profile, 1 to kCodeBytesMax bytes.
    base::Bytes input;
    Amount value{};  ///< agcc from the sender to the contract.
    Hash salt{};
    friend bool operator==(const ContractDeploy&, const ContractDeploy&) = default;
};

/// Runs a contract's `call` with `input`, after `value` has gone to it.
struct ContractCall {
    Address contract;
    base::Bytes input;
    Amount value{};  ///< agcc
    friend bool operator==(const ContractCall&, const ContractCall&) = default;
};

/// Owner only: the contract runs other code once Params::contract_upgrade_delay_ms have passed. Its address, coins and
/// slots stay. A later upgrade replaces a waiting one; one to the code that runs already cancels it.
struct ContractUpgrade {
    Address contract;
    Hash code_hash{};
    base::Bytes code;  ///< With this hash; may be empty when it is on the chain already.
    friend bool operator==(const ContractUpgrade&, const ContractUpgrade&) = default;
};

/// The alternative's index is its MsgTag.
using Msg = std::variant<Transfer, BatchTransfer, AssetCreate, AssetMint, AssetBurn, ContractDeploy, ContractCall,
                         ContractUpgrade>;

/// What is signed (together with the chain id, see signing.hpp) and what the tx id is taken over.
struct Tx {
    std::uint16_t version{kTxVersion};
    Hash genesis_hash{};
    Address sender;
    std::uint64_t nonce{};               ///< Exactly the account's nonce; the first is 0.
    std::uint64_t valid_until_height{};  ///< The last height that may contain it.
    std::uint64_t gas_limit{};
    Amount max_fee_per_gas{};  ///< agcc; base fee and tip together never exceed it.
    Amount tip_per_gas{};      ///< agcc to the proposer; at most max_fee_per_gas.
    std::vector<Msg> msgs;     ///< 1 to kMsgsMax; they succeed or fail together.
    std::string memo;          ///< UTF-8, at most kMemoBytesMax bytes.
    friend bool operator==(const Tx&, const Tx&) = default;
};

using Scheme = gcrypt::Scheme;  ///< Its tag byte is the value on the wire.

/// Who signed and how. The key must hash to the sender's address.
struct Auth {
    Scheme scheme{Scheme::ed25519_zip215_v1};
    base::FixedBytes<32> public_key{};  ///< ed25519, or the x-only key of BIP-340.
    base::FixedBytes<64> signature{};
    friend bool operator==(const Auth&, const Auth&) = default;
};

struct SignedTx {
    Tx tx;
    Auth auth;
    friend bool operator==(const SignedTx&, const SignedTx&) = default;
};

struct TransferEvent {
    Address from;
    Address to;
    AssetId asset;
    Amount amount{};
    friend bool operator==(const TransferEvent&, const TransferEvent&) = default;
};
struct AssetCreatedEvent {
    AssetId asset;
    Address owner;
    std::string symbol;
    std::uint8_t decimals{};
    bool mintable{};
    Amount initial_supply{};
    friend bool operator==(const AssetCreatedEvent&, const AssetCreatedEvent&) = default;
};
struct AssetMintedEvent {
    AssetId asset;
    Address to;
    Amount amount{};
    friend bool operator==(const AssetMintedEvent&, const AssetMintedEvent&) = default;
};
struct AssetBurnedEvent {
    AssetId asset;
    Address from;
    Amount amount{};
    friend bool operator==(const AssetBurnedEvent&, const AssetBurnedEvent&) = default;
};
/// What a contract told the world with `emit`.
struct ContractEvent {
    Address contract;
    std::vector<Hash> topics;  ///< At most kTopicsMax.
    base::Bytes data;          ///< At most kEventDataMax.
    friend bool operator==(const ContractEvent&, const ContractEvent&) = default;
};
struct ContractDeployedEvent {
    Address contract;
    Address owner;
    Hash code_hash{};
    friend bool operator==(const ContractDeployedEvent&, const ContractDeployedEvent&) = default;
};
struct ContractUpgradeEvent {
    Address contract;
    Hash code_hash{};
    std::uint64_t ready_ms{};  ///< The first block time at which it runs.
    friend bool operator==(const ContractUpgradeEvent&, const ContractUpgradeEvent&) = default;
};
/// Tags are positions, stable; new kinds are appended.
using Event = std::variant<TransferEvent, AssetCreatedEvent, AssetMintedEvent, AssetBurnedEvent, ContractEvent,
                           ContractDeployedEvent, ContractUpgradeEvent>;

/// "transfer", "asset_create", "asset_mint", "asset_burn", "contract", "contract_deploy", "contract_upgrade".
std::string_view event_kind(const Event& event) noexcept;
/// Name and text of each field, for people and RPC: addresses as bech32m, asset ids as hexadecimal, amounts in decimal.
std::vector<std::pair<std::string, std::string>> event_fields(const Event& event);

/// Why a transaction in a block had no effect beyond its fee. Values are part of receipts, stable.
enum class ExecStatus : std::uint8_t {
    success = 0,
    insufficient_balance = 1,
    asset_unknown = 2,
    asset_exists = 3,
    not_asset_owner = 4,
    not_mintable = 5,
    supply_overflow = 6,
    balance_overflow = 7,
    out_of_gas = 8,
    contract_reverted = 9,  ///< It ended itself; Receipt::output says why.
    contract_trapped = 10,
    contract_unknown = 11,
    contract_exists = 12,
    code_invalid = 13,
    code_unknown = 14,
    not_contract_owner = 15,
};
inline constexpr std::uint32_t kExecStatusLast = 15;
std::string_view describe(ExecStatus status) noexcept;

struct Receipt {
    ExecStatus status{ExecStatus::success};
    std::uint64_t gas_used{};
    Amount fee{};               ///< agcc taken from the sender: burned base fee and the proposer's tip.
    std::vector<Event> events;  ///< Empty unless successful.
    /// The beginning (kReceiptOutputMax) of what the last contract message returned, or of what the one that made the
    /// transaction fail reverted with.
    base::Bytes output;
    friend bool operator==(const Receipt&, const Receipt&) = default;
};

struct BlockHeader {
    std::uint16_t version{kBlockVersion};
    std::string chain_id;
    std::uint64_t epoch{};
    std::uint64_t height{};   ///< 0 is the genesis block: no transactions, `parent` is the genesis hash.
    std::uint64_t slot{};     ///< Consensus slot within the epoch; grows faster than height when slots are skipped.
    Hash parent{};            ///< Block hash of height-1.
    std::uint64_t time_ms{};  ///< Unix milliseconds, later than the parent's, at most kTimeMsMax.
    Address proposer;         ///< Receives the tips.
    Hash tx_root{};           ///< Merkle root over the BCS of each SignedTx.
    Hash state_root{};        ///< After this block.
    Hash receipts_root{};     ///< Merkle root over the BCS of each Receipt.
    std::uint64_t gas_used{};
    Amount base_fee{};  ///< agcc per gas, for this block.
    Hash valset_hash{};
    Hash next_valset_hash{};
    Hash parent_cert_hash{};  ///< certificate_hash() of the parent's certificate; zero when it has none.
    friend bool operator==(const BlockHeader&, const BlockHeader&) = default;
};

struct Block {
    BlockHeader header;
    std::vector<SignedTx> txs;
    friend bool operator==(const Block&, const Block&) = default;
};

}  // namespace ledger
