#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace zwallet {

/// The QR code of `text` (at most 512 bytes) as lines of half-block characters with its quiet zone, dark on light;
/// empty when the text is too long.
std::vector<std::string> qr_lines(std::string_view text);

}  // namespace zwallet
