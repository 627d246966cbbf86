#include "zvm_tool/app.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "completion.hpp"
#include "zvm_tool/commands.hpp"
#include "zvm_tool/test_command.hpp"

namespace zvm_tool {

int run(int argc, char** argv) {
    CLI::App app{"Looks at, checks and runs WebAssembly modules with GhostChain's contract runtime."};
    app.require_subcommand(1);
    int code = 0;
    std::string file;
    std::string function;
    std::vector<std::string> args;
    RunFlags run_flags;
    bool verbose = true;
    bool wabt_words = false;
    bool is_wasm = false;
    bool is_table = false;
    double seconds = 1;
    std::vector<std::string> files;

    const auto add = [&](const char* name, const char* text) {
        auto* const command = app.add_subcommand(name, text);
        command->add_option("file", file, "module (.wasm)")->required();
        command->add_flag("--spec", run_flags.load.spec, "allow everything of the specification, floats included");
        return command;
    };
    add("inspect", "show sections, imports, exports and sizes")->callback([&] {
        code = inspect(file, run_flags.load);
    });
    add("validate", "say whether a module may be deployed")->callback([&] { code = validate(file, run_flags.load); });
    auto* const run_command = add("run", "call an exported function");
    run_command->add_option("function", function, "name of the export")->required();
    run_command->add_option("args", args, "numbers; 0x... is hexadecimal");
    run_command->add_option("--gas", run_flags.gas, "gas limit")->check(CLI::PositiveNumber);
    run_command->add_flag("--show-gas", run_flags.show_gas, "print what was used");
    run_command->callback([&] { code = run_function(file, function, args, run_flags); });
    auto* const exports_command =
        app.add_subcommand("exports", "call every exported function with zeroes; for comparing engines");
    exports_command->add_option("files", files, "modules (.wasm)")->required();
    exports_command->add_flag("--spec", run_flags.load.spec, "allow everything of the specification");
    exports_command->add_flag("--wabt", wabt_words, "in the words of wabt's wasm-interp --run-all-exports");
    exports_command->add_option("--gas", run_flags.gas, "gas limit of each call")->check(CLI::PositiveNumber);
    exports_command->callback([&] { code = call_exports(files, run_flags, wabt_words); });
    auto* const disasm_command = add("disasm", "show the register code of functions");
    disasm_command->add_option("function", function, "export name or index; all when absent");
    disasm_command->add_flag("--wasm", is_wasm, "the instructions of the binary and their gas as well");
    disasm_command->callback([&] { code = disassemble(file, function, run_flags.load, is_wasm); });
    auto* const gas_command = app.add_subcommand("gas", "show what functions cost before they run");
    auto* const gas_file = gas_command->add_option("file", file, "module (.wasm)");
    gas_command->add_option("function", function, "its stretches, loops and dearest way; all functions when absent");
    gas_command->add_flag("--spec", run_flags.load.spec, "allow everything of the specification");
    gas_command->add_flag("--table", is_table, "print the price list instead (docs/gas.md)");
    gas_command->callback([&, gas_file] {
        if (!is_table && gas_file->count() == 0) throw CLI::RequiredError{"file or --table"};
        code = is_table ? gas_table() : gas(file, function, run_flags.load);
    });
    auto* const bench_command = add("bench", "measure calls of an exported function");
    bench_command->add_option("function", function, "name of the export")->required();
    bench_command->add_option("args", args, "numbers; 0x... is hexadecimal");
    bench_command->add_option("--gas", run_flags.gas, "gas limit of a call")->check(CLI::PositiveNumber);
    bench_command->add_option("--seconds", seconds, "how long to measure")->check(CLI::Range(0.01, 600.0));
    bench_command->callback([&] { code = bench(file, function, args, run_flags, seconds); });
    auto* const spec_command = app.add_subcommand("spectest", "run the specification's tests (wast2json output)");
    spec_command->add_option("folder", file, "searched for .json files at any depth; or one of them")->required();
    spec_command->add_flag("--verbose,!--quiet", verbose, "list every file (so it is when absent), or only failures");
    spec_command->callback([&] { code = spectest(file, verbose); });
#ifndef ZVM_WITHOUT_TEST
    add_test_command(app, code);
#endif

    std::string shell;
    auto* const completion_command = app.add_subcommand("completion", "print a completion script for a shell");
    completion_command->add_option("shell", shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    completion_command->callback([&] { std::fputs(completion_script(app, shell).c_str(), stdout); });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return code;
}

}  // namespace zvm_tool
