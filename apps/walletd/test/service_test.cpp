// The whole way of a payment over real QUIC: a client, GhostBridge, walletd, GhostBridge, ghostd; and back.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "call_proof/client.hpp"
#include "close_seen.hpp"
#include "daemon.hpp"
#include "ghost/chain/v1/chain.pb.h"
#include "ghost/wallet/v1/wallet.pb.h"
#include "ghostbridge/bridge.hpp"
#include "ghostd/init.hpp"
#include "ghostd/node.hpp"
#include "published_vectors.hpp"
#include "rpc/blocking.hpp"
#include "rpc/quic.hpp"
#include "sign_cases.hpp"
#include "walletd/trust.hpp"

namespace walletd {
namespace {

namespace chain = ghost::chain::v1;
namespace wallet = ghost::wallet::v1;
namespace pb = ghost::wallet::v1;

constexpr rpc::UnaryMethod<chain::FaucetRequest, chain::TransactionReceipt> kFaucet{
    "/ghost.chain.v1.BlockchainService/Faucet"};
constexpr rpc::UnaryMethod<chain::AccountRequest, chain::Account> kAccount{
    "/ghost.chain.v1.BlockchainService/GetAccount"};
constexpr rpc::UnaryMethod<wallet::BalanceRequest, wallet::Balance> kBalance{
    "/ghost.wallet.v1.WalletService/GetBalance"};
constexpr rpc::UnaryMethod<wallet::HistoryRequest, wallet::HistoryResponse> kHistory{
    "/ghost.wallet.v1.WalletService/GetHistory"};
constexpr rpc::UnaryMethod<wallet::WalletStatusRequest, wallet::WalletStatus> kStatus{
    "/ghost.wallet.v1.WalletService/GetStatus"};
constexpr rpc::UnaryMethod<wallet::CreateAccountRequest, wallet::Account> kCreateAccount{
    "/ghost.wallet.v1.WalletService/CreateAccount"};
constexpr rpc::UnaryMethod<wallet::SignRequest, wallet::Signature> kSign{
    "/ghost.wallet.v1.WalletService/SignTransaction"};
constexpr rpc::ServerStreamMethod<wallet::SendRequest, wallet::SendProgress> kSend{
    "/ghost.wallet.v1.WalletService/Send"};

class ServiceTest : public testing::Test {
 protected:
    void SetUp() override {
        const auto bridge_key = ghostbridge::init_identity(folder_.file("bridge"));
        ASSERT_TRUE(bridge_key) << bridge_key.error().text;
        const auto node = ghostd::init_home({.home = folder_.file("node"), .dev = true});
        ASSERT_TRUE(node) << node.error().text;
        const auto wallet_key = init_identity(folder_.file("wallet"));
        ASSERT_TRUE(wallet_key) << wallet_key.error().text;
        bridge_key_ = *bridge_key;
        start_bridge(node->node_key, *wallet_key);
        start_node();
        start_wallet();
        wait_for_registration();
        pb::LocalRequest request;
        request.mutable_init()->set_password("correct horse");
        request.mutable_init()->set_client(std::string{base::as_text(*client_identity_->public_key())});
        const auto made = ask_local(wallet_->socket_path(), request);
        ASSERT_TRUE(made.has_init()) << made.ShortDebugString();
        address_ = made.init().account().address();
        client_ = connect(*client_identity_);
        caller_.emplace(*call_proof::signing_key_of(*client_identity_),
                        call_proof::CallerOptions{.audience = wallet_->public_key()});
    }
    void TearDown() override {
        client_.reset();
        if (wallet_) wallet_->stop();
        if (node_) node_->stop();
        if (bridge_) bridge_->stop();
    }

    void start_bridge(const base::Digest& node, const base::Digest& wallet_key) {
        using ghostbridge::Role;
        ghostbridge::Config config;
        config.home = folder_.file("bridge");
        config.listen_quic = "127.0.0.1:0";
        config.listen_tcp = "127.0.0.1:0";
        config.listen_metrics = "";
        config.peers = {
            {.name = "node", .key = node, .roles = role_bits(Role::service), .services = {"ghost.chain.v1.*"}},
            {.name = "wallet", .key = wallet_key, .roles = role_bits(Role::service), .services = {"ghost.wallet.v1.*"}},
            {.name = "client",
             .key = *client_identity_->public_key(),
             .roles = role_bits(Role::client),
             .services = {}},
            {.name = "stranger", .key = *stranger_->public_key(), .roles = role_bits(Role::client), .services = {}}};
        auto started = ghostbridge::Bridge::start(config);
        ASSERT_TRUE(started) << started.error().text;
        bridge_ = std::move(*started);
    }
    [[nodiscard]] std::string bridge_endpoint() const { return "127.0.0.1:" + std::to_string(bridge_->quic_port()); }

    void start_node() {
        ghostd::GhostdConfig config;
        config.home = folder_.file("node");
        config.listen = "127.0.0.1:0";
        config.advertise = "";
        config.ops_listen = "127.0.0.1:0";
        config.bridge = {.endpoint = bridge_endpoint(), .key = base::to_hex(bridge_key_)};
        config.peers = {{.name = "bridge", .key = base::to_hex(bridge_key_), .role = "service"}};
        config.listen = "[::1]:0";
        auto started = ghostd::Node::start(config);
        ASSERT_TRUE(started) << started.error().text;
        node_ = std::move(*started);
    }
    void start_wallet() {
        auto config = test_config(folder_.file("wallet"));
        config.bridge = bridge_endpoint();
        config.bridge_key = base::to_hex(bridge_key_);
        config.genesis = folder_.file("node") + "/genesis.json";
        config.peers = {
            {.name = "client", .key = base::to_hex(*client_identity_->public_key()), .roles = {"client", "admin"}}};
        auto started = Walletd::start(config);
        ASSERT_TRUE(started) << started.error().text;
        wallet_ = std::move(*started);
    }
    void wait_for_registration() {
        ASSERT_TRUE(comes_true([&] { return bridge_->available_services().size() >= 2; }));
    }
    std::unique_ptr<rpc::BlockingClient> connect(const zquic::Identity& identity) {
        auto client = rpc::BlockingClient::make(
            [&](io::Reactor& reactor) {
                return rpc::make_quic_connector(reactor, {.server = *io::SocketAddress::parse(bridge_endpoint()),
                                                          .server_keys = {bridge_key_},
                                                          .identity = identity});
            },
            {.name = "ghostbridge"});
        EXPECT_TRUE(client);
        return std::move(*client);
    }
    template <typename Req, typename Res>
    rpc::StatusOr<Res> call(const rpc::UnaryMethod<Req, Res>& method, const Req& request) {
        if (rpc::service_of(method.path) == "ghost.wallet.v1.WalletService")
            return caller_->call(*client_, method, request, {.timeout_ns = kTimeoutNs});
        return client_->call(method, request, {.timeout_ns = kTimeoutNs});
    }
    struct Sent {
        rpc::Status status;
        std::vector<wallet::SendProgress> steps;
    };
    Sent send(const wallet::SendRequest& request) {
        Sent sent;
        sent.status =
            caller_->stream(*client_, kSend, request, {.timeout_ns = kTimeoutNs}, [&](wallet::SendProgress step) {
                sent.steps.push_back(std::move(step));
                return true;
            });
        return sent;
    }
    wallet::SendRequest payment(const std::string& to, const std::string& amount) {
        wallet::SendRequest request;
        request.set_to(to);
        request.set_amount(amount);
        return request;
    }
    /// Waits until the node's finalized balance of our account is not zero.
    void fund() {
        chain::FaucetRequest request;
        request.set_address(address_);
        const auto receipt = call(kFaucet, request);
        ASSERT_TRUE(receipt) << receipt.error().to_string();
        chain::AccountRequest account;
        account.set_address(address_);
        ASSERT_TRUE(comes_true([&] {
            const auto found = call(kAccount, account);
            return found && found->balances_size() > 0;
        })) << "the faucet's coins did not arrive";
    }
    std::string recipient() {
        wallet::CreateAccountRequest request;
        request.set_label("other");
        const auto account = call(kCreateAccount, request);
        EXPECT_TRUE(account) << account.error().to_string();
        return account ? account->address() : "";
    }

    TempFolder folder_;
    std::optional<zquic::Identity> client_identity_ = *zquic::Identity::generate();
    std::optional<zquic::Identity> stranger_ = *zquic::Identity::generate();
    base::Digest bridge_key_{};
    std::unique_ptr<ghostbridge::Bridge> bridge_;
    std::unique_ptr<ghostd::Node> node_;
    std::unique_ptr<Walletd> wallet_;
    std::unique_ptr<rpc::BlockingClient> client_;
    std::optional<call_proof::Caller> caller_;
    std::string address_;
};

TEST_F(ServiceTest, TakesAPaymentFromSendToFinalizedAndProvesTheBalances) {
    fund();
    const auto to = recipient();
    auto request = payment(to, "1500000000000000000");
    request.set_memo("lunch");
    request.set_dry_run(true);
    const auto dry = send(request);
    ASSERT_TRUE(dry.status.ok()) << dry.status.to_string();
    ASSERT_EQ(dry.steps.size(), 1u);
    EXPECT_TRUE(dry.steps[0].raw().empty()) << "a preview is not signed";
    EXPECT_FALSE(dry.steps[0].first_time_recipient()) << "an account of our own";

    request.set_dry_run(false);
    request.set_fee_max(dry.steps[0].max_fee());
    const auto sent = send(request);
    ASSERT_TRUE(sent.status.ok()) << sent.status.to_string();
    ASSERT_FALSE(sent.steps.empty());
    const auto& last = sent.steps.back().receipt();
    EXPECT_EQ(last.state(), chain::TX_STATE_FINALIZED);
    EXPECT_EQ(last.execution(), chain::EXECUTION_STATUS_SUCCESS);
    EXPECT_GT(last.height(), 0u);

    wallet::BalanceRequest ask;
    ask.set_account("other");
    const auto balance = call(kBalance, ask);
    ASSERT_TRUE(balance) << balance.error().to_string();
    ASSERT_EQ(balance->accounts_size(), 1);
    EXPECT_TRUE(balance->accounts(0).verified());
    EXPECT_EQ(balance->accounts(0).balances(0).amount(), "1500000000000000000");
    EXPECT_GE(balance->height(), last.height());

    const auto history = call(kHistory, wallet::HistoryRequest{});
    ASSERT_TRUE(history) << history.error().to_string();
    ASSERT_GE(history->entries_size(), 2);
    EXPECT_EQ(history->entries(0).direction(), "out");
    EXPECT_EQ(history->entries(0).counterparty(), to);
    EXPECT_EQ(history->entries(0).amount(), "1500000000000000000");
    EXPECT_EQ(history->entries(history->entries_size() - 1).direction(), "in");

    wallet::HistoryRequest other;
    other.set_account("other");
    const auto received = call(kHistory, other);
    ASSERT_TRUE(received) << received.error().to_string();
    ASSERT_EQ(received->entries_size(), 1);
    EXPECT_EQ(received->entries(0).direction(), "in");
}

TEST_F(ServiceTest, SendsManyAtOnceFromOneAccountWithoutAGap) {
    fund();
    const auto to = recipient();
    std::vector<std::thread> senders;
    std::atomic<int> finalized = 0;
    for (int i = 0; i < 8; ++i) {
        senders.emplace_back([&] {
            const auto sent = send(payment(to, "1000"));
            EXPECT_TRUE(sent.status.ok()) << sent.status.to_string();
            if (!sent.steps.empty() && sent.steps.back().receipt().state() == chain::TX_STATE_FINALIZED) ++finalized;
        });
    }
    for (auto& sender : senders) sender.join();
    EXPECT_EQ(finalized, 8);
    wallet::BalanceRequest ask;
    ask.set_account("other");
    const auto balance = call(kBalance, ask);
    ASSERT_TRUE(balance) << balance.error().to_string();
    EXPECT_EQ(balance->accounts(0).balances(0).amount(), "8000");
}

TEST_F(ServiceTest, SendsWhatCanBeSentWhileOthersAskForTooMuch) {
    fund();
    const auto to = recipient();
    std::vector<std::thread> senders;
    std::atomic<int> finalized = 0;
    for (int i = 0; i < 9; ++i) {
        senders.emplace_back([&, i] {
            const bool too_much = i % 3 == 0;
            const auto sent = send(payment(to, too_much ? "900000000000000000000000000" : "1000"));
            if (too_much) {
                EXPECT_TRUE(sent.status.message.starts_with("insufficient_funds:")) << sent.status.to_string();
                return;
            }
            EXPECT_TRUE(sent.status.ok()) << sent.status.to_string();
            if (!sent.steps.empty() && sent.steps.back().receipt().state() == chain::TX_STATE_FINALIZED) ++finalized;
        });
    }
    for (auto& sender : senders) sender.join();
    EXPECT_EQ(finalized, 6);
}

TEST_F(ServiceTest, SaysWhyAPaymentCannotBeMade) {
    const auto reason = [&](const wallet::SendRequest& request) { return send(request).status; };
    EXPECT_EQ(reason(payment("ghost1nonsense", "1")).code, rpc::StatusCode::invalid_argument);
    EXPECT_EQ(reason(payment(address_, "0")).code, rpc::StatusCode::invalid_argument);
    EXPECT_EQ(reason(payment(address_, "-1")).code, rpc::StatusCode::invalid_argument);
    const auto poor = reason(payment(address_, "1"));
    EXPECT_EQ(poor.code, rpc::StatusCode::failed_precondition);
    EXPECT_TRUE(poor.message.starts_with("insufficient_funds:")) << poor.message;
    pb::LocalRequest lock;
    lock.mutable_lock();
    ask_local(wallet_->socket_path(), lock);
    const auto locked = reason(payment(address_, "1"));
    EXPECT_TRUE(locked.message.starts_with("locked:")) << locked.message;
    // Balances need no key.
    EXPECT_TRUE(call(kBalance, wallet::BalanceRequest{}));
    wallet::SignRequest sign;
    sign.set_unsigned_tx("not a transaction");
    EXPECT_EQ(call(kSign, sign).error().code, rpc::StatusCode::failed_precondition);
}

TEST_F(ServiceTest, SignsThroughTheBridgeWithinTheSameBounds) {
    const auto status = call(kStatus, wallet::WalletStatusRequest{});
    ASSERT_TRUE(status) << status.error().to_string();
    expect_the_policy(*gcrypt::Address::parse_checked(address_),
                      *base::to_fixed<32>(base::as_bytes(status->genesis_hash())),
                      [&](const wallet::SignRequest& request) {
                          const auto signature = call(kSign, request);
                          return signature ? std::string{} : signature.error().to_string();
                      });
}

TEST_F(ServiceTest, RefusesCallersThatItsOwnListDoesNotName) {
    // The bridge knows the stranger as a client; walletd does not.
    const auto stranger = connect(*stranger_);
    call_proof::Caller proving{*call_proof::signing_key_of(*stranger_), {.audience = wallet_->public_key()}};
    const auto answer = proving.call(*stranger, kStatus, wallet::WalletStatusRequest{}, {.timeout_ns = kTimeoutNs});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, rpc::StatusCode::permission_denied) << answer.error().to_string();
    // Listed, but without a proof: the bridge says who calls, and that is not enough.
    const auto unproved = client_->call(kStatus, wallet::WalletStatusRequest{}, {.timeout_ns = kTimeoutNs});
    ASSERT_FALSE(unproved);
    EXPECT_EQ(unproved.error().code, rpc::StatusCode::unauthenticated) << unproved.error().to_string();
    const auto status = call(kStatus, wallet::WalletStatusRequest{});
    ASSERT_TRUE(status) << status.error().to_string();
    EXPECT_TRUE(status->node_reachable()) << status->node_error();
}

TEST_F(ServiceTest, EachDaemonOutlivesAHelloWithoutTransportParameters) {
    GHOST_NEEDS_VECTORS();
    const auto hello =
        zquic::testkit::read_case(ghost_test::vectors_folder(), "quic-initial-without-transport-parameters");
    ASSERT_EQ(hello.size(), 1200u);
    const auto close_of = [&](const io::SocketAddress& daemon) {
        return zquic::testkit::close_code_after(daemon, hello, 60'000).value_or(0);
    };
    constexpr std::uint64_t kMissingExtension = 0x16d;  // RFC 9001 section 4.8: 0x100 and TLS alert 109
    EXPECT_EQ(close_of(node_->address()), kMissingExtension);
    EXPECT_EQ(close_of(io::SocketAddress::loopback_v4(wallet_->port())), kMissingExtension);
    EXPECT_EQ(close_of(*io::SocketAddress::parse(bridge_endpoint())), kMissingExtension);
    // One call that goes through all of them.
    const auto status = call(kStatus, wallet::WalletStatusRequest{});
    ASSERT_TRUE(status) << status.error().to_string();
    EXPECT_TRUE(status->node_reachable()) << status->node_error();
}

TEST_F(ServiceTest, AnswersUnavailableWhenTheNodeIsGone) {
    node_->stop();
    const auto balance = call(kBalance, wallet::BalanceRequest{});
    ASSERT_FALSE(balance);
    EXPECT_EQ(balance.error().code, rpc::StatusCode::unavailable) << balance.error().to_string();
    const auto status = call(kStatus, wallet::WalletStatusRequest{});
    ASSERT_TRUE(status) << status.error().to_string();
    EXPECT_FALSE(status->node_reachable());
}

}  // namespace
}  // namespace walletd
