#pragma once
// The authenticated key space: how keys and records look, and the overlay that execution writes to.
//
//   a/ address                -> Account           p/params            -> Params
//   b/ address ‖ asset        -> Amount            s/ asset            -> Asset (with its supply)
//   c/ contract               -> Contract          c/ contract / key   -> a slot's value, as the contract wrote it
//   w/ code hash              -> CodeInfo          w/ code hash /code  -> the code itself
// A balance of zero and an untouched account have no record.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/keyed_hash.hpp"
#include "ledger/errc.hpp"
#include "ledger/genesis.hpp"
#include "ledger/types.hpp"

namespace ledger {

struct Account {
    std::uint64_t nonce{};  ///< The nonce its next transaction must have.
    friend bool operator==(const Account&, const Account&) = default;
};

struct Asset {
    std::string symbol;
    std::uint8_t decimals{};
    bool mintable{};
    Address owner;    ///< All zero for GCC.
    Amount supply{};  ///< What exists now: equals the sum of all balances.
    friend bool operator==(const Asset&, const Asset&) = default;
};

/// A contract: what runs, who may change that, what will run.
struct Contract {
    struct Upgrade {
        Hash code_hash{};
        std::uint64_t ready_ms{};  ///< From this block time on.
        friend bool operator==(const Upgrade&, const Upgrade&) = default;
    };
    Hash code_hash{};
    Address owner;
    std::optional<Upgrade> upgrade;

    /// What runs in a block of this time. Nothing is written when an upgrade's time comes.
    [[nodiscard]] const Hash& code_at(std::uint64_t time_ms) const noexcept {
        return upgrade && time_ms >= upgrade->ready_ms ? upgrade->code_hash : code_hash;
    }
    friend bool operator==(const Contract&, const Contract&) = default;
};

/// What is known of a code without reading it.
struct CodeInfo {
    std::uint32_t code_bytes{};
    std::uint64_t load_gas{};      ///< Paid by each transaction that runs it, once: zvm::Module::load_gas.
    std::uint64_t instance_gas{};  ///< Paid for each run: zvm::Module::instance_gas.
    Hash abi_hash{};               ///< BLAKE3 of the custom section "zvm.abi"; zero when there is none.
    friend bool operator==(const CodeInfo&, const CodeInfo&) = default;
};

/// State keys are raw bytes in a std::string.
std::string account_key(const Address& address);
std::string balance_key(const Address& address, const AssetId& asset);
std::string balance_prefix(const Address& address);
std::string asset_key(const AssetId& asset);
std::string params_key();
std::string contract_key(const Address& contract);
std::string slot_key(const Address& contract, base::ByteView key);
std::string slot_prefix(const Address& contract);
std::string code_info_key(const Hash& code_hash);
std::string code_key(const Hash& code_hash);

base::Bytes encode(const Account& account);
base::Bytes encode(const Asset& asset);
base::Bytes encode(const Params& params);
base::Bytes encode(const Contract& contract);
base::Bytes encode(const CodeInfo& info);
base::Bytes encode_amount(Amount amount);
base::Result<Account> decode_account(base::ByteView bytes);
base::Result<Asset> decode_asset(base::ByteView bytes);
base::Result<Params> decode_params(base::ByteView bytes);
base::Result<Contract> decode_contract(base::ByteView bytes);
base::Result<CodeInfo> decode_code_info(base::ByteView bytes);
base::Result<Amount> decode_amount(base::ByteView bytes);

/// Where values come from: finalized state, an executed block over it, a map in a test.
class StateReader {
 public:
    virtual ~StateReader() = default;
    virtual base::Result<std::optional<base::Bytes>> read(std::string_view key) const = 0;
};

/// One record before and after a block; nothing stands for no record. The two differ.
struct StateChange {
    std::optional<base::Bytes> before;
    std::optional<base::Bytes> after;
};
/// What a block changed, by key.
using StateWrites = base::HashMap<std::string, StateChange>;

/// Typed reads and writes over a reader, kept in memory. Changes since mark() can be undone, so the messages of a
/// failed transaction leave nothing. Not thread-safe. Reader errors pass through; a record that does not decode is
/// `corrupt_chain`.
class Overlay {
 public:
    explicit Overlay(const StateReader& base) noexcept;
    ~Overlay();
    Overlay(const Overlay&) = delete;
    Overlay& operator=(const Overlay&) = delete;

    base::Result<Account> account(const Address& address);
    base::Result<Amount> balance(const Address& address, const AssetId& asset);
    base::Result<std::optional<Asset>> asset(const AssetId& id);
    base::Result<Params> params();
    base::Result<std::optional<Contract>> contract(const Address& address);
    base::Result<std::optional<CodeInfo>> code_info(const Hash& code_hash);
    /// Any other record (slots, code) as its bytes; valid until this record is set or rolled back.
    base::Result<const std::optional<base::Bytes>*> record(const std::string& key);
    /// The same without keeping it: for what is large and used at once. Not in keys().
    base::Result<std::optional<base::Bytes>> read_once(const std::string& key) const;

    base::Result<void> set_account(const Address& address, const Account& account);
    base::Result<void> set_balance(const Address& address, const AssetId& asset, Amount amount);
    base::Result<void> set_asset(const AssetId& id, const Asset& asset);
    base::Result<void> set_params(const Params& params);
    base::Result<void> set_contract(const Address& address, const Contract& contract);
    base::Result<void> set_record(const std::string& key, std::optional<base::Bytes> value);

    /// A point to return to; earlier marks stay valid.
    [[nodiscard]] std::size_t mark() const noexcept;
    void rollback(std::size_t mark) noexcept;

    /// Every key that was read or written, in no order.
    [[nodiscard]] std::vector<std::string> keys() const;
    /// Addresses whose account or GCC balance differs from the reader's.
    [[nodiscard]] std::vector<Address> changed_addresses() const;
    /// Everything that differs from the reader, encoded.
    [[nodiscard]] StateWrites writes() const;

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The records of block 0.
StateWrites initial_state(const Genesis& genesis);

}  // namespace ledger
