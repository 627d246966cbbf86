#pragma once
// How a command ends: exit codes that scripts may rely on, and failures that name the cause and the next step.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace zwallet {

enum class ExitCode : int {
    ok = 0,
    failure = 1,       ///< Anything without a code of its own: damaged files, bad proofs, internal errors.
    usage = 2,         ///< The command line is wrong.
    locked = 3,        ///< The wallet is locked or not initialised.
    denied = 4,        ///< Wrong password, back-off, a key that is not listed, a refused confirmation.
    rejected = 5,      ///< Nothing was signed, or the transaction is final and failed.
    network = 6,       ///< walletd, the bridge or the node cannot be reached.
    insufficient = 7,  ///< The balance does not cover amount and fee.
    uncertain = 8,     ///< Signed and not final, whatever a node says of it: it may still happen.
};
/// "usage", "locked", …: the `code` of JSON errors.
std::string_view name_of(ExitCode code) noexcept;

struct Failure {
    ExitCode code = ExitCode::failure;
    std::string cause;  ///< A sentence without a full stop.
    std::string next;   ///< What to type or to do; may be empty.
    // Of `uncertain`:
    std::string tx_id;                   ///< Hexadecimal.
    std::uint64_t may_happen_until = 0;  ///< The last block that can have it; 0: unknown.
};

template <typename T>
using Outcome = std::expected<T, Failure>;

[[nodiscard]] inline std::unexpected<Failure> give_up(ExitCode code, std::string cause, std::string next = {}) {
    return std::unexpected{Failure{code, std::move(cause), std::move(next)}};
}
/// For diagnostics of libraries that have no better code.
[[nodiscard]] inline std::unexpected<Failure> give_up(ExitCode code, const base::Diagnostic& diagnostic,
                                                      std::string next = {}) {
    return give_up(code, diagnostic.text, std::move(next));
}

}  // namespace zwallet
