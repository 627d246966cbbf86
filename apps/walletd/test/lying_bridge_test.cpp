// A bridge that was taken over: it holds the bridge's identity and sees every call that goes through it. What can it do
// to a wallet that is unlocked?
#include <google/protobuf/empty.pb.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>

#include "call_proof/client.hpp"
#include "gcrypt/address.hpp"
#include "ghost/wallet/v1/wallet.pb.h"
#include "method_table.hpp"
#include "node_fixture.hpp"

namespace walletd {
namespace {

namespace wallet = ghost::wallet::v1;
namespace pb = ghost::wallet::v1;
using google::protobuf::Empty;

constexpr rpc::ServerStreamMethod<wallet::SendRequest, wallet::SendProgress> kSend{
    "/ghost.wallet.v1.WalletService/Send"};

/// What a call carries: the bridge sees it, and can send it as often as it likes.
struct Seen {
    std::string path;
    rpc::Metadata metadata;
};

/// How a proof differs from an honest one.
struct Changes {
    base::Digest audience{};
    std::int64_t age_ms = 0;
    std::string_view signed_path;  ///< Empty: the one called.
};

class LyingBridgeTest : public NodeTest {
 protected:
    [[nodiscard]] zcrypto::ed25519::PublicKey validator_key() const override { return validator_.public_key(); }
    void configure(Config& config) override {
        config.validators.clear();
        config.genesis_hash.clear();
        config.peers.push_back({.name = "admin", .key = key_of(*admin_), .roles = {"admin"}});
        config.peers.push_back({.name = "other", .key = key_of(*other_client_), .roles = {"client"}});
    }
    static std::string key_of(const zquic::Identity& identity) { return base::to_hex(*identity.public_key()); }

    void add_methods(rpc::Server& node) override {
        node.add(kChainStatus, [](rpc::CallContext&, chain::GetStatusRequest, auto done) {
            chain::Status status;
            status.set_chain_id("ghostchain-test-1");
            status.set_genesis_hash(std::string(32, '\7'));
            status.set_finalized_height(7);
            status.set_accepting(true);
            done.respond(status);
        });
        node.add(kChainAccount, [this](rpc::CallContext&, chain::AccountRequest, auto done) {
            chain::Account account;
            account.set_nonce(submitted_);
            account.set_pending_nonce(submitted_);
            account.add_balances()->set_amount("1000000000000000000000");
            done.respond(account);
        });
        node.add(kChainEstimate, [](rpc::CallContext&, chain::EstimateFeeRequest, auto done) {
            chain::FeeEstimate fee;
            fee.set_gas_limit(100'000);
            fee.set_base_fee("1000000000");
            fee.set_suggested_tip("0");
            fee.set_suggested_max_fee_per_gas("1000000000");
            done.respond(fee);
        });
        node.add(kChainSubmit, [this](rpc::CallContext&, chain::Transaction, auto done) {
            ++submitted_;
            chain::TransactionReceipt receipt;
            receipt.set_state(chain::TX_STATE_PENDING);
            done.respond(receipt);
        });
        node.add(kChainFollow, [](rpc::CallContext&, chain::TransactionRequest, auto out) {
            chain::TransactionReceipt receipt;
            receipt.set_state(chain::TX_STATE_FINALIZED);
            (void)out.write(receipt);
            out.finish();
        });
    }

    void SetUp() override {
        NodeTest::SetUp();
        ASSERT_TRUE(wallet_);
        pb::LocalRequest request;
        request.mutable_init()->set_password("correct horse");
        request.mutable_init()->set_client(raw_key(*client_identity_));
        const auto made = ask_local(wallet_->socket_path(), request);
        ASSERT_TRUE(made.has_init()) << made.ShortDebugString();
        bridge_ = connect(*node_identity_);
    }
    void TearDown() override {
        bridge_.reset();
        NodeTest::TearDown();
    }
    static std::string raw_key(const zquic::Identity& identity) {
        return std::string{base::as_text(*identity.public_key())};
    }
    std::unique_ptr<rpc::BlockingClient> connect(const zquic::Identity& identity) {
        auto client = rpc::BlockingClient::make([&](io::Reactor& reactor) {
            return rpc::make_quic_connector(reactor, {.server = io::SocketAddress::loopback_v4(wallet_->port()),
                                                      .server_keys = {wallet_->public_key()},
                                                      .identity = identity});
        });
        EXPECT_TRUE(client);
        return std::move(*client);
    }
    void unlock(const std::function<void(pb::UnlockRequest&)>& ask) {
        pb::LocalRequest request;
        request.mutable_unlock()->set_password("correct horse");
        ask(*request.mutable_unlock());
        const auto done = ask_local(wallet_->socket_path(), request);
        ASSERT_TRUE(done.has_status()) << done.ShortDebugString();
    }

    /// Sends what the bridge has in its hands, over its own connection to walletd.
    rpc::Status forward(const Seen& seen, const Empty& body, rpc::Metadata* trailing = nullptr) {
        const rpc::ServerStreamMethod<Empty, Empty> method{seen.path};
        return bridge_->stream(method, body,
                               {.timeout_ns = kTimeoutNs,
                                .metadata = seen.metadata,
                                .on_metadata =
                                    [trailing](const rpc::Metadata&, const rpc::Metadata& got) {
                                        if (trailing) *trailing = got;
                                    }},
                               [](const Empty&) { return true; });
    }
    call_proof::Challenge challenge() {
        rpc::Metadata trailing;
        (void)forward({.path = "/ghost.wallet.v1.WalletService/GetStatus", .metadata = {}}, {}, &trailing);
        const auto field = trailing.get(call_proof::kChallengeField);
        EXPECT_TRUE(field) << "a refusal names the challenge";
        return field ? *base::to_fixed<16>(base::as_bytes(*field)) : call_proof::Challenge{};
    }
    /// What an honest caller puts on the wire.
    Seen proved(const zquic::Identity& who, const std::string& path, base::ByteView body, const Changes& changes = {}) {
        call_proof::Proof proof;
        proof.audience = changes.audience == base::Digest{} ? wallet_->public_key() : changes.audience;
        proof.challenge = challenge();
        proof.time_ms = base::system_clock().unix_ms() - static_cast<std::uint64_t>(changes.age_ms);
        base::system_random().fill(proof.nonce);
        proof =
            call_proof::sign(proof, {.path = changes.signed_path.empty() ? path : changes.signed_path, .request = body},
                             *call_proof::signing_key_of(who));
        Seen seen{.path = path, .metadata = {}};
        EXPECT_TRUE(seen.metadata.add(std::string{call_proof::kProofField},
                                      std::string{base::as_text(call_proof::encode(proof))}));
        return seen;
    }
    static wallet::SendRequest payment(const std::string& amount = "1000", std::uint8_t to = 77) {
        wallet::SendRequest request;
        request.set_to(gcrypt::Address{base::Digest{std::byte{to}}}.to_text());
        request.set_amount(amount);
        return request;
    }
    static Empty as_body(const google::protobuf::MessageLite& message) {
        Empty body;
        EXPECT_TRUE(body.ParseFromString(message.SerializeAsString()));
        return body;
    }
    Seen honest_send(const zquic::Identity& who, const wallet::SendRequest& request, const Changes& changes = {}) {
        return proved(who, std::string{kSend.path}, base::as_bytes(request.SerializeAsString()), changes);
    }

    zcrypto::ed25519::SigningKey validator_ = zcrypto::ed25519::SigningKey::generate(base::system_random());
    std::optional<zquic::Identity> admin_ = *zquic::Identity::generate();
    std::optional<zquic::Identity> other_client_ = *zquic::Identity::generate();
    std::optional<zquic::Identity> stranger_ = *zquic::Identity::generate();
    std::unique_ptr<rpc::BlockingClient> bridge_;
    std::atomic<std::uint64_t> submitted_ = 0;
};

// Every method, and everything that a caller or the bridge may show for it.
TEST_F(LyingBridgeTest, EachMethodOpensToItsRoleWithAProofAndToNothingElse) {
    using rpc::StatusCode;
    const auto admitted = [](const rpc::Status& status) {
        return status.code != StatusCode::unauthenticated && status.code != StatusCode::permission_denied;
    };
    for (const auto& rule : kMethodTable) {
        const std::string path{rule.path};
        SCOPED_TRACE(path);
        EXPECT_EQ(forward({.path = path, .metadata = {}}, {}).code, StatusCode::unauthenticated) << "no proof";
        EXPECT_EQ(forward({.path = path, .metadata = {{"ghost-caller-key", key_of(*client_identity_)}}}, {}).code,
                  StatusCode::unauthenticated)
            << "the bridge's word";
        const auto client = proved(*client_identity_, path, {});
        const auto admin = proved(*admin_, path, {});
        const auto by_client = forward(client, {});
        const auto by_admin = forward(admin, {});
        EXPECT_EQ(admitted(by_client), rule.need != Need::admin) << by_client.to_string();
        EXPECT_EQ(admitted(by_admin), rule.need != Need::client) << by_admin.to_string();
        if (!admitted(by_client)) {
            EXPECT_EQ(by_client.code, StatusCode::permission_denied);
        }
        if (!admitted(by_admin)) {
            EXPECT_EQ(by_admin.code, StatusCode::permission_denied);
        }
        for (const auto* who : {&*client_identity_, &*admin_}) {
            EXPECT_EQ(forward(proved(*who, path, {}, {.age_ms = 61'000}), {}).code, StatusCode::unauthenticated)
                << "expired";
            EXPECT_EQ(forward(proved(*who, path, {}, {.age_ms = -120'000}), {}).code, StatusCode::unauthenticated)
                << "of the future";
            EXPECT_EQ(forward(proved(*who, path, {}, {.audience = base::Digest{std::byte{1}}}), {}).code,
                      StatusCode::unauthenticated)
                << "another wallet";
            EXPECT_EQ(forward(proved(*who, path, {}, {.signed_path = "/ghost.wallet.v1.WalletService/Other"}), {}).code,
                      StatusCode::unauthenticated)
                << "another path";
            EXPECT_EQ(forward(proved(*who, path, base::as_bytes("other")), {}).code, StatusCode::unauthenticated)
                << "another body";
        }
        EXPECT_EQ(forward(client, {}).code, StatusCode::unauthenticated) << "replayed";
        EXPECT_EQ(forward(admin, {}).code, StatusCode::unauthenticated) << "replayed";
        EXPECT_EQ(forward(proved(*stranger_, path, {}), {}).code, StatusCode::permission_denied) << "an unlisted key";
        // The bridge's own key proves no caller, whatever it signs.
        EXPECT_EQ(forward(proved(*node_identity_, path, {}), {}).code, StatusCode::permission_denied);
        auto two = proved(*client_identity_, path, {});
        const std::string field{*two.metadata.get(call_proof::kProofField)};
        ASSERT_TRUE(two.metadata.add(std::string{call_proof::kProofField}, field));
        EXPECT_EQ(forward(two, {}).code, StatusCode::unauthenticated) << "two proofs";
    }
}

TEST_F(LyingBridgeTest, CanDelayAndDropAPaymentButNeverMakeOrChangeOne) {
    const auto send_body = as_body(payment());
    const auto refused = [&](const rpc::Status& status) {
        EXPECT_EQ(status.code, rpc::StatusCode::unauthenticated) << status.to_string();
        EXPECT_EQ(submitted_, 0u);
    };
    // On its own, with and without a caller that it invents.
    refused(forward({.path = std::string{kSend.path}, .metadata = {}}, send_body));
    refused(forward({.path = std::string{kSend.path}, .metadata = {{"ghost-caller-key", key_of(*client_identity_)}}},
                    send_body));
    // What it sees, changed.
    const auto seen = honest_send(*client_identity_, payment());
    refused(forward(seen, as_body(payment("1001"))));
    refused(forward(seen, as_body(payment("1000", 78))));
    auto as_contract = seen;
    as_contract.path = "/ghost.wallet.v1.WalletService/SendContract";
    refused(forward(as_contract, send_body));
    // Held back for too long, or made for another wallet that the same caller uses.
    refused(forward(honest_send(*client_identity_, payment(), {.age_ms = 60'000 + 1000}), send_body));
    refused(forward(honest_send(*client_identity_, payment(), {.audience = *stranger_->public_key()}), send_body));

    // Unchanged it is what the caller wants, once.
    const auto done = forward(seen, send_body);
    EXPECT_TRUE(done.ok()) << done.to_string();
    EXPECT_EQ(submitted_, 1u);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(forward(seen, send_body).code, rpc::StatusCode::unauthenticated);
    }
    EXPECT_EQ(submitted_, 1u);

    // Not even after a restart, which forgets what was used.
    const auto unused = honest_send(*client_identity_, payment());
    bridge_.reset();
    stop_wallet();
    start_wallet();
    ASSERT_TRUE(wallet_);
    unlock([&](pb::UnlockRequest& request) { request.set_client(raw_key(*client_identity_)); });
    bridge_ = connect(*node_identity_);
    EXPECT_EQ(forward(seen, send_body).code, rpc::StatusCode::unauthenticated);
    EXPECT_EQ(forward(unused, send_body).code, rpc::StatusCode::unauthenticated);
    EXPECT_EQ(submitted_, 1u);
    EXPECT_TRUE(forward(honest_send(*client_identity_, payment()), send_body).ok());
    EXPECT_EQ(submitted_, 2u);
}

TEST_F(LyingBridgeTest, UnlockingNamesClientAccountLimitAndTime) {
    const auto spend = [&](const zquic::Identity& who, const wallet::SendRequest& request) {
        return forward(honest_send(who, request), as_body(request));
    };
    const auto outside = [&](const rpc::Status& status) {
        const auto before = submitted_.load();
        EXPECT_EQ(status.code, rpc::StatusCode::failed_precondition);
        EXPECT_TRUE(status.message.starts_with("out_of_scope:")) << status.to_string();
        EXPECT_EQ(submitted_, before);
    };
    // Amount 1000, and a fee of at most 100,000 gas at 1 gagcc.
    constexpr std::uint64_t kTotal = 1000 + 100'000ull * 1'000'000'000ull;
    const auto limited = [&](pb::UnlockRequest& request) {
        request.set_client(raw_key(*client_identity_));
        request.set_limit(std::to_string(2 * kTotal + kTotal / 2));
        request.set_timeout_s(600);
    };
    unlock(limited);
    outside(spend(*other_client_, payment()));
    EXPECT_TRUE(spend(*client_identity_, payment()).ok());
    auto preview = payment();
    preview.set_dry_run(true);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(spend(*client_identity_, preview).ok()) << "previews cost nothing";
    preview.set_sign(true);
    EXPECT_TRUE(spend(*client_identity_, preview).ok()) << "this one can be submitted by whoever has it";
    outside(spend(*client_identity_, payment()));
    outside(spend(*client_identity_, preview));
    EXPECT_EQ(submitted_, 1u);
    pb::LocalRequest ask;
    ask.mutable_status();
    const auto status = ask_local(wallet_->socket_path(), ask).status();
    EXPECT_EQ(status.spent(), std::to_string(2 * kTotal));
    EXPECT_EQ(status.unlocked_client(), raw_key(*client_identity_));

    ask.mutable_lock();
    ask_local(wallet_->socket_path(), ask);
    EXPECT_TRUE(spend(*client_identity_, payment()).message.starts_with("locked:"));
    unlock(limited);  // the password was given anew
    EXPECT_TRUE(spend(*client_identity_, payment()).ok());

    ask.mutable_create_account()->set_label("savings");
    ASSERT_TRUE(ask_local(wallet_->socket_path(), ask).has_account());
    unlock([&](pb::UnlockRequest& request) {
        request.set_client(raw_key(*client_identity_));
        request.set_account("savings");
    });
    outside(spend(*client_identity_, payment()));
    auto from_savings = payment();
    from_savings.set_from("savings");
    EXPECT_TRUE(spend(*client_identity_, from_savings).ok());

    unlock([](pb::UnlockRequest&) {});
    outside(spend(*client_identity_, payment()));
    // A connection of the client's own proves the same key, and has the same scope.
    outside(client_->stream(kSend, payment(), {.timeout_ns = kTimeoutNs}, [](const auto&) { return true; }));
}

}  // namespace
}  // namespace walletd
