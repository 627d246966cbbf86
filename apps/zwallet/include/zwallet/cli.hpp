#pragma once
// The command line itself.

namespace zwallet {

/// Runs `zwallet ARGS`; returns the exit code (see outcome.hpp). Prints to stdout and stderr.
int run(int argc, const char* const* argv);

}  // namespace zwallet
