// Proved calls to a service that answers honestly, and to ones that do not, over real QUIC.
#include "call_proof/client.hpp"

#include <gtest/gtest.h>

#include "call_proof/guard.hpp"
#include "ghost/chain/v1/chain.pb.h"
#include "io/thread.hpp"
#include "rpc/quic.hpp"
#include "rpc/server.hpp"

namespace call_proof {
namespace {

using Message = ghost::chain::v1::Transaction;  // One bytes field: any payload.
constexpr rpc::UnaryMethod<Message, Message> kUnary{"/test.v1.Test/Unary"};
constexpr rpc::ServerStreamMethod<Message, Message> kStream{"/test.v1.Test/Stream"};
constexpr std::uint64_t kTimeoutNs = 60'000'000'000;

Message message(std::string text) {
    Message out;
    out.set_raw(std::move(text));
    return out;
}

class ClientTest : public testing::Test {
 protected:
    void SetUp() override {
        auto thread = io::ReactorThread::start("service");
        ASSERT_TRUE(thread);
        thread_ = std::move(*thread);
        thread_->run_and_wait([&] {
            guard_.emplace(GuardOptions{.audience = *identity_->public_key()});
            server_ = rpc::Server::make(thread_->reactor());
            server_->add_method(kUnary.path, {.request_stream = false,
                                              .response_stream = false,
                                              .run = [this](const rpc::ServerCallPtr& call, base::ByteView request) {
                                                  answer(call, request);
                                              }});
            server_->add_method(kStream.path, {.request_stream = false,
                                               .response_stream = true,
                                               .run = [this](const rpc::ServerCallPtr& call, base::ByteView request) {
                                                   answer(call, request);
                                               }});
            auto listener = rpc::QuicListener::start(
                *server_, {.address = *io::SocketAddress::parse("127.0.0.1:0"), .identity = *identity_});
            ASSERT_TRUE(listener) << listener.error().text;
            listener_ = std::move(*listener);
        });
        auto client = rpc::BlockingClient::make([&](io::Reactor& reactor) {
            return rpc::make_quic_connector(reactor, {.server = listener_->bound_address(),
                                                      .server_keys = {*identity_->public_key()},
                                                      .identity = *caller_identity_});
        });
        ASSERT_TRUE(client);
        client_ = std::move(*client);
    }
    void TearDown() override {
        client_.reset();
        thread_->run_and_wait([&] {
            listener_.reset();
            server_.reset();
        });
    }
    /// Three messages of a stream, one of a unary call; of "fail" an error.
    void answer(const rpc::ServerCallPtr& call, base::ByteView request) {
        rpc::CallContext context{call};
        rpc::ServerStream<Message> out{call};
        const auto field = context.metadata().get(kProofField);
        const auto proof = field ? decode(base::as_bytes(*field)) : fail(Errc::malformed);
        const auto admitted =
            proof ? guard_->admit(*proof, {.path = context.path(), .request = request}, base::system_clock().unix_ms())
                  : std::unexpected{proof.error()};
        if (!admitted) {
            (void)context.add_trailing(std::string{kChallengeField}, std::string{base::as_text(guard_->challenge())});
            return out.finish({rpc::StatusCode::unauthenticated, base::to_string(admitted.error())});
        }
        const auto& key = seals_with_ ? *seals_with_ : key_;
        if (seals_) context.set_seal(make_seal(*admitted, key));
        Message asked;
        ASSERT_TRUE(rpc::parse_message(request, asked));
        if (asked.raw() == "fail") return out.finish({rpc::StatusCode::failed_precondition, "rejected: no"});
        const int count = context.path() == kStream.path ? 3 : 1;
        for (int i = 0; i < count; ++i) ASSERT_TRUE(out.write(message(asked.raw() + std::to_string(i))));
        out.finish();
    }
    Caller make_caller() { return Caller{*signing_key_of(*caller_identity_), {.audience = *identity_->public_key()}}; }

    std::optional<zquic::Identity> identity_ = *zquic::Identity::generate();
    std::optional<zquic::Identity> caller_identity_ = *zquic::Identity::generate();
    zcrypto::ed25519::SigningKey key_ = *signing_key_of(*identity_);
    std::optional<zcrypto::ed25519::SigningKey> seals_with_;
    bool seals_ = true;
    std::optional<Guard> guard_;
    std::unique_ptr<io::ReactorThread> thread_;
    std::unique_ptr<rpc::Server> server_;
    std::unique_ptr<rpc::QuicListener> listener_;
    std::unique_ptr<rpc::BlockingClient> client_;
};

TEST_F(ClientTest, ProvesCallsAndChecksTheirAnswers) {
    auto caller = make_caller();
    for (int i = 0; i < 3; ++i) {
        const auto answer = caller.call(*client_, kUnary, message("a"), {.timeout_ns = kTimeoutNs});
        ASSERT_TRUE(answer) << answer.error().to_string();
        EXPECT_EQ(answer->raw(), "a0");
    }
    std::string all;
    const auto status =
        caller.stream(*client_, kStream, message("b"), {.timeout_ns = kTimeoutNs}, [&](const Message& part) {
            all += part.raw();
            return true;
        });
    EXPECT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ(all, "b0b1b2");
    const auto failed = caller.call(*client_, kUnary, message("fail"), {.timeout_ns = kTimeoutNs});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message, "rejected: no") << "signed, so without a remark";
}

TEST_F(ClientTest, BelievesNoAnswerThatIsNotSignedByThePinnedKey) {
    auto caller = make_caller();
    const auto refused = [&] {
        const auto answer = caller.call(*client_, kUnary, message("a"), {.timeout_ns = kTimeoutNs});
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, rpc::StatusCode::data_loss) << answer.error().to_string();
        const auto stream = caller.stream(*client_, kStream, message("a"), {.timeout_ns = kTimeoutNs},
                                          [](const Message&) { return true; });
        EXPECT_EQ(stream.code, rpc::StatusCode::data_loss) << stream.to_string();
        const auto failed = caller.call(*client_, kUnary, message("fail"), {.timeout_ns = kTimeoutNs});
        ASSERT_FALSE(failed);
        EXPECT_EQ(failed.error().code, rpc::StatusCode::failed_precondition);
        EXPECT_TRUE(failed.error().message.ends_with(kUnsigned)) << failed.error().message;
    };
    seals_ = false;
    refused();
    seals_ = true;
    seals_with_ = *signing_key_of(*zquic::Identity::generate());
    refused();
}

TEST_F(ClientTest, AnAnswerHoldsForItsCallOrderAndCountOnly) {
    const auto one = base::Digest{std::byte{1}};
    const auto signed_answer = [&](const std::vector<std::string>& parts, const rpc::Status& status) {
        rpc::Metadata trailing;
        auto seal = make_seal(one, key_);
        for (const auto& part : parts) seal->on_message(base::as_bytes(part));
        seal->on_end(status, trailing);
        return trailing;
    };
    const auto trailing = signed_answer({"a", "bc"}, {});
    const auto holds = [&](const base::Digest& call, const std::vector<std::string>& parts, const rpc::Status& status) {
        Answer answer{call};
        for (const auto& part : parts) answer.add(base::as_bytes(part));
        return answer.signed_by(*identity_->public_key(), status, trailing);
    };
    EXPECT_TRUE(holds(one, {"a", "bc"}, {}));
    EXPECT_FALSE(holds(base::Digest{std::byte{2}}, {"a", "bc"}, {})) << "another call's";
    EXPECT_FALSE(holds(one, {"bc", "a"}, {})) << "reordered";
    EXPECT_FALSE(holds(one, {"a"}, {})) << "dropped";
    EXPECT_FALSE(holds(one, {"a", "bc", "bc"}, {})) << "repeated";
    EXPECT_FALSE(holds(one, {"ab", "c"}, {})) << "cut elsewhere";
    EXPECT_FALSE(holds(one, {"a", "bc"}, {rpc::StatusCode::internal, {}})) << "another status";
    EXPECT_FALSE(holds(one, {"a", "bc"}, {rpc::StatusCode::ok, "text"})) << "another text";
}

}  // namespace
}  // namespace call_proof
