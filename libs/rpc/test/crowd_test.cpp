// A hundred thousand calls under way on one connection to a server that is in no hurry.
#include <map>

#include "base/sanitizers.hpp"
#include "rig.hpp"
#include "zquic/h3.hpp"

namespace rpc::test {
namespace {

class Crowd : public Rig {
 public:
    /// A call takes 4 KB on each side, and several times that under a sanitizer.
    static constexpr std::size_t kCalls = base::kSanitized ? 10'000 : 100'000;
    /// ChannelOptions::waiting_calls_max lets as many wait for the connection.
    static constexpr std::size_t kBatch = 4000;

    void serve_slowly() {
        server = Server::make(*reactor, {.calls_max = 2 * kCalls});
        server->add(kUnary, [this](CallContext&, const Message& request, Responder<Message> done) {
            if (request.raw().empty()) return done.respond({});
            saw(std::stoul(request.raw()));
            held.push_back(std::move(done));
        });
        QuicServerOptions options{.address = io::SocketAddress::loopback_v6(0), .identity = server_identity};
        options.settings.max_streams_bidi = 2 * kCalls;
        auto started = QuicListener::start(*server, std::move(options));
        ASSERT_TRUE(started) << started.error().text;
        listener = std::move(*started);
        channel = Channel::make(*reactor, connector(), {.name = "test"});
    }
    /// Every third call has a deadline that it will miss; those lie together.
    void start_all() {
        const auto deadline_ns = reactor->refresh_now() + 8 * kSecond;
        for (std::size_t i = 0; i < kCalls; ++i) {
            if (i % kBatch == 0) {
                ASSERT_TRUE(until([&] { return seen_count == i; }));
            }
            const auto left_ns = deadline_ns - std::min(deadline_ns - 1, reactor->now_ns());
            handles.push_back(channel->call(kUnary, message(std::to_string(i)),
                                            {.timeout_ns = i % 3 == 0 ? left_ns : kNoDeadline},
                                            [this, i](const StatusOr<Message>& answer) {
                                                saw(i);
                                                ++ended;
                                                ++ends[answer ? StatusCode::ok : answer.error().code];
                                                if (!answer) last_error = answer.error().to_string();
                                            }));
        }
        ASSERT_TRUE(until([&] { return seen_count == kCalls; }));
    }
    /// A call has arrived or ended.
    void saw(std::size_t call) {
        if (!std::exchange(seen[call], true)) ++seen_count;
    }

    std::vector<Responder<Message>> held;
    std::vector<CallHandle> handles;
    std::vector<char> seen = std::vector<char>(kCalls);
    std::size_t seen_count = 0;
    std::size_t ended = 0;
    std::map<StatusCode, std::size_t> ends;
    std::string last_error;
};

TEST_P(Crowd, SurvivesDeadlinesCancellationsAndLateAnswers) {
    serve_slowly();
    start_all();
    constexpr auto kDue = (kCalls + 2) / 3;
    // The second third is cancelled at once while the first runs into its deadlines; the last is answered.
    std::size_t cancelled = 0;
    for (std::size_t i = 1; i < kCalls; i += 3) {
        handles[i].cancel();
        ++cancelled;
    }
    ASSERT_TRUE(until([&] { return ended >= kDue + cancelled; }));
    for (auto& done : held) done.respond({});
    ASSERT_TRUE(until([&] { return ended == kCalls; }));
    EXPECT_EQ(ends[StatusCode::deadline_exceeded], kDue);
    EXPECT_EQ(ends[StatusCode::cancelled], cancelled);
    EXPECT_EQ(ends[StatusCode::ok], kCalls - kDue - cancelled);
    EXPECT_EQ(ends.size(), 3u) << last_error;
    EXPECT_TRUE(call({}));
    EXPECT_EQ(listener->endpoint().stats().accepted, 1u) << "all on one connection";
}

TEST_P(Crowd, IsToldThatTooManyCallsWaitForAStream) {
    serve_slowly();
    ASSERT_TRUE(call({}));
    // Streams are opened at the end of the turn: until then every call waits.
    constexpr auto kMax = zquic::h3::Limits{}.pending_requests_max;
    for (std::size_t i = 0; i <= kMax; ++i) {
        handles.push_back(channel->call(kUnary, message("0"), {}, [this](const StatusOr<Message>& answer) {
            ++ended;
            if (!answer) last_error = answer.error().to_string();
        }));
    }
    ASSERT_TRUE(until([&] { return ended > 0 && held.size() == kMax; })) << "the others are with the server";
    EXPECT_EQ(ended, 1u);
    EXPECT_NE(last_error.find("RESOURCE_EXHAUSTED"), std::string::npos) << last_error;
    EXPECT_NE(last_error.find("too many calls wait for a free stream"), std::string::npos) << last_error;
    EXPECT_TRUE(call({})) << "the connection goes on";
}

INSTANTIATE_TEST_SUITE_P(Over, Crowd, testing::Values(Transport::quic), name_of);

}  // namespace
}  // namespace rpc::test
