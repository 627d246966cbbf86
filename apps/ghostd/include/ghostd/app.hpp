#pragma once
// The command line of ghostd.

namespace ghostd {

/// Exit codes: 0 done; 1 failed (the reason is on stderr); 2 wrong usage; 3 the node cannot be reached.
int run(int argc, char** argv);

}  // namespace ghostd
