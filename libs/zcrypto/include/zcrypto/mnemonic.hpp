#pragma once
// Recovery words: BIP-39 with the English list.
// A passphrase is printable ASCII for now (where NFKD changes nothing); anything else is `unsupported_text`, because
// a passphrase normalised differently would silently open another wallet.

#include <string_view>

#include "base/random.hpp"
#include "zcrypto/errc.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto {

/// A valid mnemonic: 12, 15, 18, 21 or 24 words whose checksum holds. Secret as a whole.
class Mnemonic {
 public:
    /// `entropy` is 16, 20, 24, 28 or 32 bytes, else `bad_length`.
    static base::Result<Mnemonic> from_entropy(base::ByteView entropy) noexcept;
    /// `words` as above, else `bad_word_count`.
    static base::Result<Mnemonic> generate(std::size_t words, base::Random& random) noexcept;
    /// Accepts any mix of white space and upper or lower case. The diagnostic says which word (by position, and quoted
    /// with the nearest known word) is wrong: it is secret-adjacent, show it to the person and do not log it.
    static base::Checked<Mnemonic> parse(std::string_view text);

    /// The words, lower case, one space between them. Borrowed.
    [[nodiscard]] std::string_view phrase() const noexcept { return base::as_text(phrase_.expose()); }
    [[nodiscard]] base::ByteView entropy() const noexcept { return entropy_.expose(); }
    [[nodiscard]] std::size_t word_count() const noexcept { return entropy_.size() * 3 / 4; }
    /// PBKDF2-HMAC-SHA512, 2048 rounds, about a millisecond.
    [[nodiscard]] base::Result<Secret<64>> seed(std::string_view passphrase = {}) const noexcept;

 private:
    Mnemonic() noexcept = default;
    SecretBytes entropy_;
    SecretBytes phrase_;
};

/// The English list: 2048 words in order. `index` < 2048.
[[nodiscard]] std::string_view mnemonic_word(std::size_t index) noexcept;
/// Position in the list, or -1. Exact, lower case.
[[nodiscard]] int mnemonic_index(std::string_view word) noexcept;

}  // namespace zcrypto
