#pragma once
// Runs the specification's test suite as wabt's wast2json writes it: one JSON file of commands and the .wasm files that
// they name. Every command on a binary module counts; text-format modules (.wat) are another program's business and
// are counted apart.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace zvm_tool {

struct SpecReport {
    std::string file;
    std::uint32_t passed = 0;
    std::uint32_t text_only = 0;        ///< Commands on .wat modules, not run.
    std::uint32_t invalid_first = 0;    ///< Of those passed: malformed modules that were refused as invalid.
    std::vector<std::string> failures;  ///< "line 12: assert_return: expected ... got ..."
};

/// Runs one .json file. An error means that the file itself cannot be read.
base::Checked<SpecReport> run_spec_file(const std::string& json_path);

/// Every .json file at any depth below `folder`, in order of path, or `folder` itself when it is a file. One that
/// cannot be read has that as its failure. An error when there is none.
base::Checked<std::vector<SpecReport>> run_spec_folder(const std::string& folder);

}  // namespace zvm_tool
