// Block 0 of many accounts: written in bounded batches, finished after a crash, never mistaken for something else.

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "test_world.hpp"

namespace ledger {
namespace {

using test::TempFolder;
using test::World;

constexpr std::size_t kAccounts = 60'000;  // State and tree are several batches.

Genesis large_genesis() {
    auto genesis = World{}.genesis;
    base::SeededRandom random{5};
    genesis.allocations.clear();
    for (std::size_t i = 0; i < kAccounts; ++i) {
        Allocation allocation{.address = {}, .amount = 1 + i};
        random.fill(allocation.address.bytes);
        genesis.allocations.push_back(allocation);
    }
    std::sort(genesis.allocations.begin(), genesis.allocations.end(),
              [](const auto& a, const auto& b) { return a.address < b.address; });
    return genesis;
}

std::string identity_of(const Genesis& genesis) { return genesis.chain_id + ":" + base::to_hex(genesis_hash(genesis)); }

/// The root of the first state as its definition gives it, from a map.
base::Digest root_of(const Genesis& genesis) {
    const store::Jmt tree{state_hash_fn()};
    std::vector<store::JmtWrite> leaves;
    for (const auto& [key, change] : initial_state(genesis))
        leaves.push_back({tree.hash_bytes(base::as_bytes(key)), tree.hash_bytes(*change.after)});
    std::sort(leaves.begin(), leaves.end(), [](const auto& a, const auto& b) { return a.key_hash < b.key_hash; });
    return tree.root_of(leaves);
}

void expect_whole(const ChainOptions& options, const Genesis& genesis, const base::Digest& root) {
    const auto chain = ChainState::open(options, genesis);
    ASSERT_TRUE(chain.has_value()) << chain.error().text;
    EXPECT_EQ((*chain)->head()->header.state_root, root);
    const auto report = (*chain)->verify();
    ASSERT_TRUE(report.has_value()) << report.error().text;
    EXPECT_EQ(report->keys, genesis.allocations.size() + 2);
    const auto& last = genesis.allocations.back();
    const auto view = (*chain)->view();
    EXPECT_EQ(view->balance(last.address, kGcc).value(), last.amount);
    const auto key = balance_key(last.address, kGcc);
    const auto proof = view->prove(key, 0);
    ASSERT_TRUE(proof.has_value() && proof->value);
    EXPECT_TRUE(proof->proof.verify(state_hash_fn(), root, base::as_bytes(key), *proof->value).has_value());
}

/// Whether the folder is one in which block 0 was begun and not finished.
bool is_unfinished(const ChainOptions& options, const Genesis& genesis) {
    const auto kv = store::KvStore::open({.path = options.path, .identity = identity_of(genesis)});
    if (!kv) return false;
    return !(*kv)->get(store::Family::meta, base::as_bytes("head")).value() &&
           (*kv)->get(store::Family::meta, base::as_bytes("genesis")).value();
}

TEST(ChainGenesis, OfManyAccountsHasTheRootOfItsDefinition) {
    const TempFolder folder;
    const auto genesis = large_genesis();
    const ChainOptions options{.path = folder.path / "db", .memory_bytes = 8U << 20U};
    expect_whole(options, genesis, root_of(genesis));
    expect_whole(options, genesis, root_of(genesis));  // opened again
}

TEST(ChainGenesis, IsFinishedWhenItWasKilledInTheMiddle) {
    const auto genesis = large_genesis();
    const auto root = root_of(genesis);
    // The kernel kills the process within the write that would make a file longer than this: in the first batch of the
    // state, in a later one, among the tree.
    for (const std::uint64_t bytes : {300'000ULL, 1'000'000ULL, 5'000'000ULL, 7'000'000ULL}) {
        const TempFolder folder;
        const ChainOptions options{.path = folder.path / "db", .memory_bytes = 64U << 20U};
        const auto child = ::fork();
        if (child == 0) {
            const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
            ::setrlimit(RLIMIT_CORE, &no_core);
            const rlimit limit{.rlim_cur = bytes, .rlim_max = bytes};
            ::setrlimit(RLIMIT_FSIZE, &limit);
            ::signal(SIGXFSZ, SIG_DFL);
            ::_exit(ChainState::open(options, genesis) ? 0 : 1);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) << bytes << ": it was not killed";
        EXPECT_TRUE(is_unfinished(options, genesis)) << bytes;
        // Somebody else's genesis does not go on with it.
        auto other = genesis;
        other.time_ms += 1;
        const auto refused = ChainState::open(options, other);
        ASSERT_FALSE(refused.has_value());
        EXPECT_TRUE(refused.error().error.is(store::Errc::foreign)) << refused.error().text;
        expect_whole(options, genesis, root);
    }
}

TEST(ChainGenesis, IsWholeOrFinishedWhenKilledAtRandomMoments) {
    const auto genesis = large_genesis();
    const auto root = root_of(genesis);
    const TempFolder folder;
    const ChainOptions options{.path = folder.path / "db", .memory_bytes = 8U << 20U};
    for (int round = 0; round < 5; ++round) {
        const auto child = ::fork();
        if (child == 0) ::_exit(ChainState::open(options, genesis) ? 0 : 1);
        ::usleep(static_cast<useconds_t>(base::system_random().below(300'000)));
        ::kill(child, SIGKILL);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_TRUE(!WIFEXITED(status) || WEXITSTATUS(status) == 0);
    }
    expect_whole(options, genesis, root);
}

TEST(ChainGenesis, IsNotWrittenOverAChainThatLostItsHead) {
    const TempFolder folder;
    const World world;
    const auto path = folder.path / "db";
    {
        const auto chain = test::open_chain(world, path);
        test::add_block(*chain, world,
                        {world.verified(world.users[0], world.pay(world.users[0], 0, world.proposer, 1))});
    }
    {
        const auto kv = store::KvStore::open({.path = path, .identity = identity_of(world.genesis)});
        ASSERT_TRUE(kv.has_value()) << kv.error().text;
        store::Batch batch;
        batch.del(store::Family::meta, base::as_bytes("head"));
        ASSERT_TRUE((*kv)->commit(batch, true).has_value());
    }
    const auto chain = ChainState::open({.path = path}, world.genesis);
    ASSERT_FALSE(chain.has_value());
    EXPECT_TRUE(chain.error().error.is(Errc::corrupt_chain)) << chain.error().text;
    EXPECT_NE(chain.error().text.find("head is missing"), std::string::npos) << chain.error().text;
}

}  // namespace
}  // namespace ledger
