#include "ledger/genesis.hpp"

#include <fstream>

#include "base/file.hpp"
#include "ledger/state.hpp"
#include "test_world.hpp"

namespace ledger {
namespace {

using test::World;

class GenesisTest : public ::testing::Test {
 protected:
    GenesisTest() { genesis_.faucet = genesis_.allocations[0].address; }
    World world_;
    Genesis genesis_ = world_.genesis;

    /// Replaces `from` in the file's text and expects a refusal that contains `needle`.
    void expect_refused(const std::string& from, const std::string& to, const std::string& needle) {
        auto text = to_json(genesis_);
        const auto at = text.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        text.replace(at, from.size(), to);
        const auto read = genesis_from_json(text, "genesis.json");
        ASSERT_FALSE(read.has_value()) << from << " -> " << to;
        EXPECT_NE(read.error().text.find("genesis.json"), std::string::npos) << read.error().text;
        EXPECT_NE(read.error().text.find(needle), std::string::npos) << read.error().text;
    }
};

TEST_F(GenesisTest, RoundTripsThroughItsFile) {
    const test::TempFolder folder;
    const auto path = folder.path / "genesis.json";
    const auto saved = save_genesis(genesis_, path);
    ASSERT_TRUE(saved.has_value()) << saved.error().text;
    const auto loaded = load_genesis(path);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().text;
    EXPECT_EQ(*loaded, genesis_);
    EXPECT_EQ(to_json(*loaded), to_json(genesis_));
    EXPECT_EQ(genesis_hash(*loaded), genesis_hash(genesis_));
}

TEST_F(GenesisTest, HasAHashThatDependsOnEveryFieldAndNotOnTheFile) {
    const auto hash = genesis_hash(genesis_);
    const auto differs = [&](auto change) {
        auto other = genesis_;
        change(other);
        return genesis_hash(other) != hash;
    };
    EXPECT_TRUE(differs([](Genesis& g) { g.chain_id += "x"; }));
    EXPECT_TRUE(differs([](Genesis& g) { ++g.time_ms; }));
    EXPECT_TRUE(differs([](Genesis& g) { ++g.params.block_gas_limit; }));
    EXPECT_TRUE(differs([](Genesis& g) { ++g.params.base_fee_floor; }));
    EXPECT_TRUE(differs([](Genesis& g) { ++g.allocations[0].amount; }));
    EXPECT_TRUE(differs([](Genesis& g) { ++g.validators[0].stake; }));
    EXPECT_TRUE(differs([](Genesis& g) { g.faucet.reset(); }));
    auto spaced = to_json(genesis_);
    spaced.insert(1, "\n\n   ");
    EXPECT_EQ(genesis_hash(*genesis_from_json(spaced, "f")), hash);
}

TEST_F(GenesisTest, NamesTheKeyThatIsWrong) {
    expect_refused("\"chain_id\"", "\"chainid\"", "chainid is not a known key");
    expect_refused("  \"time_ms\": 1700000000000,\n", "", "time_ms is missing");
    expect_refused("\"time_ms\": 1700000000000", "\"time_ms\": \"soon\"", "time_ms must be");
    expect_refused("\"time_ms\": 1700000000000", "\"time_ms\": -1", "time_ms must be");
    expect_refused("\"elasticity\": 2", "\"elasticity\": 5000000000", "params.elasticity");
    expect_refused("\"elasticity\": 2", "\"elasticity\": 0", "params.elasticity");
    expect_refused("\"base_fee_floor\": \"1000000000\"", "\"base_fee_floor\": \"0\"", "base_fee_floor");
    expect_refused("\"base_fee_floor\": \"1000000000\"", "\"base_fee_floor\": \"1e9\"",
                   "params.base_fee_floor must be");
    expect_refused("ghost-test-1", "Ghost Test", "chain_id");
    expect_refused("\"stake\": 1", "\"stake\": 0", "validators[0].stake");
    expect_refused("\"amount\": \"1000000000000000000000\"", "\"amount\": 1000",
                   "allocations[0].amount must be a string");
    expect_refused("\"amount\": \"1000000000000000000000\"", "\"amount\": \"0\"", "is zero");
    expect_refused("ghost1", "ghast1", "faucet");
    expect_refused("{", "", "not valid JSON");
}

TEST_F(GenesisTest, RefusesListsOfAllocationsThatAreNone) {
    const std::string amount = "\"amount\": \"1000000000000000000000\"";
    expect_refused("\"allocations\": [", "\"allocations\": [\n    7,", "allocations[0]. must be an object");
    expect_refused("\"allocations\": [", "\"allocations\": [\n    [{}],", "allocations[0]. must be an object");
    expect_refused("\"allocations\": [", "\"allocations\": [\n    {},", "allocations[0].address is missing");
    const auto list = to_json(genesis_).substr(to_json(genesis_).find("\"allocations\""));
    expect_refused(list, "\"allocations\": 5\n}", "allocations must be a list");
    expect_refused(list, "\"allocations\": {\"a\": 1}\n}", "allocations must be a list");
    expect_refused("\"allocations\": [", "\"allocations\": [], \"allocations\": [", "allocations stands there twice");
    expect_refused("\"allocations\": [", "\"allocation\": [", "allocation is not a known key");
    expect_refused(amount, amount + ", \"more\": {\"allocations\": [1]}", "allocations[0].more is not a known key");
}

TEST_F(GenesisTest, ReadsAFileOfAnotherOrderAndWritesTheSameBytesAsEver) {
    // Allocations first: they are taken out of the document while it is read.
    auto text = to_json(genesis_);
    const auto at = text.find("  \"allocations\"");
    const auto list = text.substr(at, text.rfind(']') + 1 - at);
    text.erase(at - 2, list.size() + 2);
    text.insert(2, list + ",\n");
    const auto read = genesis_from_json(text, "f");
    ASSERT_TRUE(read.has_value()) << read.error().text;
    EXPECT_EQ(*read, genesis_);
    const auto golden = std::filesystem::path{LEDGER_GOLDEN} / "v1" / "genesis.json";
    const auto written = base::read_text_file(golden.string(), kGenesisFileBytesMax);
    const auto loaded = load_genesis(golden);
    ASSERT_TRUE(written.has_value() && loaded.has_value());
    EXPECT_EQ(to_json(*loaded), *written);
    auto empty = *loaded;
    empty.allocations.clear();
    EXPECT_NE(to_json(empty).find("\"allocations\": []\n}\n"), std::string::npos);
}

TEST_F(GenesisTest, RefusesSumsAndSetsThatCannotBe) {
    auto twice = genesis_;
    twice.allocations[1] = twice.allocations[0];
    EXPECT_NE(validate(twice).error().text.find("two allocations"), std::string::npos);
    auto unsorted = genesis_;
    std::swap(unsorted.allocations[0], unsorted.allocations[1]);
    EXPECT_NE(validate(unsorted).error().text.find("sorted"), std::string::npos);
    auto too_much = genesis_;
    too_much.allocations[0].amount = ~Amount{0};
    EXPECT_NE(validate(too_much).error().text.find("exceed"), std::string::npos);
    auto nobody = genesis_;
    nobody.validators.clear();
    EXPECT_NE(validate(nobody).error().text.find("validators is empty"), std::string::npos);
    auto same_key = genesis_;
    same_key.validators.push_back(same_key.validators[0]);
    EXPECT_NE(validate(same_key).error().text.find("same key"), std::string::npos);
    auto poor_faucet = genesis_;
    poor_faucet.faucet = Address{};
    EXPECT_NE(validate(poor_faucet).error().text.find("faucet"), std::string::npos);
}

TEST_F(GenesisTest, NamesAFileThatIsNotThere) {
    const auto missing = load_genesis("/nonexistent/genesis.json");
    ASSERT_FALSE(missing.has_value());
    EXPECT_NE(missing.error().text.find("/nonexistent/genesis.json"), std::string::npos);
}

TEST_F(GenesisTest, StartsWithASupplyThatEqualsItsBalances) {
    const auto writes = initial_state(genesis_);
    const auto gcc = decode_asset(*writes.at(asset_key(kGcc)).after);
    ASSERT_TRUE(gcc.has_value());
    EXPECT_EQ(gcc->supply, total_supply(genesis_));
    EXPECT_EQ(writes.size(), genesis_.allocations.size() + 2);
}

}  // namespace
}  // namespace ledger
