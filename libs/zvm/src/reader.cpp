#include "reader.hpp"

namespace zvm {

std::uint64_t Reader::unsigned_leb(unsigned bits) noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (at_ == end_) {
            fail("unexpected end");
            return 0;
        }
        const std::uint64_t low = *at_ & 0x7f;
        const bool more = (*at_++ & 0x80) != 0;
        value |= low << shift;
        if (shift + 7 < bits) {
            if (!more) return value;
            continue;
        }
        // The last byte that fits: nothing may follow, and its unused bits are zero.
        if (more) {
            fail("integer representation too long");
        } else if (low >> (bits - shift)) {
            fail("integer too large");
        }
        return failed() ? 0 : value;
    }
}

std::int64_t Reader::signed_leb(unsigned bits) noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (at_ == end_) {
            fail("unexpected end");
            return 0;
        }
        const std::uint64_t low = *at_ & 0x7f;
        const bool more = (*at_++ & 0x80) != 0;
        value |= low << shift;
        if (shift + 7 < bits) {
            if (more) continue;
            if (low & 0x40) value |= ~std::uint64_t{0} << (shift + 7);
            return static_cast<std::int64_t>(value);
        }
        // Unused bits of the last byte repeat the sign.
        const auto used = bits - shift;
        const auto sign_and_unused = low >> (used - 1);
        const auto ones = std::uint64_t{0x7f} >> (used - 1);
        if (more) {
            fail("integer representation too long");
        } else if (sign_and_unused != 0 && sign_and_unused != ones) {
            fail("integer too large");
        }
        if (failed()) return 0;
        if (sign_and_unused && bits < 64) value |= ~std::uint64_t{0} << bits;
        return static_cast<std::int64_t>(value);
    }
}

bool valid_utf8(base::ByteView text) noexcept {
    const auto* p = base::as_u8(text);
    const auto* const end = p + text.size();
    const auto follows = [&](std::uint8_t low, std::uint8_t high) {
        if (p == end || *p < low || *p > high) return false;
        ++p;
        return true;
    };
    while (p != end) {
        const auto lead = *p++;
        if (lead < 0x80) continue;
        bool good = false;
        // Unicode 15, table 3-7 "Well-Formed UTF-8 Byte Sequences".
        if (lead >= 0xc2 && lead <= 0xdf) {
            good = follows(0x80, 0xbf);
        } else if (lead >= 0xe0 && lead <= 0xef) {
            good = follows(lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) && follows(0x80, 0xbf);
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            good = follows(lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) && follows(0x80, 0xbf) &&
                   follows(0x80, 0xbf);
        }
        if (!good) return false;
    }
    return true;
}

}  // namespace zvm
