#include "wordlist.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <numeric>

#include "nfkd.hpp"

namespace zcrypto {
namespace {

constexpr std::size_t kLongestWord = 48;  // Bytes; the longest Korean one has 36.

/// Slips (insert, drop or change a byte, swap neighbours) between two words of at most kLongestWord bytes.
unsigned edit_distance(std::string_view a, std::string_view b) noexcept {
    std::array<std::array<std::uint8_t, kLongestWord + 1>, kLongestWord + 1> distance;
    const auto least = [](unsigned x, unsigned y) { return static_cast<std::uint8_t>(std::min(x, y)); };
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            auto& at = distance[i][j];
            if (i == 0 || j == 0) {
                at = static_cast<std::uint8_t>(i + j);
                continue;
            }
            at = least(distance[i - 1][j] + 1u, distance[i][j - 1] + 1u);
            at = least(at, distance[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                at = least(at, distance[i - 2][j - 2] + 1u);
            }
        }
    }
    return distance[a.size()][b.size()];
}

}  // namespace

WordList::WordList(std::string_view text) {
    while (!text.empty()) {
        const auto end = std::min(text.size(), text.find('\n'));
        if (end > 0) words_.push_back(text.substr(0, end));
        text.remove_prefix(std::min(text.size(), end + 1));
    }
    sorted_.resize(words_.size());
    std::iota(sorted_.begin(), sorted_.end(), std::uint16_t{0});
    std::ranges::sort(sorted_, {}, [this](std::uint16_t i) { return words_[i]; });
}

int WordList::find(std::string_view word) const noexcept {
    const auto at = std::ranges::lower_bound(sorted_, word, {}, [this](std::uint16_t i) { return words_[i]; });
    return at != sorted_.end() && words_[*at] == word ? *at : -1;
}

std::string_view WordList::nearest(std::string_view word) const noexcept {
    if (word.size() > kLongestWord) return {};
    std::string_view best;
    auto best_distance = std::numeric_limits<unsigned>::max();
    for (const auto candidate : words_) {
        if (const auto distance = edit_distance(word, candidate); distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

const WordList& word_list(std::size_t index) {
    GC_ASSERT(index < kWordListCount);
    // Each list by itself: most programs use one of them.
    static std::array<std::once_flag, kWordListCount> once;
    static std::array<const WordList*, kWordListCount> lists{};
    std::call_once(once[index], [index] { lists[index] = new WordList{kWordListTexts[index]}; });
    return *lists[index];
}

base::Result<SecretBytes> fold_words(std::string_view text) {
    if (text.size() > kNfkdInputMax) return base::fail(Errc::out_of_range, "text length");
    auto spaced = SecretBytes::copy_of(base::as_bytes(text));
    for (auto& c : spaced.expose_mutable()) {
        const auto letter = static_cast<char>(c);
        if (letter == '\t' || letter == '\n' || letter == '\r') c = std::byte{' '};
    }
    GC_TRY(auto folded, nfkd(base::as_text(spaced.expose())));
    // After NFKD the letters of the lists with upper case are ASCII letters and marks.
    for (auto& c : folded.expose_mutable()) {
        if (c >= std::byte{'A'} && c <= std::byte{'Z'}) c |= std::byte{0x20};
    }
    return folded;
}

std::string_view next_word(std::string_view& rest) noexcept {
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(' ')));
    const auto word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    return word;
}

std::string printable_word(std::string_view word) {
    constexpr std::size_t kShown = 20;
    std::string out;
    for (std::size_t shown = 0; !word.empty() && shown < kShown; ++shown) {
        const auto size = letter_size(word);
        out += size > 0 ? word.substr(0, size) : std::string_view{"?"};
        word.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return out;
}

}  // namespace zcrypto
