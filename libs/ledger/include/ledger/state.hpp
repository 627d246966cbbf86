#pragma once
// The authenticated key space: how keys and records look, and the overlay that execution writes to.
//
//   a/ address                -> Account           p/params            -> Params
//   b/ address ‖ asset        -> Amount            s/ asset            -> Asset (with its supply)
// A balance of zero and an untouched account have no record.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

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

/// State keys are raw bytes in a std::string.
std::string account_key(const Address& address);
std::string balance_key(const Address& address, const AssetId& asset);
std::string balance_prefix(const Address& address);
std::string asset_key(const AssetId& asset);
std::string params_key();

base::Bytes encode(const Account& account);
base::Bytes encode(const Asset& asset);
base::Bytes encode(const Params& params);
base::Bytes encode_amount(Amount amount);
base::Result<Account> decode_account(base::ByteView bytes);
base::Result<Asset> decode_asset(base::ByteView bytes);
base::Result<Params> decode_params(base::ByteView bytes);
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
using StateWrites = std::unordered_map<std::string, StateChange>;

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

    base::Result<void> set_account(const Address& address, const Account& account);
    base::Result<void> set_balance(const Address& address, const AssetId& asset, Amount amount);
    base::Result<void> set_asset(const AssetId& id, const Asset& asset);
    base::Result<void> set_params(const Params& params);

    /// A point to return to; earlier marks stay valid.
    [[nodiscard]] std::size_t mark() const noexcept;
    void rollback(std::size_t mark) noexcept;

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
