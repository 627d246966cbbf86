#include "completion.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <vector>

namespace zcrypto_tool {
namespace {

/// A command's words as typed ("words new"; "" is the program itself) and what may follow.
struct Node {
    std::string path;
    std::string words;
};

void collect(const CLI::App& app, const std::string& path, std::vector<Node>& nodes) {
    Node node{path, {}};
    const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
    for (const auto* sub : subcommands) node.words += sub->get_name() + " ";
    for (const auto* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) node.words += "--" + name + " ";
    }
    nodes.push_back(std::move(node));
    for (const auto* sub : subcommands) {
        collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), nodes);
    }
}

/// bash and zsh (through its bash emulation) share one function: drop options from what was typed, look the rest up
/// from the longest to the shortest.
std::string bash(const std::vector<Node>& nodes) {
    std::string out = R"sh(# bash completion for zcrypto: eval "$(zcrypto completion bash)"
_zcrypto() {
  local cur=${COMP_WORDS[COMP_CWORD]} path="" word words=""
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="${path:+$path }$word" ;; esac
  done
  while :; do
    case "$path" in
)sh";
    for (const auto& node : nodes) out += fmt::format("      \"{}\") words=\"{}\"; break ;;\n", node.path, node.words);
    out += R"sh(      *" "*) path=${path% *} ;;
      *) path="" ;;
    esac
  done
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _zcrypto zcrypto
)sh";
    return out;
}

std::string fish(const std::vector<Node>& nodes) {
    std::string out = "# fish completion for zcrypto: zcrypto completion fish | source\n";
    for (const auto& node : nodes) {
        std::string condition = "__fish_use_subcommand";
        if (!node.path.empty()) {
            condition = "__fish_seen_subcommand_from " + node.path.substr(node.path.rfind(' ') + 1);
        }
        for (std::size_t from = 0; from < node.words.size();) {
            const auto end = node.words.find(' ', from);
            const auto word = node.words.substr(from, end - from);
            from = end + 1;
            out += word.starts_with("--")
                       ? fmt::format("complete -c zcrypto -n '{}' -l {}\n", condition, word.substr(2))
                       : fmt::format("complete -c zcrypto -n '{}' -f -a {}\n", condition, word);
        }
    }
    return out;
}

}  // namespace

std::optional<std::string> completion_script(const CLI::App& app, std::string_view shell) {
    std::vector<Node> nodes;
    collect(app, "", nodes);
    if (shell == "bash") return bash(nodes);
    if (shell == "zsh") return "autoload -U +X bashcompinit && bashcompinit\n" + bash(nodes);
    if (shell == "fish") return fish(nodes);
    return std::nullopt;
}

}  // namespace zcrypto_tool
