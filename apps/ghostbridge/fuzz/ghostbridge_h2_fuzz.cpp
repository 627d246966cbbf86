// Any bytes as an HTTP/2 connection: never crashes, never loops, holds a bounded amount. The first byte chooses the
// size of the pieces, whether the preface is given for free, and how the calls are answered.

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "ghostbridge/h2_session.hpp"
#include "ghostbridge/headers.hpp"

namespace {

using namespace ghostbridge;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kPullsMax = 10'000;

/// Answers a call in one of four ways.
struct Answerer final : rpc::StreamEvents {
    Answerer(std::unique_ptr<rpc::HttpStream> stream_in, unsigned mode_in)
        : stream{std::move(stream_in)}, mode{mode_in} {
        stream->set_events(*this);
    }
    void on_headers(rpc::Fields headers) override {
        static_cast<void>(parse_request(std::move(headers)));
        if (mode == 0) return;
        if (mode == 1) {
            stream->send_headers(refusal_fields({200, {rpc::StatusCode::unimplemented, "no"}}), true);
            stream.reset();
            return;
        }
        stream->send_headers({{":status", "200"}, {"content-type", "application/grpc"}}, false);
    }
    void on_data(base::ByteView bytes) override {
        held += bytes.size();
        if (!stream) return;
        if (mode == 2) {
            stream->write(base::to_bytes(bytes), false);
            stream->consume(bytes.size());
        }
    }
    void on_end(rpc::Fields) override {
        if (stream && mode >= 2) stream->send_trailers({{"grpc-status", "0"}});
    }
    void on_writable() override {}
    void on_reset(std::uint64_t, const std::string&) override { stream.reset(); }

    std::unique_ptr<rpc::HttpStream> stream;
    unsigned mode;
    std::size_t held = 0;
};

struct FuzzHost final : H2Session::Host {
    void on_stream(std::unique_ptr<rpc::HttpStream> stream) override {
        if (calls.size() < 200) calls.push_back(std::make_unique<Answerer>(std::move(stream), mode));
    }
    void want_write() override {}
    unsigned mode = 0;
    std::vector<std::unique_ptr<Answerer>> calls;
};

void pull_all(H2Session& session) {
    for (std::size_t i = 0; i < kPullsMax; ++i) {
        const auto bytes = session.pull();
        if (!bytes || bytes->empty()) return;
    }
    std::abort();  // output without end for bounded input
}

/// As a server whose turns are short: a frame at a time, never none.
bool feed_in_turns(H2Session& session, base::ByteView bytes) {
    while (!bytes.empty()) {
        const auto taken = session.feed_some(bytes, 1);
        if (!taken) return false;
        if (*taken == 0 || *taken > bytes.size() || session.take_cost() == 0) std::abort();
        bytes = bytes.subspan(*taken);
    }
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const unsigned choice = data[0];
    auto input = std::as_bytes(std::span{data + 1, size - 1});
    FuzzHost host;
    host.mode = choice & 3;
    TcpLimits limits;
    limits.header_list_bytes_max = 4096;
    limits.streams_max = 50;
    base::ManualClock clock;
    auto session = H2Session::make(limits, {}, clock, host);
    if (!session) std::abort();
    if ((choice & 4) != 0 && !(*session)->feed(base::as_bytes(kPreface))) std::abort();
    const std::size_t piece = (choice & 8) != 0 ? input.size() + 1 : 1 + (choice >> 4);
    while (!input.empty()) {
        const auto part = input.first(std::min(piece, input.size()));
        input = input.subspan(part.size());
        if (!feed_in_turns(**session, part)) break;
        pull_all(**session);
    }
    pull_all(**session);
    if ((choice & 16) != 0) (*session)->shutdown();
    pull_all(**session);
    if ((choice & 32) != 0) {
        (*session)->abort("over");
        host.calls.clear();
    } else if ((choice & 64) != 0) {
        host.calls.clear();
        pull_all(**session);
    } else {
        session->reset();  // calls outlive the session
        host.calls.clear();
    }
    return 0;
}
