#pragma once
// The `zcrypto` command line.

namespace zcrypto_tool {

/// Exit codes. `failed` is also "does not match" and "signature invalid", as b3sum and sha256sum have it.
enum Exit : int { done = 0, failed = 1, usage = 2 };

int run(int argc, char** argv);

}  // namespace zcrypto_tool
