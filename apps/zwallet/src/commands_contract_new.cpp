// contract new: a template with its SDK, from contract_kit.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "commands_contract.hpp"
#include "contract_kit/project.hpp"

namespace zwallet {

Outcome<void> run_contract_new(Context& context, const ContractNewOptions& options) {
    const auto language = contract_kit::language_of(options.language);
    if (!language) {
        return give_up(ExitCode::usage,
                       fmt::format("'{}' is not a language: c, cpp or as", printable(options.language)));
    }
    const contract_kit::Project project{.name = options.name, .language = *language};
    const auto files = contract_kit::project_files(project);
    if (!files) return give_up(ExitCode::usage, files.error());
    const auto folder = options.folder.empty() ? options.name : options.folder;
    if (const auto written = contract_kit::write_project(project, folder); !written) {
        const auto is_there = written.error().error.is(base::Errc::already_exists);
        return give_up(is_there ? ExitCode::usage : ExitCode::failure, written.error(),
                       is_there ? "choose another name, or --into DIR" : "");
    }
    auto& out = context.out;
    nlohmann::json paths = nlohmann::json::array();
    for (const auto& file : *files) {
        paths.push_back(folder + "/" + file.path);
        out.line(paths.back().get_ref<const std::string&>());
    }
    const auto build = *language == contract_kit::Language::assemblyscript
                           ? fmt::format("cd {} && npm install && npm run build", folder)
                           : fmt::format("make -C {}", folder);
    out.field("next", build);
    out.document("contract new", {{"name", options.name},
                                  {"language", options.language},
                                  {"folder", folder},
                                  {"files", std::move(paths)},
                                  {"build", build}});
    return {};
}

}  // namespace zwallet
