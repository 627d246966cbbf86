#include "zabi/type.hpp"

#include <algorithm>

namespace zabi {
namespace {

constexpr std::uint32_t kNoBound = 0;
constexpr std::uint32_t kBoundMax = 64 * 1024;

}  // namespace

const Type& Type::element() const noexcept { return fields.front().type; }

std::string Type::signature() const {
    switch (kind) {
        case Kind::unsigned_int: return "u" + std::to_string(size * 8);
        case Kind::signed_int: return "i" + std::to_string(size * 8);
        case Kind::boolean: return "bool";
        case Kind::address: return "address";
        case Kind::fixed_bytes: return "bytes" + std::to_string(size);
        case Kind::bytes: return "bytes";
        case Kind::string: return "string";
        case Kind::list: return element().signature() + "[]";
        case Kind::array: return element().signature() + "[" + std::to_string(size) + "]";
        case Kind::option: return element().signature() + "?";
        case Kind::structure: break;
    }
    std::string text = "(";
    for (const auto& field : fields) {
        if (text.size() > 1) text += ',';
        text += field.type.signature();
    }
    return text + ")";
}

std::uint32_t Type::encoded_max() const noexcept {
    switch (kind) {
        case Kind::unsigned_int:
        case Kind::signed_int:
        case Kind::fixed_bytes: return size;
        case Kind::boolean: return 1;
        case Kind::address: return 32;
        case Kind::bytes:
        case Kind::string:
        case Kind::list: return kNoBound;
        case Kind::array: {
            const std::uint64_t all = std::uint64_t{element().encoded_max()} * size;
            return all > kBoundMax ? kNoBound : static_cast<std::uint32_t>(all);
        }
        case Kind::option: {
            const auto inner = element().encoded_max();
            return inner == kNoBound || inner >= kBoundMax ? kNoBound : inner + 1;
        }
        case Kind::structure: break;
    }
    std::uint64_t sum = 0;
    for (const auto& field : fields) {
        const auto one = field.type.encoded_max();
        if (one == kNoBound) return kNoBound;
        sum += one;
    }
    return sum > kBoundMax ? kNoBound : static_cast<std::uint32_t>(sum);
}

std::uint32_t Type::encoded_min() const noexcept {
    switch (kind) {
        case Kind::unsigned_int:
        case Kind::signed_int:
        case Kind::fixed_bytes: return size;
        case Kind::address: return 32;
        case Kind::boolean:
        case Kind::bytes:
        case Kind::string:
        case Kind::list:
        case Kind::option: return 1;
        case Kind::array:
            return static_cast<std::uint32_t>(
                std::min<std::uint64_t>(std::uint64_t{element().encoded_min()} * size, kBoundMax));
        case Kind::structure: break;
    }
    std::uint64_t sum = 0;
    for (const auto& field : fields) sum += field.type.encoded_min();
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, kBoundMax));
}

}  // namespace zabi
