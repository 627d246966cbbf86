// One share of SLIP-0039 as words of ten bits:
//   identifier(15) extendable(1) iteration exponent(4)                                        words 1 and 2
//   group index(4) group threshold-1(4) group count-1(4) member index(4) member threshold-1(4)  words 3 and 4
//   value, padded in front with zero bits to a multiple of ten                                 n words
//   RS1024 checksum                                                                            3 words
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "nfkd.hpp"
#include "wordlist.hpp"
#include "zcrypto/slip39.hpp"

namespace zcrypto::slip39 {
namespace {

constexpr unsigned kBitsPerWord = 10;
constexpr std::size_t kHeadWords = 4, kChecksumWords = 3;
constexpr std::size_t kMinWords = 20;  // 16 bytes of secret.

using Indices = Secret<kMaxWords * 2>;  // Word numbers, two bytes each.

std::uint16_t get(const Indices& indices, std::size_t i) noexcept {
    return base::load_le<std::uint16_t>(indices.expose().data() + 2 * i);
}
void set(Indices& indices, std::size_t i, std::uint16_t value) noexcept {
    base::store_le(indices.expose_mutable().data() + 2 * i, value);
}

/// The Reed-Solomon code over GF(1024) of the standard, over the customisation string and the words.
std::uint32_t rs1024(bool extendable, const Indices& indices, std::size_t count) noexcept {
    constexpr std::array<std::uint32_t, 10> kGenerator = {0xe0e040,   0x1c1c080,  0x3838100,  0x7070200,  0xe0e0009,
                                                          0x1c0c2412, 0x38086c24, 0x3090fc48, 0x21b1f890, 0x3f3f120};
    std::uint32_t state = 1;
    const auto step = [&](std::uint32_t value) {
        const auto top = state >> 20;
        state = (state & 0xfffff) << 10 ^ value;
        for (unsigned i = 0; i < 10; ++i) state ^= kGenerator[i] & (0u - (top >> i & 1u));
    };
    for (const char c : std::string_view{extendable ? "shamir_extendable" : "shamir"}) {
        step(static_cast<std::uint8_t>(c));
    }
    for (std::size_t i = 0; i < count; ++i) step(get(indices, i));
    return state;
}

/// Words that `bytes` of value take.
constexpr std::size_t value_words(std::size_t bytes) noexcept { return (bytes * 8 + kBitsPerWord - 1) / kBitsPerWord; }
static_assert(kHeadWords + value_words(16) + kChecksumWords == kMinWords);
static_assert(kHeadWords + value_words(kMaxSecretBytes) + kChecksumWords == kMaxWords);

}  // namespace

std::string_view word(std::size_t index) noexcept {
    const auto& list = word_list(kSlip39List);
    GC_ASSERT(index < list.size());
    return list[index];
}

int word_index(std::string_view word) noexcept { return word_list(kSlip39List).find(word); }

base::Checked<Share> Share::parse(std::string_view words) {
    if (words.size() > kNfkdInputMax) return base::explain(Errc::bad_word_count, "the text is too long for a share");
    const auto folded = fold_words(words);
    if (!folded) {
        return std::unexpected{base::Diagnostic{folded.error(), "the text is not words: " + to_string(folded.error())}};
    }
    const auto& list = word_list(kSlip39List);
    auto rest = base::as_text(folded->expose());
    Indices indices;
    std::size_t count = 0;
    for (auto next = next_word(rest); !next.empty(); next = next_word(rest)) {
        if (count == kMaxWords) {
            return base::explain(Errc::bad_word_count, fmt::format("more than {} words in a share", kMaxWords));
        }
        const auto index = list.find(next);
        if (index < 0) {
            auto message =
                fmt::format("word {} (\"{}\") is not in the list of share words", count + 1, printable_word(next));
            if (const auto near = list.nearest(next); !near.empty()) {
                message += fmt::format("; did you mean \"{}\"?", near);
            }
            return base::explain(Errc::unknown_word, std::move(message));
        }
        set(indices, count++, static_cast<std::uint16_t>(index));
    }
    if (count < kMinWords) {
        return base::explain(Errc::bad_word_count, fmt::format("{} words; a share has 20 or more", count));
    }
    // The value is whole pairs of bytes, and its padding less than a word.
    const auto bits = (count - kHeadWords - kChecksumWords) * kBitsPerWord;
    const auto padding = bits % 16;
    if (padding >= kBitsPerWord || bits / 8 - padding / 8 > kMaxSecretBytes) {
        return base::explain(Errc::bad_word_count, fmt::format("no share has {} words", count));
    }

    Share share;
    const auto first = get(indices, 0), second = get(indices, 1), third = get(indices, 2), fourth = get(indices, 3);
    share.extendable = (second >> 4 & 1) != 0;
    if (rs1024(share.extendable, indices, count) != 1) {
        return base::explain(Errc::bad_checksum,
                             "the words are all known but their checksum does not match: a word is wrong, or two words "
                             "are swapped");
    }
    share.identifier = static_cast<std::uint16_t>(first << 5 | second >> 5);
    share.iteration_exponent = second & 15;
    const auto head = static_cast<unsigned>(third) << 10 | fourth;
    share.group_index = head >> 16 & 15;
    share.group_threshold = static_cast<std::uint8_t>((head >> 12 & 15) + 1);
    share.group_count = static_cast<std::uint8_t>((head >> 8 & 15) + 1);
    share.member_index = head >> 4 & 15;
    share.member_threshold = static_cast<std::uint8_t>((head & 15) + 1);
    if (share.group_threshold > share.group_count) {
        return base::explain(Errc::bad_encoding, "the share asks for more groups than there are");
    }
    if (share.group_index >= share.group_count) {
        return base::explain(Errc::bad_encoding, "the share is of a group that its set does not have");
    }

    share.value = SecretBytes{(bits - padding) / 8};
    const auto out = share.value.expose_mutable();
    for (std::size_t i = 0; i < bits; ++i) {
        const auto bit = get(indices, kHeadWords + i / kBitsPerWord) >> (kBitsPerWord - 1 - i % kBitsPerWord) & 1;
        if (i >= padding) {
            out[(i - padding) / 8] |= static_cast<std::byte>(bit << (7 - (i - padding) % 8));
        } else if (bit != 0) {
            return base::explain(Errc::bad_encoding, "the share's padding is not zero");
        }
    }
    return share;
}

SecretBytes Share::to_words() const {
    GC_ASSERT(value.size() >= 16 && value.size() <= kMaxSecretBytes);
    const auto words = value_words(value.size());
    const auto bits = words * kBitsPerWord;
    const auto padding = bits - value.size() * 8;
    Indices indices;
    set(indices, 0, identifier >> 5);
    set(indices, 1,
        static_cast<std::uint16_t>((identifier & 31) << 5 | (extendable ? 16 : 0) | (iteration_exponent & 15)));
    const auto head = static_cast<unsigned>(group_index << 16 | (group_threshold - 1) << 12 | (group_count - 1) << 8 |
                                            member_index << 4 | (member_threshold - 1));
    set(indices, 2, static_cast<std::uint16_t>(head >> 10));
    set(indices, 3, static_cast<std::uint16_t>(head & 1023));
    for (std::size_t i = padding; i < bits; ++i) {
        const auto at = i - padding;
        const auto bit = std::to_integer<unsigned>(value.expose()[at / 8]) >> (7 - at % 8) & 1;
        const auto index = kHeadWords + i / kBitsPerWord;
        set(indices, index,
            static_cast<std::uint16_t>(get(indices, index) | bit << (kBitsPerWord - 1 - i % kBitsPerWord)));
    }
    const auto count = kHeadWords + words + kChecksumWords;
    const auto checksum = rs1024(extendable, indices, count) ^ 1;
    for (std::size_t i = 0; i < kChecksumWords; ++i) {
        set(indices, count - kChecksumWords + i, checksum >> (kBitsPerWord * (kChecksumWords - 1 - i)) & 1023);
    }

    const auto& list = word_list(kSlip39List);
    Secret<kMaxWords * 9> text;  // No word has more than eight letters.
    auto* const begin = text.expose_mutable().data();
    auto* out = begin;
    for (std::size_t i = 0; i < count; ++i) {
        if (i > 0) *out++ = std::byte{' '};
        out = std::ranges::copy(base::as_bytes(list[get(indices, i)]), out).out;
    }
    return SecretBytes::copy_of({begin, out});
}

}  // namespace zcrypto::slip39
