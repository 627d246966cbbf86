// Many exchanges on one connection that are acknowledged, answered or given up together.
#include "h3_net.hpp"

namespace zquic::test {
namespace {

class Http3Crowd : public Http3 {
 protected:
    static constexpr std::size_t kCrowd = 3000;

    /// Holds what is asked of "/slow", answers the rest.
    void serve_slowly() {
        auto config = server_config();
        config.settings.max_streams_bidi = 2 * kCrowd;
        serve_http(
            [this](h3::Exchange& exchange, h3::Fields fields, bool) {
                if (*h3::find_field(fields, ":path") == "/slow") {
                    held.push_back(&exchange);
                } else {
                    answer(exchange);
                }
                return std::make_shared<Events>();
            },
            {}, std::move(config));
    }
    static void answer(h3::Exchange& exchange) {
        must(exchange.send_headers({{":status", "200"}, {"content-type", "application/test"}}, true));
    }
    /// kCrowd requests, all with the server.
    void ask_all(const h3::Limits& limits = {}) {
        open_client(limits);
        const auto early = std::make_shared<Events>();
        ask(get("/"), true, early);
        ASSERT_TRUE(run_until([&] { return early->end.has_value(); }));
        while (asked.size() < kCrowd && !closed) {
            for (std::size_t i = 0; i < limits.pending_requests_max && asked.size() < kCrowd; ++i) {
                crowd.push_back(std::make_shared<Events>());
                asked.push_back(&ask(get("/slow"), true, crowd.back()));
            }
            turns(1);
        }
        ASSERT_TRUE(run_until([&] { return held.size() == kCrowd || closed; }));
        ASSERT_FALSE(closed) << closed->reason;
    }
    [[nodiscard]] bool all_ended() const {
        return std::ranges::all_of(crowd, [](const auto& one) { return one->end.has_value(); });
    }
    /// Whether the connection serves a new request.
    void expect_alive() {
        ASSERT_FALSE(closed) << closed->reason;
        const auto last = std::make_shared<Events>();
        ask(get("/"), true, last);
        ASSERT_TRUE(run_until([&] { return last->end.has_value(); }));
        EXPECT_TRUE(last->end->clean);
        turns(20);
        EXPECT_FALSE(closed) << closed->reason;
        EXPECT_EQ(server->stats().accepted, 1u);
    }

    std::vector<h3::Exchange*> held;   ///< Server.
    std::vector<h3::Exchange*> asked;  ///< Client.
    std::vector<std::shared_ptr<Events>> crowd;
};

TEST_F(Http3Crowd, MayWaitForASlowServer) {
    serve_slowly();
    ask_all();
    turns(50);
    expect_alive();
}

TEST_F(Http3Crowd, MayBeAnsweredTogether) {
    serve_slowly();
    ask_all();
    for (auto* const exchange : held) answer(*exchange);
    ASSERT_TRUE(run_until([&] { return all_ended() || closed; }));
    turns(50);
    EXPECT_TRUE(std::ranges::all_of(crowd, [](const auto& one) { return one->end->clean; }));
    expect_alive();
}

TEST_F(Http3Crowd, MayBeCancelledTogether) {
    serve_slowly();
    h3::Limits limits;
    limits.pending_requests_max = 100;  // fewer than are open
    ask_all(limits);
    for (auto* const exchange : asked) exchange->cancel(h3::Code::request_cancelled);
    ASSERT_TRUE(run_until([&] { return (all_ended() && http_server->stats().exchanges == 0) || closed; }));
    turns(50);
    expect_alive();
}

TEST_F(Http3Crowd, MayBeRefusedTogether) {
    serve_slowly();
    ask_all();
    for (auto* const exchange : held) exchange->cancel(h3::Code::request_rejected);
    ASSERT_TRUE(run_until([&] { return all_ended() || closed; }));
    turns(50);
    EXPECT_TRUE(std::ranges::all_of(crowd, [](const auto& one) { return one->end->retryable; }));
    expect_alive();
}

}  // namespace
}  // namespace zquic::test
