#include "zvm/errc.hpp"

namespace zvm {
namespace {

const char* describe(std::int32_t code) noexcept {
    switch (static_cast<Errc>(code)) {
        case Errc::malformed: return "not a well-formed WebAssembly binary";
        case Errc::invalid: return "the module does not validate";
        case Errc::floats_refused: return "floating point is not allowed in contracts";
        case Errc::start_refused: return "a start function is not allowed in contracts";
        case Errc::feature_refused: return "the module uses a feature that is not supported";
        case Errc::code_too_large: return "the module has too many bytes";
        case Errc::too_many_types: return "too many types";
        case Errc::too_many_params: return "a type has too many parameters";
        case Errc::too_many_results: return "a type has too many results";
        case Errc::too_many_functions: return "too many functions";
        case Errc::body_too_large: return "a function body has too many bytes";
        case Errc::too_many_locals: return "a function has too many locals";
        case Errc::too_many_locals_total: return "the functions have too many locals together";
        case Errc::too_many_blocks: return "a function has too many blocks";
        case Errc::br_table_too_large: return "a br_table has too many targets";
        case Errc::nesting_too_deep: return "blocks are nested too deeply";
        case Errc::frame_too_large: return "a function needs too many stack slots";
        case Errc::too_many_tables: return "too many tables";
        case Errc::table_too_large: return "a table has too many elements";
        case Errc::memory_too_large: return "the memory has too many pages";
        case Errc::too_many_globals: return "too many globals";
        case Errc::too_many_imports: return "too many imports";
        case Errc::too_many_exports: return "too many exports";
        case Errc::too_many_segments: return "too many segments";
        case Errc::unknown_import: return "unknown import";
        case Errc::import_mismatch: return "incompatible import type";
        case Errc::out_of_memory: return "the system refused memory";
        case Errc::unknown_export: return "unknown export";
    }
    return "unknown error";
}

constexpr base::ErrorDomain kDomain{"zvm", &describe};

}  // namespace

const base::ErrorDomain& error_domain(Errc) noexcept { return kDomain; }

}  // namespace zvm
