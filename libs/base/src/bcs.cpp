#include "base/bcs.hpp"

namespace base {
namespace {

/// Well-formed UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(ByteView text) noexcept {
    std::size_t i = 0;
    const auto at = [&](std::size_t k) { return std::to_integer<std::uint32_t>(text[k]); };
    while (i < text.size()) {
        const auto lead = at(i);
        const std::size_t extra = lead < 0x80   ? 0
                                  : lead < 0xc2 ? 4
                                  : lead < 0xe0 ? 1
                                  : lead < 0xf0 ? 2
                                  : lead < 0xf5 ? 3
                                                : 4;
        if (extra == 4 || text.size() - i <= extra) return false;
        std::uint32_t point = extra == 0 ? lead : lead & (0x3fu >> extra);
        for (std::size_t k = 1; k <= extra; ++k) {
            if ((at(i + k) & 0xc0) != 0x80) return false;
            point = point << 6 | (at(i + k) & 0x3f);
        }
        if (extra == 2 && (point < 0x800 || (point >= 0xd800 && point < 0xe000))) return false;
        if (extra == 3 && (point < 0x10000 || point > 0x10ffff)) return false;
        i += extra + 1;
    }
    return true;
}

}  // namespace

void BcsWriter::uleb(std::uint32_t value) {
    while (value >= 0x80) {
        u8(static_cast<std::uint8_t>(value | 0x80));
        value >>= 7;
    }
    u8(static_cast<std::uint8_t>(value));
}

void BcsWriter::bytes(ByteView bytes) {
    uleb(static_cast<std::uint32_t>(bytes.size()));
    fixed(bytes);
}

ByteView BcsReader::take(std::size_t count) noexcept {
    if (!ok()) return {};
    if (rest_.size() < count) {
        reject(Errc::truncated, "bcs");
        return {};
    }
    const auto view = rest_.first(count);
    rest_ = rest_.subspan(count);
    return view;
}

bool BcsReader::boolean() noexcept {
    const auto value = u8();
    if (value > 1) reject(Errc::not_canonical, "bcs bool");
    return value == 1;
}

std::uint32_t BcsReader::uleb(std::uint32_t max) noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        const auto byte = u8();
        if (!ok()) return 0;
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte & 0x80) continue;
        if (byte == 0 && shift > 0) {
            reject(Errc::not_canonical, "bcs uleb128");
            return 0;
        }
        if (value > max) {
            reject(Errc::out_of_range, "bcs length or tag");
            return 0;
        }
        return static_cast<std::uint32_t>(value);
    }
    reject(Errc::out_of_range, "bcs uleb128");
    return 0;
}

std::uint32_t BcsReader::length(std::uint32_t max, std::size_t min_element_size) noexcept {
    const auto count = uleb(max);
    // Refuse before the caller reserves: a peer's number must be backed by a peer's bytes.
    if (ok() && rest_.size() / (min_element_size ? min_element_size : 1) < count) {
        reject(Errc::truncated, "bcs sequence");
        return 0;
    }
    return count;
}

std::string BcsReader::string(std::uint32_t max) {
    const auto view = bytes(max);
    if (!is_utf8(view)) {
        reject(Errc::not_canonical, "bcs string is not utf-8");
        return {};
    }
    return std::string{as_text(view)};
}

Result<void> BcsReader::status() const noexcept {
    if (!ok()) return std::unexpected{error_};
    return {};
}

Result<void> BcsReader::finish() noexcept {
    if (ok() && !rest_.empty()) reject(Errc::trailing_bytes, "bcs");
    return status();
}

}  // namespace base
