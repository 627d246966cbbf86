#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace zcrypto_tool {

/// A completion script for "bash", "zsh" or "fish", made from the command tree itself.
std::optional<std::string> completion_script(const CLI::App& app, std::string_view shell);

}  // namespace zcrypto_tool
