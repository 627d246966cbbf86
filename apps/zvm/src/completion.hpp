#pragma once

#include <string>

namespace CLI {
class App;
}

namespace zvm_tool {

/// The script for "bash", "zsh" or "fish", made from the commands and options that `app` has. Empty for another shell.
std::string completion_script(const CLI::App& app, const std::string& shell);

}  // namespace zvm_tool
