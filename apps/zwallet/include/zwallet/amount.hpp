#pragma once
// Amounts as people type them: "1.5", "1.5 GCC", "1.5GCC", "1500 agcc", "3 TOKEN", "3 <64 hex digits of an asset id>".
// Exact decimal arithmetic, never floating point.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/u128.hpp"

namespace zwallet {

inline constexpr std::string_view kCoinSymbol = "GCC";
inline constexpr std::string_view kAtomicSymbol = "agcc";
inline constexpr unsigned kCoinDecimals = 18;
inline constexpr std::size_t kAmountTextMax = 160;

/// A number and the coin it counts; both checked for form, not for meaning.
struct AmountText {
    std::string number;  ///< Digits, with at most one point between digits.
    std::string coin;    ///< "GCC", "agcc", a symbol (A–Z, 0–9) or 64 lower-case hexadecimal digits.

    [[nodiscard]] bool is_gcc() const noexcept { return coin == kCoinSymbol || coin == kAtomicSymbol; }
    [[nodiscard]] bool is_asset_id() const noexcept { return coin.size() == 64; }
};

/// Parses the AMOUNT argument and the optional COIN argument beside it (empty when absent). GCC when neither names a
/// coin. The text of an error shows the input and what is accepted; naming two coins is an error.
base::Checked<AmountText> parse_amount(std::string_view amount, std::string_view coin = {});

/// Atomic units of an asset with `decimals`; "agcc" has none. The text says which digits are too many.
base::Checked<base::u128> to_units(const AmountText& amount, unsigned decimals);

/// "1.5 GCC".
std::string format_gcc(base::u128 agcc);

}  // namespace zwallet
