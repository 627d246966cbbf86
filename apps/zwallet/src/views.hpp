#pragma once
// Messages as text for people and as JSON for programs.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace ghost::wallet::v1 {
class Account;
class HistoryEntry;
class OpenTransaction;
}  // namespace ghost::wallet::v1
namespace ghost::chain::v1 {
class AssetBalance;
class ContractLog;
class Status;
class TransactionReceipt;
}  // namespace ghost::chain::v1

namespace zwallet {

nlohmann::json json_of(const ghost::wallet::v1::Account& account);
nlohmann::json json_of(const ghost::wallet::v1::HistoryEntry& entry);
nlohmann::json json_of(const ghost::wallet::v1::OpenTransaction& open);
nlohmann::json json_of(const ghost::chain::v1::AssetBalance& balance);
nlohmann::json json_of(const ghost::chain::v1::ContractLog& log);
nlohmann::json json_of(const ghost::chain::v1::Status& status);
nlohmann::json json_of(const ghost::chain::v1::TransactionReceipt& receipt);

/// One line: index, address, label.
std::string describe(const ghost::wallet::v1::Account& account);
/// One line: id, until when it may happen, nonce, amount, recipient, the node's word.
std::string describe(const ghost::wallet::v1::OpenTransaction& open);
/// "pending", "notarized", "finalized", …
std::string_view state_name(const ghost::chain::v1::TransactionReceipt& receipt) noexcept;
/// True when it is in a block for good and did what it was made for.
bool succeeded(const ghost::chain::v1::TransactionReceipt& receipt) noexcept;
/// Atomic units (decimal digits from the wire) as "1.5 GCC"; the digits as they are when they are no number.
std::string amount_text(std::string_view units, std::string_view symbol, unsigned decimals);
/// Lower-case hexadecimal of bytes in a message field.
std::string hex(std::string_view bytes);

}  // namespace zwallet
