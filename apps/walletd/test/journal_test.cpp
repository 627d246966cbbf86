#include "walletd/journal.hpp"

#include <gtest/gtest.h>

#include "sqlite.hpp"
#include "temp_folder.hpp"
#include "walletd/trust.hpp"

namespace walletd {
namespace {

JournalEntry entry(std::uint64_t nonce, bool accepted, std::uint64_t valid_until = 100) {
    JournalEntry out{.account = 0,
                     .nonce = nonce,
                     .standing = accepted ? Standing::accepted : Standing::unknown,
                     .valid_until = valid_until};
    out.tx_id[0] = static_cast<std::byte>(nonce + 1);
    out.raw = base::to_bytes("raw");
    return out;
}

TEST(NextNonce, FollowsTheNodeWhenNothingIsOpen) { EXPECT_EQ(next_nonce(5, {}), 5u); }

TEST(NextNonce, StepsOverAcceptedOnes) { EXPECT_EQ(next_nonce(5, {entry(5, true), entry(6, true)}), 7u); }

TEST(NextNonce, UsesANonceAgainWhoseOutcomeIsUnknown) {
    EXPECT_EQ(next_nonce(5, {entry(5, false)}), 5u);
    EXPECT_EQ(next_nonce(6, {entry(5, false)}), 6u);
    EXPECT_EQ(next_nonce(5, {entry(5, true), entry(6, false), entry(7, true)}), 6u);
}

class JournalTest : public testing::Test {
 protected:
    void SetUp() override {
        auto file = WalletFile::open(folder_.file("wallet.db"));
        ASSERT_TRUE(file) << file.error().text;
        file_ = *file;
        journal_ = std::make_unique<Journal>(*file);
    }
    void close() {
        journal_.reset();
        file_.reset();
    }
    TempFolder folder_;
    std::shared_ptr<WalletFile> file_;
    std::unique_ptr<Journal> journal_;
};

TEST_F(JournalTest, ForgetsWhatIsFinalOrExpired) {
    ASSERT_TRUE(journal_->put(entry(3, false)));
    ASSERT_TRUE(journal_->put(entry(4, false)));
    ASSERT_TRUE(journal_->put(entry(5, false, 10)));
    ASSERT_TRUE(journal_->note(entry(4, false).tx_id, Standing::accepted));
    const auto open =
        journal_->open_entries({.account = 0, .finalized_nonce = 4, .finalized_height = 11, .proved = true});
    ASSERT_TRUE(open);
    ASSERT_EQ(open->size(), 1u);
    EXPECT_EQ(open->front().nonce, 4u);
    EXPECT_EQ(open->front().standing, Standing::accepted);
    EXPECT_EQ(base::as_text(open->front().raw), "raw");
    ASSERT_TRUE(journal_->remove(entry(4, false).tx_id));
    EXPECT_TRUE(journal_->entries(0)->empty());
}

TEST_F(JournalTest, KeepsEveryTransactionOfANonceUntilOneOfThemIsProved) {
    auto first = entry(4, true), second = entry(4, false), third = entry(4, true);
    first.sent_ms = 1;
    second.tx_id[1] = std::byte{2};
    second.sent_ms = 2;
    third.tx_id[1] = std::byte{3};
    third.sent_ms = 3;
    for (const auto& one : {first, second, third}) ASSERT_TRUE(journal_->put(one));
    ASSERT_TRUE(journal_->note(first.tx_id, Standing::dropped, "evicted\x1b[31m\xd8\x9c"));
    ASSERT_TRUE(journal_->note(second.tx_id, Standing::refused, std::string(1000, 'x')));
    close();
    SetUp();
    const Journal::Horizon said{.account = 0, .finalized_nonce = 4, .finalized_height = 100, .proved = false};
    const auto open = journal_->open_entries(said);
    ASSERT_TRUE(open);
    ASSERT_EQ(open->size(), 3u);
    EXPECT_EQ((*open)[0].tx_id, third.tx_id) << "the newest first";
    EXPECT_EQ((*open)[1].reason.size(), kReasonBytesMax);
    EXPECT_EQ((*open)[2].standing, Standing::dropped);
    EXPECT_EQ((*open)[2].reason, "evicted?[31m??");
    EXPECT_EQ(next_nonce(4, *open), 5u);
    EXPECT_EQ(journal_->account_of(second.tx_id)->value_or(9), 0u);

    // A word leaves them out, a proof ends them.
    for (const auto& horizon : {Journal::Horizon{0, 5, 0, false}, Journal::Horizon{0, 0, 101, false}}) {
        EXPECT_TRUE(journal_->open_entries(horizon)->empty());
        EXPECT_EQ(journal_->entries(0)->size(), 3u);
    }
    EXPECT_EQ(journal_->open_entries({0, 4, 100, true})->size(), 3u);
    EXPECT_TRUE(journal_->open_entries({0, 5, 100, true})->empty());
    EXPECT_TRUE(journal_->entries(0)->empty());
    EXPECT_FALSE(journal_->account_of(second.tx_id)->has_value());
}

TEST_F(JournalTest, RefusesMoreThanItCanKeepRatherThanForget) {
    auto one = entry(1, false);
    ASSERT_TRUE(file_->database().run("BEGIN"));  // one wait for the disk, not a thousand
    for (std::size_t i = 0; i < kOpenEntriesMax; ++i) {
        one.tx_id[2] = static_cast<std::byte>(i);
        one.tx_id[3] = static_cast<std::byte>(i >> 8);
        ASSERT_TRUE(journal_->put(one)) << i;
    }
    ASSERT_TRUE(file_->database().run("COMMIT"));
    one.tx_id[4] = std::byte{1};
    const auto full = journal_->put(one);
    ASSERT_FALSE(full);
    EXPECT_TRUE(full.error().is(base::Errc::overloaded));
    one.account = 1;
    EXPECT_TRUE(journal_->put(one)) << "each account has its own share";
    // What a node alone calls over is kept, but only so much of it.
    EXPECT_TRUE(journal_->open_entries({0, 2, 0, false})->empty());
    EXPECT_EQ(journal_->entries(0)->size(), kOpenEntriesMax / 2);
}

TEST(JournalFile, OfTheVersionBeforeKeepsWhatIsUnderWay) {
    TempFolder folder;
    {
        constexpr Database::Options kBefore{
            .application_id = 0x47574C54,
            .schema_version = 1,
            .schema =
                "CREATE TABLE journal(account INTEGER NOT NULL, nonce INTEGER NOT NULL, tx_id BLOB NOT NULL, raw "
                "BLOB NOT NULL, accepted INTEGER NOT NULL, valid_until INTEGER NOT NULL, created_ms INTEGER NOT "
                "NULL, PRIMARY KEY(account, nonce)) STRICT;",
            .upgrade = {}};
        auto old = Database::open(folder.file("wallet.db"), kBefore);
        ASSERT_TRUE(old) << old.error().text;
        ASSERT_TRUE(old->run("INSERT INTO journal VALUES(0, 7, zeroblob(32), x'aa', 1, 90, 5)"));
    }
    for (int i = 0; i < 2; ++i) {
        auto file = WalletFile::open(folder.file("wallet.db"));
        ASSERT_TRUE(file) << file.error().text;
        const auto kept = Journal{std::move(*file)}.entries(0);
        ASSERT_TRUE(kept);
        ASSERT_EQ(kept->size(), 1u);
        EXPECT_EQ(kept->front().nonce, 7u);
        EXPECT_EQ(kept->front().standing, Standing::accepted);
        EXPECT_EQ(kept->front().raw, base::Bytes{std::byte{0xaa}});
        EXPECT_EQ(kept->front().valid_until, 90u);
    }
}

TEST_F(JournalTest, RemembersRecipientsAndFactsOverARestart) {
    EXPECT_FALSE(*journal_->knows_recipient("ghost1abc"));
    ASSERT_TRUE(journal_->note_recipient("ghost1abc", 1));
    ASSERT_TRUE(journal_->note_recipient("ghost1abc", 2));
    ASSERT_TRUE(journal_->set_fact("chain", base::as_bytes("one")));
    ASSERT_TRUE(journal_->set_fact("chain", base::as_bytes("two")));
    close();
    SetUp();
    EXPECT_TRUE(*journal_->knows_recipient("ghost1abc"));
    EXPECT_EQ(journal_->recipients()->size(), 1u);
    EXPECT_EQ(base::as_text(**journal_->fact("chain")), "two");
    EXPECT_FALSE(journal_->fact("other")->has_value());
}

TEST(LooksAlike, ComparesTheEndsThatPeopleCompare) {
    const std::string known = "ghost1qqpzry9x8gf2tvdw0s3jn54khce6mua7lqqpzry9x8gf2tvdw0s3jn54";
    auto fake = known;
    fake[30] = 'x';
    EXPECT_TRUE(looks_alike(known, fake));
    EXPECT_FALSE(looks_alike(known, known));
    auto other_tail = known;
    other_tail.back() = 'q';
    EXPECT_FALSE(looks_alike(known, other_tail));
    EXPECT_FALSE(looks_alike("", ""));
    EXPECT_FALSE(looks_alike("ghost1", "ghost2"));
}

}  // namespace
}  // namespace walletd
