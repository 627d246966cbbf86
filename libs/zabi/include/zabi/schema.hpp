#pragma once
// The schema of a contract: custom section `zvm.abi`, docs/contract-abi.md. Parsed once, immutable, thread-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "zabi/type.hpp"

namespace zabi {

inline constexpr std::string_view kSectionName = "zvm.abi";
inline constexpr std::size_t kSchemaBytesMax = 64 * 1024;
inline constexpr std::size_t kSignatureBytesMax = 64;
inline constexpr std::size_t kNameBytesMax = 40;
inline constexpr std::size_t kFieldsMax = 32;
inline constexpr std::size_t kEntriesMax = 128;  ///< Methods, events, errors, each.
inline constexpr std::size_t kTypesMax = 64;
inline constexpr std::size_t kIndexedMax = 3;

inline constexpr const char* kInitExport = "init";
inline constexpr const char* kCallExport = "call";

using Selector = base::FixedBytes<4>;
/// The first 4 bytes of BLAKE3 of a signature.
Selector selector_of(std::string_view signature) noexcept;
/// All of it: topic 0 of an event.
base::Digest topic_of(std::string_view signature) noexcept;
/// "transfer(address,u128)"
std::string signature_of(std::string_view name, const std::vector<Field>& fields);

struct Method {
    std::string name;
    std::vector<Field> inputs;
    std::vector<Field> outputs;
    bool view = false;
    bool payable = false;
    std::string doc;
    std::string signature;
    Selector selector{};
};
struct Event {
    std::string name;
    std::vector<Field> fields;
    std::string doc;
    std::string signature;
    base::Digest topic{};
};
struct ErrorType {
    std::string name;
    std::vector<Field> fields;
    std::string doc;
    std::string signature;
    Selector selector{};
};
struct Init {
    std::vector<Field> inputs;
    bool payable = false;
};

struct Schema {
    std::string name;
    std::string doc;
    std::vector<std::pair<std::string, Type>> types;
    Init init;
    bool receive = false;  ///< Accepts a payment without input.
    std::vector<Method> methods;
    std::vector<Event> events;
    std::vector<ErrorType> errors;  ///< Declared ones; Error(string) and Panic(u32) are found by find_error too.
    base::Digest hash{};            ///< BLAKE3 of the JSON as given: what the chain records at deploy.

    /// Errors say where: "methods[2].inputs[0].type: unknown type 'u256'".
    static base::Checked<Schema> parse(std::string_view json);
    /// From the module's custom section. `not_found` when there is none.
    static base::Checked<Schema> from_wasm(base::ByteView wasm);

    [[nodiscard]] const Method* find_method(std::string_view name) const noexcept;
    [[nodiscard]] const Method* find_method(const Selector& selector) const noexcept;
    [[nodiscard]] const Event* find_event(std::string_view name) const noexcept;
    [[nodiscard]] const Event* find_event(const base::Digest& topic) const noexcept;
    [[nodiscard]] const ErrorType* find_error(std::string_view name) const noexcept;
    [[nodiscard]] const ErrorType* find_error(const Selector& selector) const noexcept;
};

/// The bytes of a module's section `zvm.abi`; borrows `wasm`. `not_found` when there is none, `already_exists` when
/// there are two, `truncated` when the module's sections are malformed, `out_of_range` beyond kSchemaBytesMax.
base::Result<base::ByteView> find_section(base::ByteView wasm) noexcept;
/// `wasm` with `json` as its only section `zvm.abi`. Errors as Schema::parse and find_section.
base::Checked<base::Bytes> embed_section(base::ByteView wasm, std::string_view json);

}  // namespace zabi
