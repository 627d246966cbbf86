#pragma once
// One test file: programs, accounts, set-up, tests; each test on a chain of its own.

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "contract_kit/mock_chain.hpp"
#include "contract_kit/testing.hpp"

namespace contract_kit {

using Json = nlohmann::ordered_json;

/// A program as a test file names it. Loaded once a run, shared by all files that name the same module.
struct LoadedProgram {
    Program program;
    std::vector<std::uint32_t> block_functions;  ///< Of a counting module.
};

class ProgramStore {
 public:
    explicit ProgramStore(bool is_counting) noexcept : is_counting_{is_counting} {}
    /// `path` is a module that exists.
    base::Checked<LoadedProgram*> load(const std::string& name, const std::string& path);
    [[nodiscard]] const std::map<std::string, std::unique_ptr<LoadedProgram>>& by_path() const noexcept {
        return by_path_;
    }

 private:
    bool is_counting_;
    std::map<std::string, std::unique_ptr<LoadedProgram>> by_path_;
};

struct ScriptContext {
    const TestOptions& options;
    ProgramStore& programs;
    std::map<std::string, std::vector<std::uint64_t>>& gas;  ///< By "contract.method".
    bool checks_outcomes = true;                             ///< False in the coverage run: gas differs there.
};

/// Runs a file. Storage snapshots lie beside it as NAME.snap.json.
base::Checked<FileResult> run_script(const std::string& path, ScriptContext context);

}  // namespace contract_kit
