#pragma once
// The `zvm` command line. Exit codes: 0 done, 1 the module or a check failed, 2 wrong usage.

namespace zvm_tool {

int run(int argc, char** argv);

}  // namespace zvm_tool
