// What a node said is final stays final: through kill -9 at random moments and through a full disk, under load.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "base/random.hpp"
#include "load.hpp"
#include "target.hpp"

namespace {

using durability::Load;
using durability::Record;
using durability::Target;
using durability::Wallet;
namespace v1 = ghost::chain::v1;
namespace methods = ghostd::methods;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr int kCyclesInCi = 6;

std::uint64_t number_from(const char* name, std::uint64_t fallback) {
    const char* text = std::getenv(name);
    return text && *text ? std::strtoull(text, nullptr, 10) : fallback;
}

struct Durability : testing::Test {
    std::string folder = (std::filesystem::temp_directory_path() / "ghost-durability-XXXXXX").string();
    std::uint64_t seed = number_from("GHOST_DURABILITY_SEED", base::system_random().u64());
    base::SeededRandom random{seed};
    std::vector<Wallet> wallets = std::vector<Wallet>(8);
    Record record;

    Durability() {
        EXPECT_NE(mkdtemp(folder.data()), nullptr);
        std::cout << "seed " << seed << " (repeat with GHOST_DURABILITY_SEED)\n";
    }
    ~Durability() override {
        for (const auto& [text, count] : record.refusals)
            std::cout << "refused " << count << " times: " << text << '\n';
        if (HasFailure()) {
            std::ifstream log{folder + "/stderr.log"};
            std::stringstream text;
            text << log.rdbuf();
            const auto all = text.str();
            std::cout << "end of the node's log:\n" << all.substr(all.size() > 8000 ? all.size() - 8000 : 0) << '\n';
        }
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }

    void fund(rpc::BlockingClient& client) {
        for (const auto& wallet : wallets) {
            v1::FaucetRequest request;
            request.set_address(wallet.address.to_text());
            const auto paid =
                client.call(methods::kFaucet, request, {.timeout_ns = 20 * kSecond, .wait_for_ready = true});
            ASSERT_TRUE(paid) << paid.error().to_string();
            v1::TransactionRequest wait;
            wait.set_tx_id(paid->tx_id());
            v1::TxState state{};
            const auto status = client.stream(methods::kStreamTxStatus, wait, {.timeout_ns = 20 * kSecond},
                                              [&](const v1::TransactionReceipt& receipt) {
                                                  state = receipt.state();
                                                  return true;
                                              });
            ASSERT_TRUE(status.ok()) << status.to_string();
            ASSERT_EQ(state, v1::TX_STATE_FINALIZED);
            record.final_height[paid->tx_id()];
        }
    }

    /// Every transaction of `ids` is final, at the height it was reported at.
    void expect_present(rpc::BlockingClient& client, const std::map<std::string, std::uint64_t>& ids) {
        for (const auto& [id, height] : ids) {
            v1::TransactionRequest request;
            request.set_tx_id(id);
            const auto found =
                client.call(methods::kGetTransaction, request, {.timeout_ns = 20 * kSecond, .wait_for_ready = true});
            ASSERT_TRUE(found) << found.error().to_string();
            ASSERT_EQ(found->state(), v1::TX_STATE_FINALIZED) << "lost: " << base::to_hex(base::as_bytes(id));
            if (height) {
                ASSERT_EQ(found->height(), height);
            }
        }
    }

    /// What the blocks burned is exactly what the supply lacks: no coin made, none lost.
    void expect_supply_conserved(rpc::BlockingClient& client, std::uint64_t genesis_gcc) {
        v1::BlockRequest latest;
        latest.set_latest(true);
        const auto head = client.call(methods::kGetBlock, latest, {.timeout_ns = 20 * kSecond});
        ASSERT_TRUE(head);
        ledger::Amount burned = 0;
        v1::StreamBlocksRequest request;
        request.set_from_height(1);
        std::string parent;
        const auto end = head->header().height();
        const auto status =
            client.stream(methods::kStreamBlocks, request, {.timeout_ns = 120 * kSecond}, [&](const v1::Block& block) {
                EXPECT_TRUE(parent.empty() || parent == block.header().parent()) << block.header().height();
                parent = block.hash();
                burned += *base::u128_from_string(block.header().base_fee()) * block.header().gas_used();
                return block.header().height() < end;
            });
        ASSERT_TRUE(status.ok()) << status.to_string();
        v1::ProofRequest supply;
        supply.set_key(ledger::asset_key(ledger::kGcc));
        supply.set_height(end);
        const auto proof = client.call(methods::kGetProof, supply, {.timeout_ns = 20 * kSecond});
        ASSERT_TRUE(proof) << proof.error().to_string();
        const auto asset = ledger::decode_asset(base::as_bytes(proof->value()));
        ASSERT_TRUE(asset);
        EXPECT_EQ(base::to_string(asset->supply + burned),
                  base::to_string(ledger::Amount{genesis_gcc} * ledger::kAgccPerGcc));
    }
};

TEST_F(Durability, EverythingFinalSurvivesKillNine) {
    const auto cycles = number_from("GHOST_DURABILITY_CYCLES", kCyclesInCi);
    Target target{folder};
    {
        const auto first = target.start();
        ASSERT_TRUE(first) << "does not start";
        fund(*first->client);
        if (HasFatalFailure()) return;
        first->client.reset();
        first->process.send(SIGKILL);
        first->process.wait();
    }
    std::map<std::string, std::uint64_t> checked;
    for (std::uint64_t cycle = 1; cycle <= cycles; ++cycle) {
        SCOPED_TRACE(testing::Message() << "cycle " << cycle << " of " << cycles);
        const auto instance = target.start();
        ASSERT_TRUE(instance) << "does not start again";
        // What was reported before the last kill, on the fresh start.
        std::map<std::string, std::uint64_t> fresh;
        for (const auto& entry : record.final_height)
            if (!checked.contains(entry.first)) fresh.insert(entry);
        expect_present(*instance->client, fresh);
        if (HasFatalFailure()) return;
        checked.merge(fresh);
        Load load{wallets, record};
        ASSERT_TRUE(load.start(*instance->client));
        std::this_thread::sleep_for(std::chrono::microseconds{20'000 + random.below(600'000)});
        instance->process.send(SIGKILL);
        load.stop(*instance->client);
        instance->client.reset();
        instance->process.wait();
        ASSERT_EQ(target.verify(), 0) << "the state on disk is not sound";
    }
    const auto last = target.start();
    ASSERT_TRUE(last);
    expect_present(*last->client, record.final_height);
    expect_supply_conserved(*last->client, 1'000'000'000);
    std::cout << cycles << " kills, " << record.submitted << " submitted, " << record.final_height.size()
              << " reported final, none lost\n";
    EXPECT_GT(record.final_height.size(), cycles);
}

TEST_F(Durability, AFullDiskStopsTheNodeAndLosesNothing) {
    Target target{folder};
    {
        // A file-size limit is the full disk that a test can have without being root.
        const auto instance = target.start(2u << 20);
        ASSERT_TRUE(instance) << "does not start";
        fund(*instance->client);
        if (HasFatalFailure()) return;
        Load load{wallets, record};
        ASSERT_TRUE(load.start(*instance->client));
        v1::Status status;
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{120};
        do {
            std::this_thread::sleep_for(std::chrono::milliseconds{50});
            const auto answer = instance->client->call(methods::kGetStatus, {}, {.timeout_ns = 20 * kSecond});
            ASSERT_TRUE(answer) << answer.error().to_string();
            status = *answer;
        } while (status.accepting() && std::chrono::steady_clock::now() < end);
        ASSERT_FALSE(status.accepting());
        EXPECT_NE(status.not_accepting_reason().find("disk is full"), std::string::npos)
            << status.not_accepting_reason();
        // New transactions are refused with the reason; reads go on.
        v1::Transaction late;
        const ledger::ChainBinding chain{status.chain_id(), *base::to_fixed<32>(base::as_bytes(status.genesis_hash()))};
        late.set_raw(
            std::string{base::as_text(ledger::encode(durability::transfer(chain, wallets[0], wallets[1].address, 0)))});
        const auto refused = instance->client->call(methods::kSubmitTransaction, late, {.timeout_ns = 20 * kSecond});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, rpc::StatusCode::unavailable) << refused.error().to_string();
        EXPECT_NE(refused.error().message.find("disk is full"), std::string::npos) << refused.error().message;
        load.stop(*instance->client);
        EXPECT_LE(record.highest, status.finalized_height());
        expect_present(*instance->client, record.final_height);
        instance->client.reset();
        instance->process.send(SIGTERM);
        EXPECT_EQ(instance->process.wait(), 0);
    }
    ASSERT_EQ(target.verify(), 0);
    const auto again = target.start();
    ASSERT_TRUE(again);
    expect_present(*again->client, record.final_height);
    expect_supply_conserved(*again->client, 1'000'000'000);
    EXPECT_GT(record.final_height.size(), wallets.size());
}

}  // namespace
