#pragma once
// The subcommands. Each prints to stdout (errors to stderr) and returns the exit code.

#include <cstdint>
#include <string>
#include <vector>

namespace zvm_tool {

struct LoadFlags {
    bool spec = false;  ///< The spec profile instead of the contract profile.
};

/// Sections, imports, exports, sizes.
int inspect(const std::string& file, const LoadFlags& flags);
/// "valid", or why not.
int validate(const std::string& file, const LoadFlags& flags);

struct RunFlags {
    LoadFlags load;
    std::int64_t gas = 1'000'000'000;
    bool show_gas = false;
};
/// Calls an exported function; a trap prints its stack trace.
int run_function(const std::string& file, const std::string& function, const std::vector<std::string>& args,
                 const RunFlags& flags);

/// Calls every exported function in order with zeroes and prints each outcome, the host calls between them and a hash
/// of the memory at the end: what diff/zvm_diff.py compares with another engine. `is_wabt`: in the words of wabt's
/// wasm-interp, and only the exports that it would call. Several files each get a "# file" line first.
int call_exports(const std::vector<std::string>& files, const RunFlags& flags, bool is_wabt);

/// The register code of one function (by export name or index) or of all; `is_wasm`: before it the instructions of the
/// binary with their gas.
int disassemble(const std::string& file, const std::string& function, const LoadFlags& flags, bool is_wasm);

/// Gas of each function before it runs, dearest first; with a function's name its stretches, loops and dearest way.
int gas(const std::string& file, const std::string& function, const LoadFlags& flags);
/// docs/gas.md.
int gas_table();

/// Calls a function again and again, on a clean instance each time: nanoseconds, gas, nanoseconds a gas.
int bench(const std::string& file, const std::string& function, const std::vector<std::string>& args,
          const RunFlags& flags, double seconds);

/// Runs wast2json output below a folder; prints counts per file.
int spectest(const std::string& folder, bool verbose);

}  // namespace zvm_tool
