#include "base/u128.hpp"

#include <algorithm>

namespace base {

std::string to_string(u128 value) {
    std::string text;
    do {
        text += static_cast<char>('0' + static_cast<int>(value % 10));
        value /= 10;
    } while (value != 0);
    std::reverse(text.begin(), text.end());
    return text;
}

Result<u128> u128_from_string(std::string_view digits) {
    if (digits.empty()) return fail(Errc::invalid_argument, "empty number");
    u128 value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return fail(Errc::invalid_argument, "not a decimal digit");
        const auto scaled = checked_mul(value, 10);
        const auto next = scaled ? checked_add(*scaled, static_cast<u128>(c - '0')) : std::nullopt;
        if (!next) return fail(Errc::overflow, "number above 2^128-1");
        value = *next;
    }
    return value;
}

Result<u128> units_from_decimal(std::string_view text, unsigned decimals) {
    const auto dot = text.find('.');
    const auto whole = text.substr(0, dot);
    const auto fraction = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
    if (whole.empty() || (dot != std::string_view::npos && fraction.empty()))
        return fail(Errc::invalid_argument, "amount needs digits on both sides of the point");
    if (fraction.size() > decimals) return fail(Errc::out_of_range, "too many fraction digits");
    std::string digits{whole};
    digits += fraction;
    digits.append(decimals - fraction.size(), '0');
    return u128_from_string(digits);
}

std::string units_to_decimal(u128 units, unsigned decimals) {
    auto digits = to_string(units);
    if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
    auto fraction = digits.substr(digits.size() - decimals);
    digits.resize(digits.size() - decimals);
    while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
    return fraction.empty() ? digits : digits + '.' + fraction;
}

}  // namespace base
