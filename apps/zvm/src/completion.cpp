#include "completion.hpp"

#include <CLI/CLI.hpp>

namespace zvm_tool {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App*) { return true; });
}

std::string options_of(const CLI::App& command) {
    std::string out;
    for (const auto* option : command.get_options()) {
        for (const auto& name : option->get_lnames()) out += (out.empty() ? "--" : " --") + name;
    }
    return out;
}

std::string bash(const CLI::App& app) {
    std::string names;
    std::string cases;
    for (const auto* command : commands_of(app)) {
        names += (names.empty() ? "" : " ") + command->get_name();
        cases += "      " + command->get_name() + ") words='" + options_of(*command) + "' ;;\n";
    }
    return "_zvm() {\n  local cur=${COMP_WORDS[COMP_CWORD]} words\n  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "    COMPREPLY=($(compgen -W '" +
           names +
           " --help' -- \"$cur\"))\n    return\n  fi\n  case $cur in\n    -*)\n      case ${COMP_WORDS[1]} in\n" +
           cases +
           "      esac\n      COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
           "    *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n  esac\n}\ncomplete -o filenames -F _zvm zvm\n";
}

std::string fish(const CLI::App& app) {
    std::string out;
    for (const auto* command : commands_of(app)) {
        out += "complete -c zvm -n __fish_use_subcommand -f -a " + command->get_name() + " -d '" +
               command->get_description() + "'\n";
        for (const auto* option : command->get_options()) {
            for (const auto& name : option->get_lnames()) {
                out += "complete -c zvm -n '__fish_seen_subcommand_from " + command->get_name() + "' -l " + name + "\n";
            }
        }
    }
    return out;
}

}  // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
    if (shell == "bash") return "# eval \"$(zvm completion bash)\"\n" + bash(app);
    if (shell == "zsh") {
        return "# eval \"$(zvm completion zsh)\"\nautoload -U +X bashcompinit && bashcompinit\n" + bash(app);
    }
    if (shell == "fish") return "# zvm completion fish | source\n" + fish(app);
    return {};
}

}  // namespace zvm_tool
