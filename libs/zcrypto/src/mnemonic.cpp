#include "zcrypto/mnemonic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "nfkd.hpp"
#include "wordlist.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/kdf.hpp"

namespace zcrypto {
namespace {

constexpr std::size_t kMaxWords = 24;
constexpr std::size_t kMaxWordBytes = 48;
constexpr std::size_t kMaxText = kNfkdInputMax;  // 24 words are at most 24 * 37 bytes; the rest is white space.
constexpr std::size_t kMaxPassphrase = 1024;
constexpr unsigned kBitsPerWord = 11;

constexpr const char* kLanguageNames[] = {"english",
                                          "chinese_simplified",
                                          "chinese_traditional",
                                          "czech",
                                          "french",
                                          "italian",
                                          "japanese",
                                          "korean",
                                          "portuguese",
                                          "spanish"};
static_assert(std::size(kLanguageNames) == std::size(kLanguages) && std::size(kLanguages) == kSlip39List);

const WordList& list_of(Language language) { return word_list(static_cast<std::size_t>(language)); }

bool is_entropy_size(std::size_t bytes) noexcept { return bytes >= 16 && bytes <= 32 && bytes % 4 == 0; }

/// The list's name with a capital letter.
std::string display_name(Language language) {
    std::string name = language_name(language);
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
    std::ranges::replace(name, '_', ' ');
    return name;
}

/// A character that is a whole word has no likely misspelling.
bool has_spelling(Language language) noexcept {
    return language != Language::chinese_simplified && language != Language::chinese_traditional;
}

/// Bit `i` of `bytes`, most significant first.
unsigned bit(base::ByteView bytes, std::size_t i) noexcept {
    return std::to_integer<unsigned>(bytes[i / 8]) >> (7 - i % 8) & 1;
}

}  // namespace

const char* language_name(Language language) noexcept { return kLanguageNames[static_cast<std::size_t>(language)]; }

std::optional<Language> language_by_name(std::string_view name) noexcept {
    for (const auto language : kLanguages) {
        if (name == language_name(language)) return language;
    }
    return std::nullopt;
}

std::string_view mnemonic_word(std::size_t index, Language language) noexcept {
    const auto& list = list_of(language);
    GC_ASSERT(index < list.size());
    return list[index];
}

int mnemonic_index(std::string_view word, Language language) noexcept { return list_of(language).find(word); }

base::Result<Mnemonic> Mnemonic::from_entropy(base::ByteView entropy, Language language) noexcept {
    if (!is_entropy_size(entropy.size())) return base::fail(Errc::bad_length, "mnemonic entropy");
    // The words spell entropy || first bits of its hash, eleven bits a word.
    SecretBytes bits{entropy.size() + 1};
    auto checksum = sha256(entropy);
    std::ranges::copy(entropy, bits.expose_mutable().begin());
    bits.expose_mutable().back() = checksum[0];
    secure_wipe(checksum);

    const auto words = entropy.size() * 3 / 4;
    const auto& list = list_of(language);
    SecretBytes text{words * (kMaxWordBytes + 1)};
    auto* const begin = reinterpret_cast<char*>(text.expose_mutable().data());
    auto* out = begin;
    for (std::size_t word = 0; word < words; ++word) {
        unsigned index = 0;
        for (unsigned i = 0; i < kBitsPerWord; ++i) index = index << 1 | bit(bits.expose(), word * kBitsPerWord + i);
        if (word > 0) *out++ = ' ';
        out = std::ranges::copy(list[index], out).out;
    }
    Mnemonic mnemonic;
    mnemonic.entropy_ = SecretBytes::copy_of(entropy);
    mnemonic.language_ = language;
    mnemonic.phrase_ = SecretBytes::copy_of(text.expose().first(static_cast<std::size_t>(out - begin)));
    return mnemonic;
}

base::Result<Mnemonic> Mnemonic::generate(std::size_t words, base::Random& random, Language language) noexcept {
    if (words % 3 != 0 || !is_entropy_size(words / 3 * 4)) return base::fail(Errc::bad_word_count, "mnemonic");
    SecretBytes entropy{words / 3 * 4};
    random.fill(entropy.expose_mutable());
    return from_entropy(entropy.expose(), language);
}

base::Checked<Mnemonic> Mnemonic::parse(std::string_view text, Language language) {
    if (text.size() > kMaxText) return base::explain(Errc::bad_word_count, "the text is too long for recovery words");
    const auto folded = fold_words(text);
    if (!folded) {
        return std::unexpected{base::Diagnostic{folded.error(), "the text is not words: " + to_string(folded.error())}};
    }
    auto rest = base::as_text(folded->expose());
    const auto& list = list_of(language);

    SecretBytes bits{kMaxWords * kBitsPerWord / 8};
    std::size_t words = 0;
    for (auto word = next_word(rest); !word.empty(); word = next_word(rest)) {
        if (words == kMaxWords) {
            return base::explain(Errc::bad_word_count,
                                 "more than 24 words; recovery words number 12, 15, 18, 21 or 24");
        }
        const auto index = list.find(word);
        if (index < 0) {
            auto message = fmt::format("word {} (\"{}\") is not in the {} list", words + 1, printable_word(word),
                                       display_name(language));
            const auto near = has_spelling(language) ? list.nearest(word) : std::string_view{};
            if (!near.empty()) message += fmt::format("; did you mean \"{}\"?", near);
            return base::explain(Errc::unknown_word, std::move(message));
        }
        for (unsigned i = 0; i < kBitsPerWord; ++i) {
            const auto at = words * kBitsPerWord + i;
            const auto value = static_cast<unsigned>(index) >> (kBitsPerWord - 1 - i) & 1;
            bits.expose_mutable()[at / 8] |= static_cast<std::byte>(value << (7 - at % 8));
        }
        ++words;
    }
    if (words % 3 != 0 || !is_entropy_size(words / 3 * 4)) {
        return base::explain(Errc::bad_word_count,
                             fmt::format("{} words; recovery words number 12, 15, 18, 21 or 24", words));
    }
    auto made = from_entropy(bits.expose().first(words / 3 * 4), language);
    GC_ASSERT(made.has_value());
    // The words are canonical now, so the last one, which carries the checksum, tells whether they agree.
    const auto last = made->phrase().substr(made->phrase().rfind(' ') + 1);
    const auto last_index = static_cast<unsigned>(list.find(last));
    for (unsigned i = 0; i < kBitsPerWord; ++i) {
        const auto expected = last_index >> (kBitsPerWord - 1 - i) & 1;
        if (bit(bits.expose(), (words - 1) * kBitsPerWord + i) != expected) {
            return base::explain(Errc::bad_checksum,
                                 "the words are all known but their checksum does not match: a word is wrong, or two "
                                 "words are swapped");
        }
    }
    return std::move(*made);
}

std::vector<Language> Mnemonic::detect(std::string_view text) {
    std::vector<Language> languages;
    for (const auto language : kLanguages) {
        if (parse(text, language)) languages.push_back(language);
    }
    return languages;
}

base::Result<Secret<64>> Mnemonic::seed(std::string_view passphrase) const noexcept {
    if (passphrase.size() > kMaxPassphrase) return base::fail(Errc::out_of_range, "passphrase length");
    GC_TRY(const auto normal, nfkd(passphrase));
    constexpr std::string_view kSaltPrefix = "mnemonic";
    SecretBytes salt{kSaltPrefix.size() + normal.size()};
    std::ranges::copy(base::as_bytes(kSaltPrefix), salt.expose_mutable().begin());
    std::ranges::copy(normal.expose(), salt.expose_mutable().begin() + kSaltPrefix.size());
    Secret<64> out;
    GC_CHECK(pbkdf2_hmac_sha512({.password = phrase_.expose(), .salt = salt.expose(), .iterations = 2048},
                                out.expose_mutable()));
    return out;
}

}  // namespace zcrypto
