#pragma once
// A thin owner of one SQLite connection and its statements: errors as values, bounded reads, nothing thrown.

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace walletd {

class Statement;

/// One connection. Not thread-safe; its owner guards it.
class Database {
 public:
    struct Options {
        std::int32_t application_id;  ///< Written into new files, required in old ones.
        std::int32_t schema_version;  ///< PRAGMA user_version; a newer one is refused.
        std::string_view schema;      ///< SQL that makes version `schema_version` from nothing.
        std::string_view upgrade;     ///< SQL that makes it from the version before; all of it or nothing happens.
    };
    /// Opens or makes the file (0600, WAL, synchronous=FULL, held exclusively) and checks its structure. The text names
    /// the file: `not_a_wallet` for foreign files, `newer_version`, `damaged`, `in_use`, base `permission_denied` when
    /// others can read it, base `io_error`.
    static base::Checked<Database> open(const std::string& path, const Options& options);
    ~Database();
    Database(Database&& other) noexcept : db_{std::exchange(other.db_, nullptr)}, path_{std::move(other.path_)} {}
    Database& operator=(Database&&) = delete;

    /// Runs SQL without results. `damaged` or `storage` (walletd::Errc).
    base::Result<void> run(const char* sql) noexcept;
    /// Statements are compiled once a call: a wallet's tables are small.
    base::Result<Statement> prepare(std::string_view sql) noexcept;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] std::int64_t changes() const noexcept { return sqlite3_changes(db_); }

 private:
    Database(sqlite3* db, std::string path) noexcept : db_{db}, path_{std::move(path)} {}
    sqlite3* db_;
    std::string path_;
};

/// The error of a SQLite result code: `damaged` for corruption, `storage` for the rest (disk full, I/O).
std::unexpected<base::Error> sqlite_failure(int code) noexcept;

class Statement {
 public:
    ~Statement() { sqlite3_finalize(statement_); }
    Statement(Statement&& other) noexcept
        : statement_{std::exchange(other.statement_, nullptr)}, next_{other.next_}, failure_{other.failure_} {}
    Statement& operator=(Statement&&) = delete;

    /// Binds the next parameter, in order. Text and bytes are borrowed until the statement is stepped for the last
    /// time.
    Statement& bind(std::int64_t value) noexcept;
    Statement& bind(std::string_view text) noexcept;
    Statement& bind(base::ByteView bytes) noexcept;

    /// True: a row is there. False: the end. `damaged`, `storage`.
    base::Result<bool> step() noexcept;
    /// For statements without rows.
    base::Result<void> run() noexcept;

    // Columns of the present row, from 0. Views are borrowed until the next step.
    [[nodiscard]] std::int64_t integer(int column) const noexcept { return sqlite3_column_int64(statement_, column); }
    [[nodiscard]] std::string_view text(int column) const noexcept;
    [[nodiscard]] base::ByteView blob(int column) const noexcept;

 private:
    friend class Database;
    explicit Statement(sqlite3_stmt* statement) noexcept : statement_{statement} {}
    sqlite3_stmt* statement_;
    int next_ = 1;
    int failure_ = SQLITE_OK;
};

/// Begins IMMEDIATE; rolls back unless commit() succeeded.
class Transaction {
 public:
    static base::Result<Transaction> begin(Database& db) noexcept;
    ~Transaction();
    Transaction(Transaction&& other) noexcept : db_{std::exchange(other.db_, nullptr)} {}
    Transaction& operator=(Transaction&&) = delete;
    /// On disk when it succeeds.
    base::Result<void> commit() noexcept;

 private:
    explicit Transaction(Database& db) noexcept : db_{&db} {}
    Database* db_;
};

}  // namespace walletd
