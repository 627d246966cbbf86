#include "zwallet/amount.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace zwallet {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// What a person typed, safe to print back: nothing that a terminal would interpret.
std::string shown(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 80)) out += c >= 0x20 && c < 0x7f ? c : '?';
    return out;
}

bool is_number(std::string_view text) noexcept {
    const auto point = text.find('.');
    const auto whole = text.substr(0, point);
    const auto digits = [](std::string_view part) { return !part.empty() && std::ranges::all_of(part, is_digit); };
    return digits(whole) && (point == std::string_view::npos || digits(text.substr(point + 1)));
}

bool is_symbol(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 12 && is_upper(text[0]) &&
           std::ranges::all_of(text, [](char c) { return is_upper(c) || is_digit(c); });
}

/// The coin's canonical spelling, or empty when it is not one.
std::string canonical_coin(std::string_view text) {
    if (text == kAtomicSymbol || is_symbol(text)) return std::string{text};
    if (text.size() == 64 && std::ranges::all_of(text, is_hex)) {
        std::string id{text};
        for (char& c : id) c = is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
        return id;
    }
    return {};
}

}  // namespace

base::Checked<AmountText> parse_amount(std::string_view amount, std::string_view coin) {
    const auto refuse = [&](std::string_view why) {
        return base::explain(base::Errc::invalid_argument,
                             fmt::format("'{}' is not an amount: {}. Write it like 1.5, \"1.5 GCC\" or \"20 agcc\"",
                                         shown(amount), why));
    };
    if (amount.size() > kAmountTextMax || coin.size() > kAmountTextMax) return refuse("it is too long");
    const auto number_end = std::ranges::find_if(amount, [](char c) { return !is_digit(c) && c != '.'; });
    const auto number = amount.substr(0, static_cast<std::size_t>(number_end - amount.begin()));
    auto rest = amount.substr(number.size());
    if (number.empty() && !rest.empty() && (rest[0] == '-' || rest[0] == '+')) return refuse("it has a sign");
    if (!is_number(number)) return refuse("digits are needed before and after the point");
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    if (!rest.empty() && !coin.empty()) return refuse("the coin is named twice");
    const auto named = rest.empty() ? coin : rest;
    if (named.empty()) return AmountText{.number = std::string{number}, .coin = std::string{kCoinSymbol}};
    auto canonical = canonical_coin(named);
    if (canonical.empty()) {
        return base::explain(
            base::Errc::invalid_argument,
            fmt::format("'{}' is not a coin: use GCC, agcc, a symbol in capitals or an asset id of 64 hexadecimal "
                        "digits",
                        shown(named)));
    }
    return AmountText{.number = std::string{number}, .coin = std::move(canonical)};
}

base::Checked<base::u128> to_units(const AmountText& amount, unsigned decimals) {
    if (amount.coin == kAtomicSymbol) decimals = 0;
    const auto units = base::units_from_decimal(amount.number, decimals);
    if (units) return *units;
    if (units.error().is(base::Errc::out_of_range)) {
        return base::explain(base::Errc::out_of_range,
                             fmt::format("{} {} is finer than the smallest unit: {} has {} decimals", amount.number,
                                         amount.coin, amount.coin, decimals));
    }
    return base::explain(base::Errc::overflow,
                         fmt::format("{} {} is larger than any supply", amount.number, amount.coin));
}

std::string format_gcc(base::u128 agcc) {
    return fmt::format("{} {}", base::units_to_decimal(agcc, kCoinDecimals), kCoinSymbol);
}

}  // namespace zwallet
