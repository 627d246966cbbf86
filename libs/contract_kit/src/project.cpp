#include "contract_kit/project.hpp"

#include <algorithm>
#include <filesystem>

#include "base/file.hpp"
#include "embedded.hpp"

namespace contract_kit {
namespace {

namespace fs = std::filesystem;
using base::Errc;

constexpr std::size_t kNameBytesMax = 40;
constexpr std::string_view kPlaceholder = "@NAME@";

bool is_name(std::string_view name) noexcept {
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    return !name.empty() && name.size() <= kNameBytesMax && is_letter(name.front()) &&
           std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
    std::string out;
    for (std::size_t at = 0;;) {
        const auto next = text.find(what, at);
        out += text.substr(at, next - at);
        if (next == std::string_view::npos) return out;
        out += by;
        at = next + what.size();
    }
}

struct Sources {
    std::string_view from;  ///< Below contracts/.
    std::string_view to;    ///< In the project.
};
/// The template first, then the part of the SDK that it needs.
std::vector<Sources> sources_of(Language language) {
    switch (language) {
        case Language::c: return {{"templates/c/", ""}, {"sdk/c/include/ghost/contract.h", "include/ghost/contract.h"}};
        case Language::cpp: return {{"templates/cpp/", ""}, {"sdk/c/include/", "include/"}};
        case Language::assemblyscript:
            return {{"templates/as/", ""},
                    {"sdk/assemblyscript/package.json", "ghost-contract/package.json"},
                    {"sdk/assemblyscript/assembly/", "ghost-contract/assembly/"},
                    {"sdk/assemblyscript/bin/", "ghost-contract/bin/"}};
    }
    return {};
}

}  // namespace

std::optional<Language> language_of(std::string_view text) noexcept {
    if (text == "c") return Language::c;
    if (text == "cpp" || text == "c++") return Language::cpp;
    if (text == "as" || text == "assemblyscript") return Language::assemblyscript;
    return std::nullopt;
}

base::Checked<std::vector<ProjectFile>> project_files(const Project& project) {
    if (!is_name(project.name))
        return base::explain(Errc::invalid_argument,
                             "'" + project.name +
                                 "' is not a contract's name: a lower-case letter, then letters, digits "
                                 "and underscores, at most 40");
    std::vector<ProjectFile> out;
    for (const auto& [from, to] : sources_of(project.language)) {
        for (const auto& file : embedded_files()) {
            // A folder ends with '/'; anything else is one file.
            if (from.ends_with('/') ? !file.path.starts_with(from) : file.path != from) continue;
            const bool is_template = from.starts_with("templates/");
            const auto path = std::string{to} + std::string{file.path.substr(from.size())};
            out.push_back({.path = is_template ? replaced(path, "NAME", project.name) : path,
                           .content = is_template ? replaced(file.content, kPlaceholder, project.name)
                                                  : std::string{file.content}});
        }
    }
    return out;
}

base::Checked<void> write_project(const Project& project, const std::string& folder) {
    GC_TRY(const auto files, project_files(project));
    std::error_code error;
    if (fs::exists(fs::symlink_status(folder, error)))
        return base::explain(Errc::already_exists, folder + ": exists already; choose another name or folder");
    for (const auto& file : files) {
        const auto path = fs::path{folder} / file.path;
        fs::create_directories(path.parent_path(), error);
        if (error) return base::explain(Errc::io_error, path.parent_path().string() + ": " + error.message());
        GC_CHECK(
            base::write_file_atomic(path.string(), base::as_bytes(file.content), {.mode = 0644, .replace = false}));
    }
    return {};
}

}  // namespace contract_kit
