#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/bcs.hpp"
#include "gcrypt/address.hpp"
#include "parse_type.hpp"
#include "zabi/codec.hpp"

namespace zabi {
namespace {

using Json = nlohmann::ordered_json;
using base::Errc;

constexpr std::size_t kJsonBytesMax = 1024 * 1024;

std::unexpected<base::Diagnostic> wrong(const std::string& where, const std::string& what) {
    return base::explain(Errc::invalid_argument, where + ": " + what);
}

/// Digits or 0x digits.
base::Result<base::u128> unsigned_of(std::string_view text) {
    if (!text.starts_with("0x")) return base::u128_from_string(text);
    text.remove_prefix(2);
    if (text.empty() || text.size() > 32) return base::fail(Errc::invalid_argument, "hexadecimal number");
    base::u128 value = 0;
    for (const char c : text) {
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return base::fail(Errc::invalid_argument, "hexadecimal number");
        value = value << 4 | static_cast<unsigned>(digit);
    }
    return value;
}

class Encoder {
 public:
    base::Checked<void> value(const Type& type, const Json& json, const std::string& where) {
        switch (type.kind) {
            case Kind::unsigned_int:
            case Kind::signed_int: return integer(type, json, where);
            case Kind::boolean:
                if (!json.is_boolean()) return wrong(where, "must be true or false");
                out_.boolean(json.get<bool>());
                return {};
            case Kind::address: return address(json, where);
            case Kind::fixed_bytes:
            case Kind::bytes: return bytes(type, json, where);
            case Kind::string:
                if (!json.is_string()) return wrong(where, "must be a string");
                out_.string(json.get_ref<const std::string&>());
                return {};
            case Kind::list:
            case Kind::array: return list(type, json, where);
            case Kind::option:
                out_.boolean(!json.is_null());
                return json.is_null() ? base::Checked<void>{} : value(type.element(), json, where);
            case Kind::structure: break;
        }
        return fields(type.fields, json, where);
    }

    base::Checked<void> fields(const std::vector<Field>& list, const Json& json, const std::string& where) {
        if (!json.is_array() && !json.is_object() && !(json.is_null() && list.empty()))
            return wrong(where, "must be an array or an object");
        if (json.size() != list.size()) {
            auto counts = "takes " + std::to_string(list.size());
            counts += " values, got ";
            counts += std::to_string(json.size());
            return wrong(where, counts);
        }
        for (std::size_t i = 0; i < list.size(); ++i) {
            const auto& field = list[i];
            const auto name = field.name.empty() ? std::to_string(i) : field.name;
            auto at = where;
            at.append(".").append(name);
            if (json.is_object() && !json.contains(name)) return wrong(at, "missing");
            GC_CHECK(value(field.type, json.is_object() ? json[name] : json[i], at));
        }
        return {};
    }

    base::Bytes take() && { return std::move(out_).take(); }

 private:
    base::Checked<void> integer(const Type& type, const Json& json, const std::string& where) {
        const auto kind = type.signature();
        std::string text;
        if (json.is_string())
            text = json.get<std::string>();
        else if (json.is_number_integer())
            text = json.dump();
        else
            return wrong(where, "must be an integer (" + kind + ")");
        const bool is_negative = text.starts_with('-');
        const auto magnitude = unsigned_of(std::string_view{text}.substr(is_negative ? 1 : 0));
        if (!magnitude) return wrong(where, "'" + text + "' is not an integer (" + kind + ")");
        const auto bits = type.size * 8;
        const auto limit = base::u128{1} << (type.kind == Kind::signed_int ? bits - 1 : bits % 128);
        // Of u128 everything that was read fits.
        const bool is_whole_range = type.kind == Kind::unsigned_int && bits == 128;
        const bool fits =
            is_negative ? type.kind == Kind::signed_int && *magnitude <= limit : is_whole_range || *magnitude < limit;
        if (!fits) return wrong(where, text + " does not fit " + kind);
        const auto raw = is_negative ? base::u128{0} - *magnitude : *magnitude;
        std::byte encoded[16];
        base::store_le(encoded, raw);
        out_.fixed({encoded, type.size});
        return {};
    }

    base::Checked<void> address(const Json& json, const std::string& where) {
        if (!json.is_string()) return wrong(where, "must be an address (ghost1… or 64 hexadecimal digits)");
        const auto& text = json.get_ref<const std::string&>();
        if (text.starts_with("ghost1") || text.starts_with("GHOST1")) {
            const auto parsed = gcrypt::Address::parse_checked(text);
            if (!parsed) return wrong(where, parsed.error().text);
            out_.fixed(parsed->bytes);
            return {};
        }
        const auto raw = base::fixed_from_hex<32>(text);
        if (!raw) return wrong(where, "'" + text + "' is not an address (ghost1… or 64 hexadecimal digits)");
        out_.fixed(*raw);
        return {};
    }

    base::Checked<void> bytes(const Type& type, const Json& json, const std::string& where) {
        if (!json.is_string()) return wrong(where, "must be hexadecimal text");
        const auto raw = base::from_hex(json.get_ref<const std::string&>());
        if (!raw) return wrong(where, "'" + json.get<std::string>() + "' is not hexadecimal");
        if (type.kind == Kind::bytes) {
            out_.bytes(*raw);
            return {};
        }
        if (raw->size() != type.size)
            return wrong(where, "must be " + std::to_string(type.size) + " bytes, has " + std::to_string(raw->size()));
        out_.fixed(*raw);
        return {};
    }

    base::Checked<void> list(const Type& type, const Json& json, const std::string& where) {
        if (!json.is_array()) return wrong(where, "must be an array");
        if (type.kind == Kind::array && json.size() != type.size)
            return wrong(where, "must have " + std::to_string(type.size) + " elements");
        if (type.kind == Kind::list) out_.uleb(static_cast<std::uint32_t>(json.size()));
        for (std::size_t i = 0; i < json.size(); ++i)
            GC_CHECK(value(type.element(), json[i], where + "[" + std::to_string(i) + "]"));
        return {};
    }

    base::BcsWriter out_;
};

base::Checked<Json> parse_json(std::string_view text, const std::string& where) {
    if (text.size() > kJsonBytesMax) return wrong(where, "more than 1 MiB");
    int depth = 0;  // The parser recurses; what nests deeper than any type is not a value.
    for (const char c : text) {
        if ((c == '[' || c == '{') && ++depth > 1024) return wrong(where, "nests too deep");
        if (c == ']' || c == '}') --depth;
    }
    auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded()) return wrong(where, "not JSON");
    return json;
}

/// A command-line text as the JSON value that it stands for.
base::Checked<Json> json_of_argument(const Type& type, const std::string& text, const std::string& where) {
    switch (type.kind) {
        case Kind::unsigned_int:
        case Kind::signed_int:
        case Kind::address:
        case Kind::fixed_bytes:
        case Kind::bytes:
        case Kind::string: return Json(text);
        case Kind::boolean:
            if (text != "true" && text != "false") return wrong(where, "must be true or false");
            return Json(text == "true");
        case Kind::option: {
            if (text == "null") return Json(nullptr);
            return json_of_argument(type.element(), text, where);
        }
        case Kind::list:
        case Kind::array:
        case Kind::structure: break;
    }
    return parse_json(text, where);
}

base::Bytes with_selector(const Method& method, const base::Bytes& arguments) {
    base::Bytes out{method.selector.begin(), method.selector.end()};
    out.insert(out.end(), arguments.begin(), arguments.end());
    return out;
}

}  // namespace

base::Checked<base::Bytes> encode_fields(const std::vector<Field>& fields, std::string_view values) {
    GC_TRY(const auto json, parse_json(values, "arguments"));
    Encoder encoder;
    try {  // nlohmann reports text that is not UTF-8 by throwing.
        GC_CHECK(encoder.fields(fields, json, "arguments"));
    } catch (const Json::exception& error) {
        return wrong("arguments", error.what());
    }
    return std::move(encoder).take();
}

base::Checked<base::Bytes> encode_arguments(const std::vector<Field>& fields, std::span<const std::string> arguments) {
    if (arguments.size() != fields.size()) {
        std::string wanted;
        for (const auto& field : fields) wanted += " " + field.name + ":" + field.type.signature();
        return base::explain(Errc::invalid_argument, "takes " + std::to_string(fields.size()) + " arguments, got " +
                                                         std::to_string(arguments.size()) +
                                                         (wanted.empty() ? "" : "; wanted" + wanted));
    }
    Encoder encoder;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const auto& name = fields[i].name;
        GC_TRY(const auto json, json_of_argument(fields[i].type, arguments[i], name));
        try {
            GC_CHECK(encoder.value(fields[i].type, json, name));
        } catch (const Json::exception& error) {
            return wrong(name, error.what());
        }
    }
    return std::move(encoder).take();
}

base::Checked<base::Bytes> encode_value(std::string_view type, std::string_view json) {
    GC_TRY(auto parsed, parse_type(type, {}));
    std::vector<Field> fields(1);
    fields[0].name = std::string{type};
    fields[0].type = std::move(parsed);
    return encode_fields(fields, "[" + std::string{json} + "]");
}

base::Checked<base::Bytes> encode_call(const Method& method, std::span<const std::string> arguments) {
    auto encoded = encode_arguments(method.inputs, arguments);
    if (!encoded) return base::explain(Errc::invalid_argument, method.name + ": " + encoded.error().text);
    return with_selector(method, *encoded);
}

base::Checked<base::Bytes> encode_call_json(const Method& method, std::string_view values) {
    auto encoded = encode_fields(method.inputs, values);
    if (!encoded) return base::explain(Errc::invalid_argument, method.name + ": " + encoded.error().text);
    return with_selector(method, *encoded);
}

}  // namespace zabi
