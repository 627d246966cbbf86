#pragma once
// Values between JSON (for people, test files, RPC mirrors) and their bytes. JSON goes in and out as text, so that no
// JSON library is part of this header. Reading is strict; errors name the argument.

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "zabi/schema.hpp"

namespace zabi {

/// `values`: a JSON array with one value a field, or an object by field name.
base::Checked<base::Bytes> encode_fields(const std::vector<Field>& fields, std::string_view values);
/// One text an argument, as on a command line: numbers, true/false, ghost1…, 0x…, plain text for a string; JSON for
/// lists, structs and options.
base::Checked<base::Bytes> encode_arguments(const std::vector<Field>& fields, std::span<const std::string> arguments);
/// One value of a type given as text ("u128", "address"…; no structs): for hashes in test files and scripts.
base::Checked<base::Bytes> encode_value(std::string_view type, std::string_view json);

/// selector ‖ arguments.
base::Checked<base::Bytes> encode_call(const Method& method, std::span<const std::string> arguments);
base::Checked<base::Bytes> encode_call_json(const Method& method, std::string_view values);

/// A JSON object by field name (unnamed fields are "0", "1", …). Nothing may be left over.
base::Result<std::string> decode_fields(const std::vector<Field>& fields, base::ByteView bytes);
/// The outputs of a method for people: one unnamed output is its value alone, otherwise as decode_fields.
base::Result<std::string> decode_outputs(const Method& method, base::ByteView bytes);

struct DecodedEvent {
    const Event* event;  ///< Of the schema given.
    std::string fields;  ///< JSON object. An indexed field that was hashed is its hash.
};
base::Result<DecodedEvent> decode_event(const Schema& schema, std::span<const base::Digest> topics,
                                        base::ByteView data);
struct DecodedError {
    std::string name;
    std::string fields;   ///< JSON object.
    std::string message;  ///< For people: the reason, "arithmetic overflow", or "InsufficientBalance {...}".
};
/// `not_found` when no error of the schema fits.
base::Result<DecodedError> decode_error(const Schema& schema, base::ByteView revert_data);

}  // namespace zabi
