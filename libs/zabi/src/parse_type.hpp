#pragma once
// Text of a type to a Type.

#include <string_view>
#include <utility>
#include <vector>

#include "zabi/type.hpp"

namespace zabi {

using NamedTypes = std::vector<std::pair<std::string, Type>>;

/// "u128", "Bid[]", "bytes20[4]?". `structs` are the ones declared so far.
base::Checked<Type> parse_type(std::string_view text, const NamedTypes& structs);
/// How deep it nests; a scalar is 1.
std::uint32_t depth_of(const Type& type) noexcept;

}  // namespace zabi
