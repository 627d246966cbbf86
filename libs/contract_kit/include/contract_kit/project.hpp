#pragma once
// New contract projects from contracts/templates, with the SDK inside: a folder that builds and tests by itself.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace contract_kit {

enum class Language { c, cpp, assemblyscript };
/// "c", "cpp" or "c++", "as" or "assemblyscript".
std::optional<Language> language_of(std::string_view text) noexcept;

struct Project {
    std::string name;  ///< Of the contract: a letter, then letters, digits, underscores, lower case; at most 40.
    Language language = Language::c;
};
struct ProjectFile {
    std::string path;  ///< Relative, with '/'.
    std::string content;
};
/// `invalid_argument` for a name that is none.
base::Checked<std::vector<ProjectFile>> project_files(const Project& project);
/// Writes them into `folder`, which it makes. `already_exists` when there is something of that name.
base::Checked<void> write_project(const Project& project, const std::string& folder);

}  // namespace contract_kit
