#include "ledger/state.hpp"

#include <time.h>

#include "test_world.hpp"

namespace ledger {
namespace {

using test::MapState;

const Address kA{base::Digest{std::byte{1}}};
const Address kB{base::Digest{std::byte{2}}};
const AssetId kCoin{base::Digest{std::byte{3}}};

TEST(Overlay, ReadsThroughAndKeepsWritesToItself) {
    MapState state;
    state.records[balance_key(kA, kGcc)] = encode_amount(10);
    Overlay overlay{state};
    EXPECT_EQ(*overlay.balance(kA, kGcc), 10U);
    EXPECT_EQ(*overlay.balance(kB, kGcc), 0U);
    EXPECT_EQ(*overlay.account(kA), Account{});
    EXPECT_EQ(*overlay.asset(kCoin), std::nullopt);
    ASSERT_TRUE(overlay.set_balance(kA, kGcc, 7));
    EXPECT_EQ(*overlay.balance(kA, kGcc), 7U);
    EXPECT_EQ(*decode_amount(state.records[balance_key(kA, kGcc)]), 10U);
    const auto reads = state.reads;
    EXPECT_EQ(*overlay.balance(kA, kGcc), 7U);
    EXPECT_EQ(state.reads, reads) << "each record is read once";
}

/// Processor time of this thread for paying `count` addresses that differ from byte `at` on.
double seconds_for(std::size_t count, std::size_t at) {
    const auto now = [] {
        timespec spent{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
        return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
    };
    MapState state;
    Overlay overlay{state};
    const auto began = now();
    for (std::size_t i = 0; i < count; ++i) {
        Address address;
        base::store_le(address.bytes.data() + at, static_cast<std::uint64_t>(i));
        EXPECT_TRUE(overlay.set_balance(address, kGcc, 1));
    }
    return now() - began;
}

TEST(Overlay, CostsTheSameForAddressesThatAreAlike) {
    // Anybody can pay to any 32 bytes. With a hash that everybody knows these are one bucket: 30,000 of them took more
    // than a hundred times as long.
    constexpr std::size_t kCount = 30'000;
    const auto different = seconds_for(kCount, 0);
    const auto alike = seconds_for(kCount, 24);
    EXPECT_LT(alike, 20 * different);
}

TEST(Overlay, GivesOnlyWhatDiffers) {
    MapState state;
    state.records[balance_key(kA, kGcc)] = encode_amount(10);
    state.records[balance_key(kA, kCoin)] = encode_amount(4);
    Overlay overlay{state};
    ASSERT_TRUE(overlay.set_balance(kA, kGcc, 7));
    ASSERT_TRUE(overlay.set_balance(kA, kGcc, 10));  // Back to what it was.
    ASSERT_TRUE(overlay.set_balance(kA, kCoin, 0));  // Zero has no record.
    ASSERT_TRUE(overlay.set_account(kB, {.nonce = 1}));
    const auto writes = overlay.writes();
    ASSERT_EQ(writes.size(), 2U);
    EXPECT_EQ(writes.at(balance_key(kA, kCoin)).after, std::nullopt);
    EXPECT_EQ(writes.at(balance_key(kA, kCoin)).before, encode_amount(4));
    EXPECT_EQ(writes.at(account_key(kB)).before, std::nullopt);
    EXPECT_EQ(writes.at(account_key(kB)).after, encode(Account{.nonce = 1}));
    EXPECT_EQ(overlay.changed_addresses(), std::vector<Address>{kB});
}

TEST(Overlay, RollsBackToAnyMark) {
    MapState state;
    Overlay overlay{state};
    ASSERT_TRUE(overlay.set_balance(kA, kGcc, 1));
    const auto first = overlay.mark();
    ASSERT_TRUE(overlay.set_balance(kA, kGcc, 2));
    ASSERT_TRUE(overlay.set_asset(kCoin, {.symbol = "C", .owner = kA, .supply = 5}));
    const auto second = overlay.mark();
    ASSERT_TRUE(overlay.set_asset(kCoin, {.symbol = "C", .owner = kA, .supply = 6}));
    ASSERT_TRUE(overlay.set_account(kA, {.nonce = 9}));
    overlay.rollback(second);
    EXPECT_EQ((*overlay.asset(kCoin))->supply, 5U);
    EXPECT_EQ(overlay.account(kA)->nonce, 0U);
    overlay.rollback(first);
    EXPECT_EQ(*overlay.balance(kA, kGcc), 1U);
    EXPECT_EQ(*overlay.asset(kCoin), std::nullopt);
    overlay.rollback(0);
    EXPECT_TRUE(overlay.writes().empty());
}

TEST(Overlay, CallsADamagedRecordByItsName) {
    MapState state;
    state.records[balance_key(kA, kGcc)] = base::to_bytes("short");
    Overlay overlay{state};
    EXPECT_TRUE(overlay.balance(kA, kGcc).error().is(Errc::corrupt_chain));
    EXPECT_TRUE(overlay.params().error().is(Errc::corrupt_chain)) << "a chain without parameters";
}

TEST(Records, RoundTrip) {
    const Asset asset{.symbol = "ABC", .decimals = 3, .mintable = true, .owner = kA, .supply = 99};
    EXPECT_EQ(*decode_asset(encode(asset)), asset);
    const Params params{
        .block_gas_limit = 1, .elasticity = 2, .base_fee_denominator = 3, .base_fee_floor = 4, .base_fee_initial = 5};
    EXPECT_EQ(*decode_params(encode(params)), params);
    EXPECT_EQ(*decode_amount(encode_amount(~Amount{0})), ~Amount{0});
    EXPECT_EQ(decode_account(encode(Account{.nonce = 5}))->nonce, 5U);
}

}  // namespace
}  // namespace ledger
