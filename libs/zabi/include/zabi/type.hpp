#pragma once
// Types of the contract ABI, docs/contract-abi.md "Encoding".

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace zabi {

inline constexpr std::uint32_t kTypeDepthMax = 8;
inline constexpr std::uint32_t kFixedArrayMax = 1024;
inline constexpr std::uint32_t kFixedBytesMax = 64;

enum class Kind : std::uint8_t {
    unsigned_int,
    signed_int,
    boolean,
    address,
    fixed_bytes,
    bytes,
    string,
    list,    ///< T[]: `items` holds T.
    array,   ///< T[N]
    option,  ///< T?
    structure,
};

struct Type;
struct Field;

struct Type {
    Kind kind = Kind::boolean;
    std::uint32_t size = 0;     ///< Of integers and fixed bytes: bytes. Of arrays: elements.
    std::string struct_name;    ///< Of a structure; empty otherwise.
    std::vector<Field> fields;  ///< Of a structure: its fields. Of list, array, option: one field without a name.

    /// As in a signature: "u128", "(address,u64)[]".
    [[nodiscard]] std::string signature() const;
    /// Bytes of the longest encoding, or 0 when there is no bound at or below 64 KiB.
    [[nodiscard]] std::uint32_t encoded_max() const noexcept;
    /// Bytes of the shortest encoding.
    [[nodiscard]] std::uint32_t encoded_min() const noexcept;
    [[nodiscard]] const Type& element() const noexcept;
};

struct Field {
    std::string name;  ///< May be empty for an output.
    Type type;
    bool indexed = false;  ///< Events only.
    std::string doc;
};

}  // namespace zabi
