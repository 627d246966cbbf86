// H2Session against nghttp2's own client, in memory, and against peers that break the protocol.

#include "ghostbridge/h2_session.hpp"

#include <gtest/gtest.h>
#include <malloc.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/sanitizers.hpp"

namespace {

using namespace ghostbridge;
using rpc::Fields;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// One frame as it goes over the wire (RFC 9113 section 4.1).
base::Bytes frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, base::ByteView payload = {}) {
    base::Bytes out(9);
    base::store_be(out.data(), static_cast<std::uint32_t>(payload.size() << 8 | type));
    out[4] = std::byte{flags};
    base::store_be(out.data() + 5, stream);
    out.insert(out.end(), payload.begin(), payload.end());
    return out;
}
/// POST http / with the authority "x", in HPACK without the dynamic table.
const base::Bytes kRequestBlock = base::from_hex("838684010178").value();
base::Bytes headers_frame(std::uint32_t stream, base::ByteView block = kRequestBlock) {
    return frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, stream, block);
}

/// A call on the server side that records what happens.
struct Call final : rpc::StreamEvents {
    explicit Call(std::unique_ptr<rpc::HttpStream> stream_in) : stream{std::move(stream_in)} {
        stream->set_events(*this);
    }
    void on_headers(Fields fields) override { headers = std::move(fields); }
    void on_data(base::ByteView bytes) override { data.insert(data.end(), bytes.begin(), bytes.end()); }
    void on_end(Fields fields) override {
        ended = true;
        trailers = std::move(fields);
    }
    void on_writable() override { ++writable; }
    void on_reset(std::uint64_t code, const std::string&) override { reset_code = code; }

    std::unique_ptr<rpc::HttpStream> stream;
    Fields headers;
    Fields trailers;
    base::Bytes data;
    bool ended = false;
    int writable = 0;
    std::optional<std::uint64_t> reset_code;
};

struct Host final : H2Session::Host {
    void on_stream(std::unique_ptr<rpc::HttpStream> stream) override {
        calls.push_back(std::make_unique<Call>(std::move(stream)));
    }
    void want_write() override {}
    std::vector<std::unique_ptr<Call>> calls;
};

/// What the client saw of one stream.
struct Seen {
    Fields fields;  ///< Headers and trailers.
    std::size_t bytes = 0;
    bool closed = false;
    bool end_stream = false;
    std::uint32_t code = 0;
};

class H2SessionTest : public ::testing::Test {
 protected:
    void SetUp() override { make(TcpLimits{}); }
    void TearDown() override { nghttp2_session_del(client_); }

    void make(const TcpLimits& limits, std::uint32_t client_window = 65'535) {
        host_.calls.clear();
        nghttp2_session_del(client_);
        seen_.clear();
        goaway_.reset();
        session_ = H2Session::make(limits, {}, clock_, host_).value();
        nghttp2_session_callbacks* callbacks = nullptr;
        ASSERT_EQ(nghttp2_session_callbacks_new(&callbacks), 0);
        nghttp2_session_callbacks_set_on_header_callback(
            callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                          const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
                self(user).seen_[frame->hd.stream_id].fields.push_back(
                    {std::string(reinterpret_cast<const char*>(name), name_size),
                     std::string(reinterpret_cast<const char*>(value), value_size)});
                return 0;
            });
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
            callbacks,
            [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t*, std::size_t size, void* user) {
                self(user).seen_[id].bytes += size;
                return 0;
            });
        nghttp2_session_callbacks_set_on_frame_recv_callback(
            callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
                if (frame->hd.type == NGHTTP2_GOAWAY) self(user).goaway_ = frame->goaway.error_code;
                if (frame->hd.stream_id != 0 && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
                    (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS))
                    self(user).seen_[frame->hd.stream_id].end_stream = true;
                return 0;
            });
        nghttp2_session_callbacks_set_on_stream_close_callback(
            callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
                self(user).seen_[id].closed = true;
                self(user).seen_[id].code = code;
                return 0;
            });
        nghttp2_option* option = nullptr;
        ASSERT_EQ(nghttp2_option_new(&option), 0);
        nghttp2_option_set_no_auto_window_update(option, 1);
        ASSERT_EQ(nghttp2_session_client_new2(&client_, callbacks, this, option), 0);
        nghttp2_option_del(option);
        nghttp2_session_callbacks_del(callbacks);
        const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, client_window}};
        ASSERT_EQ(nghttp2_submit_settings(client_, 0, settings, 1), 0);
    }
    static H2SessionTest& self(void* user) { return *static_cast<H2SessionTest*>(user); }

    /// Carries bytes both ways until nothing moves.
    void exchange() {
        for (bool moved = true; moved;) {
            moved = false;
            const std::uint8_t* out = nullptr;
            while (true) {
                const auto size = nghttp2_session_mem_send(client_, &out);
                ASSERT_GE(size, 0);
                if (size == 0) break;
                moved = true;
                fed_ = session_->feed(std::as_bytes(std::span{out, static_cast<std::size_t>(size)}));
            }
            moved = pull_into_client() || moved;
        }
    }
    bool pull_into_client() {
        bool moved = false;
        while (true) {
            const auto bytes = session_->pull();
            if (!bytes || bytes->empty()) return moved;
            moved = true;
            EXPECT_GE(nghttp2_session_mem_recv(client_, base::as_u8(*bytes), bytes->size()), 0);
        }
    }
    /// The preface and empty SETTINGS, by hand; the server's SETTINGS are not acknowledged.
    void begin_raw() {
        ASSERT_TRUE(session_->feed(base::as_bytes(kPreface)));
        ASSERT_TRUE(session_->feed(frame(NGHTTP2_SETTINGS, 0, 0)));
    }
    /// What the server has to say, for nobody.
    base::Bytes pull_all() {
        base::Bytes out;
        while (true) {
            const auto bytes = session_->pull();
            if (!bytes || bytes->empty()) return out;
            out.insert(out.end(), bytes->begin(), bytes->end());
        }
    }
    /// A request whose body is `body_bytes` long; END_STREAM after it unless `open`.
    std::int32_t request(std::size_t body_bytes, bool open = false, const Fields& extra = {}) {
        Fields fields{{":method", "POST"}, {":scheme", "http"}, {":path", "/a.B/C"}, {":authority", "x"}};
        fields.insert(fields.end(), extra.begin(), extra.end());
        std::vector<nghttp2_nv> native;
        for (auto& field : fields)
            native.push_back({reinterpret_cast<std::uint8_t*>(field.name.data()),
                              reinterpret_cast<std::uint8_t*>(field.value.data()), field.name.size(),
                              field.value.size(), NGHTTP2_NV_FLAG_NONE});
        bodies_.push_back(std::make_unique<Body>(Body{body_bytes, open}));
        nghttp2_data_provider provider{};
        provider.source.ptr = bodies_.back().get();
        provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t size,
                                    std::uint32_t* flags, nghttp2_data_source* source, void*) -> ssize_t {
            auto& body = *static_cast<Body*>(source->ptr);
            const auto part = std::min(size, body.left);
            std::fill_n(out, part, std::uint8_t{'x'});
            body.left -= part;
            if (body.left == 0 && !body.open) *flags |= NGHTTP2_DATA_FLAG_EOF;
            if (part == 0 && body.open) return NGHTTP2_ERR_DEFERRED;
            return static_cast<ssize_t>(part);
        };
        return nghttp2_submit_request(client_, nullptr, native.data(), native.size(), &provider, nullptr);
    }
    static std::string value(const Fields& fields, std::string_view name) {
        const auto* const found = rpc::find_field(fields, name);
        return found ? *found : "<none>";
    }

    struct Body {
        std::size_t left;
        bool open;
    };
    base::ManualClock clock_;
    Host host_;
    std::unique_ptr<H2Session> session_;
    nghttp2_session* client_ = nullptr;
    std::vector<std::unique_ptr<Body>> bodies_;
    std::map<std::int32_t, Seen> seen_;
    std::optional<std::uint32_t> goaway_;
    base::Result<void> fed_;
};

TEST_F(H2SessionTest, CarriesACallWithBodyAndTrailers) {
    const auto id = request(1000, false, {{"x-a", "1"}, {"x-a", "2"}});
    exchange();
    ASSERT_EQ(host_.calls.size(), 1u);
    auto& call = *host_.calls[0];
    EXPECT_EQ(value(call.headers, ":path"), "/a.B/C");
    EXPECT_EQ(std::ranges::count(call.headers, "x-a", &rpc::Field::name), 2);
    EXPECT_EQ(call.data.size(), 1000u);
    EXPECT_TRUE(call.ended);
    call.stream->send_headers({{":status", "200"}}, false);
    call.stream->write(base::Bytes(50'000), false);
    call.stream->send_trailers({{"grpc-status", "0"}, {"b-bin", "AA"}});
    exchange();
    EXPECT_EQ(seen_[id].bytes, 50'000u);
    EXPECT_EQ(value(seen_[id].fields, "b-bin"), "AA");
    EXPECT_TRUE(seen_[id].closed);
    EXPECT_EQ(seen_[id].code, static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
    EXPECT_FALSE(call.reset_code) << "a complete exchange is not reset";
}

TEST_F(H2SessionTest, ReturnsCreditOnlyForWhatWasConsumed) {
    TcpLimits limits;
    limits.stream_window_bytes = 100'000;
    make(limits);
    request(1 << 20);
    exchange();
    auto& call = *host_.calls[0];
    EXPECT_LE(call.data.size(), 100'000u);
    EXPECT_GE(call.data.size(), 65'535u);
    std::size_t consumed = 0;
    while (!call.ended) {
        const auto before = call.data.size();
        ASSERT_LE(before - consumed, 100'000u);
        call.stream->consume(before - consumed);
        consumed = before;
        exchange();
        ASSERT_TRUE(call.ended || call.data.size() > before) << "stalled at " << before;
    }
    EXPECT_EQ(call.data.size(), std::size_t{1} << 20);
}

TEST_F(H2SessionTest, HoldsTheAnswerOfASlowReader) {
    const auto id = request(0);
    exchange();
    auto& call = *host_.calls[0];
    call.stream->set_low_water(10'000);
    call.stream->send_headers({{":status", "200"}}, false);
    call.stream->write(base::Bytes(100'000), false);
    exchange();
    EXPECT_EQ(seen_[id].bytes, 65'535u);
    EXPECT_EQ(call.stream->queued_bytes(), 100'000u - 65'535u);
    EXPECT_EQ(call.writable, 0);
    nghttp2_session_consume(client_, id, 65'535);
    exchange();
    EXPECT_EQ(seen_[id].bytes, 100'000u);
    EXPECT_EQ(call.stream->queued_bytes(), 0u);
    EXPECT_EQ(call.writable, 1);
}

TEST_F(H2SessionTest, GivesUpAnAnswerThatNobodyTakes) {
    make(TcpLimits{}, 0);  // a client that gives no window
    const auto stalled = request(0);
    const auto open = request(10, true);
    exchange();
    auto kept = std::make_shared<int>();
    const std::weak_ptr held{kept};
    auto& call = *host_.calls[0];
    call.stream->keep(std::move(kept));
    call.stream->send_headers({{":status", "200"}}, false);
    call.stream->write(base::Bytes(1000), true);
    host_.calls.erase(host_.calls.begin());  // the call has ended
    exchange();
    EXPECT_FALSE(held.expired()) << "its answer is still here";
    clock_.advance_ns(100);
    session_->reset_untaken(100);
    exchange();
    EXPECT_FALSE(seen_[stalled].closed);
    clock_.advance_ns(1);
    session_->reset_untaken(100);
    exchange();
    EXPECT_TRUE(seen_[stalled].closed);
    EXPECT_EQ(seen_[stalled].code, static_cast<std::uint32_t>(NGHTTP2_CANCEL));
    EXPECT_TRUE(held.expired());
    EXPECT_FALSE(seen_[open].closed) << "a call that goes on has its own deadline";
}

TEST_F(H2SessionTest, SaysNoErrorAfterAnAnswerThatCameEarly) {
    const auto id = request(10, true);
    exchange();
    auto& call = *host_.calls[0];
    call.stream->send_headers({{":status", "200"}}, false);
    call.stream->write(base::Bytes(20'000), false);
    call.stream->send_trailers({{"grpc-status", "8"}});
    call.stream->stop_reading(0x100);
    host_.calls.clear();
    exchange();
    EXPECT_EQ(seen_[id].bytes, 20'000u) << "the answer is complete before the reset";
    EXPECT_EQ(value(seen_[id].fields, "grpc-status"), "8");
    EXPECT_TRUE(seen_[id].end_stream);
    EXPECT_TRUE(seen_[id].closed);
    EXPECT_EQ(seen_[id].code, static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
}

TEST_F(H2SessionTest, CancelsBothWays) {
    const auto first = request(10, true);
    const auto second = request(10, true);
    exchange();
    nghttp2_submit_rst_stream(client_, 0, first, NGHTTP2_CANCEL);
    host_.calls[1]->stream->reset(0x107);
    exchange();
    EXPECT_EQ(host_.calls[0]->reset_code, std::optional<std::uint64_t>{0x10c});
    EXPECT_EQ(seen_[second].code, static_cast<std::uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
    EXPECT_FALSE(host_.calls[1]->reset_code) << "no event follows one's own reset";
    host_.calls[0]->stream->write(base::Bytes(10), true);  // inert
}

TEST_F(H2SessionTest, RefusesLargeHeadersWithResourceExhausted) {
    const auto id = request(0, false, {{"x-big", std::string(17 << 10, 'v')}});
    exchange();
    EXPECT_TRUE(host_.calls.empty());
    EXPECT_EQ(value(seen_[id].fields, "grpc-status"), "8");
    const auto many = request(0, false, Fields(130, {"x", "y"}));
    exchange();
    EXPECT_EQ(value(seen_[many].fields, "grpc-status"), "8");
    request(0);
    exchange();
    EXPECT_EQ(host_.calls.size(), 1u) << "the connection lives on";
}

TEST_F(H2SessionTest, HangsUpOnAHeaderBomb) {
    // One entry of 3,000 bytes in the HPACK table, then a byte for each of 1,000 repetitions.
    base::Bytes block = base::from_hex(
                            "400178"
                            "7fb916")
                            .value();  // literal with indexing, "x", length 127 + 2873
    block.insert(block.end(), 3000, std::byte{'b'});
    block.insert(block.end(), 1000, std::byte{0xbe});  // index 62: the newest entry
    base::Bytes wire = base::to_bytes(kPreface);
    const auto append = [&](base::ByteView bytes) { wire.insert(wire.end(), bytes.begin(), bytes.end()); };
    append(base::from_hex("000000040000000000").value());
    base::FixedBytes<4> length;
    base::store_be(length.data(), static_cast<std::uint32_t>(block.size() << 8 | NGHTTP2_HEADERS));
    append(length);
    append(base::from_hex("0500000001").value());
    append(block);
    EXPECT_FALSE(session_->feed(wire));
    EXPECT_TRUE(host_.calls.empty());
}

TEST_F(H2SessionTest, HangsUpOnFloods) {
    TcpLimits limits;
    limits.control_frames_burst = 50;
    limits.control_frames_per_s = 10;
    const auto flood = [&](auto send) {
        make(limits);
        exchange();
        for (int i = 0; i < 200 && fed_; ++i) {
            send();
            exchange();
        }
        EXPECT_FALSE(fed_);
        EXPECT_EQ(goaway_.value_or(NGHTTP2_NO_ERROR), static_cast<std::uint32_t>(NGHTTP2_ENHANCE_YOUR_CALM));
        fed_ = {};
    };
    flood([&] { nghttp2_submit_ping(client_, 0, nullptr); });
    flood([&] { nghttp2_submit_settings(client_, 0, nullptr, 0); });
    flood([&] {
        const auto id = request(0, true);
        exchange();
        nghttp2_submit_rst_stream(client_, 0, id, NGHTTP2_CANCEL);
    });
}

TEST_F(H2SessionTest, HangsUpOnEndlessContinuation) {
    make(TcpLimits{});
    ASSERT_TRUE(session_->feed(base::as_bytes(kPreface)));
    ASSERT_TRUE(session_->feed(base::from_hex("000000040000000000").value()));
    // HEADERS without END_HEADERS, then CONTINUATION without end.
    auto fed = session_->feed(base::from_hex("000001010000000001"
                                             "83")
                                  .value());
    EXPECT_TRUE(session_->inside_header_block());
    for (int i = 0; i < 100 && fed; ++i)
        fed = session_->feed(base::from_hex("000001090000000001"
                                            "86")
                                 .value());
    EXPECT_FALSE(fed);
    EXPECT_TRUE(session_->inside_header_block());
}

TEST_F(H2SessionTest, HangsUpWhenItsAnswersPileUp) {
    begin_raw();
    // Nothing is pulled, as for a peer that reads nothing; without its ACK the streams beyond the limit are refused one
    // by one instead of ending the connection.
    std::uint32_t sent = 0;
    base::Result<void> fed;
    for (; fed && sent < 100'000; ++sent) fed = session_->feed(headers_frame(2 * sent + 1));
    EXPECT_FALSE(fed);
    EXPECT_LT(sent, 10'000u);
}

TEST_F(H2SessionTest, HangsUpOnRequestsThatItHasToRefuse) {
    TcpLimits limits;
    limits.control_frames_burst = 50;
    limits.control_frames_per_s = 10;
    limits.streams_max = 1;
    make(limits);
    begin_raw();
    std::uint32_t sent = 0;
    base::Result<void> fed;
    for (; fed && sent < 1000; ++sent) {
        fed = session_->feed(headers_frame(2 * sent + 1));
        pull_all();
    }
    EXPECT_FALSE(fed);
    EXPECT_LT(sent, 60u);
}

TEST_F(H2SessionTest, HangsUpOnResetsThatThePeerMakesItSend) {
    TcpLimits limits;
    limits.control_frames_burst = 50;
    limits.control_frames_per_s = 10;
    const auto provoke = [&](base::ByteView provocation_template, auto frame_for) {
        make(limits);
        begin_raw();
        std::uint32_t sent = 0;
        base::Result<void> fed;
        for (; fed && sent < 1000; ++sent) {
            fed = session_->feed(headers_frame(2 * sent + 1, provocation_template));
            if (fed) fed = session_->feed(frame_for(2 * sent + 1));
            pull_all();
        }
        EXPECT_FALSE(fed);
        EXPECT_LT(sent, 60u);
    };
    // A window beyond 2^31 - 1 (RFC 9113 section 6.9.1), then a request that is malformed from the start.
    provoke(kRequestBlock,
            [](std::uint32_t id) { return frame(NGHTTP2_WINDOW_UPDATE, 0, id, base::from_hex("7fffffff").value()); });
    provoke(base::from_hex("8386010178").value(), [](std::uint32_t) { return base::Bytes{}; });
}

TEST_F(H2SessionTest, DoesNotCountItsOwnResetsAgainstThePeer) {
    TcpLimits limits;
    limits.control_frames_burst = 50;
    limits.control_frames_per_s = 10;
    make(limits);
    begin_raw();
    for (std::uint32_t i = 0; i < 200; ++i) {
        ASSERT_TRUE(session_->feed(headers_frame(2 * i + 1))) << i;
        host_.calls.back()->stream->reset(static_cast<std::uint64_t>(rpc::H3Code::excessive_load));
        pull_all();
    }
    EXPECT_FALSE(session_->finished());
}

TEST_F(H2SessionTest, KnowsAHalfSentHeaderBlockWhateverItsFlags) {
    begin_raw();
    const auto request = headers_frame(1);
    for (std::size_t i = 0; i < request.size(); ++i) {
        ASSERT_TRUE(session_->feed(base::ByteView{request}.subspan(i, 1)));
        EXPECT_EQ(session_->inside_header_block(), i >= 8 && i + 1 < request.size()) << i;
        EXPECT_EQ(session_->open_streams(), i + 1 < request.size() ? 0u : 1u) << i;
    }
    // A block for a stream that is gone is complete as well, although nobody hears of it.
    host_.calls.back()->stream->reset(static_cast<std::uint64_t>(rpc::H3Code::request_cancelled));
    pull_all();
    EXPECT_EQ(session_->open_streams(), 0u);
    ASSERT_TRUE(session_->feed(frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
                                     base::from_hex("0001780179").value())));
    EXPECT_FALSE(session_->inside_header_block());
    EXPECT_EQ(host_.calls.size(), 1u);
}

TEST_F(H2SessionTest, WaitsForTheAcknowledgementOfItsSettings) {
    ASSERT_TRUE(session_->feed(base::as_bytes(kPreface)));
    ASSERT_TRUE(session_->feed(frame(NGHTTP2_SETTINGS, 0, 0)));
    pull_all();
    EXPECT_FALSE(session_->established());
    ASSERT_TRUE(session_->feed(frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0)));
    EXPECT_TRUE(session_->established());
}

TEST_F(H2SessionTest, ResetsMalformedRequests) {
    const std::map<std::string, std::string> blocks{
        {"a connection-specific field",
         "838684010178"
         "000a636f6e6e656374696f6e05636c6f7365"},
        {"te that is not trailers",
         "838684010178"
         "00027465046761696e"},
        {"an upper-case name",
         "838684010178"
         "0001580179"},
        {"no :path", "8386010178"},
        {"no :method", "8684010178"},
        {"no :scheme", "8384010178"},
        {"two :path", "83868484010178"},
        {"two :method",
         "8383868401"
         "0178"},
        {"a pseudo-field of a response", "83868401017888"},
        {"an unknown pseudo-field",
         "838684010178"
         "00023a780179"},
        {"a pseudo-field after others",
         "8386"
         "0001780179"
         "84010178"},
        {"a line break in a value",
         "838684010178"
         "000178030d0a61"},
    };
    for (const auto& [what, block] : blocks) {
        SCOPED_TRACE(what);
        make(TcpLimits{});
        begin_raw();
        ASSERT_TRUE(session_->feed(headers_frame(1, base::from_hex(block).value())));
        const auto sent = pull_all();
        EXPECT_TRUE(host_.calls.empty());
        const auto reset = frame(NGHTTP2_RST_STREAM, 0, 1, base::from_hex("00000001").value());  // PROTOCOL_ERROR
        EXPECT_FALSE(std::ranges::search(sent, reset).empty());
        // It concerns this one request.
        ASSERT_TRUE(session_->feed(headers_frame(3)));
        EXPECT_EQ(host_.calls.size(), 1u);
    }
}

TEST_F(H2SessionTest, RefusesABadPrefaceAndGarbage) {
    for (const std::string_view text : {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\rX",
                                        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is TLS, not HTTP"}) {
        make(TcpLimits{});
        EXPECT_FALSE(session_->feed(base::as_bytes(text)));
        EXPECT_FALSE(session_->feed(base::as_bytes(text))) << "and stays refused";
        static_cast<void>(session_->pull());
    }
}

TEST_F(H2SessionTest, TellsOpenCallsWhenTheConnectionIsGone) {
    request(10, true);
    exchange();
    session_->abort("cable cut");
    EXPECT_TRUE(host_.calls[0]->reset_code);
    EXPECT_TRUE(session_->finished());
    session_.reset();
    host_.calls[0]->stream->write(base::Bytes(1), false);  // inert, not dangling
    host_.calls.clear();
}

TEST_F(H2SessionTest, RefusesNewCallsAfterShutdownAndFinishesOpenOnes) {
    const auto id = request(0);
    exchange();
    session_->shutdown();
    exchange();
    EXPECT_TRUE(goaway_);
    host_.calls[0]->stream->send_headers({{":status", "200"}, {"grpc-status", "0"}}, true);
    exchange();
    EXPECT_TRUE(seen_[id].closed);
    EXPECT_EQ(session_->open_streams(), 0u);
}

TEST_F(H2SessionTest, OneByteAnswersHoldLittleMoreThanTheirBytes) {
    if (base::kSanitized) GTEST_SKIP() << "the sanitizer's heap counts otherwise";
    request(0);
    exchange();
    auto& stream = *host_.calls.at(0)->stream;
    stream.send_headers({{":status", "200"}}, false);
    const auto heap_bytes = [] { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; };
    constexpr std::size_t kBytes = 256 << 10;
    const auto before = heap_bytes();
    for (std::size_t i = 0; i < kBytes; ++i) stream.write(base::Bytes(1, std::byte{'x'}), false);
    EXPECT_EQ(stream.queued_bytes(), kBytes);
    EXPECT_LE(heap_bytes() - before, 2 * kBytes + (32 << 10));
}

}  // namespace
