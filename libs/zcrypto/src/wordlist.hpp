#pragma once
// The embedded word lists, split and indexed on first use.

#include <string_view>
#include <vector>

#include "zcrypto/secret.hpp"

namespace zcrypto {

/// The lists' texts, one word a line: Language's order, then SLIP-39's. Written by words/embed.cmake.
extern const std::string_view kWordListTexts[];
inline constexpr std::size_t kSlip39List = 10;
inline constexpr std::size_t kWordListCount = 11;

class WordList {
 public:
    explicit WordList(std::string_view text);
    [[nodiscard]] std::size_t size() const noexcept { return words_.size(); }
    [[nodiscard]] std::string_view operator[](std::size_t index) const noexcept { return words_[index]; }
    /// Position, or -1.
    [[nodiscard]] int find(std::string_view word) const noexcept;
    /// The word with the fewest slips from `word`; empty when `word` is too long to be one.
    [[nodiscard]] std::string_view nearest(std::string_view word) const noexcept;

 private:
    std::vector<std::string_view> words_;
    std::vector<std::uint16_t> sorted_;  // Not every list is in byte order.
};

/// `index` < kWordListCount. Lives until the process ends.
const WordList& word_list(std::size_t index);

/// What a person typed, ready to be cut into words: NFKD, lower case, white space turned into spaces. Errors of nfkd().
base::Result<SecretBytes> fold_words(std::string_view text);
/// Takes the next word off `rest`, skipping spaces; empty at the end.
std::string_view next_word(std::string_view& rest) noexcept;

/// A word as a person may see it: at most 20 characters, and nothing that a terminal could obey.
std::string printable_word(std::string_view word);

}  // namespace zcrypto
