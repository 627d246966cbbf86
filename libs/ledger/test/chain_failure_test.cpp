// What can go wrong with the files: the chain refuses to open, or stops, and says why. Nothing acknowledged is lost.

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "test_world.hpp"

namespace ledger {
namespace {

using test::add_block;
using test::open_chain;
using test::proposal_on;
using test::TempFolder;
using test::World;

const Address kCarol{base::Digest{std::byte{0xca}}};

void expect_refused(const World& world, const std::filesystem::path& path, store::Errc errc) {
    const auto chain = ChainState::open({.path = path}, world.genesis);
    ASSERT_FALSE(chain.has_value());
    EXPECT_TRUE(chain.error().error.is(errc)) << chain.error().text;
    EXPECT_NE(chain.error().text.find(path.string()), std::string::npos) << chain.error().text;
}

TEST(ChainFailure, RefusesTheDatabaseOfAnotherGenesis) {
    const TempFolder folder;
    World world;
    open_chain(world, folder.path / "db").reset();
    world.genesis.time_ms += 1;
    expect_refused(world, folder.path / "db", store::Errc::foreign);
}

TEST(ChainFailure, RefusesADatabaseInUse) {
    const TempFolder folder;
    const World world;
    const auto chain = open_chain(world, folder.path / "db");
    expect_refused(world, folder.path / "db", store::Errc::locked);
}

TEST(ChainFailure, RefusesAFolderOfSomethingElse) {
    const TempFolder folder;
    const World world;
    std::ofstream{folder.path / "letter.txt"} << "dear";
    expect_refused(world, folder.path, store::Errc::foreign);
}

TEST(ChainFailure, RefusesACorruptDatabase) {
    const TempFolder folder;
    const World world;
    const auto path = folder.path / "db";
    open_chain(world, path).reset();
    std::ofstream{path / "CURRENT"} << "MANIFEST-999999\n";
    const auto chain = ChainState::open({.path = path}, world.genesis);
    ASSERT_FALSE(chain.has_value());
    EXPECT_NE(chain.error().text.find(path.string()), std::string::npos) << chain.error().text;
}

TEST(ChainFailure, RefusesAGenesisThatIsNotValid) {
    const TempFolder folder;
    World world;
    world.genesis.validators.clear();
    const auto chain = ChainState::open({.path = folder.path / "db"}, world.genesis);
    ASSERT_FALSE(chain.has_value());
    EXPECT_TRUE(chain.error().error.is(Errc::bad_genesis));
    EXPECT_FALSE(std::filesystem::exists(folder.path / "db"));
}

TEST(ChainFailure, FindsStateThatWasChangedBehindItsBack) {
    const TempFolder folder;
    const World world;
    const auto path = folder.path / "db";
    open_chain(world, path).reset();
    {
        const auto kv = store::KvStore::open(
            {.path = path, .identity = world.binding.chain_id + ":" + base::to_hex(world.binding.genesis_hash)});
        ASSERT_TRUE(kv.has_value()) << kv.error().text;
        store::Batch batch;
        const auto key = balance_key(kCarol, kGcc);
        batch.put(store::Family::flat, base::as_bytes(key), encode_amount(1'000'000));
        ASSERT_TRUE((*kv)->commit(batch, true).has_value());
    }
    const auto report = open_chain(world, path)->verify();
    ASSERT_FALSE(report.has_value());
    EXPECT_NE(report.error().text.find("root"), std::string::npos) << report.error().text;
}

constexpr std::size_t kTxsPerBlock = 4;

/// Alice's payments of 1 agcc to Carol, signed before any fork(): secrets do not survive it.
std::vector<VerifiedTx> payments(const World& world, std::size_t count) {
    std::vector<VerifiedTx> out;
    for (std::size_t i = 0; i < count; ++i) {
        out.push_back(world.verified(world.users[0], world.pay(world.users[0], i, kCarol, 1)));
    }
    return out;
}

/// Runs a chain in a child that reports each committed height, until it fails or is killed. Gives the last height.
/// After `blocks_max` it waits to be killed, so that it cannot run out of transactions before its parent gets to it.
struct Child {
    template <typename Setup>
    Child(const World& world, const std::vector<VerifiedTx>& txs, const std::filesystem::path& path,
          std::size_t blocks_max, Setup setup) {
        int ends[2];
        EXPECT_EQ(::pipe(ends), 0);
        pid = ::fork();
        if (pid == 0) {
            ::close(ends[0]);
            ::_exit(run(world, txs, path, blocks_max, ends[1], setup));
        }
        ::close(ends[1]);
        reports = ends[0];
    }
    ~Child() { ::close(reports); }

    template <typename Setup>
    static int run(const World& world, const std::vector<VerifiedTx>& txs, const std::filesystem::path& path,
                   std::size_t blocks_max, int out, Setup setup) {
        auto chain = ChainState::open({.path = path, .history_heights = 8}, world.genesis);
        if (!chain) return 10;
        setup();
        auto next = (*chain)->view()->account(world.users[0].address)->nonce;
        for (std::size_t blocks = 0; next + kTxsPerBlock <= txs.size(); next += kTxsPerBlock, ++blocks) {
            if (blocks == blocks_max) {
                pollfd reader{.fd = out, .events = 0, .revents = 0};
                ::poll(&reader, 1, -1);  // until the parent is gone
                return 15;
            }
            const auto at = txs.begin() + static_cast<std::ptrdiff_t>(next);
            const std::vector<VerifiedTx> some{at, at + kTxsPerBlock};
            const auto block = (*chain)->propose(proposal_on((*chain)->head()->header, world, some));
            if (!block) return 11;
            const auto done = (*chain)->commit(*block, {});
            if (!done) {
                const bool full = done.error().is(store::Errc::disk_full) && (*chain)->poisoned();
                const auto again = (*chain)->commit(*block, {});
                const bool stays = !again && again.error().is(store::Errc::poisoned);
                const bool reads = (*chain)->view()->account(world.users[0].address).has_value();
                return full && stays && reads ? 0 : 12;
            }
            const auto height = (*block)->header().height;
            if (::write(out, &height, sizeof height) != sizeof height) return 13;
        }
        return 14;
    }
    /// Reads `count` reports, or all until the child ends.
    std::uint64_t wait_for(std::uint64_t count = ~std::uint64_t{0}) {
        std::uint64_t height = last;
        for (std::uint64_t i = 0; i < count && ::read(reports, &height, sizeof height) == sizeof height; ++i)
            last = height;
        return last;
    }
    int status() const {
        int out = 0;
        EXPECT_EQ(::waitpid(pid, &out, 0), pid);
        return out;
    }
    pid_t pid = 0;
    int reports = -1;
    std::uint64_t last = 0;
};

void expect_intact(const World& world, const std::filesystem::path& path, std::uint64_t acknowledged) {
    const auto chain = open_chain(world, path, 8);
    ASSERT_TRUE(chain);
    const auto height = chain->head()->header.height;
    EXPECT_GE(height, acknowledged);
    EXPECT_EQ(*chain->view()->balance(kCarol, kGcc), 4 * height);
    const auto report = chain->verify();
    ASSERT_TRUE(report.has_value()) << report.error().text;
    EXPECT_EQ(report->txs, 4 * height);
}

TEST(ChainFailure, LosesNothingWhenKilledAtRandomMoments) {
    const TempFolder folder;
    const World world;
    const auto path = folder.path / "db";
    const auto txs = payments(world, 2'000);
    constexpr std::size_t kCycles = 5;
    for (std::size_t cycle = 0; cycle < kCycles; ++cycle) {
        Child child{world, txs, path, txs.size() / kTxsPerBlock / kCycles - 1, [] {}};
        child.wait_for(3 + base::system_random().below(12));
        ::usleep(static_cast<useconds_t>(base::system_random().below(5'000)));
        ::kill(child.pid, SIGKILL);
        const auto acknowledged = child.wait_for();
        const auto status = child.status();
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        EXPECT_GT(acknowledged, 0U);
        expect_intact(world, path, acknowledged);
    }
}

TEST(ChainFailure, StopsWhenTheDiskIsFullAndKeepsWhatWasAcknowledged) {
    const TempFolder folder;
    const World world;
    const auto path = folder.path / "db";
    const auto txs = payments(world, 1'000);
    Child child{world, txs, path, txs.size(), [] {
                    ::signal(SIGXFSZ, SIG_IGN);
                    const rlimit limit{.rlim_cur = 300'000, .rlim_max = 300'000};
                    ::setrlimit(RLIMIT_FSIZE, &limit);
                }};
    const auto acknowledged = child.wait_for();
    const auto status = child.status();
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_GT(acknowledged, 0U);
    expect_intact(world, path, acknowledged);
    const auto chain = open_chain(world, path);
    const auto nonce = chain->view()->account(world.users[0].address)->nonce;
    add_block(*chain, world, {world.verified(world.users[0], world.pay(world.users[0], nonce, kCarol, 1))});
}

}  // namespace
}  // namespace ledger
