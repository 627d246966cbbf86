#pragma once
// Errors of `zvm`: why a module is refused, or why it cannot be linked. What happens while a module runs is a `Trap`.

#include <cstdint>

#include "base/result.hpp"

namespace zvm {

enum class Errc : std::int32_t {
    malformed = 1,  ///< Not a Wasm binary: the grammar is violated. The note uses the specification's words.
    invalid,        ///< Well-formed, but does not validate.

    // Features that the profile refuses.
    floats_refused,
    start_refused,
    feature_refused,  ///< SIMD, threads, memory64, exceptions, GC, several memories, and so on.

    // Limits, each with its own code (see `Limits`).
    code_too_large,
    too_many_types,
    too_many_params,
    too_many_results,
    too_many_functions,
    body_too_large,
    too_many_locals,
    too_many_locals_total,
    too_many_blocks,
    br_table_too_large,
    nesting_too_deep,
    frame_too_large,
    too_many_tables,
    table_too_large,
    memory_too_large,
    too_many_globals,
    too_many_imports,
    too_many_exports,
    too_many_segments,

    // Linking.
    unknown_import,   ///< No such function, or a kind of import that the profile does not allow.
    import_mismatch,  ///< It exists with another type.
    out_of_memory,    ///< The host refused address space.
    unknown_export,   ///< No such export, or of another kind or type.
};
const base::ErrorDomain& error_domain(Errc) noexcept;

}  // namespace zvm
