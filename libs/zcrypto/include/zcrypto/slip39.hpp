#pragma once
// SLIP-0039: a secret split into shares of words, in two levels. A share belongs to a group; `threshold` members give a
// group's part, and `group_threshold` groups give the secret. Arithmetic in GF(256) without tables or branches on
// secrets. https://github.com/satoshilabs/slips/blob/master/slip-0039.md

#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "zcrypto/errc.hpp"
#include "zcrypto/secret.hpp"

namespace zcrypto::slip39 {

inline constexpr std::size_t kMaxShares = 16;       ///< In a group, and groups in a set.
inline constexpr std::size_t kMaxSecretBytes = 64;  ///< The standard names no limit; 16 to 32 are usual.
inline constexpr std::size_t kMaxWords = 59;        ///< Of a share of 64 bytes.
inline constexpr unsigned kMaxExponent = 15;

struct Group {
    unsigned threshold;
    unsigned count;  ///< 1 to 16. A threshold of 1 goes with a count of 1 only: copies of one share are not shares.
};

struct SplitOptions {
    std::span<const Group> groups;
    unsigned group_threshold = 1;
    /// Printable ASCII. Another passphrase gives another secret, with no sign that it is wrong.
    std::string_view passphrase = {};
    /// 10000 * 2^n rounds of PBKDF2 in all. Combining costs the same.
    unsigned iteration_exponent = 1;
    /// A later split of the same secret under the same passphrase can replace some of the shares. The current default.
    bool extendable = true;
};

/// Shares by group and member, each the text of its words. `secret` has 16 to 64 bytes, an even number. `bad_length`,
/// `out_of_range` for groups, thresholds and exponent, `unsupported_text` for the passphrase.
base::Result<std::vector<std::vector<SecretBytes>>> split(base::ByteView secret, const SplitOptions& options,
                                                          base::Random& random);

/// One share, decoded.
struct Share {
    std::uint16_t identifier = 0;  ///< 15 bits, the same in all shares of a secret.
    bool extendable = false;
    std::uint8_t iteration_exponent = 0;
    std::uint8_t group_index = 0;
    std::uint8_t group_threshold = 1;
    std::uint8_t group_count = 1;
    std::uint8_t member_index = 0;
    std::uint8_t member_threshold = 1;
    SecretBytes value;

    /// Case and white space are forgiven. The diagnostic says which word is wrong: show it to the person, do not log
    /// it. `bad_word_count`, `unknown_word`, `bad_checksum`, `bad_encoding` (padding, or a group threshold or index
    /// that the count does not allow).
    static base::Checked<Share> parse(std::string_view words);
    /// Words with one space between them.
    [[nodiscard]] SecretBytes to_words() const;
};

/// Gives the secret back from exactly enough or more shares; those that are not needed are checked too, in groups that
/// are complete. `share_mismatch`, `not_enough_shares`, `bad_digest`; parse
/// errors name the share. Takes as long as the exponent asks: run it on an offload thread.
base::Checked<SecretBytes> combine(std::span<const std::string_view> shares, std::string_view passphrase = {});

/// The standard's 1024 words.
[[nodiscard]] std::string_view word(std::size_t index) noexcept;
[[nodiscard]] int word_index(std::string_view word) noexcept;

}  // namespace zcrypto::slip39
