#include "completion.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <vector>

namespace zwallet {
namespace {

/// One command: "account new", what may follow it, and its one-line description.
struct Node {
    std::string path;
    std::vector<std::pair<std::string, std::string>> words;  ///< Word and description.
};

void collect(const CLI::App& app, const std::string& path,
             const std::vector<std::pair<std::string, std::string>>& globals, std::vector<Node>& nodes) {
    Node node{.path = path, .words = {}};
    const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
    for (const auto* sub : subcommands) node.words.emplace_back(sub->get_name(), sub->get_description());
    for (const auto* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) node.words.emplace_back("--" + name, option->get_description());
    }
    if (!path.empty()) node.words.insert(node.words.end(), globals.begin(), globals.end());
    nodes.push_back(std::move(node));
    for (const auto* sub : subcommands) {
        collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), globals, nodes);
    }
}

/// The first line of a description, without what a shell's quotes would trip over.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, text.find('\n'))) {
        if (c != '\'' && c != '"' && c != '`' && c != '$' && c != '\\' && c != ':' && c != '[' && c != ']') out += c;
    }
    return out;
}

/// A template with every @NAME@ replaced; shell is full of the braces that fmt wants for itself.
std::string with_name(std::string text, std::string_view name) {
    constexpr std::string_view kMark = "@NAME@";
    for (auto at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at + name.size())) {
        text.replace(at, kMark.size(), name);
    }
    return text;
}

std::string words_of(const Node& node) {
    std::string out;
    for (const auto& [word, description] : node.words) out += (out.empty() ? "" : " ") + word;
    return out;
}

std::string bash(const std::string& name, const std::vector<Node>& nodes) {
    // The path is what was typed so far without options: at most two words deep.
    auto out = with_name(R"sh(# bash completion for @NAME@: eval "$(@NAME@ completion bash)"
_@NAME@() {
  local cur=${COMP_WORDS[COMP_CWORD]} path="" word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) continue ;; esac
    case "$path $word" in
)sh",
                         name);
    for (const auto& node : nodes) {
        if (!node.path.empty())
            out += fmt::format("      \"{}{}\") path=\"{}\" ;;\n", node.path.find(' ') != std::string::npos ? "" : " ",
                               node.path, node.path);
    }
    out += "    esac\n  done\n  case \"$path\" in\n";
    for (const auto& node : nodes) {
        out += fmt::format("    \"{}\") COMPREPLY=($(compgen -W \"{}\" -- \"$cur\")) ;;\n", node.path, words_of(node));
    }
    out += fmt::format("  esac\n}}\ncomplete -o default -F _{0} {0}\n", name);
    return out;
}

std::string zsh(const std::string& name, const std::vector<Node>& nodes) {
    auto out = with_name(R"sh(#compdef @NAME@
# zsh completion for @NAME@: eval "$(@NAME@ completion zsh)"
_@NAME@() {
  local path_="" word
  local -a candidates
  for word in "${words[@]:1:$((CURRENT-2))}"; do
    case "$word" in -*) continue ;; esac
    case "$path_ $word" in
)sh",
                         name);
    for (const auto& node : nodes) {
        if (!node.path.empty())
            out += fmt::format("      \"{}{}\") path_=\"{}\" ;;\n", node.path.find(' ') != std::string::npos ? "" : " ",
                               node.path, node.path);
    }
    out += "    esac\n  done\n  case \"$path_\" in\n";
    for (const auto& node : nodes) {
        out += fmt::format("    \"{}\") candidates=(", node.path);
        for (const auto& [word, description] : node.words) out += fmt::format("'{}:{}' ", word, plain(description));
        out += ") ;;\n";
    }
    out += fmt::format("  esac\n  _describe '{0}' candidates\n}}\ncompdef _{0} {0}\n", name);
    return out;
}

std::string fish(const std::string& name, const std::vector<Node>& nodes) {
    auto out = fmt::format("# fish completion for {0}: {0} completion fish | source\n", name);
    for (const auto& node : nodes) {
        std::string condition = "__fish_use_subcommand";
        if (!node.path.empty()) {
            condition.clear();
            std::size_t from = 0;
            while (from <= node.path.size()) {
                const auto space = std::min(node.path.find(' ', from), node.path.size());
                if (!condition.empty()) condition += "; and ";
                condition += "__fish_seen_subcommand_from " + node.path.substr(from, space - from);
                from = space + 1;
            }
        }
        for (const auto& [word, description] : node.words) {
            if (word.starts_with("--")) {
                out += fmt::format("complete -c {} -n '{}' -l {} -d '{}'\n", name, condition, word.substr(2),
                                   plain(description));
            } else {
                out +=
                    fmt::format("complete -c {} -n '{}' -f -a {} -d '{}'\n", name, condition, word, plain(description));
            }
        }
    }
    return out;
}

}  // namespace

std::optional<std::string> completion_script(const CLI::App& app, std::string_view shell) {
    std::vector<std::pair<std::string, std::string>> globals;
    for (const auto* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) {
            if (name != "help" && name != "version") globals.emplace_back("--" + name, option->get_description());
        }
    }
    std::vector<Node> nodes;
    collect(app, "", globals, nodes);
    if (shell == "bash") return bash(app.get_name(), nodes);
    if (shell == "zsh") return zsh(app.get_name(), nodes);
    if (shell == "fish") return fish(app.get_name(), nodes);
    return std::nullopt;
}

}  // namespace zwallet
