#pragma once
// What the subcommands do before they do anything: read a module, find a function, understand its arguments.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zvm/machine.hpp"
#include "zvm_tool/commands.hpp"

namespace zvm_tool {

using ModulePointer = std::shared_ptr<const zvm::Module>;

/// Nothing, with the reason on stderr, when it cannot be read or does not load.
std::optional<ModulePointer> load(const std::string& file, const LoadFlags& flags);

/// By export name or index.
std::optional<std::uint32_t> find_function(const zvm::Module& module, const std::string& function);

/// An instance whose imports trap, and the call to make on it. `instance` is null when something was wrong; then it has
/// been said and `code` is the exit code.
struct Prepared {
    int code = 0;
    std::unique_ptr<std::vector<zvm::HostFunction>> hosts;  ///< Outlives the instance.
    std::unique_ptr<zvm::Instance> instance;
    const zvm::Function* function = nullptr;
    std::vector<zvm::Slot> args;
};
Prepared prepare(const std::string& file, const std::string& function, const std::vector<std::string>& args,
                 const RunFlags& flags);

}  // namespace zvm_tool
