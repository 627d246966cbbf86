#include "values.hpp"

#include <algorithm>

#include "zabi/codec.hpp"
#include "zcrypto/hash.hpp"

namespace contract_kit {
namespace {

using Json = nlohmann::ordered_json;
using base::Errc;

constexpr int kDepthMax = 32;
constexpr unsigned kGccDecimals = 18;

base::Checked<base::u128> decimal(std::string_view text, unsigned decimals) {
    const auto units = base::units_from_decimal(text, decimals);
    if (units) return *units;
    return base::explain(Errc::invalid_argument, "'" + std::string{text} + "' is not an amount");
}

base::Checked<Json> hash_of(const std::string& function, const Json& parts, const Names& names, int depth);

base::Checked<Json> resolve_at(const Json& json, const Names& names, int depth) {
    if (depth > kDepthMax) return base::explain(Errc::out_of_range, "a value nests too deep");
    if (json.is_string()) {
        const auto& text = json.get_ref<const std::string&>();
        if (!text.starts_with('$')) return json;
        const auto address = names(text.substr(1));
        if (!address) return base::explain(Errc::not_found, "nobody is called '" + text + "'");
        return Json("0x" + base::to_hex(*address));
    }
    if (json.is_object() && json.size() == 1 && json.begin().key().starts_with('$')) {
        const auto& function = json.begin().key();
        if (function == "$gcc") {
            if (!json.begin()->is_string()) return base::explain(Errc::invalid_argument, "$gcc takes a string");
            GC_TRY(const auto units, decimal(json.begin()->get<std::string>(), kGccDecimals));
            return Json(base::to_string(units));
        }
        return hash_of(function, *json.begin(), names, depth);
    }
    if (!json.is_structured()) return json;
    Json out = json;
    for (auto& element : out) {
        GC_TRY(auto value, resolve_at(element, names, depth + 1));
        element = std::move(value);
    }
    return out;
}

base::Checked<Json> hash_of(const std::string& function, const Json& parts, const Names& names, int depth) {
    base::Bytes encoded;
    if (!parts.is_array()) return base::explain(Errc::invalid_argument, function + " takes a list of [type, value]");
    for (const auto& part : parts) {
        if (!part.is_array() || part.size() != 2 || !part[0].is_string())
            return base::explain(Errc::invalid_argument, function + " takes a list of [type, value]");
        GC_TRY(const auto value, resolve_at(part[1], names, depth + 1));
        GC_TRY(const auto bytes, zabi::encode_value(part[0].get<std::string>(), value.dump()));
        encoded.insert(encoded.end(), bytes.begin(), bytes.end());
    }
    if (function == "$blake3") return Json("0x" + base::to_hex(zcrypto::blake3(encoded)));
    if (function == "$sha256") return Json("0x" + base::to_hex(zcrypto::sha256(encoded)));
    if (function == "$keccak256") return Json("0x" + base::to_hex(zcrypto::keccak256(encoded)));
    return base::explain(Errc::not_found, "there is no function '" + function + "'");
}

}  // namespace

base::Checked<base::u128> amount_of(const Json& json) {
    if (json.is_number_unsigned()) return base::u128{json.get<std::uint64_t>()};
    if (!json.is_string()) return base::explain(Errc::invalid_argument, "an amount is a number or a string");
    std::string_view text = json.get_ref<const std::string&>();
    if (text.ends_with(" GCC")) return decimal(text.substr(0, text.size() - 4), kGccDecimals);
    return decimal(text, 0);
}

base::Checked<Json> resolve(const Json& json, const Names& names) { return resolve_at(json, names, 0); }

base::Checked<base::Bytes> key_of(const std::string& text, const Names& names) {
    if (text.starts_with("0x")) {
        auto raw = base::from_hex(text);
        if (!raw) return base::explain(Errc::invalid_argument, "'" + text + "' is not hexadecimal");
        return std::move(*raw);
    }
    base::Bytes out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto close = text[i] == '{' ? text.find('}', i) : std::string::npos;
        if (close == std::string::npos) {
            out.push_back(static_cast<std::byte>(text[i]));
            continue;
        }
        const auto address = names(text.substr(i + 1, close - i - 1));
        if (!address) return base::explain(Errc::not_found, "nobody is called '" + text.substr(i, close - i + 1) + "'");
        out.insert(out.end(), address->begin(), address->end());
        i = close;
    }
    return out;
}

std::string show_key(base::ByteView key) {
    const auto is_printable = [](std::byte b) {
        const auto c = std::to_integer<unsigned>(b);
        return c >= 0x20 && c < 0x7f;
    };
    // "b/" and an address: the readable beginning, then the rest.
    std::size_t readable = 0;
    while (readable < key.size() && is_printable(key[readable])) ++readable;
    if (readable == key.size()) return std::string{base::as_text(key)};
    const auto cut = base::as_text(key.first(readable)).rfind('/');
    const auto begin = cut == std::string_view::npos ? 0 : cut + 1;
    return std::string{base::as_text(key.first(begin))} + "0x" + base::to_hex(key.subspan(begin));
}

}  // namespace contract_kit
