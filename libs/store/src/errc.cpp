#include "store/errc.hpp"

namespace store {
namespace {

const char* describe(std::int32_t code) noexcept {
    switch (static_cast<Errc>(code)) {
        case Errc::corrupt: return "stored data is corrupt";
        case Errc::foreign: return "the database belongs to something else";
        case Errc::locked: return "the database is in use by another process";
        case Errc::missing: return "there is no database";
        case Errc::unwritable: return "the database folder cannot be written";
        case Errc::disk_full: return "no space left for the database";
        case Errc::io_error: return "the database could not read or write";
        case Errc::poisoned: return "the database is read-only since a failed write";
        case Errc::missing_node: return "tree node is missing";
        case Errc::bad_proof: return "proof does not lead to the root";
    }
    return "unknown error";
}

constexpr base::ErrorDomain kDomain{"store", &describe};

}  // namespace

const base::ErrorDomain& error_domain(Errc) noexcept { return kDomain; }

}  // namespace store
