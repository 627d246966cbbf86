// What a node refuses or drops is signed all the same: it may still happen, and walletd says so until a proof ends it.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "lying_node_fixture.hpp"

extern char** environ;

namespace walletd {
namespace {

class OpenTest : public LyingNodeTest {
 protected:
    wallet::OpenTransactions open(const std::string& tx_id = {}) {
        wallet::OpenRequest request;
        request.set_tx_id(tx_id);
        auto found = client_->call(kOpen, request, {.timeout_ns = kTimeoutNs});
        EXPECT_TRUE(found) << found.error().to_string();
        return found ? std::move(*found) : wallet::OpenTransactions{};
    }
    void drop_everything() {
        say([](Words& words) {
            words.end = chain::TX_STATE_DROPPED;
            words.end_reason = "evicted: the mempool is full";
        });
    }
    /// The node has taken nothing: what it dropped is not pending.
    void forget() {
        say([](Words& words) { words.pending_nonce = words.proved_nonce; });
    }
    void refuse_everything() {
        say([](Words& words) {
            words.judge = [](std::uint64_t) -> rpc::Status {
                return {rpc::StatusCode::resource_exhausted, "the mempool is full"};
            };
        });
    }
    void prove(std::uint64_t height, std::uint64_t nonce) {
        say([=](Words& words) {
            words.height = words.proved_height = height;
            words.proved_nonce = nonce;
            words.pending_nonce = std::max(words.pending_nonce, nonce);
        });
    }
};

TEST_F(OpenTest, ADroppedPaymentMayHappenUntilItsLastBlockIsProvedToBePast) {
    drop_everything();
    const auto sent = send(payment());
    ASSERT_TRUE(sent.status.ok()) << sent.status.to_string();
    const auto& last = sent.steps.back();
    EXPECT_EQ(last.receipt().state(), chain::TX_STATE_DROPPED);
    EXPECT_EQ(last.may_happen_until(), 607u) << "it was signed, and that is the last block of it";
    forget();

    const auto kept = open();
    ASSERT_EQ(kept.transactions_size(), 1);
    const auto& entry = kept.transactions(0);
    EXPECT_TRUE(kept.proved());
    EXPECT_EQ(entry.tx_id(), last.receipt().tx_id());
    EXPECT_EQ(entry.valid_until_height(), 607u);
    EXPECT_EQ(entry.nonce(), 3u);
    EXPECT_EQ(entry.from(), address_);
    EXPECT_EQ(entry.to(), payment().to());
    EXPECT_EQ(entry.amount(), "1000");
    EXPECT_EQ(entry.state(), "dropped");
    EXPECT_EQ(entry.reason(), "evicted: the mempool is full");
    EXPECT_EQ(open(entry.tx_id()).transactions_size(), 1);
    EXPECT_EQ(open(std::string(32, 'x')).transactions_size(), 0);

    // Words end nothing.
    say([](Words& words) {
        words.height = 5000;
        words.nonce = 1'000'000;
    });
    EXPECT_EQ(open().transactions_size(), 1);
    say([](Words& words) { words.signs = false; });
    EXPECT_EQ(open().transactions_size(), 1) << "a header that nobody signed";
    say([](Words& words) { words.signs = true; });
    prove(607, 3);
    EXPECT_EQ(open().transactions_size(), 1) << "that block itself may have had it";
    prove(608, 3);
    EXPECT_EQ(open().transactions_size(), 0);
    restart_wallet();
    EXPECT_EQ(open().transactions_size(), 0);
}

TEST_F(OpenTest, ARefusedPaymentMayHappenUntilItsNonceIsProvedToBeUsed) {
    refuse_everything();
    const auto refused = send(payment());
    EXPECT_EQ(refused.status.code, rpc::StatusCode::failed_precondition);
    EXPECT_TRUE(refused.status.message.starts_with("uncertain: the node refuses it: the mempool is full"))
        << refused.status.message;
    EXPECT_NE(refused.status.message.find("may still happen until block 607"), std::string::npos)
        << refused.status.message;
    ASSERT_EQ(refused.steps.size(), 1u);
    EXPECT_EQ(refused.steps[0].may_happen_until(), 607u);
    EXPECT_FALSE(refused.steps[0].raw().empty());

    const auto kept = open();
    ASSERT_EQ(kept.transactions_size(), 1);
    EXPECT_EQ(kept.transactions(0).state(), "refused");
    EXPECT_EQ(kept.transactions(0).tx_id(), refused.steps[0].receipt().tx_id());
    prove(9, 3);
    EXPECT_EQ(open().transactions_size(), 1);
    prove(10, 4);
    EXPECT_EQ(open().transactions_size(), 0);
    say([](Words& words) { words.judge = {}; });
    EXPECT_EQ(tx_of(send(payment())).nonce, 4u);
}

TEST_F(OpenTest, TheNextPaymentTakesTheNonceOfTheOneThatWasDroppedAndNamesIt) {
    drop_everything();
    const auto first = send(payment());
    say([](Words& words) { words.end = chain::TX_STATE_FINALIZED; });
    const auto id = base::to_hex(base::as_bytes(first.steps.at(0).receipt().tx_id()));
    const auto refused = send(payment()).status.message;
    EXPECT_TRUE(refused.starts_with("rejected: the node calls 4 the next nonce")) << "it has it after all: " << refused;
    EXPECT_NE(refused.find(id + ", which may still happen until block 607"), std::string::npos) << refused;
    forget();

    auto request = payment();
    request.set_memo("again");
    request.set_dry_run(true);
    const auto preview = send(request);
    ASSERT_TRUE(preview.status.ok()) << preview.status.to_string();
    EXPECT_EQ(preview.steps.at(0).may_happen_until(), 0u) << "nothing was signed";
    ASSERT_EQ(preview.steps[0].instead_of_size(), 1) << "who agrees to the second knows of the first";
    EXPECT_EQ(preview.steps[0].instead_of(0).tx_id(), first.steps[0].receipt().tx_id());
    auto same = payment();
    same.set_dry_run(true);
    EXPECT_EQ(send(same).steps.at(0).instead_of_size(), 0) << "the very same transaction is no other one";
    request.set_dry_run(false);
    const auto second = send(request);
    EXPECT_EQ(tx_of(second).nonce, 3u) << "of the two only one can happen";
    ASSERT_EQ(second.steps.at(0).instead_of_size(), 1);
    EXPECT_EQ(second.steps[0].instead_of(0).state(), "dropped");
    EXPECT_EQ(second.steps.back().may_happen_until(), 0u);

    EXPECT_EQ(tx_of(send(payment())).nonce, 4u);
    EXPECT_EQ(open().transactions_size(), 3) << "nothing of it is proved";
    prove(8, 4);
    const auto rest = open();
    ASSERT_EQ(rest.transactions_size(), 1) << "one of nonce 3 happened, so the other never will";
    EXPECT_EQ(rest.transactions(0).nonce(), 4u);
}

TEST_F(OpenTest, ContractMessagesAreKeptToo) {
    drop_everything();
    say([](Words& words) { words.gas_limit = 10'000'000; });
    wallet::SendContractRequest request;
    request.mutable_deploy()->set_code(std::string(2000, 'c'));
    const auto send_contract = [&] {
        Sent sent;
        sent.status = client_->stream(kSendContract, request, {.timeout_ns = kTimeoutNs}, [&](auto step) {
            sent.steps.push_back(std::move(step));
            return true;
        });
        return sent;
    };
    const auto deployed = send_contract();
    ASSERT_TRUE(deployed.status.ok()) << deployed.status.to_string();
    EXPECT_EQ(deployed.steps.back().may_happen_until(), 607u);
    forget();
    refuse_everything();
    request.mutable_call()->set_contract(gcrypt::Address{base::Digest{std::byte{78}}}.to_text());
    request.mutable_call()->set_value("5");
    const auto called = send_contract();
    EXPECT_TRUE(called.status.message.starts_with("uncertain:")) << called.status.to_string();
    ASSERT_EQ(called.steps.size(), 1u);
    EXPECT_EQ(called.steps[0].instead_of_size(), 1);

    const auto kept = open();
    ASSERT_EQ(kept.transactions_size(), 2);
    EXPECT_EQ(kept.transactions(0).nonce(), kept.transactions(1).nonce());
    EXPECT_EQ(kept.transactions(0).to(), request.call().contract());
    EXPECT_EQ(kept.transactions(0).amount(), "5");
    EXPECT_EQ(kept.transactions(1).to(), deployed.steps[0].contract());
}

/// A wallet that knows no validators can be proved nothing.
class TrustingOpenTest : public OpenTest {
    void configure(Config& config) override {
        OpenTest::configure(config);
        config.validators.clear();
    }
};

TEST_F(TrustingOpenTest, AWordEndsNothing) {
    drop_everything();
    ASSERT_TRUE(send(payment()).status.ok());
    forget();
    say([](Words& words) {
        words.nonce = words.pending_nonce = 50;
        words.height = 10'000;
        words.end = chain::TX_STATE_FINALIZED;
    });
    EXPECT_EQ(tx_of(send(payment())).nonce, 50u);
    restart_wallet();
    const auto kept = open();
    EXPECT_FALSE(kept.proved());
    ASSERT_EQ(kept.transactions_size(), 1);
    EXPECT_EQ(kept.transactions(0).valid_until_height(), 607u);
}

/// The walletd program on the home of the fixture's wallet.
class ProgramTest : public OpenTest {
 protected:
    void TearDown() override {
        kill_program();
        OpenTest::TearDown();
    }
    void start_program() {
        const auto home = folder_.file("wallet");
        std::ofstream{home + "/walletd.toml"}
            << "listen = \"127.0.0.1:0\"\nmetrics = \"\"\nbridge = \"127.0.0.1:"
            << node_listener_->bound_address().port() << "\"\nbridge_key = \""
            << base::to_hex(*node_identity_->public_key()) << "\"\nvalidators = [\""
            << base::to_hex(validator_key().bytes) << "\"]\n[[peers]]\nname = \"client\"\nkey = \""
            << base::to_hex(*client_identity_->public_key()) << "\"\nroles = [\"client\"]\n";
        const auto log = home + "/log";
        std::filesystem::remove(log);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT, 0600);
        std::string program = WALLETD_PROGRAM, verb = "start", flag = "--home", where = home;
        char* const arguments[] = {program.data(), verb.data(), flag.data(), where.data(), nullptr};
        ASSERT_EQ(posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ), 0);
        posix_spawn_file_actions_destroy(&actions);
        std::uint16_t port = 0;
        ASSERT_TRUE(comes_true([&] {
            std::ifstream file{log};
            const std::string text{std::istreambuf_iterator<char>{file}, {}};
            const auto at = text.find("serving port=");
            if (at == std::string::npos || text.find('\n', at) == std::string::npos) return false;
            port = static_cast<std::uint16_t>(std::stoul(text.substr(at + 13)));
            return true;
        }));
        auto client = rpc::BlockingClient::make([&](io::Reactor& reactor) {
            return rpc::make_quic_connector(reactor, {.server = io::SocketAddress::loopback_v4(port),
                                                      .server_keys = {wallet_key_},
                                                      .identity = *client_identity_});
        });
        ASSERT_TRUE(client);
        client_ = std::move(*client);
    }
    void unlock_program() {
        ghost::wallet::v1::LocalRequest request;
        request.mutable_unlock()->set_password("correct horse");
        request.mutable_unlock()->set_client(std::string{base::as_text(*client_identity_->public_key())});
        ASSERT_TRUE(ask_local(folder_.file("wallet") + "/walletd.sock", request).has_status());
    }
    /// As kill -9 does.
    void kill_program() {
        client_.reset();
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        waitpid(std::exchange(pid_, 0), nullptr, 0);
    }

    pid_t pid_ = 0;
    base::Digest wallet_key_{};
};

TEST_F(ProgramTest, KeepsOverAKillWhatMayStillHappen) {
    wallet_key_ = wallet_->public_key();
    stop_wallet();
    ASSERT_NO_FATAL_FAILURE(start_program());
    ASSERT_NO_FATAL_FAILURE(unlock_program());
    drop_everything();
    const auto dropped = send(payment());
    ASSERT_TRUE(dropped.status.ok()) << dropped.status.to_string();
    kill_program();
    forget();

    ASSERT_NO_FATAL_FAILURE(start_program());
    auto kept = open();
    ASSERT_EQ(kept.transactions_size(), 1);
    EXPECT_EQ(kept.transactions(0).tx_id(), dropped.steps.at(0).receipt().tx_id());
    EXPECT_EQ(kept.transactions(0).state(), "dropped");
    ASSERT_NO_FATAL_FAILURE(unlock_program());
    refuse_everything();
    auto other = payment();
    other.set_memo("another");
    const auto refused = send(other);
    EXPECT_TRUE(refused.status.message.starts_with("uncertain:")) << refused.status.to_string();
    kill_program();

    ASSERT_NO_FATAL_FAILURE(start_program());
    kept = open();
    ASSERT_EQ(kept.transactions_size(), 2);
    EXPECT_EQ(kept.transactions(0).nonce(), 3u);
    EXPECT_EQ(kept.transactions(1).nonce(), 3u) << "the second may happen instead of the first, not beside it";
    say([](Words& words) { words.judge = {}; });
    ASSERT_NO_FATAL_FAILURE(unlock_program());
    EXPECT_EQ(tx_of(send(payment())).nonce, 3u);
    kill_program();
    prove(8, 4);
    ASSERT_NO_FATAL_FAILURE(start_program());
    EXPECT_EQ(open().transactions_size(), 0);
}

}  // namespace
}  // namespace walletd
