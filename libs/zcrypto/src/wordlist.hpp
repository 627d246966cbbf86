#pragma once

#include <array>
#include <string_view>

namespace zcrypto {

extern const std::array<std::string_view, 2048> kEnglishWords;

}  // namespace zcrypto
