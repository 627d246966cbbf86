#pragma once
// Keys at rest and in use.
//
//   password ──Argon2id(salt, cost)──▶ wrapping key ──opens──▶ master key ──opens──▶ recovery entropy, BIP-39 seed
//                                       AAD: every header byte                AAD: wallet id and kind
//   seed ──SLIP-0010 m/44'/1337'/n'/0'──▶ account n (Ed25519)
//
// XChaCha20-Poly1305 with random nonces throughout. A change of password wraps the same master key again, in one
// transaction. A password is counted as wrong on disk before it is tried, so that ending the process gains no tries.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "gcrypt/address.hpp"
#include "walletd/config.hpp"
#include "walletd/error.hpp"
#include "walletd/unlock_scope.hpp"
#include "walletd/wallet_file.hpp"
#include "zcrypto/ed25519.hpp"
#include "zcrypto/secret.hpp"

namespace walletd {

inline constexpr std::size_t kPasswordBytesMin = 8;
inline constexpr std::size_t kPasswordBytesMax = 1024;
inline constexpr std::size_t kLabelBytesMax = 64;
inline constexpr std::uint32_t kAccountsMax = 10'000;
/// Wrong passwords before the first wait; then 1 s, doubling with each, up to an hour.
inline constexpr std::uint32_t kFreeAttempts = 5;
inline constexpr std::uint64_t kBackOffMaxMs = 3'600'000;

/// What anybody may know of an account.
struct AccountInfo {
    std::uint32_t index{};
    std::string label;
    std::string path;  ///< "m/44'/1337'/0'/0'"
    zcrypto::ed25519::PublicKey public_key;
    gcrypt::Address address;
    std::uint64_t created_ms{};
};

struct KeystoreStatus {
    bool initialised = false;
    bool locked = true;
    std::uint64_t unlocked_until_ms = 0;  ///< Unix time; 0 while locked.
    std::uint64_t back_off_ms = 0;        ///< Until the next password is tried.
    std::uint32_t accounts = 0;
    UnlockScope scope;     ///< While unlocked.
    base::u128 spent = 0;  ///< agcc, counted against the scope's limit.
};

/// Thread-safe. Functions that take a password block for about a second: call them off the reactor.
class Keystore {
 public:
    struct Options {
        KdfPolicy kdf;
        std::uint64_t unlock_timeout_ms = 900'000;  ///< Default and longest.
        const base::Clock* clock = &base::system_clock();
        base::Random* random = &base::system_random();
    };
    /// Checks every row that can be checked without the password. `damaged` names the file and the row.
    static base::Checked<std::unique_ptr<Keystore>> open(std::shared_ptr<WalletFile> file, Options options);
    ~Keystore();
    Keystore(const Keystore&) = delete;
    Keystore& operator=(const Keystore&) = delete;

    struct NewWallet {
        std::string_view words;       ///< Empty: 24 new ones.
        std::string_view passphrase;  ///< BIP-39; part of the key, not stored.
        base::ByteView password;
        UnlockScope scope{};  ///< Of the unlocking that it leaves behind.
    };
    struct Made {
        zcrypto::SecretBytes words;  ///< Only when they were made here.
        AccountInfo account;
    };
    /// Makes the keys and account 0, and leaves the wallet unlocked. `already_initialised`, `bad_words` (the text says
    /// which word), `weak_password`.
    base::Checked<Made> init(const NewWallet& wallet);
    /// `wrong_password`, `back_off` (the text says how long), `not_initialised`, `damaged`. 0 ms: the default. Replaces
    /// an earlier unlocking, its scope and what was counted against it.
    base::Checked<void> unlock(base::ByteView password, std::uint64_t timeout_ms, const UnlockScope& scope = {});
    /// Forgets every key.
    void lock();
    /// Locks when the time is over; true when it did.
    bool lock_if_due();
    struct PasswordChange {
        base::ByteView old_password, new_password;
    };
    base::Checked<void> change_password(const PasswordChange& change);
    base::Checked<zcrypto::SecretBytes> export_words(base::ByteView password);

    [[nodiscard]] KeystoreStatus status();
    /// `locked`, `label_taken`, base `invalid_argument` for a bad label.
    base::Checked<AccountInfo> create_account(const std::string& label);
    /// Ordered by index; from memory.
    [[nodiscard]] std::vector<AccountInfo> accounts();
    /// By address, label or index, in this order; empty: account 0. `unknown_account`.
    base::Checked<AccountInfo> find(std::string_view wanted);
    [[nodiscard]] std::optional<AccountInfo> find_address(const gcrypt::Address& address);

    /// Counts a spend against the scope of the unlocking. `locked`, `not_initialised`, `out_of_scope`.
    base::Checked<void> claim(const Spend& spend);

 private:
    // Nobody else signs: what is signed has been understood and is within every bound.
    friend class Signer;
    friend class KeystoreProbe;  ///< Of the keystore's own tests.
    /// Signs with the account's key. `locked`, `unknown_account`.
    base::Result<zcrypto::ed25519::Signature> sign(std::uint32_t account, base::ByteView message);

    struct Unlocked;
    Keystore(std::shared_ptr<WalletFile> file, Options options) noexcept;
    base::Checked<void> load();
    /// Opens the master key with a counted attempt. Holds attempt_mutex_ on entry, not the file's.
    base::Checked<zcrypto::Secret<32>> open_master(base::ByteView password);
    base::Checked<void> count_attempt();
    base::Checked<AccountInfo> insert_account(std::uint32_t index, const std::string& label, const Unlocked& keys);
    [[nodiscard]] std::uint64_t back_off_ms_locked();
    [[nodiscard]] bool due_locked() const noexcept;
    std::unexpected<base::Diagnostic> damaged(std::string_view what) const;
    std::unexpected<base::Diagnostic> storage_failed(const base::Error& error) const;

    std::shared_ptr<WalletFile> file_;
    Options options_;
    std::mutex attempt_mutex_;  ///< One password at a time; taken before the file's mutex.
    // Guarded by the file's mutex.
    std::vector<AccountInfo> accounts_;
    bool initialised_ = false;
    std::unique_ptr<Unlocked> unlocked_;
};

}  // namespace walletd
