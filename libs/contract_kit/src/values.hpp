#pragma once
// Values of test files: names of accounts, amounts, computed hashes.

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/u128.hpp"

namespace contract_kit {

/// "alice" to an address; nothing when nobody is called so.
using Names = std::function<std::optional<base::Digest>(const std::string&)>;

/// "12.5 GCC", "1000" or 1000 (agcc).
base::Checked<base::u128> amount_of(const nlohmann::ordered_json& json);

/// Replaces, at any depth, "$alice" by an address, {"$gcc": "1.5"} by agcc and {"$blake3": [[type, value], …]} (also
/// $sha256, $keccak256) by the hash of the encoded values.
base::Checked<nlohmann::ordered_json> resolve(const nlohmann::ordered_json& json, const Names& names);

/// A storage key: text with {alice} for an address's bytes, or 0x….
base::Checked<base::Bytes> key_of(const std::string& text, const Names& names);
/// The same, readable: text where it is printable, else 0x….
std::string show_key(base::ByteView key);

}  // namespace contract_kit
