#pragma once
// Files of contracts/templates and contracts/sdk, put into the program by embed.cmake.

#include <cstddef>
#include <span>
#include <string_view>

namespace contract_kit {

struct EmbeddedFile {
    std::string_view path;  ///< Below contracts/.
    std::string_view content;
};
std::span<const EmbeddedFile> embedded_files() noexcept;

}  // namespace contract_kit
