#include "walletd/keystore.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "keyring.hpp"
#include "sqlite.hpp"
#include "temp_folder.hpp"
#include "zcrypto/hd.hpp"
#include "zcrypto/mnemonic.hpp"

namespace walletd {

/// Signs what no Signer has seen.
class KeystoreProbe {
 public:
    static base::Result<zcrypto::ed25519::Signature> sign(Keystore& keystore, std::uint32_t account,
                                                          base::ByteView message) {
        return keystore.sign(account, message);
    }
};

namespace {

// 24 words whose account keys are also computed here step by step.
constexpr std::string_view kWords =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon art";

// The cheapest cost that zcrypto accepts: these tests are about the file, not about the price of a guess.
constexpr KdfPolicy kCheap{.calibrate = false, .passes = 2, .memory_kib = 19 * 1024};

base::ByteView bytes(std::string_view text) { return base::as_bytes(text); }

class KeystoreTest : public testing::Test {
 protected:
    base::Checked<std::unique_ptr<Keystore>> open() { return open_at(path()); }
    base::Checked<std::unique_ptr<Keystore>> open_at(const std::string& file_path) {
        auto file = WalletFile::open(file_path);
        if (!file) return std::unexpected{file.error()};
        return Keystore::open(std::move(*file), {.kdf = kCheap, .unlock_timeout_ms = 900'000, .clock = &clock_});
    }
    std::unique_ptr<Keystore> must_open() {
        auto keystore = open();
        EXPECT_TRUE(keystore) << keystore.error().text;
        return std::move(*keystore);
    }
    [[nodiscard]] std::string path() const { return folder_.file("wallet.db"); }
    static Keystore::NewWallet wallet() {
        return {.words = kWords, .passphrase = "", .password = bytes("correct horse")};
    }

    TempFolder folder_;
    base::ManualClock clock_;
};

TEST_F(KeystoreTest, KeepsKeysAndAccountsOverARestart) {
    gcrypt::Address first, second;
    {
        const auto keystore = must_open();
        EXPECT_FALSE(keystore->status().initialised);
        const auto made = keystore->init(wallet());
        ASSERT_TRUE(made) << made.error().text;
        EXPECT_TRUE(made->words.empty());  // imported words are not given back
        first = made->account.address;
        const auto account = keystore->create_account("savings");
        ASSERT_TRUE(account) << account.error().text;
        second = account->address;
        EXPECT_NE(first, second);
        EXPECT_FALSE(keystore->create_account("savings"));
    }
    const auto keystore = must_open();
    EXPECT_TRUE(keystore->status().initialised);
    EXPECT_TRUE(keystore->status().locked);
    EXPECT_EQ(keystore->accounts().size(), 2u);
    EXPECT_EQ(keystore->find("savings")->address, second);
    EXPECT_EQ(keystore->find("1")->address, second);
    EXPECT_EQ(keystore->find(first.to_text())->index, 0u);
    EXPECT_EQ(keystore->find("")->index, 0u);
    EXPECT_FALSE(keystore->find("nobody"));
    EXPECT_TRUE(KeystoreProbe::sign(*keystore, 0, bytes("message")).error().is(Errc::locked));

    ASSERT_TRUE(keystore->unlock(bytes("correct horse"), 0));
    const auto signature = KeystoreProbe::sign(*keystore, 1, bytes("message"));
    ASSERT_TRUE(signature);
    EXPECT_TRUE(zcrypto::ed25519::verify(keystore->find("1")->public_key, bytes("message"), *signature));
    keystore->lock();
    EXPECT_TRUE(KeystoreProbe::sign(*keystore, 1, bytes("message")).error().is(Errc::locked));
}

TEST_F(KeystoreTest, DerivesTheKeysThatTheStandardsGive) {
    const auto keystore = must_open();
    ASSERT_TRUE(keystore->init(wallet()));
    ASSERT_TRUE(keystore->create_account(""));
    const auto mnemonic = zcrypto::Mnemonic::parse(kWords);
    ASSERT_TRUE(mnemonic);
    const auto seed = mnemonic->seed();
    ASSERT_TRUE(seed);
    // The published seed of this phrase without a passphrase.
    EXPECT_EQ(
        base::to_hex(seed->expose()),
        "408b285c123836004f4b8842c89324c1f01382450c0d439af345ba7fc49acf705489c6fc77dbd4e3dc1dd8cc6bc9f043db8ada1e2"
        "43c4a0eafb290d399480840");
    for (const std::uint32_t index : {0u, 1u}) {
        const auto path = zcrypto::DerivationPath::parse("m/44'/1337'/" + std::to_string(index) + "'/0'");
        ASSERT_TRUE(path);
        const auto key = zcrypto::slip10_ed25519(seed->expose(), *path);
        ASSERT_TRUE(key);
        const auto account = keystore->find(std::to_string(index));
        EXPECT_EQ(account->public_key, zcrypto::ed25519::public_key_of(key->key));
        EXPECT_EQ(account->path, path->to_string());
    }
}

TEST_F(KeystoreTest, MakesTwentyFourWordsThatGiveTheSameWalletElsewhere) {
    const auto keystore = must_open();
    const auto made = keystore->init({.words = "", .passphrase = "extra", .password = bytes("correct horse")});
    ASSERT_TRUE(made) << made.error().text;
    const auto words = base::as_text(made->words.expose());
    EXPECT_EQ(std::ranges::count(words, ' '), 23);
    const auto exported = keystore->export_words(bytes("correct horse"));
    ASSERT_TRUE(exported);
    EXPECT_EQ(base::as_text(exported->expose()), words);

    const auto elsewhere = open_at(folder_.file("other.db"));
    ASSERT_TRUE(elsewhere);
    const auto again = (*elsewhere)->init({.words = words, .passphrase = "extra", .password = bytes("another one")});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->account.address, made->account.address);
    const auto third = open_at(folder_.file("third.db"));
    EXPECT_NE((*third)->init({.words = words, .passphrase = "", .password = bytes("another one")})->account.address,
              made->account.address);
}

TEST_F(KeystoreTest, RefusesWordsThatDoNotBelongTogetherAndShortOnes) {
    const auto keystore = must_open();
    const auto refused = [&](std::string_view words) {
        const auto made = keystore->init({.words = words, .passphrase = "", .password = bytes("correct horse")});
        return !made && made.error().error.is(Errc::bad_words);
    };
    EXPECT_TRUE(refused("abandon abandon abandon"));
    EXPECT_TRUE(
        refused("abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"));
    EXPECT_TRUE(refused(std::string{kWords} + "x"));
    EXPECT_FALSE(keystore->status().initialised);
    EXPECT_FALSE(keystore->init({.words = kWords, .passphrase = "", .password = bytes("short")}));
    EXPECT_FALSE(keystore->status().initialised);
    ASSERT_TRUE(keystore->init(wallet()));
    EXPECT_TRUE(keystore->init(wallet()).error().error.is(Errc::already_initialised));
}

TEST_F(KeystoreTest, BacksOffAfterWrongPasswordsAndRemembersOverARestart) {
    {
        ASSERT_TRUE(must_open()->init(wallet()));
    }
    auto keystore = must_open();
    for (std::uint32_t i = 0; i < kFreeAttempts; ++i) {
        const auto opened = keystore->unlock(bytes("wrong password"), 0);
        ASSERT_FALSE(opened);
        EXPECT_TRUE(opened.error().error.is(Errc::wrong_password)) << i;
    }
    EXPECT_EQ(keystore->status().back_off_ms, 1000u);
    // The right password has to wait as well, also in another process.
    EXPECT_TRUE(keystore->unlock(bytes("correct horse"), 0).error().error.is(Errc::back_off));
    keystore.reset();
    keystore = must_open();
    EXPECT_TRUE(keystore->unlock(bytes("correct horse"), 0).error().error.is(Errc::back_off));
    EXPECT_TRUE(keystore->export_words(bytes("correct horse")).error().error.is(Errc::back_off));
    clock_.advance_ns(1'000'000'000);
    EXPECT_TRUE(keystore->unlock(bytes("wrong password"), 0).error().error.is(Errc::wrong_password));
    EXPECT_EQ(keystore->status().back_off_ms, 2000u);
    clock_.advance_ns(2'000'000'000);
    ASSERT_TRUE(keystore->unlock(bytes("correct horse"), 0));
    EXPECT_EQ(keystore->status().back_off_ms, 0u);
    EXPECT_TRUE(keystore->unlock(bytes("wrong password"), 0).error().error.is(Errc::wrong_password));
    EXPECT_EQ(keystore->status().back_off_ms, 0u);
    EXPECT_FALSE(keystore->status().locked);  // a wrong password does not take the keys away
}

TEST_F(KeystoreTest, BackOffNeverExceedsAnHourEvenWhenTheClockIsSetBack) {
    {
        ASSERT_TRUE(must_open()->init(wallet()));
    }
    {
        auto file = WalletFile::open(path());
        ASSERT_TRUE(file);
        ASSERT_TRUE((*file)->database().run("INSERT OR REPLACE INTO attempts VALUES(1, 99, 9000000000000000)"));
    }
    EXPECT_EQ(must_open()->status().back_off_ms, kBackOffMaxMs);
}

TEST_F(KeystoreTest, LocksItselfWhenTheTimeIsOver) {
    const auto keystore = must_open();
    ASSERT_TRUE(keystore->init(wallet()));
    ASSERT_TRUE(keystore->unlock(bytes("correct horse"), 5'000));
    EXPECT_FALSE(keystore->lock_if_due());
    EXPECT_TRUE(KeystoreProbe::sign(*keystore, 0, bytes("m")));
    clock_.advance_ns(5'000'000'000);
    EXPECT_TRUE(KeystoreProbe::sign(*keystore, 0, bytes("m")).error().is(Errc::locked));
    EXPECT_TRUE(keystore->status().locked);
    // Nobody can ask for longer than the configuration allows.
    ASSERT_TRUE(keystore->unlock(bytes("correct horse"), ~0ULL));
    clock_.advance_ns(900'000ULL * 1'000'000);
    EXPECT_TRUE(keystore->lock_if_due());
}

TEST_F(KeystoreTest, ChangesThePasswordAndForgetsTheOldOne) {
    const auto keystore = must_open();
    const auto address = keystore->init(wallet())->account.address;
    EXPECT_FALSE(
        keystore->change_password({.old_password = bytes("wrong password"), .new_password = bytes("battery staple")}));
    EXPECT_FALSE(keystore->change_password({.old_password = bytes("correct horse"), .new_password = bytes("short")}));
    ASSERT_TRUE(
        keystore->change_password({.old_password = bytes("correct horse"), .new_password = bytes("battery staple")}));
    keystore->lock();
    EXPECT_FALSE(keystore->unlock(bytes("correct horse"), 0));
    ASSERT_TRUE(keystore->unlock(bytes("battery staple"), 0));
    EXPECT_EQ(keystore->find("0")->address, address);
    EXPECT_TRUE(KeystoreProbe::sign(*keystore, 0, bytes("m")));
}

TEST_F(KeystoreTest, OpensWithTheOldOrTheNewPasswordWhereverAChangeIsKilled) {
    {
        ASSERT_TRUE(must_open()->init(wallet()));
    }
    std::mt19937 random{7};
    bool old_works = true;
    for (int round = 0; round < 12; ++round) {
        const auto from = old_works ? "correct horse" : "battery staple";
        const auto to = old_works ? "battery staple" : "correct horse";
        const auto child = fork();
        if (child == 0) {
            // The child may be killed anywhere in here.
            auto file = WalletFile::open(path());
            if (!file) _exit(1);
            auto keystore = Keystore::open(std::move(*file), {.kdf = kCheap});
            if (!keystore) _exit(1);
            (void)(*keystore)->change_password({.old_password = bytes(from), .new_password = bytes(to)});
            _exit(0);
        }
        ASSERT_GT(child, 0);
        usleep(static_cast<useconds_t>(random() % 120'000));
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        const auto keystore = must_open();
        clock_.advance_ns(kBackOffMaxMs * 1'000'000);
        const bool with_new = keystore->unlock(bytes(to), 0).has_value();
        clock_.advance_ns(kBackOffMaxMs * 1'000'000);
        const bool with_old = keystore->unlock(bytes(from), 0).has_value();
        EXPECT_NE(with_new, with_old) << "round " << round;
        if (with_new) old_works = !old_works;
    }
}

TEST_F(KeystoreTest, KeepsItsFilesPrivateAndRefusesPublicOnes) {
    {
        ASSERT_TRUE(must_open()->init(wallet()));
    }
    for (const auto& entry : std::filesystem::directory_iterator{folder_.path()}) {
        struct stat info{};
        ASSERT_EQ(stat(entry.path().c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 077u, 0u) << entry.path();
    }
    chmod(path().c_str(), 0644);
    const auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_TRUE(opened.error().error.is(base::Errc::permission_denied));
    EXPECT_NE(opened.error().text.find("chmod 600"), std::string::npos);
}

TEST_F(KeystoreTest, RefusesASecondProcess) {
    const auto keystore = must_open();
    const auto second = open();
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().error.is(Errc::in_use)) << second.error().text;
    EXPECT_NE(second.error().text.find(path()), std::string::npos);
}

void run_sql(const std::string& path, const std::string& sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
    chmod(path.c_str(), 0600);
}

TEST_F(KeystoreTest, RefusesForeignNewerAndNonDatabaseFilesAndNamesThem) {
    const auto refused = [&](const std::string& name, Errc errc) {
        const auto opened = open_at(folder_.file(name));
        ASSERT_FALSE(opened) << name;
        EXPECT_TRUE(opened.error().error.is(errc)) << opened.error().text;
        EXPECT_NE(opened.error().text.find(name), std::string::npos);
    };
    run_sql(folder_.file("foreign.db"), "CREATE TABLE t(a); PRAGMA application_id=77");
    refused("foreign.db", Errc::not_a_wallet);
    {
        ASSERT_TRUE(open_at(folder_.file("newer.db")));
    }
    run_sql(folder_.file("newer.db"), "PRAGMA user_version=99");
    refused("newer.db", Errc::newer_version);
    std::ofstream{folder_.file("text.db")}
        << "this is not a database, but a letter of some length to somebody else.....";
    chmod(folder_.file("text.db").c_str(), 0600);
    refused("text.db", Errc::not_a_wallet);
}

TEST_F(KeystoreTest, NoticesRowsThatWereExchangedOrRemoved) {
    {
        const auto keystore = must_open();
        ASSERT_TRUE(keystore->init(wallet()));
        ASSERT_TRUE(keystore->create_account("two"));
    }
    const auto saved = folder_.file("saved.db");
    std::filesystem::copy_file(path(), saved);
    for (const auto* sql :
         {"DELETE FROM accounts WHERE idx = 0", "DELETE FROM keyring", "UPDATE accounts SET label = 'x'",
          "UPDATE accounts SET public_key = zeroblob(32) WHERE idx = 1", "UPDATE keyring SET wrapped = zeroblob(48)",
          "UPDATE keyring SET header = zeroblob(83)"}) {
        std::filesystem::copy_file(saved, path(), std::filesystem::copy_options::overwrite_existing);
        chmod(path().c_str(), 0600);
        run_sql(path(), sql);
        const auto opened = open();
        ASSERT_FALSE(opened) << sql;
        EXPECT_TRUE(opened.error().error.is(Errc::damaged)) << sql << ": " << opened.error().text;
    }
    // Sealed secrets are checked when they are opened.
    for (const auto* sql :
         {"DELETE FROM secrets", "UPDATE secrets SET sealed = zeroblob(80)", "UPDATE secrets SET kind = 'x' || kind"}) {
        std::filesystem::copy_file(saved, path(), std::filesystem::copy_options::overwrite_existing);
        chmod(path().c_str(), 0600);
        run_sql(path(), sql);
        const auto keystore = must_open();
        const auto unlocked = keystore->unlock(bytes("correct horse"), 0);
        ASSERT_FALSE(unlocked) << sql;
        EXPECT_TRUE(unlocked.error().error.is(Errc::damaged)) << sql;
    }
}

TEST_F(KeystoreTest, NeverCrashesOnOrTrustsADamagedFile) {
    std::vector<AccountInfo> accounts;
    {
        const auto keystore = must_open();
        ASSERT_TRUE(keystore->init(wallet()));
        ASSERT_TRUE(keystore->create_account("two"));
        accounts = keystore->accounts();
    }
    ASSERT_FALSE(std::filesystem::exists(path() + "-wal"));
    std::ifstream in{path(), std::ios::binary};
    const std::vector<char> good{std::istreambuf_iterator<char>{in}, {}};
    std::mt19937 random{20260101};
    int refused = 0, usable = 0;
    for (int round = 0; round < 400; ++round) {
        auto bad = good;
        // Most of a small database is unused space: aim at what is not zero.
        auto at = random() % bad.size();
        for (int tries = 0; tries < 50 && bad[at] == 0; ++tries) at = random() % bad.size();
        switch (round % 4) {
            case 0: bad[at] = static_cast<char>(bad[at] ^ static_cast<char>(1u << (random() % 8))); break;
            case 1: bad[at] = static_cast<char>(random()); break;
            case 2: bad.resize(at); break;
            case 3:
                for (std::size_t i = at; i < std::min(bad.size(), at + 64); ++i) bad[i] = static_cast<char>(random());
                break;
        }
        const auto damaged = folder_.file("damaged.db");
        std::filesystem::remove(damaged);
        std::ofstream{damaged, std::ios::binary}.write(bad.data(), static_cast<std::streamsize>(bad.size()));
        chmod(damaged.c_str(), 0600);
        auto keystore = open_at(damaged);
        if (!keystore) {
            EXPECT_NE(keystore.error().text.find(damaged), std::string::npos) << keystore.error().text;
            ++refused;
            continue;
        }
        if (!(*keystore)->status().initialised) continue;  // e.g. an empty file: a new wallet, no keys
        // What is shown without a password must be right, or not be shown.
        for (const auto& account : (*keystore)->accounts()) {
            ASSERT_LT(account.index, accounts.size());
            EXPECT_EQ(account.address, accounts[account.index].address) << "round " << round;
        }
        if (round % 8 != 0) continue;  // an Argon2id each: a sample is enough
        if ((*keystore)->unlock(bytes("correct horse"), 0)) {
            ++usable;
            const auto signature = KeystoreProbe::sign(**keystore, 0, bytes("m"));
            ASSERT_TRUE(signature);
            EXPECT_TRUE(zcrypto::ed25519::verify(accounts[0].public_key, bytes("m"), *signature));
        }
    }
    RecordProperty("refused", refused);
    RecordProperty("usable", usable);
    EXPECT_GT(refused, 50);
}

TEST(Keyring, DecodesStrictlyAndBoundsTheCost) {
    KeyringHeader header;
    const auto wire = header.encode();
    ASSERT_TRUE(KeyringHeader::decode(wire));
    for (std::size_t n = 0; n < wire.size(); ++n) EXPECT_FALSE(KeyringHeader::decode(base::ByteView{wire}.first(n)));
    auto longer = wire;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(KeyringHeader::decode(longer));
    header.kdf.memory_bytes = 1ULL << 40;  // a file must not exhaust the machine
    EXPECT_FALSE(KeyringHeader::decode(header.encode()));
    header.kdf.memory_bytes = 1024;  // nor make guessing cheap
    EXPECT_FALSE(KeyringHeader::decode(header.encode()));
}

TEST(Keyring, CalibratedCostIsNeverBelowTheDesign) {
    const auto cost = calibrated_cost(KdfPolicy{.target_ms = 1});
    ASSERT_TRUE(cost);
    EXPECT_GE(cost->passes, 3u);
    EXPECT_GE(cost->memory_bytes, 64ull << 20);
}

}  // namespace
}  // namespace walletd
