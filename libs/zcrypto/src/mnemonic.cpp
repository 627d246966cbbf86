#include "zcrypto/mnemonic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "wordlist.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/kdf.hpp"

namespace zcrypto {
namespace {

constexpr std::size_t kMaxWords = 24;
constexpr std::size_t kMaxText = 1024;  // 24 words of 8 letters are 215 characters; the rest is white space.
constexpr std::size_t kMaxPassphrase = 1024;
constexpr unsigned kBitsPerWord = 11;

bool is_entropy_size(std::size_t bytes) noexcept { return bytes >= 16 && bytes <= 32 && bytes % 4 == 0; }
bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Slips (insert, drop or change a letter, swap neighbours) between two words of at most 12 letters.
std::size_t edit_distance(std::string_view a, std::string_view b) noexcept {
    std::array<std::array<std::size_t, 13>, 13> distance{};
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                distance[i][j] = i + j;
                continue;
            }
            distance[i][j] = std::min({distance[i - 1][j] + 1, distance[i][j - 1] + 1,
                                       distance[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                distance[i][j] = std::min(distance[i][j], distance[i - 2][j - 2] + 1);
            }
        }
    }
    return distance[a.size()][b.size()];
}

std::string_view nearest_word(std::string_view word) noexcept {
    std::string_view best;
    auto best_distance = std::numeric_limits<std::size_t>::max();
    for (const auto candidate : kEnglishWords) {
        if (const auto distance = edit_distance(word, candidate); distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

/// Only what is safe to print: a pasted control sequence must not reach the terminal.
std::string printable(std::string_view word) {
    std::string out{word.substr(0, 20)};
    for (auto& c : out) {
        if (c < 0x21 || c > 0x7e) c = '?';
    }
    return out;
}

/// Bit `i` of `bytes`, most significant first.
unsigned bit(base::ByteView bytes, std::size_t i) noexcept {
    return std::to_integer<unsigned>(bytes[i / 8]) >> (7 - i % 8) & 1;
}

}  // namespace

std::string_view mnemonic_word(std::size_t index) noexcept { return kEnglishWords.at(index); }

int mnemonic_index(std::string_view word) noexcept {
    const auto at = std::ranges::lower_bound(kEnglishWords, word);
    return at != kEnglishWords.end() && *at == word ? static_cast<int>(at - kEnglishWords.begin()) : -1;
}

base::Result<Mnemonic> Mnemonic::from_entropy(base::ByteView entropy) noexcept {
    if (!is_entropy_size(entropy.size())) return base::fail(Errc::bad_length, "mnemonic entropy");
    // The words spell entropy || first bits of its hash, eleven bits a word.
    SecretBytes bits{entropy.size() + 1};
    auto checksum = sha256(entropy);
    std::ranges::copy(entropy, bits.expose_mutable().begin());
    bits.expose_mutable().back() = checksum[0];
    secure_wipe(checksum);

    const auto words = entropy.size() * 3 / 4;
    SecretBytes text{words * 9};
    auto* const begin = reinterpret_cast<char*>(text.expose_mutable().data());
    auto* out = begin;
    for (std::size_t word = 0; word < words; ++word) {
        unsigned index = 0;
        for (unsigned i = 0; i < kBitsPerWord; ++i) index = index << 1 | bit(bits.expose(), word * kBitsPerWord + i);
        if (word > 0) *out++ = ' ';
        out = std::ranges::copy(kEnglishWords[index], out).out;
    }
    Mnemonic mnemonic;
    mnemonic.entropy_ = SecretBytes::copy_of(entropy);
    mnemonic.phrase_ = SecretBytes::copy_of(text.expose().first(static_cast<std::size_t>(out - begin)));
    return mnemonic;
}

base::Result<Mnemonic> Mnemonic::generate(std::size_t words, base::Random& random) noexcept {
    if (words % 3 != 0 || !is_entropy_size(words / 3 * 4)) return base::fail(Errc::bad_word_count, "mnemonic");
    SecretBytes entropy{words / 3 * 4};
    random.fill(entropy.expose_mutable());
    return from_entropy(entropy.expose());
}

base::Checked<Mnemonic> Mnemonic::parse(std::string_view text) {
    if (text.size() > kMaxText) return base::explain(Errc::bad_word_count, "the text is too long for recovery words");
    auto folded = SecretBytes::copy_of(base::as_bytes(text));
    const auto characters = folded.expose_mutable();
    for (auto& c : characters) c = static_cast<std::byte>(lower(static_cast<char>(c)));
    auto rest = base::as_text(folded.expose());

    SecretBytes bits{kMaxWords * kBitsPerWord / 8};
    std::size_t words = 0;
    for (;;) {
        while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
        if (rest.empty()) break;
        const auto end =
            std::min(rest.size(), static_cast<std::size_t>(std::ranges::find_if(rest, is_space) - rest.begin()));
        const auto word = rest.substr(0, end);
        rest.remove_prefix(end);
        if (words == kMaxWords) {
            return base::explain(Errc::bad_word_count,
                                 "more than 24 words; recovery words number 12, 15, 18, 21 or 24");
        }
        const auto index = mnemonic_index(word);
        if (index < 0) {
            auto message = fmt::format("word {} (\"{}\") is not in the English list", words + 1, printable(word));
            const auto near = word.size() <= 12 ? nearest_word(word) : std::string_view{};
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
    auto made = from_entropy(bits.expose().first(words / 3 * 4));
    GC_ASSERT(made.has_value());
    // The words are canonical now, so the last one, which carries the checksum, tells whether they agree.
    const auto last = made->phrase().substr(made->phrase().rfind(' ') + 1);
    const auto last_index = static_cast<unsigned>(mnemonic_index(last));
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

base::Result<Secret<64>> Mnemonic::seed(std::string_view passphrase) const noexcept {
    if (passphrase.size() > kMaxPassphrase) return base::fail(Errc::out_of_range, "passphrase length");
    for (const char c : passphrase) {
        if (c < 0x20 || c > 0x7e) return base::fail(Errc::unsupported_text, "passphrase");
    }
    constexpr std::string_view kSaltPrefix = "mnemonic";
    SecretBytes salt{kSaltPrefix.size() + passphrase.size()};
    std::memcpy(salt.expose_mutable().data(), kSaltPrefix.data(), kSaltPrefix.size());
    if (!passphrase.empty()) {
        std::memcpy(salt.expose_mutable().data() + kSaltPrefix.size(), passphrase.data(), passphrase.size());
    }
    Secret<64> out;
    GC_CHECK(pbkdf2_hmac_sha512({.password = phrase_.expose(), .salt = salt.expose(), .iterations = 2048},
                                out.expose_mutable()));
    return out;
}

}  // namespace zcrypto
