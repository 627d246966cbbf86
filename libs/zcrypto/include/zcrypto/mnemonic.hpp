#pragma once
// Recovery words: BIP-39 with its ten published lists. English is what we make; the others are for restoring.
// Words and passphrases are brought into Unicode's NFKD form, so that each way of typing them gives the same seed.

#include <optional>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "zcrypto/errc.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto {

enum class Language {
    english,
    chinese_simplified,
    chinese_traditional,
    czech,
    french,
    italian,
    japanese,
    korean,
    portuguese,
    spanish,
};
inline constexpr Language kLanguages[] = {Language::english,
                                          Language::chinese_simplified,
                                          Language::chinese_traditional,
                                          Language::czech,
                                          Language::french,
                                          Language::italian,
                                          Language::japanese,
                                          Language::korean,
                                          Language::portuguese,
                                          Language::spanish};
/// "english", "chinese_simplified" …, as the lists' files are named; static lifetime.
[[nodiscard]] const char* language_name(Language language) noexcept;
[[nodiscard]] std::optional<Language> language_by_name(std::string_view name) noexcept;

/// A valid mnemonic: 12, 15, 18, 21 or 24 words whose checksum holds. Secret as a whole.
class Mnemonic {
 public:
    /// `entropy` is 16, 20, 24, 28 or 32 bytes, else `bad_length`.
    static base::Result<Mnemonic> from_entropy(base::ByteView entropy, Language language = Language::english) noexcept;
    /// `words` as above, else `bad_word_count`.
    static base::Result<Mnemonic> generate(std::size_t words, base::Random& random,
                                           Language language = Language::english) noexcept;
    /// Accepts any mix of white space, upper or lower case and composed or decomposed letters. The diagnostic says
    /// which word (by position, and quoted with the nearest known word) is wrong: it is secret-adjacent, show it to the
    /// person and do not log it.
    static base::Checked<Mnemonic> parse(std::string_view text, Language language = Language::english);
    /// The languages in which `text` is a valid mnemonic: none, one, or now and then two (the Chinese lists share
    /// characters; the seed is then the same, the entropy is not).
    static std::vector<Language> detect(std::string_view text);

    /// The words in NFKD, lower case, one space between them (also in Japanese). Borrowed.
    [[nodiscard]] std::string_view phrase() const noexcept { return base::as_text(phrase_.expose()); }
    [[nodiscard]] base::ByteView entropy() const noexcept { return entropy_.expose(); }
    [[nodiscard]] std::size_t word_count() const noexcept { return entropy_.size() * 3 / 4; }
    [[nodiscard]] Language language() const noexcept { return language_; }
    /// PBKDF2-HMAC-SHA512, 2048 rounds, about a millisecond. `out_of_range` for a passphrase above 1024 bytes,
    /// `unsupported_text` for one that is not UTF-8 or holds control or unassigned characters (which a later Unicode
    /// may normalise in another way: the same passphrase would then open another wallet).
    [[nodiscard]] base::Result<Secret<64>> seed(std::string_view passphrase = {}) const noexcept;

 private:
    Mnemonic() noexcept = default;
    SecretBytes entropy_;
    SecretBytes phrase_;
    Language language_ = Language::english;
};

/// A list: 2048 words in order, in NFKD. `index` < 2048.
[[nodiscard]] std::string_view mnemonic_word(std::size_t index, Language language = Language::english) noexcept;
/// Position in the list, or -1. Exact, lower case, NFKD.
[[nodiscard]] int mnemonic_index(std::string_view word, Language language = Language::english) noexcept;

}  // namespace zcrypto
