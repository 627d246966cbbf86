#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/bcs.hpp"
#include "gcrypt/address.hpp"
#include "zabi/codec.hpp"

namespace zabi {
namespace {

using Json = nlohmann::ordered_json;
using base::Errc;

/// No value has more parts than its input has bytes, since every encoding has at least one byte.
constexpr std::uint32_t kPartsMax = 1024 * 1024;

std::string hex(base::ByteView bytes) { return "0x" + base::to_hex(bytes); }

Json integer(const Type& type, base::BcsReader& in) {
    const auto raw = in.take(type.size);
    if (raw.size() != type.size) return {};
    base::u128 value = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) value |= base::u128{std::to_integer<std::uint8_t>(raw[i])} << (8 * i);
    const auto bits = type.size * 8;
    const bool is_negative = type.kind == Kind::signed_int && (value >> (bits - 1) & 1);
    if (type.size <= 4) {
        auto number = static_cast<std::int64_t>(value);
        if (is_negative) number -= std::int64_t{1} << bits;
        return number;
    }
    if (!is_negative) return base::to_string(value);
    return "-" + base::to_string((base::u128{1} << bits) - value);
}

Json decode_list(const std::vector<Field>& fields, base::BcsReader& in);

Json decode_value(const Type& type, base::BcsReader& in) {
    if (!in.ok()) return {};
    switch (type.kind) {
        case Kind::unsigned_int:
        case Kind::signed_int: return integer(type, in);
        case Kind::boolean: return in.boolean();
        case Kind::address: return gcrypt::Address{in.fixed<32>()}.to_text();
        case Kind::fixed_bytes: return hex(in.take(type.size));
        case Kind::bytes: return hex(in.bytes(kPartsMax));
        case Kind::string: return in.string(kPartsMax);
        case Kind::list:
        case Kind::array: {
            const auto least = std::max<std::size_t>(type.element().encoded_min(), 1);
            const auto count = type.kind == Kind::list ? in.length(kPartsMax, least) : type.size;
            auto out = Json::array();
            for (std::uint32_t i = 0; i < count && in.ok(); ++i) out.push_back(decode_value(type.element(), in));
            return out;
        }
        case Kind::option: return in.boolean() ? decode_value(type.element(), in) : Json(nullptr);
        case Kind::structure: break;
    }
    return decode_list(type.fields, in);
}

Json decode_list(const std::vector<Field>& fields, base::BcsReader& in) {
    auto out = Json::object();
    for (std::size_t i = 0; i < fields.size() && in.ok(); ++i)
        out[fields[i].name.empty() ? std::to_string(i) : fields[i].name] = decode_value(fields[i].type, in);
    return out;
}

base::Result<Json> decode_object(const std::vector<Field>& fields, base::ByteView bytes) {
    base::BcsReader in{bytes};
    auto out = decode_list(fields, in);
    GC_CHECK(in.finish());
    return out;
}

std::string panic_text(std::uint32_t code) {
    switch (code) {
        case 1: return "assertion failed";
        case 2: return "arithmetic overflow or division by zero";
        case 3: return "malformed arguments";
        case 4: return "unknown method";
        case 5: return "out of memory";
        case 6: return "value sent to a method that is not payable";
        case 7: return "storage holds another type";
        case 8: return "a call or transfer failed";
        default: return "panic " + std::to_string(code);
    }
}

}  // namespace

base::Result<std::string> decode_fields(const std::vector<Field>& fields, base::ByteView bytes) {
    GC_TRY(const auto json, decode_object(fields, bytes));
    return json.dump();
}

base::Result<std::string> decode_outputs(const Method& method, base::ByteView bytes) {
    GC_TRY(const auto json, decode_object(method.outputs, bytes));
    if (method.outputs.size() == 1 && method.outputs[0].name.empty()) return json["0"].dump();
    return json.dump();
}

base::Result<DecodedEvent> decode_event(const Schema& schema, std::span<const base::Digest> topics,
                                        base::ByteView data) {
    if (topics.empty()) return base::fail(Errc::not_found, "event without topics");
    const auto* const event = schema.find_event(topics[0]);
    if (!event) return base::fail(Errc::not_found, "no event of the schema has this topic");
    const auto indexed = static_cast<std::size_t>(std::ranges::count_if(event->fields, &Field::indexed));
    if (topics.size() != indexed + 1) return base::fail(Errc::invalid_argument, "number of topics");
    auto out = Json::object();
    base::BcsReader in{data};
    std::size_t next_topic = 1;
    for (const auto& field : event->fields) {
        if (!field.indexed) {
            out[field.name] = decode_value(field.type, in);
            continue;
        }
        const auto& topic = topics[next_topic++];
        const auto size = field.type.encoded_max();
        if (size == 0 || size > topic.size()) {
            out[field.name] = hex(topic);
            continue;
        }
        base::BcsReader of_topic{topic};
        out[field.name] = decode_value(field.type, of_topic);
        GC_CHECK(of_topic.status());
        if (!std::ranges::all_of(of_topic.rest(), [](std::byte b) { return b == std::byte{0}; }))
            return base::fail(Errc::not_canonical, "topic padding");
    }
    GC_CHECK(in.finish());
    return DecodedEvent{.event = event, .fields = out.dump()};
}

base::Result<DecodedError> decode_error(const Schema& schema, base::ByteView revert_data) {
    if (revert_data.size() < 4) return base::fail(Errc::not_found, "no error of the schema fits");
    GC_TRY(const auto selector, base::to_fixed<4>(revert_data.first(4)));
    const auto* const error = schema.find_error(selector);
    if (!error) return base::fail(Errc::not_found, "no error of the schema fits");
    GC_TRY(const auto fields, decode_object(error->fields, revert_data.subspan(4)));
    DecodedError out{.name = error->name, .fields = fields.dump(), .message = error->name};
    if (error->signature == "Error(string)")
        out.message = fields["reason"].get<std::string>();
    else if (error->signature == "Panic(u32)")
        out.message = panic_text(fields["code"].get<std::uint32_t>());
    else if (!error->fields.empty())
        out.message += " " + out.fields;
    return out;
}

}  // namespace zabi
