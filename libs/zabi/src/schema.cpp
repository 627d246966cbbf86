#include "zabi/schema.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "parse_type.hpp"
#include "zcrypto/hash.hpp"

namespace zabi {
namespace {

using Json = nlohmann::ordered_json;
using base::Errc;

base::Digest blake3(std::string_view text) noexcept { return zcrypto::blake3(base::as_bytes(text)); }

std::unexpected<base::Diagnostic> wrong(const std::string& where, const std::string& what) {
    return base::explain(Errc::invalid_argument, (where.empty() ? "schema" : where) + ": " + what);
}

bool is_name(std::string_view text) noexcept {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    if (text.empty() || text.size() > kNameBytesMax || !is_letter(text.front())) return false;
    return std::ranges::all_of(text, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

/// An object whose keys are all among `allowed`.
base::Checked<void> check_object(const Json& json, const std::string& where,
                                 std::initializer_list<std::string_view> allowed) {
    if (!json.is_object()) return wrong(where, "must be an object");
    for (const auto& [key, value] : json.items()) {
        if (std::ranges::find(allowed, key) == allowed.end()) return wrong(where, "unknown key '" + key + "'");
    }
    return {};
}

base::Checked<std::string> text_of(const Json& json, const char* key, const std::string& where) {
    const auto it = json.find(key);
    if (it == json.end()) return std::string{};
    if (!it->is_string()) return wrong(where + "." + key, "must be a string");
    return it->get<std::string>();
}
base::Checked<bool> flag_of(const Json& json, const char* key, const std::string& where) {
    const auto it = json.find(key);
    if (it == json.end()) return false;
    if (!it->is_boolean()) return wrong(where + "." + key, "must be true or false");
    return it->get<bool>();
}
base::Checked<std::string> name_of(const Json& json, const std::string& where) {
    GC_TRY(auto name, text_of(json, "name", where));
    if (!is_name(name)) return wrong(where + ".name", "must be a name ([A-Za-z_][A-Za-z0-9_]*, at most 40)");
    return name;
}

class Parser {
 public:
    base::Checked<Schema> parse(const Json& json) {
        GC_CHECK(
            check_object(json, "", {"abi", "name", "doc", "types", "init", "receive", "methods", "events", "errors"}));
        const auto version = json.find("abi");
        if (version == json.end() || !version->is_number_integer() || *version != 1) return wrong("abi", "must be 1");
        GC_TRY(schema_.name, name_of(json, "schema"));
        GC_TRY(schema_.doc, text_of(json, "doc", ""));
        GC_TRY(schema_.receive, flag_of(json, "receive", ""));
        if (const auto it = json.find("types"); it != json.end()) GC_CHECK(types(*it));
        if (const auto it = json.find("init"); it != json.end()) {
            GC_CHECK(check_object(*it, "init", {"inputs", "payable", "doc"}));
            GC_TRY(schema_.init.inputs, fields(*it, "inputs", "init", Use::input));
            GC_TRY(schema_.init.payable, flag_of(*it, "payable", "init"));
        }
        if (!json.contains("methods")) return wrong("methods", "missing");
        GC_CHECK(each(json, "methods", [this](const Json& entry, const std::string& at) { return method(entry, at); }));
        GC_CHECK(each(json, "events", [this](const Json& entry, const std::string& at) { return event(entry, at); }));
        GC_CHECK(each(json, "errors", [this](const Json& entry, const std::string& at) { return error(entry, at); }));
        return std::move(schema_);
    }

 private:
    enum class Use { input, output, event, error };

    base::Checked<void> types(const Json& json) {
        if (!json.is_object() || json.size() > kTypesMax) return wrong("types", "must be an object of at most 64");
        for (const auto& [name, list] : json.items()) {
            const auto at = "types." + name;
            if (!is_name(name)) return wrong(at, "must be a name");
            if (parse_type(name, {})) return wrong(at, "is the name of a built-in type");
            Type type{.kind = Kind::structure, .struct_name = name};
            GC_TRY(type.fields, field_list(list, at, Use::input));
            if (type.fields.empty()) return wrong(at, "has no fields");
            if (depth_of(type) > kTypeDepthMax) return wrong(at, "nests too deep");
            // Expanded signatures grow with every level; one that no method could use is refused here.
            if (type.signature().size() > kSignatureBytesMax * 4) return wrong(at, "is too large");
            if (std::ranges::any_of(schema_.types, [&](const auto& known) { return known.first == name; }))
                return wrong(at, "declared twice");
            schema_.types.emplace_back(name, std::move(type));
        }
        return {};
    }

    template <typename F>
    static base::Checked<void> each(const Json& json, const char* key, F&& parse_one) {
        const auto it = json.find(key);
        if (it == json.end()) return {};
        if (!it->is_array() || it->size() > kEntriesMax) return wrong(key, "must be a list of at most 128");
        for (std::size_t i = 0; i < it->size(); ++i)
            GC_CHECK(parse_one((*it)[i], std::string{key} + "[" + std::to_string(i) + "]"));
        return {};
    }

    base::Checked<std::vector<Field>> fields(const Json& json, const char* key, const std::string& where, Use use) {
        const auto it = json.find(key);
        if (it == json.end()) return std::vector<Field>{};
        return field_list(*it, where + "." + key, use);
    }

    base::Checked<std::vector<Field>> field_list(const Json& list, const std::string& where, Use use) {
        if (!list.is_array() || list.size() > kFieldsMax) return wrong(where, "must be a list of at most 32");
        std::vector<Field> out;
        std::set<std::string> names;
        std::size_t indexed = 0;
        for (std::size_t i = 0; i < list.size(); ++i) {
            const auto at = where + "[" + std::to_string(i) + "]";
            const auto& json = list[i];
            GC_CHECK(use == Use::event ? check_object(json, at, {"name", "type", "doc", "indexed"})
                                       : check_object(json, at, {"name", "type", "doc"}));
            Field field;
            if (use != Use::output || json.contains("name")) {
                GC_TRY(field.name, name_of(json, at));
                if (!names.insert(field.name).second) return wrong(at + ".name", "used twice");
            }
            GC_TRY(const auto text, text_of(json, "type", at));
            auto type = parse_type(text, schema_.types);
            if (!type) return wrong(at + ".type", type.error().text);
            field.type = std::move(*type);
            GC_TRY(field.doc, text_of(json, "doc", at));
            if (use == Use::event) {
                GC_TRY(field.indexed, flag_of(json, "indexed", at));
            }
            indexed += field.indexed;
            if (indexed > kIndexedMax) return wrong(at, "at most three fields can be indexed");
            out.push_back(std::move(field));
        }
        return out;
    }

    static base::Checked<std::string> signature(const std::string& name, const std::vector<Field>& inputs,
                                                const std::string& at) {
        auto text = signature_of(name, inputs);
        if (text.size() > kSignatureBytesMax)
            return wrong(at, "signature '" + text + "' has more than " + std::to_string(kSignatureBytesMax) + " bytes");
        return text;
    }

    base::Checked<void> method(const Json& json, const std::string& at) {
        GC_CHECK(check_object(json, at, {"name", "doc", "inputs", "outputs", "view", "payable"}));
        Method out;
        GC_TRY(out.name, name_of(json, at));
        GC_TRY(out.doc, text_of(json, "doc", at));
        GC_TRY(out.inputs, fields(json, "inputs", at, Use::input));
        GC_TRY(out.outputs, fields(json, "outputs", at, Use::output));
        GC_TRY(out.view, flag_of(json, "view", at));
        GC_TRY(out.payable, flag_of(json, "payable", at));
        if (out.view && out.payable) return wrong(at, "cannot be both view and payable");
        GC_TRY(out.signature, signature(out.name, out.inputs, at));
        out.selector = selector_of(out.signature);
        if (schema_.find_method(out.name)) return wrong(at + ".name", "used twice");
        if (schema_.find_method(out.selector)) return wrong(at, "its selector is another method's; rename one");
        schema_.methods.push_back(std::move(out));
        return {};
    }
    base::Checked<void> event(const Json& json, const std::string& at) {
        GC_CHECK(check_object(json, at, {"name", "doc", "fields"}));
        Event out;
        GC_TRY(out.name, name_of(json, at));
        GC_TRY(out.doc, text_of(json, "doc", at));
        GC_TRY(out.fields, fields(json, "fields", at, Use::event));
        GC_TRY(out.signature, signature(out.name, out.fields, at));
        out.topic = topic_of(out.signature);
        if (schema_.find_event(out.name)) return wrong(at + ".name", "used twice");
        schema_.events.push_back(std::move(out));
        return {};
    }
    base::Checked<void> error(const Json& json, const std::string& at) {
        GC_CHECK(check_object(json, at, {"name", "doc", "fields"}));
        ErrorType out;
        GC_TRY(out.name, name_of(json, at));
        GC_TRY(out.doc, text_of(json, "doc", at));
        GC_TRY(out.fields, fields(json, "fields", at, Use::error));
        GC_TRY(out.signature, signature(out.name, out.fields, at));
        out.selector = selector_of(out.signature);
        if (schema_.find_error(out.name)) return wrong(at + ".name", "used twice, or built in");
        if (schema_.find_error(out.selector)) return wrong(at, "its selector is another error's; rename one");
        schema_.errors.push_back(std::move(out));
        return {};
    }

    Schema schema_;
};

/// Error(string) and Panic(u32).
const std::vector<ErrorType>& built_in_errors() {
    static const auto kErrors = [] {
        std::vector<ErrorType> out;
        const auto add = [&out](const char* name, const char* field, Type type) {
            ErrorType error;
            error.name = name;
            error.fields.push_back({.name = field, .type = std::move(type), .indexed = false, .doc = {}});
            error.signature = signature_of(error.name, error.fields);
            error.selector = selector_of(error.signature);
            out.push_back(std::move(error));
        };
        add("Error", "reason", Type{.kind = Kind::string, .size = 0, .struct_name = {}, .fields = {}});
        add("Panic", "code", Type{.kind = Kind::unsigned_int, .size = 4, .struct_name = {}, .fields = {}});
        return out;
    }();
    return kErrors;
}

template <typename T, typename P>
const T* find_in(const std::vector<T>& list, P&& matches) noexcept {
    const auto it = std::ranges::find_if(list, matches);
    return it == list.end() ? nullptr : &*it;
}

}  // namespace

base::Checked<Type> parse_type(std::string_view text, const NamedTypes& structs) {
    const auto unknown = [text] {
        return base::explain(Errc::invalid_argument, "unknown type '" + std::string{text} + "'");
    };
    const auto base_end = std::min(text.find_first_of("[?"), text.size());
    const auto word = text.substr(0, base_end);
    auto suffix = text.substr(base_end);
    Type type;
    const auto integer = [&type](Kind kind, std::uint32_t size) {
        type.kind = kind;
        type.size = size;
    };
    if (word == "u8")
        integer(Kind::unsigned_int, 1);
    else if (word == "u16")
        integer(Kind::unsigned_int, 2);
    else if (word == "u32")
        integer(Kind::unsigned_int, 4);
    else if (word == "u64")
        integer(Kind::unsigned_int, 8);
    else if (word == "u128")
        integer(Kind::unsigned_int, 16);
    else if (word == "i8")
        integer(Kind::signed_int, 1);
    else if (word == "i16")
        integer(Kind::signed_int, 2);
    else if (word == "i32")
        integer(Kind::signed_int, 4);
    else if (word == "i64")
        integer(Kind::signed_int, 8);
    else if (word == "bool")
        type.kind = Kind::boolean;
    else if (word == "address")
        type.kind = Kind::address;
    else if (word == "bytes")
        type.kind = Kind::bytes;
    else if (word == "string")
        type.kind = Kind::string;
    else {
        const auto number = [](std::string_view digits, std::uint32_t max) -> std::uint32_t {
            std::uint32_t value = 0;
            const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
            const bool is_plain = error == std::errc{} && end == digits.data() + digits.size() && digits.front() != '0';
            return is_plain && value <= max ? value : 0;
        };
        if (word.starts_with("bytes") && word.size() > 5 && number(word.substr(5), kFixedBytesMax)) {
            type.kind = Kind::fixed_bytes;
            type.size = number(word.substr(5), kFixedBytesMax);
        } else {
            const auto known = std::ranges::find_if(structs, [word](const auto& entry) { return entry.first == word; });
            if (known == structs.end()) return unknown();
            type = known->second;
        }
    }
    for (std::uint32_t depth = depth_of(type); !suffix.empty(); ++depth) {
        if (depth >= kTypeDepthMax) return base::explain(Errc::out_of_range, "type nests too deep");
        Type outer;
        if (suffix.front() == '?') {
            // null could not tell "absent" from "present and absent".
            if (type.kind == Kind::option) return base::explain(Errc::invalid_argument, "an option of an option");
            outer.kind = Kind::option;
            suffix = suffix.substr(1);
        } else {
            const auto close = suffix.find(']');
            if (suffix.front() != '[' || close == std::string_view::npos) return unknown();
            const auto count = suffix.substr(1, close - 1);
            outer.kind = count.empty() ? Kind::list : Kind::array;
            if (!count.empty()) {
                const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), outer.size);
                if (error != std::errc{} || end != count.data() + count.size() || outer.size == 0 ||
                    outer.size > kFixedArrayMax || count.front() == '0')
                    return unknown();
            }
            suffix = suffix.substr(close + 1);
        }
        outer.fields.push_back({.name = {}, .type = std::move(type), .indexed = false, .doc = {}});
        type = std::move(outer);
    }
    return type;
}

std::uint32_t depth_of(const Type& type) noexcept {
    std::uint32_t deepest = 0;
    for (const auto& field : type.fields) deepest = std::max(deepest, depth_of(field.type));
    return deepest + 1;
}

Selector selector_of(std::string_view signature) noexcept {
    Selector out;
    std::copy_n(blake3(signature).begin(), out.size(), out.begin());
    return out;
}
base::Digest topic_of(std::string_view signature) noexcept { return blake3(signature); }

std::string signature_of(std::string_view name, const std::vector<Field>& fields) {
    return std::string{name} +
           Type{.kind = Kind::structure, .size = 0, .struct_name = {}, .fields = fields}.signature();
}

base::Checked<Schema> Schema::parse(std::string_view json) {
    if (json.size() > kSchemaBytesMax) return base::explain(Errc::out_of_range, "schema: more than 64 KiB");
    // nlohmann's parser recurses as deep as its input; a schema never needs more than a few levels.
    int depth = 0;
    for (const char c : json) {
        if ((c == '[' || c == '{') && ++depth > 64)
            return base::explain(Errc::invalid_argument, "schema: nests too deep");
        if (c == ']' || c == '}') --depth;
    }
    const auto document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
    if (document.is_discarded()) return base::explain(Errc::invalid_argument, "schema: not JSON");
    auto schema = Parser{}.parse(document);
    if (schema) schema->hash = blake3(json);
    return schema;
}

const Method* Schema::find_method(std::string_view wanted) const noexcept {
    return find_in(methods, [wanted](const Method& m) { return m.name == wanted; });
}
const Method* Schema::find_method(const Selector& selector) const noexcept {
    return find_in(methods, [&](const Method& m) { return m.selector == selector; });
}
const Event* Schema::find_event(std::string_view wanted) const noexcept {
    return find_in(events, [wanted](const Event& e) { return e.name == wanted; });
}
const Event* Schema::find_event(const base::Digest& topic) const noexcept {
    return find_in(events, [&](const Event& e) { return e.topic == topic; });
}
const ErrorType* Schema::find_error(std::string_view wanted) const noexcept {
    const auto matches = [wanted](const ErrorType& e) { return e.name == wanted; };
    const auto* const own = find_in(errors, matches);
    return own ? own : find_in(built_in_errors(), matches);
}
const ErrorType* Schema::find_error(const Selector& selector) const noexcept {
    const auto matches = [&](const ErrorType& e) { return e.selector == selector; };
    const auto* const own = find_in(errors, matches);
    return own ? own : find_in(built_in_errors(), matches);
}

}  // namespace zabi
