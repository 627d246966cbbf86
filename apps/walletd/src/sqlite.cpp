#include "sqlite.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "walletd/error.hpp"

namespace walletd {
namespace {

/// SQLite would make the file with the umask's mode; ours is private from its first moment.
base::Checked<void> make_private_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        const auto errc = errno == EACCES || errno == EPERM ? base::Errc::permission_denied : base::Errc::io_error;
        return base::explain(errc, fmt::format("cannot open {}: {}", path, std::strerror(errno)));
    }
    struct stat info{};
    const auto known = fstat(fd, &info) == 0;
    close(fd);
    if (!known || !S_ISREG(info.st_mode)) {
        return base::explain(Errc::not_a_wallet, fmt::format("{} is not a regular file", path));
    }
    if ((info.st_mode & 077) != 0 || info.st_uid != geteuid()) {
        return base::explain(base::Errc::permission_denied,
                             fmt::format("{} can be read by others; make it yours alone: chmod 600 {}", path, path));
    }
    return {};
}

std::unexpected<base::Diagnostic> refuse(int code, const std::string& path) {
    switch (code & 0xff) {
        case SQLITE_NOTADB:
            return base::explain(
                Errc::not_a_wallet,
                fmt::format("{} is not a wallet file (or its header is damaged); it was left as it is", path));
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return base::explain(Errc::in_use, fmt::format("another process uses {}; stop that walletd first", path));
        case SQLITE_CORRUPT:
            return base::explain(Errc::damaged,
                                 fmt::format("{} is damaged; restore it from a backup, or make a new wallet elsewhere "
                                             "from the recovery words",
                                             path));
        default: return base::explain(Errc::storage, fmt::format("cannot use {}: {}", path, sqlite3_errstr(code)));
    }
}

base::Result<std::int64_t> pragma(Database& db, std::string_view sql) {
    GC_TRY(auto statement, db.prepare(sql));
    GC_TRY(const auto row, statement.step());
    return row ? statement.integer(0) : 0;
}

}  // namespace

std::unexpected<base::Error> sqlite_failure(int code) noexcept {
    const auto primary = code & 0xff;
    const auto corrupt = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_FORMAT ||
                         primary == SQLITE_ERROR || primary == SQLITE_SCHEMA;
    return base::fail(corrupt ? Errc::damaged : Errc::storage, sqlite3_errstr(code));
}

base::Checked<Database> Database::open(const std::string& path, const Options& options) {
    GC_CHECK(make_private_file(path));
    sqlite3* raw = nullptr;
    const auto code = sqlite3_open_v2(path.c_str(), &raw,
                                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    Database db{raw, path};
    if (code != SQLITE_OK) return refuse(code, path);
    sqlite3_busy_timeout(raw, 200);
    // The file may be hostile: no double-quoted strings, no views or triggers with side effects, cells checked.
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, 16 << 20);

    const auto exec = [raw](const char* sql) { return sqlite3_exec(raw, sql, nullptr, nullptr, nullptr); };
    for (const auto* sql : {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA cell_size_check=ON", "PRAGMA mmap_size=0",
                            "PRAGMA secure_delete=ON", "PRAGMA foreign_keys=ON"}) {
        if (const auto rc = exec(sql); rc != SQLITE_OK) return refuse(rc, path);
    }
    const auto read = [&db](const char* sql) { return pragma(db, sql); };
    const auto application = read("PRAGMA application_id");
    const auto version = read("PRAGMA user_version");
    const auto tables = read("SELECT count(*) FROM sqlite_schema");
    if (!application || !version || !tables) return refuse(sqlite3_extended_errcode(raw), path);
    const bool fresh = *tables == 0 && *version == 0 && *application == 0;
    if (!fresh && *application != options.application_id) {
        return base::explain(Errc::not_a_wallet,
                             fmt::format("{} is a database of another program; it was left as it is", path));
    }
    if (*version > options.schema_version) {
        return base::explain(Errc::newer_version,
                             fmt::format("{} has schema {}, this walletd knows up to {}; use a newer walletd", path,
                                         *version, options.schema_version));
    }
    const bool old = !fresh && *version == options.schema_version - 1;
    if (!fresh && !old && *version < options.schema_version) {
        return base::explain(Errc::damaged, fmt::format("{} has the unknown schema {}", path, *version));
    }
    for (const auto* sql : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"}) {
        if (const auto rc = exec(sql); rc != SQLITE_OK) return refuse(rc, path);
    }
    if (fresh) {
        const auto script = fmt::format("BEGIN EXCLUSIVE; PRAGMA application_id={}; {} PRAGMA user_version={}; COMMIT;",
                                        options.application_id, options.schema, options.schema_version);
        if (const auto rc = exec(script.c_str()); rc != SQLITE_OK) return refuse(rc, path);
        return db;
    }
    // Takes the exclusive lock now, so that a second walletd learns of it here and not at its first write.
    if (const auto rc = exec("BEGIN IMMEDIATE; COMMIT"); rc != SQLITE_OK) return refuse(rc, path);
    {
        auto check = db.prepare("PRAGMA integrity_check(1)");
        if (!check) return refuse(SQLITE_CORRUPT, path);
        const auto row = check->step();
        if (!row || !*row || check->text(0) != "ok") return refuse(SQLITE_CORRUPT, path);
    }
    if (!old) return db;
    const auto script =
        fmt::format("BEGIN EXCLUSIVE; {} PRAGMA user_version={}; COMMIT;", options.upgrade, options.schema_version);
    if (const auto rc = exec(script.c_str()); rc != SQLITE_OK) {
        exec("ROLLBACK");
        return refuse(rc, path);
    }
    return db;
}

Database::~Database() {
    if (db_) sqlite3_close_v2(db_);
}

base::Result<void> Database::run(const char* sql) noexcept {
    const auto code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return sqlite_failure(code);
    return {};
}

base::Result<Statement> Database::prepare(std::string_view sql) noexcept {
    sqlite3_stmt* statement = nullptr;
    const auto code = sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    if (code != SQLITE_OK) return sqlite_failure(code);
    return Statement{statement};
}

Statement& Statement::bind(std::int64_t value) noexcept {
    const auto code = sqlite3_bind_int64(statement_, next_++, value);
    if (failure_ == SQLITE_OK) failure_ = code;
    return *this;
}

Statement& Statement::bind(std::string_view text) noexcept {
    // A null pointer would bind NULL where empty text is meant.
    const auto* data = text.data() ? text.data() : "";
    const auto code = sqlite3_bind_text(statement_, next_++, data, static_cast<int>(text.size()), SQLITE_STATIC);
    if (failure_ == SQLITE_OK) failure_ = code;
    return *this;
}

Statement& Statement::bind(base::ByteView bytes) noexcept {
    const void* data = bytes.data() ? static_cast<const void*>(bytes.data()) : "";
    const auto code = sqlite3_bind_blob(statement_, next_++, data, static_cast<int>(bytes.size()), SQLITE_STATIC);
    if (failure_ == SQLITE_OK) failure_ = code;
    return *this;
}

base::Result<bool> Statement::step() noexcept {
    if (failure_ != SQLITE_OK) return sqlite_failure(failure_);
    const auto code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return sqlite_failure(code);
}

base::Result<void> Statement::run() noexcept {
    GC_TRY(const auto row, step());
    (void)row;
    return {};
}

std::string_view Statement::text(int column) const noexcept {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (!data) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

base::ByteView Statement::blob(int column) const noexcept {
    const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
    if (!data) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

base::Result<Transaction> Transaction::begin(Database& db) noexcept {
    GC_CHECK(db.run("BEGIN IMMEDIATE"));
    return Transaction{db};
}

Transaction::~Transaction() {
    if (db_) (void)db_->run("ROLLBACK");
}

base::Result<void> Transaction::commit() noexcept {
    GC_CHECK(db_->run("COMMIT"));
    db_ = nullptr;
    return {};
}

}  // namespace walletd
