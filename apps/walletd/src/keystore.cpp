#include "walletd/keystore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/bcs.hpp"
#include "keyring.hpp"
#include "sqlite.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/hd.hpp"
#include "zcrypto/mnemonic.hpp"

namespace walletd {
namespace {

constexpr std::string_view kEntropyKind = "bip39 entropy";
constexpr std::string_view kSeedKind = "bip39 seed";

base::Digest row_checksum(const AccountInfo& account) {
    base::BcsWriter row;
    row.u32(account.index);
    row.string(account.label);
    row.string(account.path);
    row.fixed(account.public_key.bytes);
    row.u64(account.created_ms);
    return zcrypto::blake3_derive_key("ghostchain 2026 wallet account row v1", row.view());
}

base::Checked<void> check_password(base::ByteView password) {
    if (password.size() >= kPasswordBytesMin && password.size() <= kPasswordBytesMax) return {};
    return base::explain(Errc::weak_password, fmt::format("a password has {} to {} bytes; nothing was changed",
                                                          kPasswordBytesMin, kPasswordBytesMax));
}

base::Checked<void> check_label(const std::string& label) {
    const bool printable =
        std::ranges::none_of(label, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    // A label that reads like an index or an address would make `--from 1` ambiguous.
    const bool digits = !label.empty() && std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; });
    if (label.size() > kLabelBytesMax || !printable || digits || label.starts_with("ghost1")) {
        return base::explain(base::Errc::invalid_argument,
                             fmt::format("a label has at most {} printable bytes, is not a number and does not begin "
                                         "with ghost1",
                                         kLabelBytesMax));
    }
    return {};
}

struct Attempts {
    std::uint64_t failures = 0;
    std::uint64_t not_before_ms = 0;
};

base::Result<Attempts> read_attempts(Database& db) {
    GC_TRY(auto query, db.prepare("SELECT failures, not_before_ms FROM attempts WHERE id = 1"));
    GC_TRY(const auto row, query.step());
    if (!row) return Attempts{};
    return Attempts{.failures = static_cast<std::uint64_t>(std::clamp<std::int64_t>(query.integer(0), 0, 1'000'000)),
                    .not_before_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(query.integer(1), 0))};
}

base::Result<void> write_attempts(Database& db, const Attempts& attempts) {
    GC_TRY(auto update, db.prepare("INSERT INTO attempts VALUES(1, ?, ?) ON CONFLICT(id) DO UPDATE SET "
                                   "failures = excluded.failures, not_before_ms = excluded.not_before_ms"));
    update.bind(static_cast<std::int64_t>(attempts.failures)).bind(static_cast<std::int64_t>(attempts.not_before_ms));
    return update.run();
}

struct Keyring {
    KeyringHeader header;
    base::Bytes wrapped;
};

/// Nothing when the wallet has no keys. `damaged` for what contradicts its checksum.
base::Result<std::optional<Keyring>> read_keyring(Database& db) {
    GC_TRY(auto query, db.prepare("SELECT header, wrapped, checksum FROM keyring WHERE id = 1"));
    GC_TRY(const auto row, query.step());
    if (!row) return std::nullopt;
    const auto header = query.blob(0);
    const auto wrapped = query.blob(1);
    if (!base::equal(checksum_of(header, wrapped), query.blob(2))) return base::fail(Errc::damaged, "keyring checksum");
    auto decoded = KeyringHeader::decode(header);
    if (!decoded) return base::fail(Errc::damaged, "keyring header");
    return Keyring{.header = *decoded, .wrapped = base::to_bytes(wrapped)};
}

base::Result<void> write_keyring(Database& db, const KeyringHeader& header, base::ByteView wrapped) {
    const auto encoded = header.encode();
    const auto checksum = checksum_of(encoded, wrapped);
    GC_TRY(auto insert, db.prepare("INSERT OR REPLACE INTO keyring VALUES(1, ?, ?, ?)"));
    insert.bind(base::ByteView{encoded}).bind(wrapped).bind(base::ByteView{checksum});
    return insert.run();
}

struct Sealing {
    const MasterKey& master;
    const KeyringHeader& header;
    base::Random& random;
};

base::Result<void> write_secret(Database& db, const Sealing& sealing, std::string_view kind, base::ByteView secret) {
    zcrypto::XChaChaNonce nonce;
    sealing.random.fill(nonce);
    const auto context = secret_context(sealing.header, kind);
    const auto sealed = zcrypto::xchacha20poly1305_seal(
        {.key = sealing.master, .nonce = nonce, .text = secret, .associated_data = context});
    GC_TRY(auto insert, db.prepare("INSERT INTO secrets VALUES(?, ?, ?)"));
    insert.bind(kind).bind(base::ByteView{nonce}).bind(base::ByteView{sealed});
    return insert.run();
}

base::Result<zcrypto::SecretBytes> read_secret(Database& db, const MasterKey& master, const KeyringHeader& header,
                                               std::string_view kind) {
    GC_TRY(auto query, db.prepare("SELECT nonce, sealed FROM secrets WHERE kind = ?"));
    query.bind(kind);
    GC_TRY(const auto row, query.step());
    if (!row) return base::fail(Errc::damaged, "a sealed secret is missing");
    const auto nonce = base::to_fixed<24>(query.blob(0));
    if (!nonce) return base::fail(Errc::damaged, "nonce of a sealed secret");
    const auto context = secret_context(header, kind);
    auto opened = zcrypto::xchacha20poly1305_open_secret(
        {.key = master, .nonce = *nonce, .text = query.blob(1), .associated_data = context});
    if (!opened) return base::fail(Errc::damaged, "a sealed secret does not open");
    return opened;
}

}  // namespace

struct Keystore::Unlocked {
    zcrypto::Secret<64> seed;
    std::uint64_t until_ns;  ///< Monotonic.
    std::uint64_t until_ms;  ///< Wall clock, which also counts while the machine sleeps.
    std::map<std::uint32_t, zcrypto::ed25519::SigningKey> keys;
    ScopeInUse scope;

    [[nodiscard]] base::Result<zcrypto::ed25519::SigningKey> derive(std::uint32_t account) const {
        GC_TRY(const auto extended,
               zcrypto::slip10_ed25519(seed.expose(), zcrypto::DerivationPath::ghost_account(account)));
        return zcrypto::ed25519::SigningKey{extended.key};
    }
};

Keystore::Keystore(std::shared_ptr<WalletFile> file, Options options) noexcept
    : file_{std::move(file)}, options_{options} {}
Keystore::~Keystore() = default;

std::unexpected<base::Diagnostic> Keystore::damaged(std::string_view what) const {
    return base::explain(Errc::damaged,
                         fmt::format("{} is damaged ({}); restore it from a backup, or make a new wallet "
                                     "elsewhere from the recovery words",
                                     file_->path(), what));
}

std::unexpected<base::Diagnostic> Keystore::storage_failed(const base::Error& error) const {
    if (error.is(Errc::damaged)) return damaged(error.note);
    return std::unexpected{
        base::Diagnostic{error, fmt::format("cannot use {}: {}", file_->path(), base::to_string(error))}};
}

base::Checked<std::unique_ptr<Keystore>> Keystore::open(std::shared_ptr<WalletFile> file, Options options) {
    std::unique_ptr<Keystore> keystore{new Keystore{std::move(file), options}};
    GC_CHECK(keystore->load());
    return keystore;
}

base::Checked<void> Keystore::load() {
    const std::lock_guard lock{file_->mutex()};
    auto& db = file_->database();
    const auto keyring = read_keyring(db);
    if (!keyring) return storage_failed(keyring.error());
    initialised_ = keyring->has_value();
    auto query = db.prepare("SELECT idx, label, path, public_key, created_ms, checksum FROM accounts ORDER BY idx");
    if (!query) return storage_failed(query.error());
    for (;;) {
        const auto row = query->step();
        if (!row) return storage_failed(row.error());
        if (!*row) break;
        AccountInfo account;
        account.index = static_cast<std::uint32_t>(query->integer(0));
        account.label = query->text(1);
        account.path = query->text(2);
        account.created_ms = static_cast<std::uint64_t>(query->integer(4));
        const auto key = base::to_fixed<32>(query->blob(3));
        if (key) account.public_key.bytes = *key;
        // Accounts are numbered without gaps: a missing row is damage too.
        if (!key || account.index != accounts_.size() || account.index >= kAccountsMax ||
            !base::equal(row_checksum(account), query->blob(5))) {
            return damaged(fmt::format("account row {}", accounts_.size()));
        }
        account.address = gcrypt::address_of(account.public_key);
        accounts_.push_back(std::move(account));
    }
    if (initialised_ == accounts_.empty()) return damaged("keys and accounts do not belong together");
    return {};
}

base::Checked<Keystore::Made> Keystore::init(const NewWallet& wallet) {
    GC_CHECK(check_password(wallet.password));
    const std::lock_guard attempt{attempt_mutex_};
    {
        const std::lock_guard lock{file_->mutex()};
        if (initialised_) {
            return base::explain(Errc::already_initialised,
                                 fmt::format("{} has keys already; init never replaces them", file_->path()));
        }
    }
    const bool fresh = wallet.words.empty();
    std::optional<zcrypto::Mnemonic> mnemonic;
    if (fresh) {
        auto generated = zcrypto::Mnemonic::generate(24, *options_.random);
        if (!generated) return storage_failed(generated.error());
        mnemonic.emplace(std::move(*generated));
    } else {
        auto parsed = zcrypto::Mnemonic::parse(wallet.words);
        if (!parsed) return base::explain(Errc::bad_words, std::move(parsed.error().text));
        if (parsed->word_count() != 24) {
            return base::explain(Errc::bad_words,
                                 fmt::format("the phrase has {} words; this wallet uses 24", parsed->word_count()));
        }
        mnemonic.emplace(std::move(*parsed));
    }
    auto seed = mnemonic->seed(wallet.passphrase);
    if (!seed) {
        return base::explain(Errc::bad_words,
                             fmt::format("the passphrase cannot be used: {}", base::to_string(seed.error())));
    }
    const auto cost = calibrated_cost(options_.kdf);
    if (!cost) return storage_failed(cost.error());

    KeyringHeader header{.kdf = *cost, .created_ms = options_.clock->unix_ms()};
    options_.random->fill(header.wallet_id);
    options_.random->fill(header.salt);
    options_.random->fill(header.nonce);
    const auto master = MasterKey::random(*options_.random);
    const auto wrapped = wrap_master(master, wallet.password, header);
    if (!wrapped) return storage_failed(wrapped.error());

    const std::lock_guard lock{file_->mutex()};
    auto& db = file_->database();
    auto keys = std::make_unique<Unlocked>(
        Unlocked{.seed = std::move(*seed),
                 .until_ns = options_.clock->now_ns() + options_.unlock_timeout_ms * 1'000'000,
                 .until_ms = options_.clock->unix_ms() + options_.unlock_timeout_ms,
                 .keys = {},
                 .scope = ScopeInUse{wallet.scope}});
    AccountInfo account;
    const auto stored = [&]() -> base::Checked<void> {
        auto transaction = Transaction::begin(db);
        if (!transaction) return storage_failed(transaction.error());
        const Sealing sealing{.master = master, .header = header, .random = *options_.random};
        if (auto done = write_keyring(db, header, *wrapped); !done) return storage_failed(done.error());
        if (auto done = write_secret(db, sealing, kEntropyKind, mnemonic->entropy()); !done)
            return storage_failed(done.error());
        if (auto done = write_secret(db, sealing, kSeedKind, keys->seed.expose()); !done)
            return storage_failed(done.error());
        GC_TRY(account, insert_account(0, "", *keys));
        if (auto done = transaction->commit(); !done) return storage_failed(done.error());
        return {};
    }();
    GC_CHECK(stored);
    initialised_ = true;
    accounts_.push_back(account);
    unlocked_ = std::move(keys);
    Made made{.words = {}, .account = std::move(account)};
    if (fresh) made.words = zcrypto::SecretBytes::copy_of(base::as_bytes(mnemonic->phrase()));
    return made;
}

base::Checked<AccountInfo> Keystore::insert_account(std::uint32_t index, const std::string& label,
                                                    const Unlocked& keys) {
    const auto key = keys.derive(index);
    if (!key) return storage_failed(key.error());
    AccountInfo account{.index = index,
                        .label = label,
                        .path = zcrypto::DerivationPath::ghost_account(index).to_string(),
                        .public_key = key->public_key(),
                        .address = gcrypt::address_of(key->public_key()),
                        .created_ms = options_.clock->unix_ms()};
    const auto checksum = row_checksum(account);
    auto insert = file_->database().prepare("INSERT INTO accounts VALUES(?, ?, ?, ?, ?, ?)");
    if (!insert) return storage_failed(insert.error());
    insert->bind(static_cast<std::int64_t>(index))
        .bind(std::string_view{account.label})
        .bind(std::string_view{account.path});
    insert->bind(base::ByteView{account.public_key.bytes}).bind(static_cast<std::int64_t>(account.created_ms));
    insert->bind(base::ByteView{checksum});
    if (auto done = insert->run(); !done) return storage_failed(done.error());
    return account;
}

std::uint64_t Keystore::back_off_ms_locked() {
    const auto attempts = read_attempts(file_->database());
    const auto now = options_.clock->unix_ms();
    if (!attempts || attempts->not_before_ms <= now) return 0;
    // A clock that was set back must not lock the owner out for longer than the rule itself does.
    return std::min(attempts->not_before_ms - now, kBackOffMaxMs);
}

base::Checked<void> Keystore::count_attempt() {
    const std::lock_guard lock{file_->mutex()};
    if (!initialised_) return base::explain(Errc::not_initialised, "this wallet has no keys yet");
    if (const auto wait_ms = back_off_ms_locked(); wait_ms > 0) {
        return base::explain(Errc::back_off,
                             fmt::format("too many wrong passwords; the next try is in {} s", (wait_ms + 999) / 1000));
    }
    auto attempts = read_attempts(file_->database());
    if (!attempts) return storage_failed(attempts.error());
    ++attempts->failures;
    attempts->not_before_ms = 0;
    if (attempts->failures >= kFreeAttempts) {
        const auto doublings = std::min<std::uint64_t>(attempts->failures - kFreeAttempts, 12);
        attempts->not_before_ms =
            options_.clock->unix_ms() + std::min<std::uint64_t>(1000ULL << doublings, kBackOffMaxMs);
    }
    // Durable before the password is tried: a crash counts as a wrong one.
    if (auto written = write_attempts(file_->database(), *attempts); !written) return storage_failed(written.error());
    return {};
}

base::Checked<zcrypto::Secret<32>> Keystore::open_master(base::ByteView password) {
    GC_CHECK(count_attempt());
    std::optional<Keyring> keyring;
    {
        const std::lock_guard lock{file_->mutex()};
        auto found = read_keyring(file_->database());
        if (!found) return storage_failed(found.error());
        if (!*found) return damaged("the keyring is gone");
        keyring = std::move(*found);
    }
    // About a second, without the file's mutex: signing goes on.
    auto master =
        unwrap_master(keyring->wrapped, password.first(std::min(password.size(), kPasswordBytesMax)), keyring->header);
    if (!master) {
        if (!master.error().is(Errc::wrong_password)) return storage_failed(master.error());
        const std::lock_guard lock{file_->mutex()};
        const auto wait_ms = back_off_ms_locked();
        return base::explain(Errc::wrong_password, wait_ms == 0 ? std::string{"wrong password"}
                                                                : fmt::format("wrong password; the next try is in {} s",
                                                                              (wait_ms + 999) / 1000));
    }
    const std::lock_guard lock{file_->mutex()};
    if (auto cleared = write_attempts(file_->database(), Attempts{}); !cleared) return storage_failed(cleared.error());
    return std::move(*master);
}

base::Checked<void> Keystore::unlock(base::ByteView password, std::uint64_t timeout_ms, const UnlockScope& scope) {
    const std::lock_guard attempt{attempt_mutex_};
    GC_TRY(const auto master, open_master(password));
    const std::lock_guard lock{file_->mutex()};
    const auto keyring = read_keyring(file_->database());
    if (!keyring || !*keyring) return damaged("keyring");
    const auto opened = read_secret(file_->database(), master, (*keyring)->header, kSeedKind);
    if (!opened) return storage_failed(opened.error());
    auto seed = zcrypto::Secret<64>::make(opened->expose());
    if (!seed) return damaged("seed");
    const auto time_ms =
        timeout_ms == 0 ? options_.unlock_timeout_ms : std::min(timeout_ms, options_.unlock_timeout_ms);
    auto keys = std::make_unique<Unlocked>(Unlocked{.seed = std::move(*seed),
                                                    .until_ns = options_.clock->now_ns() + time_ms * 1'000'000,
                                                    .until_ms = options_.clock->unix_ms() + time_ms,
                                                    .keys = {},
                                                    .scope = ScopeInUse{scope}});
    // The stored public keys are what people were told to pay to: they must be the ones these keys give.
    for (const auto& account : accounts_) {
        auto key = keys->derive(account.index);
        if (!key || key->public_key() != account.public_key) {
            return damaged(fmt::format("account {} does not belong to these keys", account.index));
        }
        keys->keys.emplace(account.index, std::move(*key));
    }
    unlocked_ = std::move(keys);
    return {};
}

void Keystore::lock() {
    const std::lock_guard guard{file_->mutex()};
    unlocked_.reset();
}

bool Keystore::due_locked() const noexcept {
    return unlocked_ &&
           (options_.clock->now_ns() >= unlocked_->until_ns || options_.clock->unix_ms() >= unlocked_->until_ms);
}

bool Keystore::lock_if_due() {
    const std::lock_guard lock{file_->mutex()};
    if (!due_locked()) return false;
    unlocked_.reset();
    return true;
}

base::Checked<void> Keystore::change_password(const PasswordChange& change) {
    GC_CHECK(check_password(change.new_password));
    const std::lock_guard attempt{attempt_mutex_};
    GC_TRY(const auto master, open_master(change.old_password));
    const auto cost = calibrated_cost(options_.kdf);
    if (!cost) return storage_failed(cost.error());
    std::optional<KeyringHeader> header;
    {
        const std::lock_guard lock{file_->mutex()};
        const auto keyring = read_keyring(file_->database());
        if (!keyring || !*keyring) return damaged("keyring");
        header = (*keyring)->header;
    }
    header->kdf = *cost;
    options_.random->fill(header->salt);
    options_.random->fill(header->nonce);
    const auto wrapped = wrap_master(master, change.new_password, *header);
    if (!wrapped) return storage_failed(wrapped.error());
    const std::lock_guard lock{file_->mutex()};
    auto& db = file_->database();
    auto transaction = Transaction::begin(db);
    if (!transaction) return storage_failed(transaction.error());
    if (auto done = write_keyring(db, *header, *wrapped); !done) return storage_failed(done.error());
    if (auto done = transaction->commit(); !done) return storage_failed(done.error());
    // The old wrapping must not survive in the write-ahead log.
    (void)db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    return {};
}

base::Checked<zcrypto::SecretBytes> Keystore::export_words(base::ByteView password) {
    const std::lock_guard attempt{attempt_mutex_};
    GC_TRY(const auto master, open_master(password));
    const std::lock_guard lock{file_->mutex()};
    const auto keyring = read_keyring(file_->database());
    if (!keyring || !*keyring) return damaged("keyring");
    const auto entropy = read_secret(file_->database(), master, (*keyring)->header, kEntropyKind);
    if (!entropy) return storage_failed(entropy.error());
    const auto mnemonic = zcrypto::Mnemonic::from_entropy(entropy->expose());
    if (!mnemonic) return damaged("recovery entropy");
    return zcrypto::SecretBytes::copy_of(base::as_bytes(mnemonic->phrase()));
}

KeystoreStatus Keystore::status() {
    const std::lock_guard lock{file_->mutex()};
    if (due_locked()) unlocked_.reset();
    return {.initialised = initialised_,
            .locked = !unlocked_,
            .unlocked_until_ms = unlocked_ ? unlocked_->until_ms : 0,
            .back_off_ms = back_off_ms_locked(),
            .accounts = static_cast<std::uint32_t>(accounts_.size()),
            .scope = unlocked_ ? unlocked_->scope.scope() : UnlockScope{},
            .spent = unlocked_ ? unlocked_->scope.spent() : 0};
}

base::Checked<AccountInfo> Keystore::create_account(const std::string& label) {
    GC_CHECK(check_label(label));
    const std::lock_guard lock{file_->mutex()};
    if (!initialised_) return base::explain(Errc::not_initialised, "this wallet has no keys yet");
    if (due_locked()) unlocked_.reset();
    if (!unlocked_) return base::explain(Errc::locked, "the wallet is locked");
    if (accounts_.size() >= kAccountsMax) {
        return base::explain(base::Errc::overloaded, fmt::format("a wallet has at most {} accounts", kAccountsMax));
    }
    if (!label.empty() && std::ranges::find(accounts_, label, &AccountInfo::label) != accounts_.end()) {
        return base::explain(Errc::label_taken, fmt::format("an account is called '{}' already", label));
    }
    const auto index = static_cast<std::uint32_t>(accounts_.size());
    GC_TRY(auto account, insert_account(index, label, *unlocked_));
    accounts_.push_back(account);
    return account;
}

std::vector<AccountInfo> Keystore::accounts() {
    const std::lock_guard lock{file_->mutex()};
    return accounts_;
}

base::Checked<AccountInfo> Keystore::find(std::string_view wanted) {
    const std::lock_guard lock{file_->mutex()};
    if (accounts_.empty()) return base::explain(Errc::not_initialised, "this wallet has no keys yet");
    if (wanted.empty()) return accounts_.front();
    const auto address = gcrypt::Address::parse(wanted);
    std::uint32_t index = std::numeric_limits<std::uint32_t>::max();
    const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), index);
    const bool is_index = error == std::errc{} && end == wanted.data() + wanted.size();
    for (const auto& account : accounts_) {
        if ((address && account.address == *address) || account.label == wanted ||
            (is_index && account.index == index)) {
            return account;
        }
    }
    return base::explain(Errc::unknown_account, "no account of this wallet has that address, label or index");
}

std::optional<AccountInfo> Keystore::find_address(const gcrypt::Address& address) {
    const std::lock_guard lock{file_->mutex()};
    const auto found = std::ranges::find(accounts_, address, &AccountInfo::address);
    if (found == accounts_.end()) return std::nullopt;
    return *found;
}

base::Checked<void> Keystore::claim(const Spend& spend) {
    const std::lock_guard lock{file_->mutex()};
    if (!initialised_) return base::explain(Errc::not_initialised, "the wallet has no keys yet");
    if (due_locked()) unlocked_.reset();
    if (!unlocked_) return base::explain(Errc::locked, "the wallet is locked");
    return unlocked_->scope.take(spend);
}

base::Result<zcrypto::ed25519::Signature> Keystore::sign(std::uint32_t account, base::ByteView message) {
    const std::lock_guard lock{file_->mutex()};
    if (!initialised_) return base::fail(Errc::not_initialised);
    if (due_locked()) unlocked_.reset();
    if (!unlocked_) return base::fail(Errc::locked);
    if (account >= accounts_.size()) return base::fail(Errc::unknown_account);
    auto found = unlocked_->keys.find(account);
    if (found == unlocked_->keys.end()) {
        GC_TRY(auto key, unlocked_->derive(account));
        found = unlocked_->keys.emplace(account, std::move(key)).first;
    }
    return found->second.sign(message);
}

}  // namespace walletd
