#pragma once
// What was sent and to whom: the nonce journal, known recipients, and small facts that outlive a restart.
//
// A transaction is journaled before it is submitted. A nonce is taken when the node accepted a transaction that has it;
// one whose outcome is unknown is used again unless it is proved to be final, so that an uncertain payment can never be
// made twice. Sends of one account take turns, so that none chooses while another is between the two.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "walletd/error.hpp"
#include "walletd/wallet_file.hpp"

namespace walletd {

struct JournalEntry {
    std::uint32_t account{};
    std::uint64_t nonce{};
    base::Digest tx_id{};
    base::Bytes raw;        ///< The signed transaction, to submit again.
    bool accepted = false;  ///< A node took it.
    std::uint64_t valid_until{};
};

/// The lowest nonce at or above `from` that no accepted entry has.
std::uint64_t next_nonce(std::uint64_t from, const std::vector<JournalEntry>& entries) noexcept;

/// Thread-safe; every change is on disk when it returns.
class Journal {
 public:
    explicit Journal(std::shared_ptr<WalletFile> file) noexcept : file_{std::move(file)} {}

    /// Replaces an entry with the same account and nonce.
    base::Result<void> put(const JournalEntry& entry, std::uint64_t now_ms);
    base::Result<void> accept(const base::Digest& tx_id);
    base::Result<void> remove(const base::Digest& tx_id);
    /// Forgets what is final (nonce below `finalized_nonce`) or expired, then lists the rest by nonce.
    struct Horizon {
        std::uint32_t account;
        std::uint64_t finalized_nonce;
        std::uint64_t finalized_height;
    };
    base::Result<std::vector<JournalEntry>> open_entries(const Horizon& horizon);

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
