#pragma once
// Writes small modules byte by byte, so that tests can also write wrong ones.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace zvm::test {

using Code = std::vector<std::uint8_t>;

inline void append(Code& to, const Code& more) { to.insert(to.end(), more.begin(), more.end()); }

inline Code uleb(std::uint64_t value) {
    Code out;
    do {
        auto byte = static_cast<std::uint8_t>(value & 0x7f);
        value >>= 7;
        if (value) byte |= 0x80;
        out.push_back(byte);
    } while (value);
    return out;
}
inline Code sleb(std::int64_t value) {
    Code out;
    for (;;) {
        const auto byte = static_cast<std::uint8_t>(value & 0x7f);
        value >>= 7;
        if ((value == 0 && !(byte & 0x40)) || (value == -1 && (byte & 0x40))) {
            out.push_back(byte);
            return out;
        }
        out.push_back(byte | 0x80);
    }
}
inline Code text(std::string_view name) {
    auto out = uleb(name.size());
    out.insert(out.end(), name.begin(), name.end());
    return out;
}
inline Code join(std::initializer_list<Code> parts) {
    Code out;
    for (const auto& part : parts) append(out, part);
    return out;
}
/// A vector: its length, then its items.
inline Code list(const std::vector<Code>& items) {
    auto out = uleb(items.size());
    for (const auto& item : items) append(out, item);
    return out;
}
inline Code repeat(const Code& item, std::size_t times) {
    Code out;
    out.reserve(item.size() * times);
    for (std::size_t i = 0; i < times; ++i) append(out, item);
    return out;
}

inline constexpr std::uint8_t kI32 = 0x7f;
inline constexpr std::uint8_t kI64 = 0x7e;
inline constexpr std::uint8_t kF32 = 0x7d;

inline Code i32_const(std::int32_t value) { return join({{0x41}, sleb(value)}); }
inline Code i64_const(std::int64_t value) { return join({{0x42}, sleb(value)}); }

struct Builder {
    std::vector<Code> types;
    std::vector<Code> imports;
    std::vector<Code> functions;  ///< Type index of each.
    std::vector<Code> tables;
    std::vector<Code> memories;
    std::vector<Code> globals;
    std::vector<Code> exports;
    Code start;  ///< Empty: none.
    std::vector<Code> elements;
    Code data_count;
    std::vector<Code> bodies;
    std::vector<Code> data;
    std::vector<Code> customs;

    static Code func_type(const Code& params, const Code& results) {
        return join({{0x60}, uleb(params.size()), params, uleb(results.size()), results});
    }
    std::uint32_t type(const Code& params, const Code& results) {
        types.push_back(func_type(params, results));
        return static_cast<std::uint32_t>(types.size() - 1);
    }
    /// Adds a function that is exported under `name`, unless that is empty. `body` has no final `end`.
    std::uint32_t function(std::string_view name, std::uint32_t type_index, const Code& body,
                           const Code& locals = {0}) {
        functions.push_back(uleb(type_index));
        const auto whole = join({locals, body, {0x0b}});
        bodies.push_back(join({uleb(whole.size()), whole}));
        const auto index = static_cast<std::uint32_t>(imports.size() + functions.size() - 1);
        if (!name.empty()) exports.push_back(join({text(name), {0}, uleb(index)}));
        return index;
    }
    void import_function(std::string_view module, std::string_view name, std::uint32_t type_index) {
        imports.push_back(join({text(module), text(name), {0}, uleb(type_index)}));
    }
    void memory(std::uint32_t min) { memories.push_back(join({{0}, uleb(min)})); }

    [[nodiscard]] base::Bytes bytes() const {
        Code out{0, 'a', 's', 'm', 1, 0, 0, 0};
        const auto section = [&](std::uint8_t id, const Code& content) {
            append(out, join({{id}, uleb(content.size()), content}));
        };
        const auto vector = [&](std::uint8_t id, const std::vector<Code>& items) {
            if (!items.empty()) section(id, list(items));
        };
        vector(1, types);
        vector(2, imports);
        vector(3, functions);
        vector(4, tables);
        vector(5, memories);
        vector(6, globals);
        vector(7, exports);
        if (!start.empty()) section(8, start);
        vector(9, elements);
        if (!data_count.empty()) section(12, data_count);
        vector(10, bodies);
        vector(11, data);
        for (const auto& custom : customs) section(0, custom);
        const auto view = std::as_bytes(std::span{out});
        return {view.begin(), view.end()};
    }
};

}  // namespace zvm::test
