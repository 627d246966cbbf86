#pragma once
// A real node in a folder of its own, on free loopback ports, and clients that reach it over QUIC.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>

#include "ghostd/init.hpp"
#include "ghostd/methods.hpp"
#include "ghostd/node.hpp"
#include "ledger/execute.hpp"
#include "rpc/blocking.hpp"
#include "rpc/quic.hpp"
#include "temp_folder.hpp"

namespace ghostd_test {

namespace v1 = ghost::chain::v1;
namespace methods = ghostd::methods;
using rpc::StatusCode;

/// Of a call that is answered at once, on a machine that is busy with other things.
inline constexpr std::uint64_t kTestTimeoutNs = 60'000'000'000;

/// A key pair with its address.
struct Wallet {
    zcrypto::ed25519::SigningKey key = zcrypto::ed25519::SigningKey::generate(base::system_random());
    ledger::Address address = gcrypt::address_of(key.public_key());
};

class TestNode {
 public:
    explicit TestNode(ghostd::InitOptions init = {})
        : admin_{*zquic::Identity::generate()}, bridge_{*zquic::Identity::generate()} {
        init.home = home();
        init.dev = true;
        init.config.listen = "[::1]:0";
        init.config.ops_listen = "127.0.0.1:0";
        init.config.bridge.endpoint.clear();
        init.config.peers.push_back({.name = "test", .key = base::to_hex(*admin_.public_key()), .role = "admin"});
        init.config.peers.push_back({.name = "bridge", .key = base::to_hex(*bridge_.public_key()), .role = "service"});
        config_ = init.config;
        config_.home = init.home;
        const auto made = ghostd::init_home(init);
        EXPECT_TRUE(made) << (made ? "" : made.error().text);
        start();
    }

    void start() {
        auto node = ghostd::Node::start(config_);
        ASSERT_TRUE(node) << node.error().text;
        node_ = std::move(*node);
        client_ = connect(admin_);
    }
    void stop() {
        client_.reset();
        node_.reset();
    }

    [[nodiscard]] std::unique_ptr<rpc::BlockingClient> connect(const std::optional<zquic::Identity>& identity) const {
        auto client = rpc::BlockingClient::make([&](io::Reactor& reactor) {
            return rpc::make_quic_connector(
                reactor, {.server = node_->address(), .server_keys = {node_->public_key()}, .identity = identity});
        });
        EXPECT_TRUE(client);
        return std::move(*client);
    }

    [[nodiscard]] std::string home() const { return folder_ / "ghostd"; }
    [[nodiscard]] ghostd::GhostdConfig& config() { return config_; }
    [[nodiscard]] ghostd::Node& node() { return *node_; }
    [[nodiscard]] rpc::BlockingClient& client() { return *client_; }
    [[nodiscard]] const zquic::Identity& admin() const { return admin_; }
    /// What a bridge says of a caller is believed from this one.
    [[nodiscard]] const zquic::Identity& bridge() const { return bridge_; }

    template <typename Req, typename Res>
    rpc::StatusOr<Res> call(const rpc::UnaryMethod<Req, Res>& method, const Req& request) {
        return client_->call(method, request, {.timeout_ns = kTestTimeoutNs});
    }

    /// A transfer as a wallet makes it; change `tx` before sign().
    [[nodiscard]] ledger::SignedTx transfer(const Wallet& from, const ledger::Address& to, ledger::Amount amount,
                                            std::uint64_t nonce) const {
        ledger::SignedTx out;
        out.tx.genesis_hash = node_->genesis_hash();
        out.tx.sender = from.address;
        out.tx.nonce = nonce;
        out.tx.valid_until_height = 1'000'000;
        out.tx.msgs.emplace_back(ledger::Transfer{.to = to, .asset = ledger::kGcc, .amount = amount});
        out.tx.gas_limit = ledger::gas_bound(out.tx, ledger::rules_of(ledger::Params{}));
        out.tx.max_fee_per_gas = 3'000'000'000;
        out.tx.tip_per_gas = 1'000'000;
        sign(out, from);
        return out;
    }
    void sign(ledger::SignedTx& tx, const Wallet& from) const {
        tx.auth.public_key = from.key.public_key().bytes;
        tx.auth.signature = from.key.sign(ledger::sign_bytes(tx.tx, node_->chain_id())).bytes;
    }
    rpc::StatusOr<v1::TransactionReceipt> submit(base::ByteView raw) {
        v1::Transaction request;
        request.set_raw(std::string{base::as_text(raw)});
        return call(methods::kSubmitTransaction, request);
    }
    rpc::StatusOr<v1::TransactionReceipt> submit(const ledger::SignedTx& tx) { return submit(ledger::encode(tx)); }

    /// Follows StreamTxStatus to its end.
    v1::TransactionReceipt wait_final(const std::string& tx_id) {
        v1::TransactionRequest request;
        request.set_tx_id(tx_id);
        v1::TransactionReceipt last;
        const auto status = client_->stream(methods::kStreamTxStatus, request, {.timeout_ns = kTestTimeoutNs},
                                            [&](v1::TransactionReceipt receipt) {
                                                last = std::move(receipt);
                                                return true;
                                            });
        EXPECT_TRUE(status.ok()) << status.to_string();
        return last;
    }
    /// Pays `gcc` from the faucet and waits until it is final.
    void fund(const ledger::Address& to, std::uint64_t gcc) {
        v1::FaucetRequest request;
        request.set_address(to.to_text());
        request.set_amount(base::to_string(ledger::Amount{gcc} * ledger::kAgccPerGcc));
        const auto receipt = call(methods::kFaucet, request);
        ASSERT_TRUE(receipt) << receipt.error().to_string();
        ASSERT_EQ(wait_final(receipt->tx_id()).state(), v1::TX_STATE_FINALIZED);
    }
    /// The value of a counter or gauge without labels, as /metrics shows it; nothing when it is not there.
    [[nodiscard]] std::optional<std::uint64_t> metric(const std::string& name) const {
        const auto address = io::SocketAddress::loopback_v4(node_->ops_port());
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(::connect(fd, address.native(), address.native_size()), 0);
        const std::string request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
        std::string text;
        char buffer[4096];
        for (ssize_t got; (got = ::recv(fd, buffer, sizeof buffer, 0)) > 0;)
            text.append(buffer, static_cast<std::size_t>(got));
        ::close(fd);
        const auto at = text.find("\n" + name + " ");
        if (at == std::string::npos) return std::nullopt;
        return std::stoull(text.substr(at + name.size() + 2));
    }
    v1::Account account(const ledger::Address& address) {
        v1::AccountRequest request;
        request.set_address(address.to_text());
        const auto account = call(methods::kGetAccount, request);
        EXPECT_TRUE(account) << (account ? "" : account.error().to_string());
        return account.value_or(v1::Account{});
    }

 private:
    TempFolder folder_;
    zquic::Identity admin_;
    zquic::Identity bridge_;
    ghostd::GhostdConfig config_;
    std::unique_ptr<ghostd::Node> node_;
    std::unique_ptr<rpc::BlockingClient> client_;
};

}  // namespace ghostd_test
