#include "walletd/journal.hpp"

#include <algorithm>

#include "sqlite.hpp"

namespace walletd {
namespace {

constexpr std::int64_t kUnprovedKept = 500;

/// A node's words go to a terminal and into `string` fields: ASCII, and not too much of it.
std::string plain_text(std::string_view text) {
    std::string out{text.substr(0, kReasonBytesMax)};
    for (auto& c : out) {
        if (c < 0x20 || c > 0x7e) c = '?';
    }
    return out;
}

}  // namespace

std::string_view to_string(Standing standing) noexcept {
    switch (standing) {
        case Standing::unknown: return "unknown";
        case Standing::accepted: return "accepted";
        case Standing::refused: return "refused";
        case Standing::dropped: return "dropped";
    }
    return "unknown";
}

std::uint64_t next_nonce(std::uint64_t from, const std::vector<JournalEntry>& entries) noexcept {
    auto nonce = from;
    // The entries are bounded, so some nonce is free.
    for (;; ++nonce) {
        const bool accepted = std::ranges::any_of(
            entries, [nonce](const JournalEntry& e) { return e.standing == Standing::accepted && e.nonce == nonce; });
        if (!accepted) return nonce;
    }
}

base::Result<void> Journal::put(const JournalEntry& entry) {
    const std::lock_guard lock{file_->mutex()};
    GC_TRY(auto count, file_->database().prepare("SELECT count(*) FROM journal WHERE account = ?"));
    count.bind(static_cast<std::int64_t>(entry.account));
    GC_TRY(const auto row, count.step());
    if (row && count.integer(0) >= static_cast<std::int64_t>(kOpenEntriesMax))
        return base::fail(base::Errc::overloaded, "open transactions");
    GC_TRY(auto insert,
           file_->database().prepare("INSERT OR REPLACE INTO journal VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    insert.bind(static_cast<std::int64_t>(entry.account)).bind(static_cast<std::int64_t>(entry.nonce));
    insert.bind(base::ByteView{entry.tx_id}).bind(base::ByteView{entry.raw});
    insert.bind(static_cast<std::int64_t>(entry.standing)).bind(std::string_view{entry.reason});
    insert.bind(static_cast<std::int64_t>(entry.valid_until)).bind(static_cast<std::int64_t>(entry.sent_ms));
    insert.bind(std::string_view{entry.recipient}).bind(std::string_view{entry.amount});
    insert.bind(base::ByteView{entry.asset});
    return insert.run();
}

base::Result<void> Journal::note(const base::Digest& tx_id, Standing standing, std::string_view reason) {
    const auto plain = plain_text(reason);
    const std::lock_guard lock{file_->mutex()};
    GC_TRY(auto update, file_->database().prepare("UPDATE journal SET standing = ?, reason = ? WHERE tx_id = ?"));
    update.bind(static_cast<std::int64_t>(standing)).bind(std::string_view{plain}).bind(base::ByteView{tx_id});
    return update.run();
}

base::Result<void> Journal::remove(const base::Digest& tx_id) {
    const std::lock_guard lock{file_->mutex()};
    GC_TRY(auto erase, file_->database().prepare("DELETE FROM journal WHERE tx_id = ?"));
    erase.bind(base::ByteView{tx_id});
    return erase.run();
}

base::Result<std::vector<JournalEntry>> Journal::open_entries(const Horizon& horizon) {
    std::vector<JournalEntry> all;
    {
        const std::lock_guard lock{file_->mutex()};
        // Unproved, the newest of what the node calls over are kept; without a bound they would fill the journal.
        GC_TRY(auto erase, file_->database().prepare(
                               "DELETE FROM journal WHERE rowid IN (SELECT rowid FROM journal WHERE account = ? AND "
                               "(nonce < ? OR valid_until < ?) ORDER BY created_ms DESC LIMIT -1 OFFSET ?)"));
        erase.bind(static_cast<std::int64_t>(horizon.account)).bind(static_cast<std::int64_t>(horizon.finalized_nonce));
        erase.bind(static_cast<std::int64_t>(horizon.finalized_height));
        erase.bind(std::int64_t{horizon.proved ? 0 : kUnprovedKept});
        GC_CHECK(erase.run());
    }
    GC_TRY(all, entries(horizon.account));
    std::erase_if(all, [&](const JournalEntry& entry) {
        return entry.nonce < horizon.finalized_nonce || entry.valid_until < horizon.finalized_height;
    });
    return all;
}

base::Result<std::vector<JournalEntry>> Journal::entries(std::uint32_t account) {
    const std::lock_guard lock{file_->mutex()};
    GC_TRY(auto query, file_->database().prepare(
                           "SELECT nonce, tx_id, CASE standing WHEN 1 THEN raw ELSE x'' END, standing, reason, "
                           "valid_until, created_ms, recipient, amount, asset FROM journal WHERE account = ? "
                           "ORDER BY nonce, created_ms DESC"));
    query.bind(static_cast<std::int64_t>(account));
    std::vector<JournalEntry> entries;  // put() bounds them
    for (;;) {
        GC_TRY(const auto row, query.step());
        if (!row) return entries;
        const auto id = base::to_fixed<32>(query.blob(1));
        const auto standing = query.integer(3);
        if (!id || standing < 0 || standing > static_cast<std::int64_t>(Standing::dropped))
            return base::fail(Errc::damaged, "journal row");
        entries.push_back({.account = account,
                           .nonce = static_cast<std::uint64_t>(query.integer(0)),
                           .tx_id = *id,
                           .raw = base::to_bytes(query.blob(2)),
                           .standing = static_cast<Standing>(standing),
                           .reason = std::string{query.text(4)},
                           .valid_until = static_cast<std::uint64_t>(query.integer(5)),
                           .sent_ms = static_cast<std::uint64_t>(query.integer(6)),
                           .recipient = std::string{query.text(7)},
                           .amount = std::string{query.text(8)},
                           .asset = base::to_bytes(query.blob(9))});
    }
}

base::Result<std::optional<std::uint32_t>> Journal::account_of(const base::Digest& tx_id) {
    const std::lock_guard lock{file_->mutex()};
    GC_TRY(auto query, file_->database().prepare("SELECT account FROM journal WHERE tx_id = ?"));
    query.bind(base::ByteView{tx_id});
    GC_TRY(const auto row, query.step());
    if (!row) return std::nullopt;
    return static_cast<std::uint32_t>(query.integer(0));
}

base::Result<void> Journal::note_recipient(const std::string& address, std::uint64_t now_ms) {
    const std::lock_guard lock{file_->mutex()};
    GC_TRY(auto insert,
           file_->database().prepare("INSERT INTO recipients VALUES(?, '', ?, ?, 1) ON CONFLICT(address) DO "
                                     "UPDATE SET last_ms = excluded.last_ms, sends = sends + 1"));
    const auto now = static_cast<std::int64_t>(now_ms);
    insert.bind(std::string_view{address}).bind(now).bind(now);
    return insert.run();
}

base::Result<bool> Journal::knows_recipient(const std::string& address) {
    const std::lock_guard lock{file_->mutex()};
    GC_TRY(auto query, file_->database().prepare("SELECT 1 FROM recipients WHERE address = ?"));
    query.bind(std::string_view{address});
    return query.step();
}

base::Result<std::vector<std::string>> Journal::recipients() {
    const std::lock_guard lock{file_->mutex()};
    GC_TRY(auto query, file_->database().prepare("SELECT address FROM recipients ORDER BY last_ms DESC LIMIT 10000"));
    std::vector<std::string> addresses;
    for (;;) {
        GC_TRY(const auto row, query.step());
        if (!row) return addresses;
        addresses.emplace_back(query.text(0));
    }
}

base::Result<std::optional<base::Bytes>> Journal::fact(std::string_view key) {
    const std::lock_guard lock{file_->mutex()};
    GC_TRY(auto query, file_->database().prepare("SELECT value FROM meta WHERE key = ?"));
    query.bind(key);
    GC_TRY(const auto row, query.step());
    if (!row) return std::nullopt;
    return base::to_bytes(query.blob(0));
}

base::Result<void> Journal::set_fact(std::string_view key, base::ByteView value) {
    const std::lock_guard lock{file_->mutex()};
    GC_TRY(auto insert, file_->database().prepare("INSERT OR REPLACE INTO meta VALUES(?, ?)"));
    insert.bind(key).bind(value);
    return insert.run();
}

}  // namespace walletd
