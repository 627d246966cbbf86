#pragma once
// A walletd and the node that it asks, over real QUIC. What the node says is the test's.
#include <gtest/gtest.h>

#include "chain_client.hpp"
#include "daemon.hpp"
#include "io/thread.hpp"
#include "rpc/blocking.hpp"
#include "rpc/quic.hpp"
#include "zcrypto/ed25519.hpp"

namespace walletd {

class NodeTest : public testing::Test {
 protected:
    /// The node's methods. They run on the node's thread.
    virtual void add_methods(rpc::Server& node) = 0;
    /// Of the only validator.
    [[nodiscard]] virtual zcrypto::ed25519::PublicKey validator_key() const = 0;
    virtual void configure(Config&) {}

    void SetUp() override {
        start_node();
        if (!HasFatalFailure()) start_wallet();
    }
    void TearDown() override {
        stop_wallet();
        if (!node_thread_) return;
        node_thread_->run_and_wait([&] {
            node_listener_.reset();
            node_.reset();
        });
    }

    void start_wallet() {
        auto config = test_config(folder_.file("wallet"));
        config.bridge = "127.0.0.1:" + std::to_string(node_listener_->bound_address().port());
        config.bridge_key = base::to_hex(*node_identity_->public_key());
        config.validators = {base::to_hex(validator_key().bytes)};
        config.peers = {{.name = "client", .key = base::to_hex(*client_identity_->public_key()), .roles = {"client"}}};
        config.call_timeout_ms = 60'000;
        configure(config);
        auto started = Walletd::start(config);
        ASSERT_TRUE(started) << started.error().text;
        wallet_ = std::move(*started);
        auto client = rpc::BlockingClient::make(
            [&](io::Reactor& reactor) {
                return rpc::make_quic_connector(
                    reactor, {.server = *io::SocketAddress::parse("127.0.0.1:" + std::to_string(wallet_->port())),
                              .server_keys = {wallet_->public_key()},
                              .identity = *client_identity_});
            },
            {.name = "walletd"});
        ASSERT_TRUE(client);
        client_ = std::move(*client);
    }
    void stop_wallet() {
        client_.reset();
        if (wallet_) wallet_->stop();
        wallet_.reset();
    }

    TempFolder folder_;
    std::optional<zquic::Identity> client_identity_ = *zquic::Identity::generate();
    std::optional<zquic::Identity> node_identity_ = *zquic::Identity::generate();
    std::unique_ptr<io::ReactorThread> node_thread_;
    std::unique_ptr<rpc::Server> node_;
    std::unique_ptr<rpc::QuicListener> node_listener_;
    std::unique_ptr<Walletd> wallet_;
    std::unique_ptr<rpc::BlockingClient> client_;

 private:
    void start_node() {
        auto thread = io::ReactorThread::start("node");
        ASSERT_TRUE(thread);
        node_thread_ = std::move(*thread);
        node_thread_->run_and_wait([&] {
            node_ = rpc::Server::make(node_thread_->reactor());
            add_methods(*node_);
            auto listener = rpc::QuicListener::start(
                *node_, {.address = *io::SocketAddress::parse("127.0.0.1:0"), .identity = *node_identity_});
            ASSERT_TRUE(listener) << listener.error().text;
            node_listener_ = std::move(*listener);
        });
    }
};

}  // namespace walletd
