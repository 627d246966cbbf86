#include "qr.hpp"

#include <qrencode.h>

#include <memory>

namespace zwallet {

std::vector<std::string> qr_lines(std::string_view text) {
    constexpr int kQuietZone = 2;
    if (text.empty() || text.size() > 512) return {};
    const std::unique_ptr<QRcode, decltype(&QRcode_free)> code{
        QRcode_encodeData(static_cast<int>(text.size()), reinterpret_cast<const unsigned char*>(text.data()), 0,
                          QR_ECLEVEL_L),
        QRcode_free};
    if (!code) return {};
    const auto width = code->width;
    const auto dark = [&](int x, int y) {
        return x >= 0 && y >= 0 && x < width && y < width && (code->data[y * width + x] & 1) != 0;
    };
    // One character is two modules, one above the other. Light modules are drawn, so that the code reads the right way
    // round on a dark terminal; scanners accept the inverse on a light one.
    std::vector<std::string> lines;
    for (int y = -kQuietZone; y < width + kQuietZone; y += 2) {
        std::string line;
        for (int x = -kQuietZone; x < width + kQuietZone; ++x) {
            const bool upper = !dark(x, y);
            const bool lower = !dark(x, y + 1);
            line += upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ";
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace zwallet
