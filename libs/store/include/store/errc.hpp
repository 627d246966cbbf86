#pragma once
// Errors of `store`.

#include <cstdint>

#include "base/result.hpp"

namespace store {

enum class Errc : std::int32_t {
    corrupt = 1,   ///< Stored bytes fail a checksum or do not decode.
    foreign,       ///< A database of another program, chain or format.
    locked,        ///< Another process has it open.
    missing,       ///< No database there, and creating one was not asked for.
    unwritable,    ///< The folder cannot be made or written.
    disk_full,     ///< No space left (or a quota or file-size limit); the store is poisoned.
    io_error,      ///< The system refused; the store is poisoned when it happened on a commit.
    poisoned,      ///< An earlier commit failed: reads go on, writes are refused until the store is opened again.
    missing_node,  ///< A tree node is not there: the version is unknown or pruned.
    bad_proof,     ///< A proof does not lead to the root.
};
const base::ErrorDomain& error_domain(Errc) noexcept;

}  // namespace store
