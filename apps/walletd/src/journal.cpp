#include "walletd/journal.hpp"

#include <algorithm>

#include "sqlite.hpp"

namespace walletd {

std::uint64_t next_nonce(std::uint64_t from, const std::vector<JournalEntry>& entries) noexcept {
    auto nonce = from;
    // The entries are bounded, so some nonce is free.
    for (;; ++nonce) {
        const bool accepted =
            std::ranges::any_of(entries, [nonce](const JournalEntry& e) { return e.accepted && e.nonce == nonce; });
        if (!accepted) return nonce;
    }
}

base::Result<void> Journal::put(const JournalEntry& entry, std::uint64_t now_ms) {
    const std::lock_guard lock{file_->mutex()};
    GC_TRY(auto insert, file_->database().prepare("INSERT OR REPLACE INTO journal VALUES(?, ?, ?, ?, ?, ?, ?)"));
    insert.bind(static_cast<std::int64_t>(entry.account)).bind(static_cast<std::int64_t>(entry.nonce));
    insert.bind(base::ByteView{entry.tx_id}).bind(base::ByteView{entry.raw}).bind(std::int64_t{entry.accepted});
    insert.bind(static_cast<std::int64_t>(entry.valid_until)).bind(static_cast<std::int64_t>(now_ms));
    return insert.run();
}

base::Result<void> Journal::accept(const base::Digest& tx_id) {
    const std::lock_guard lock{file_->mutex()};
    GC_TRY(auto update, file_->database().prepare("UPDATE journal SET accepted = 1 WHERE tx_id = ?"));
    update.bind(base::ByteView{tx_id});
    return update.run();
}

base::Result<void> Journal::remove(const base::Digest& tx_id) {
    const std::lock_guard lock{file_->mutex()};
    GC_TRY(auto erase, file_->database().prepare("DELETE FROM journal WHERE tx_id = ?"));
    erase.bind(base::ByteView{tx_id});
    return erase.run();
}

base::Result<std::vector<JournalEntry>> Journal::open_entries(const Horizon& horizon) {
    const std::lock_guard lock{file_->mutex()};
    auto& db = file_->database();
    GC_TRY(auto erase, db.prepare("DELETE FROM journal WHERE account = ? AND (nonce < ? OR valid_until < ?)"));
    erase.bind(static_cast<std::int64_t>(horizon.account)).bind(static_cast<std::int64_t>(horizon.finalized_nonce));
    erase.bind(static_cast<std::int64_t>(horizon.finalized_height));
    GC_CHECK(erase.run());
    GC_TRY(auto query, db.prepare("SELECT nonce, tx_id, raw, accepted, valid_until FROM journal WHERE account = ? "
                                  "ORDER BY nonce LIMIT 1000"));
    query.bind(static_cast<std::int64_t>(horizon.account));
    std::vector<JournalEntry> entries;
    for (;;) {
        GC_TRY(const auto row, query.step());
        if (!row) return entries;
        const auto id = base::to_fixed<32>(query.blob(1));
        if (!id) return base::fail(Errc::damaged, "journal row");
        entries.push_back({.account = horizon.account,
                           .nonce = static_cast<std::uint64_t>(query.integer(0)),
                           .tx_id = *id,
                           .raw = base::to_bytes(query.blob(2)),
                           .accepted = query.integer(3) != 0,
                           .valid_until = static_cast<std::uint64_t>(query.integer(4))});
    }
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
