#include "zwallet/outcome.hpp"

namespace zwallet {

std::string_view name_of(ExitCode code) noexcept {
    switch (code) {
        case ExitCode::ok: return "ok";
        case ExitCode::failure: return "failure";
        case ExitCode::usage: return "usage";
        case ExitCode::locked: return "locked";
        case ExitCode::denied: return "denied";
        case ExitCode::rejected: return "rejected";
        case ExitCode::network: return "network";
        case ExitCode::insufficient: return "insufficient";
        case ExitCode::uncertain: return "uncertain";
    }
    return "failure";
}

}  // namespace zwallet
