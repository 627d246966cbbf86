#include "nfkd.hpp"

#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include <algorithm>

namespace zcrypto {
namespace {

bool is_printable_ascii(char c) noexcept { return c >= 0x20 && c <= 0x7e; }

}  // namespace

base::Result<SecretBytes> nfkd(std::string_view text) noexcept {
    if (text.size() > kNfkdInputMax) return base::fail(Errc::out_of_range, "text length");
    // Most passphrases are ASCII, which is its own normal form and must not depend on a library.
    if (std::ranges::all_of(text, is_printable_ascii)) return SecretBytes::copy_of(base::as_bytes(text));

    const auto* at = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto* const end = at + text.size();
    while (at < end) {
        ucs4_t c = 0;
        const auto size = u8_mbtoucr(&c, at, static_cast<std::size_t>(end - at));
        if (size <= 0) return base::fail(Errc::unsupported_text, "not UTF-8");
        if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cn | UC_CATEGORY_MASK_Cs)) {
            return base::fail(Errc::unsupported_text, "control or unassigned character");
        }
        at += size;
    }
    // No character grows more than elevenfold in UTF-8 (U+FDFA). A buffer with room keeps the result off the heap.
    SecretBytes room{text.size() * 11 + 16};
    auto* const out = base::as_u8(room.expose_mutable());
    auto size = room.size();
    auto* const made =
        u8_normalize(UNINORM_NFKD, reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), out, &size);
    if (made == nullptr) return base::fail(Errc::out_of_memory, "NFKD");
    GC_ASSERT(made == out && size <= room.size());
    return SecretBytes::copy_of(room.expose().first(size));
}

std::size_t letter_size(std::string_view text) noexcept {
    if (text.empty()) return 0;
    if (static_cast<signed char>(text[0]) >= 0) return text[0] > 0x20 && text[0] < 0x7f ? 1 : 0;
    ucs4_t c = 0;
    const auto size = u8_mbtoucr(&c, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    if (size <= 0) return 0;
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M) ? static_cast<std::size_t>(size)
                                                                                        : 0;
}

}  // namespace zcrypto
