#include "walletd/wallet_file.hpp"

#include "sqlite.hpp"

namespace walletd {
namespace {

constexpr Database::Options kOptions{
    .application_id = 0x47574C54,  // "GWLT"
    .schema_version = 2,
    .schema = R"(
CREATE TABLE keyring(id INTEGER PRIMARY KEY CHECK(id = 1), header BLOB NOT NULL, wrapped BLOB NOT NULL,
                     checksum BLOB NOT NULL) STRICT;
CREATE TABLE secrets(kind TEXT PRIMARY KEY, nonce BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE TABLE attempts(id INTEGER PRIMARY KEY CHECK(id = 1), failures INTEGER NOT NULL,
                      not_before_ms INTEGER NOT NULL) STRICT;
CREATE TABLE accounts(idx INTEGER PRIMARY KEY, label TEXT NOT NULL, path TEXT NOT NULL, public_key BLOB NOT NULL,
                      created_ms INTEGER NOT NULL, checksum BLOB NOT NULL) STRICT;
CREATE TABLE recipients(address TEXT PRIMARY KEY, label TEXT NOT NULL, first_ms INTEGER NOT NULL,
                        last_ms INTEGER NOT NULL, sends INTEGER NOT NULL) STRICT;
CREATE TABLE journal(account INTEGER NOT NULL, nonce INTEGER NOT NULL, tx_id BLOB NOT NULL, raw BLOB NOT NULL,
                     standing INTEGER NOT NULL, reason TEXT NOT NULL, valid_until INTEGER NOT NULL,
                     created_ms INTEGER NOT NULL, recipient TEXT NOT NULL, amount TEXT NOT NULL, asset BLOB NOT NULL,
                     PRIMARY KEY(account, nonce, tx_id)) STRICT;
CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
)",
    // Until version 1 a nonce had one transaction: the newest, whatever could still become of the one before.
    .upgrade = R"(
ALTER TABLE journal RENAME TO journal1;
CREATE TABLE journal(account INTEGER NOT NULL, nonce INTEGER NOT NULL, tx_id BLOB NOT NULL, raw BLOB NOT NULL,
                     standing INTEGER NOT NULL, reason TEXT NOT NULL, valid_until INTEGER NOT NULL,
                     created_ms INTEGER NOT NULL, recipient TEXT NOT NULL, amount TEXT NOT NULL, asset BLOB NOT NULL,
                     PRIMARY KEY(account, nonce, tx_id)) STRICT;
INSERT INTO journal SELECT account, nonce, tx_id, raw, accepted, '', valid_until, created_ms, '', '', x'' FROM journal1;
DROP TABLE journal1;
)",
};

}  // namespace

base::Checked<std::shared_ptr<WalletFile>> WalletFile::open(const std::string& path) {
    GC_TRY(auto database, Database::open(path, kOptions));
    return std::shared_ptr<WalletFile>{new WalletFile{std::make_unique<Database>(std::move(database))}};
}

WalletFile::WalletFile(std::unique_ptr<Database> database) noexcept : database_{std::move(database)} {}
WalletFile::~WalletFile() = default;
const std::string& WalletFile::path() const noexcept { return database_->path(); }

}  // namespace walletd
