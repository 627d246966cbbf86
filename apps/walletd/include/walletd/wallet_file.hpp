#pragma once
// The one SQLite file of a wallet: keys (sealed), accounts, journal of sends, known recipients.

#include <memory>
#include <mutex>
#include <string>

#include "base/result.hpp"

namespace walletd {

class Database;

/// Shared by Keystore and Journal; whoever uses the database holds the mutex.
class WalletFile {
 public:
    /// Opens or makes `path` (0600, held exclusively). The text names the file and what to do: `not_a_wallet`,
    /// `newer_version`, `damaged`, `in_use`, base `permission_denied`, base `io_error`.
    static base::Checked<std::shared_ptr<WalletFile>> open(const std::string& path);
    ~WalletFile();
    WalletFile(const WalletFile&) = delete;
    WalletFile& operator=(const WalletFile&) = delete;

    [[nodiscard]] const std::string& path() const noexcept;
    [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }
    [[nodiscard]] Database& database() noexcept { return *database_; }

 private:
    explicit WalletFile(std::unique_ptr<Database> database) noexcept;
    std::mutex mutex_;
    std::unique_ptr<Database> database_;
};

}  // namespace walletd
