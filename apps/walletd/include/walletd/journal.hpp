#pragma once
// What was sent and to whom: the nonce journal, known recipients, and small facts that outlive a restart.
//
// A transaction is journaled before it is submitted and stays until a proof says that it is over: a final block used
// its nonce, or is later than the last block that could have it. A node that calls it dropped or refused ends nothing:
// whoever has seen it can bring it back. A nonce is taken when the node accepted a transaction that has it; any other
// open one's nonce is used again, so that an uncertain payment can never be made twice. Sends of one account take
// turns, so that none chooses while another is between the two.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "walletd/error.hpp"
#include "walletd/wallet_file.hpp"

namespace walletd {

/// What a node last said of a transaction; in the file as these numbers.
enum class Standing : std::uint8_t { unknown = 0, accepted = 1, refused = 2, dropped = 3 };
std::string_view to_string(Standing standing) noexcept;

struct JournalEntry {
    std::uint32_t account{};
    std::uint64_t nonce{};
    base::Digest tx_id{};
    base::Bytes raw;  ///< The signed transaction, to submit again; read back only while it is accepted.
    Standing standing = Standing::unknown;
    std::string reason;           ///< The node's words, made plain; of what was refused or dropped.
    std::uint64_t valid_until{};  ///< The last block that can have it.
    std::uint64_t sent_ms{};
    // To show to a person.
    std::string recipient;  ///< Or contract; empty for a deploy.
    std::string amount;     ///< Atomic units.
    base::Bytes asset;      ///< Empty: GCC.
};
/// Open transactions of one account. More are refused: each can still happen, so none can be forgotten to make room.
inline constexpr std::size_t kOpenEntriesMax = 1000;
inline constexpr std::size_t kReasonBytesMax = 200;

/// The lowest nonce at or above `from` that no accepted entry has. One that a node refused or dropped is used again.
std::uint64_t next_nonce(std::uint64_t from, const std::vector<JournalEntry>& entries) noexcept;

/// Thread-safe; every change is on disk when it returns.
class Journal {
 public:
    explicit Journal(std::shared_ptr<WalletFile> file) noexcept : file_{std::move(file)} {}

    /// Others with the same nonce stay: any one of them can happen. base `overloaded` above kOpenEntriesMax.
    base::Result<void> put(const JournalEntry& entry);
    /// Notes what a node said; the reason is cut and made plain ASCII.
    base::Result<void> note(const base::Digest& tx_id, Standing standing, std::string_view reason = {});
    /// Only for a final one.
    base::Result<void> remove(const base::Digest& tx_id);
    /// Which final block is known. Without a proof nothing is forgotten for it, only left out of the list; of what is
    /// left out, the newest 500 are kept.
    struct Horizon {
        std::uint32_t account;
        std::uint64_t finalized_nonce;   ///< What is below was used.
        std::uint64_t finalized_height;  ///< What was valid until an earlier block has expired.
        bool proved;
    };
    /// Forgets what is over, then lists the rest by nonce, of one nonce the newest first.
    base::Result<std::vector<JournalEntry>> open_entries(const Horizon& horizon);
    /// Everything that is not forgotten.
    base::Result<std::vector<JournalEntry>> entries(std::uint32_t account);
    /// Whose transaction it is; nothing when the journal does not have it.
    base::Result<std::optional<std::uint32_t>> account_of(const base::Digest& tx_id);

    base::Result<void> note_recipient(const std::string& address, std::uint64_t now_ms);
    base::Result<bool> knows_recipient(const std::string& address);
    /// At most 10,000, the latest first.
    base::Result<std::vector<std::string>> recipients();

    base::Result<std::optional<base::Bytes>> fact(std::string_view key);
    base::Result<void> set_fact(std::string_view key, base::ByteView value);

 private:
    std::shared_ptr<WalletFile> file_;
};

}  // namespace walletd
