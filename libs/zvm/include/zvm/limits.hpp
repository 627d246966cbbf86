#pragma once
// What a module may contain. The contract profile is consensus: changing a number there is a protocol change.

#include <cstdint>

namespace zvm {

enum class Profile : std::uint8_t {
    contract,  ///< "Lime1 minus floats": no floats, start function, imports other than functions.
    spec,      ///< The MVP, sign extension, saturating conversions, multi-value, bulk memory, reference types.
};

/// Bounds on a module. Crossing one by one is its own `Errc`.
struct Limits {
    std::uint32_t code_bytes = 256 * 1024;
    std::uint32_t types = 1'024;
    std::uint32_t params = 32;   ///< Of a function or block type.
    std::uint32_t results = 32;  ///< Of a function or block type.
    std::uint32_t functions = 4'096;
    std::uint32_t body_bytes = 64 * 1024;
    std::uint32_t locals = 512;  ///< Of one function, parameters included.
    std::uint32_t locals_total = 50'000;
    std::uint32_t blocks = 5'000;  ///< block, loop and if of one function.
    std::uint32_t br_table = 4'096;
    std::uint32_t nesting = 256;
    std::uint32_t tables = 1;
    std::uint32_t table_elements = 4'096;
    std::uint32_t globals = 256;
    std::uint32_t memory_pages = 64;  ///< Of 64 KiB. Also what a memory without a maximum may grow to.
    std::uint32_t imports = 64;
    std::uint32_t exports = 256;
    std::uint32_t segments = 1'024;  ///< Data segments, and element segments.

    static constexpr Limits contract() noexcept { return {}; }
    /// Wide enough for the specification's tests; still finite.
    static constexpr Limits spec() noexcept {
        return {.code_bytes = 64 * 1024 * 1024,
                .types = 100'000,
                .params = 1'000,
                .results = 1'000,
                .functions = 100'000,
                .body_bytes = 8 * 1024 * 1024,
                .locals = 50'000,
                .locals_total = 5'000'000,
                .blocks = 1'000'000,
                .br_table = 1'000'000,
                .nesting = 10'000,
                .tables = 1'000,
                .table_elements = 10'000'000,
                .globals = 100'000,
                .memory_pages = 65'536,
                .imports = 100'000,
                .exports = 100'000,
                .segments = 100'000};
    }
};

inline constexpr std::uint32_t kPageBytes = 65'536;
/// Bounds of a run, equal in every tier.
inline constexpr std::uint32_t kStackSlots = 65'536;
inline constexpr std::uint32_t kCallDepth = 1'024;
inline constexpr std::uint32_t kContractDepth = 64;

}  // namespace zvm
