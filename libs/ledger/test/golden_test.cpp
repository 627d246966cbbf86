// Chains that earlier versions of this code made. A chain keeps the rules that its genesis names, so their blocks must
// execute to the same roots, receipts and fees for ever: golden/vN/{genesis.json,blocks.hex}, one block a line.
//
// To record the blocks of a new version: GHOST_GOLDEN_WRITE=libs/ledger/test/golden/vN ledger_test
// --gtest_filter='Golden.*' with N the newest. Never record an older one again.

#include <fstream>

#include "base/file.hpp"
#include "ledger/codec.hpp"
#include "recorder.hpp"

namespace ledger::test {
namespace {

TEST(Golden, RecordsWhenAskedTo) {
    const char* target = std::getenv("GHOST_GOLDEN_WRITE");
    if (!target) GTEST_SKIP() << "GHOST_GOLDEN_WRITE names no folder";
    Recorder recorder;
    const auto lines = recorder.record();
    ASSERT_FALSE(HasFailure());
    std::filesystem::create_directories(target);
    ASSERT_TRUE(save_genesis(recorder.genesis(), std::filesystem::path{target} / "genesis.json"));
    std::ofstream out{std::filesystem::path{target} / "blocks.hex"};
    for (const auto& line : lines) out << line << '\n';
    ASSERT_TRUE(out.flush());
}

class GoldenChain : public testing::TestWithParam<const char*> {};

TEST_P(GoldenChain, ExecutesToTheRootsThatItWasMadeWith) {
    const auto folder = std::filesystem::path{LEDGER_GOLDEN} / GetParam();
    const auto genesis = load_genesis(folder / "genesis.json");
    ASSERT_TRUE(genesis) << genesis.error().text;
    TempFolder database;
    auto chain = ChainState::open({.path = database.path}, *genesis);
    ASSERT_TRUE(chain) << chain.error().text;
    std::ifstream file{folder / "blocks.hex"};
    std::size_t blocks = 0;
    for (std::string line; std::getline(file, line); ++blocks) {
        const auto raw = base::from_hex(line);
        ASSERT_TRUE(raw);
        const auto block = decode_block(*raw);
        ASSERT_TRUE(block) << base::to_string(block.error());
        std::vector<VerifiedTx> txs;
        for (auto& tx : verify_batch(block->txs, (*chain)->binding())) {
            ASSERT_TRUE(tx) << base::to_string(tx.error());
            txs.push_back(std::move(*tx));
        }
        const auto executed = (*chain)->execute(block->header, txs);
        ASSERT_TRUE(executed) << "block " << block->header.height << ": " << base::to_string(executed.error());
        ASSERT_TRUE((*chain)->commit(*executed, base::as_bytes("certificate")));
        EXPECT_EQ((*chain)->head()->hash, block_hash(block->header));
    }
    EXPECT_GE(blocks, 10u);
    const auto report = (*chain)->verify();
    EXPECT_TRUE(report) << report.error().text;
}
INSTANTIATE_TEST_SUITE_P(Versions, GoldenChain, testing::Values("v1", "v2", "v3"));

}  // namespace
}  // namespace ledger::test
