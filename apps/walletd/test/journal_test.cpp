#include "walletd/journal.hpp"

#include <gtest/gtest.h>

#include "temp_folder.hpp"
#include "walletd/trust.hpp"

namespace walletd {
namespace {

JournalEntry entry(std::uint64_t nonce, bool accepted, std::uint64_t valid_until = 100) {
    JournalEntry out{.account = 0, .nonce = nonce, .accepted = accepted, .valid_until = valid_until};
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
        journal_ = std::make_unique<Journal>(std::move(*file));
    }
    TempFolder folder_;
    std::unique_ptr<Journal> journal_;
};

TEST_F(JournalTest, ForgetsWhatIsFinalOrExpired) {
    ASSERT_TRUE(journal_->put(entry(3, false), 1));
    ASSERT_TRUE(journal_->put(entry(4, false), 1));
    ASSERT_TRUE(journal_->put(entry(5, false, 10), 1));
    ASSERT_TRUE(journal_->accept(entry(4, false).tx_id));
    const auto open = journal_->open_entries({.account = 0, .finalized_nonce = 4, .finalized_height = 11});
    ASSERT_TRUE(open);
    ASSERT_EQ(open->size(), 1u);
    EXPECT_EQ(open->front().nonce, 4u);
    EXPECT_TRUE(open->front().accepted);
    EXPECT_EQ(base::as_text(open->front().raw), "raw");
    ASSERT_TRUE(journal_->remove(entry(4, false).tx_id));
    EXPECT_TRUE(journal_->open_entries({.account = 0, .finalized_nonce = 0, .finalized_height = 0})->empty());
}

TEST_F(JournalTest, RemembersRecipientsAndFactsOverARestart) {
    EXPECT_FALSE(*journal_->knows_recipient("ghost1abc"));
    ASSERT_TRUE(journal_->note_recipient("ghost1abc", 1));
    ASSERT_TRUE(journal_->note_recipient("ghost1abc", 2));
    ASSERT_TRUE(journal_->set_fact("chain", base::as_bytes("one")));
    ASSERT_TRUE(journal_->set_fact("chain", base::as_bytes("two")));
    journal_.reset();
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
