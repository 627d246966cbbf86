#pragma once
// What a program does to its own process.

namespace base {

/// No core dumps and no ptrace by others (RLIMIT_CORE 0, PR_SET_DUMPABLE 0). First in the main of every program that
/// handles keys; affects the whole process and what it starts. A debugger that starts the program still works, and so
/// do sanitizers.
void harden_process() noexcept;

}  // namespace base
