// HTTP/2 server connection: nghttp2 callbacks on one side, rpc::HttpStream on the other.
//
//   StreamState (owned by the session, lives until nghttp2 closed the stream)
//        ▲ │                       cut when either goes first
//        │ ▼
//   H2Stream (the handle that the call owns)
//
// nghttp2 forbids sending from inside its callbacks, so handlers only queue; Host::want_write() leads to pull().

#include "ghostbridge/h2_session.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "ghostbridge/headers.hpp"
#include "h2_stream.hpp"

namespace ghostbridge {
namespace {

using rpc::Fields;
using rpc::H3Code;
using Impl = H2Session::Impl;

constexpr std::size_t kFieldOverhead = 32;    // RFC 9113 §6.5.2
constexpr std::size_t kHeaderBombFactor = 8;  // beyond this many limits the whole connection goes

// What work costs the bridge's thread, in nanoseconds: measured with ./ghost bench attack, rounded up. A call's price
// has what it costs outside of this session: its way through the relay, both connections, its answer.
constexpr std::uint64_t kFrameNs = 1000;
constexpr std::uint64_t kFieldNs = 300;
constexpr std::uint64_t kCallNs = 50'000;
constexpr std::uint64_t kByteNs = 4;

// ---------------------------------------------------------------- nghttp2 callbacks

StreamState* state_of(nghttp2_session* session, std::int32_t id) noexcept {
    return static_cast<StreamState*>(nghttp2_session_get_stream_user_data(session, id));
}

int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    auto& impl = *static_cast<Impl*>(user);
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        auto state = std::make_unique<StreamState>();
        state->session = &impl;
        state->id = frame->hd.stream_id;
        if (nghttp2_session_set_stream_user_data(session, state->id, state.get()) != 0)
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        impl.streams[state->id] = std::move(state);
        return 0;
    }
    if (auto* const stream = state_of(session, frame->hd.stream_id)) {
        stream->incoming.clear();
        stream->incoming_bytes = 0;
    }
    return 0;
}

int on_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
              const std::uint8_t* value, std::size_t value_size, std::uint8_t flags, void* user) {
    auto& impl = *static_cast<Impl*>(user);
    auto* const stream = state_of(session, frame->hd.stream_id);
    if (!stream) return 0;
    impl.cost_ns += kFieldNs;
    stream->incoming_bytes += name_size + value_size + kFieldOverhead;
    // A few compressed bytes can stand for megabytes: keep nothing beyond the limit, and hang up on a bomb.
    if (stream->incoming_bytes > kHeaderBombFactor * impl.limits.header_list_bytes_max) {
        impl.fail_connection(NGHTTP2_ENHANCE_YOUR_CALM);
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (stream->incoming_bytes > impl.limits.header_list_bytes_max ||
        stream->incoming.size() >= impl.limits.header_fields_max) {
        stream->headers_too_large = true;
        stream->incoming.clear();
        return 0;
    }
    if (stream->headers_too_large) return 0;
    stream->incoming.push_back({std::string{reinterpret_cast<const char*>(name), name_size},
                                std::string{reinterpret_cast<const char*>(value), value_size},
                                (flags & NGHTTP2_NV_FLAG_NO_INDEX) != 0});
    return 0;
}

int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    auto& impl = *static_cast<Impl*>(user);
    const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
        case NGHTTP2_HEADERS:
            if (auto* const stream = state_of(session, frame->hd.stream_id)) impl.on_headers_complete(*stream, end);
            return impl.failed ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
        case NGHTTP2_DATA:
            if (frame->hd.length == 0 && !end && !impl.take_control_frame()) return NGHTTP2_ERR_CALLBACK_FAILURE;
            if (end)
                if (auto* const stream = state_of(session, frame->hd.stream_id)) impl.end_input(*stream, {});
            return 0;
        case NGHTTP2_SETTINGS:
            if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0)
                impl.settings_acknowledged = true;
            else
                impl.settings_seen = true;
            return impl.take_control_frame() ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
        case NGHTTP2_RST_STREAM:
            if (auto* const stream = state_of(session, frame->hd.stream_id)) stream->reset_counted = true;
            [[fallthrough]];
        case NGHTTP2_PING: return impl.take_control_frame() ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
        default: return 0;  // a byte from the wire, not an enum of ours
    }
}

/// nghttp2 answers the frame with a reset of its own. For a stream that exists on_stream_closed() counts it; here are
/// the requests beyond streams_max, which never become one.
int on_invalid_frame(nghttp2_session*, const nghttp2_frame* frame, int, void* user) {
    auto& impl = *static_cast<Impl*>(user);
    if (impl.streams.contains(frame->hd.stream_id)) return 0;
    return impl.take_control_frame() ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
            void* user) {
    auto& impl = *static_cast<Impl*>(user);
    auto* const stream = state_of(session, id);
    if (!stream || stream->discard_input) {
        nghttp2_session_consume(session, id, size);
        impl.host.want_write();
        return 0;
    }
    stream->unconsumed += size;
    const auto bytes = std::as_bytes(std::span{data, size});
    if (stream->events && !stream->headers_pending && stream->data_waiting.empty())
        stream->events->on_data(bytes);
    else
        stream->data_waiting.insert(stream->data_waiting.end(), bytes.begin(), bytes.end());
    return 0;
}

int on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    auto& impl = *static_cast<Impl*>(user);
    if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) return 0;
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    auto* const stream = state_of(session, frame->hd.stream_id);
    if (!stream) return 0;
    stream->end_sent = true;
    // RFC 9113 §8.1: the answer is complete, the rest of the request is not wanted.
    if (stream->reset_after_end && !stream->remote_ended) impl.reset(stream->id, NGHTTP2_NO_ERROR);
    return 0;
}

int on_stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
    auto& impl = *static_cast<Impl*>(user);
    const auto at = impl.streams.find(id);
    if (at == impl.streams.end()) return 0;
    const auto stream = std::move(at->second);
    impl.streams.erase(at);
    if (stream->headers_done) --impl.open_calls;
    // A reset that nghttp2 chose to send is the peer's doing: it costs as much as one that the peer sends itself.
    if (code != NGHTTP2_NO_ERROR && !stream->reset_counted) static_cast<void>(impl.take_control_frame());
    impl.give_back(*stream, stream->unconsumed);
    auto* const events = stream->events;
    const bool complete = stream->remote_ended && stream->end_sent;
    if (stream->handle) stream->handle->cut();
    // A stream that ended both ways has told so already.
    if (events && !complete) events->on_reset(h3_from_h2(code), {});  // no reason: the peer did it
    return 0;
}

struct CallbacksDeleter {
    void operator()(nghttp2_session_callbacks* callbacks) const noexcept { nghttp2_session_callbacks_del(callbacks); }
};
struct OptionDeleter {
    void operator()(nghttp2_option* option) const noexcept { nghttp2_option_del(option); }
};

}  // namespace

// ---------------------------------------------------------------- Impl

base::Result<void> H2Session::Impl::open() {
    nghttp2_session_callbacks* raw_callbacks = nullptr;
    nghttp2_option* raw_option = nullptr;
    if (nghttp2_session_callbacks_new(&raw_callbacks) != 0) return base::fail(base::Errc::overloaded, "nghttp2");
    const std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter> callbacks{raw_callbacks};
    if (nghttp2_option_new(&raw_option) != 0) return base::fail(base::Errc::overloaded, "nghttp2");
    const std::unique_ptr<nghttp2_option, OptionDeleter> option{raw_option};

    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(raw_callbacks, &on_invalid_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(raw_callbacks, &on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(raw_callbacks, &on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(raw_callbacks, &on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(raw_callbacks, &on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(raw_callbacks, &on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(raw_callbacks, &on_stream_closed);
    nghttp2_option_set_no_auto_window_update(raw_option, 1);
    nghttp2_option_set_no_closed_streams(raw_option, 1);
    nghttp2_option_set_max_outbound_ack(raw_option, limits.control_frames_burst);
    nghttp2_option_set_max_continuations(raw_option, 8);
    nghttp2_option_set_stream_reset_rate_limit(raw_option, limits.control_frames_burst, limits.control_frames_per_s);
    if (nghttp2_session_server_new2(&native_session, raw_callbacks, this, raw_option) != 0)
        return base::fail(base::Errc::overloaded, "nghttp2");

    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams_max},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window_bytes},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.header_list_bytes_max},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    if (nghttp2_submit_settings(native_session, NGHTTP2_FLAG_NONE, settings, std::size(settings)) != 0 ||
        nghttp2_session_set_local_window_size(native_session, NGHTTP2_FLAG_NONE, 0,
                                              static_cast<std::int32_t>(limits.connection_window_bytes)) != 0)
        return base::fail(base::Errc::invalid_argument, "HTTP/2 settings");
    return {};
}

void H2Session::Impl::on_headers_complete(StreamState& stream, bool end) {
    if (stream.headers_done) return end_input(stream, end ? std::move(stream.incoming) : Fields{});
    stream.headers_done = true;
    ++open_calls;
    cost_ns += kCallNs;
    if (stream.headers_too_large) {
        H2Stream answer{stream, peer};
        answer.send_headers(
            refusal_fields({200, {rpc::StatusCode::resource_exhausted, "the request headers are too large"}}), true);
        answer.stop_reading(static_cast<std::uint64_t>(H3Code::no_error));
        answer.cut();
        stream.remote_ended = end;
        return;
    }
    stream.headers_waiting = std::move(stream.incoming);
    stream.headers_pending = true;
    stream.incoming.clear();
    if (end) {
        stream.remote_ended = true;
        stream.end_pending = true;
    }
    auto handle = std::make_unique<H2Stream>(stream, peer);
    stream.handle = handle.get();
    const auto id = stream.id;
    host.on_stream(std::move(handle));
    // The handle may have been dropped, but the state lives on until nghttp2 closes the stream, which it cannot do
    // while it is in this callback.
    if (const auto at = streams.find(id); at != streams.end()) deliver(*at->second);
}

/// Reports what waited for set_events(). Each report may end the call.
void H2Session::Impl::deliver(StreamState& stream) {
    if (stream.events && stream.headers_pending) {
        stream.headers_pending = false;
        stream.events->on_headers(std::exchange(stream.headers_waiting, {}));
    }
    if (stream.events && !stream.data_waiting.empty()) {
        const auto data = std::exchange(stream.data_waiting, {});
        stream.events->on_data(data);
    }
    if (stream.events && stream.end_pending) {
        stream.end_pending = false;
        stream.events->on_end(std::exchange(stream.trailers_waiting, {}));
    }
}

void H2Session::Impl::end_input(StreamState& stream, Fields trailers) {
    if (stream.remote_ended) return;
    stream.remote_ended = true;
    if (stream.discard_input) return;
    stream.end_pending = true;
    stream.trailers_waiting = std::move(trailers);
    deliver(stream);
}

void H2Session::Impl::give_back(StreamState& stream, std::size_t bytes) {
    if (bytes == 0 || !native_session) return;
    stream.unconsumed -= bytes;
    // Fails only for a dead session.
    static_cast<void>(nghttp2_session_consume(native_session, stream.id, bytes));
}

void H2Session::Impl::reset(std::int32_t id, std::uint32_t code) {
    if (const auto at = streams.find(id); at != streams.end()) at->second->reset_counted = true;
    static_cast<void>(nghttp2_submit_rst_stream(native_session, NGHTTP2_FLAG_NONE, id, code));
    host.want_write();
}

/// The handle is being destroyed: let what was answered leave, reset what is open.
void H2Session::Impl::let_go(StreamState& stream) {
    stream.handle = nullptr;
    stream.events = nullptr;
    stream.discard_input = true;
    stream.data_waiting.clear();
    give_back(stream, stream.unconsumed);
    stream.let_go_ns = clock.now_ns();
    if (!stream.local_ended)
        reset(stream.id, NGHTTP2_CANCEL);
    else if (!stream.remote_ended && stream.end_sent)
        reset(stream.id, NGHTTP2_NO_ERROR);
    else
        stream.reset_after_end = true;
}

void H2Session::Impl::resume(StreamState& stream) {
    if (std::exchange(stream.deferred, false))
        static_cast<void>(nghttp2_session_resume_data(native_session, stream.id));
    host.want_write();
}

void H2Session::Impl::fail_connection(std::uint32_t code) {
    failed = true;
    static_cast<void>(nghttp2_session_terminate_session(native_session, code));
    host.want_write();
}

bool H2Session::Impl::take_control_frame() {
    if (failed) return false;
    if (control_frames.allow(clock.now_ns())) return true;
    fail_connection(NGHTTP2_ENHANCE_YOUR_CALM);
    return false;
}

// ---------------------------------------------------------------- H2Session

H2Session::H2Session(std::unique_ptr<Impl> impl) noexcept : impl_{std::move(impl)} {}

base::Result<std::unique_ptr<H2Session>> H2Session::make(const TcpLimits& limits, const rpc::Peer& peer,
                                                         const base::Clock& clock, Host& host) {
    auto impl = std::make_unique<Impl>(limits, peer, clock, host);
    std::unique_ptr<H2Session> session{new H2Session{std::move(impl)}};
    GC_CHECK(session->impl_->open());
    return session;
}

H2Session::~H2Session() {
    for (auto& [id, stream] : impl_->streams)
        if (stream->handle) stream->handle->cut();
    impl_->streams.clear();
    // nghttp2_session_del() closes streams without callbacks into them: no callback finds its state any more.
    if (impl_->native_session) nghttp2_session_del(impl_->native_session);
}

base::Result<void> H2Session::Impl::feed_frame(base::ByteView bytes) {
    cost_ns += kFrameNs + bytes.size() * kByteNs;
    const auto taken = nghttp2_session_mem_recv(native_session, base::as_u8(bytes), bytes.size());
    const auto waiting = nghttp2_session_get_outbound_queue_size(native_session);
    if (taken >= 0 && !failed && waiting > outbound_frames_max()) fail_connection(NGHTTP2_ENHANCE_YOUR_CALM);
    if (taken >= 0 && !failed) return {};
    // nghttp2 queued a GOAWAY for what it understands; a bad preface gets nothing.
    failed = true;
    host.want_write();
    return base::fail(Errc::protocol_error, taken < 0 ? nghttp2_strerror(static_cast<int>(taken)) : "limit");
}

base::Result<std::size_t> H2Session::feed_some(base::ByteView bytes, std::uint64_t budget_ns) {
    auto& impl = *impl_;
    if (impl.failed || impl.dead) return base::fail(Errc::protocol_error, "the connection has failed");
    const auto before = impl.cost_ns;
    std::size_t taken = 0;
    while (taken < bytes.size() && (taken == 0 || impl.cost_ns - before < budget_ns)) {
        const auto rest = bytes.subspan(taken);
        const auto frame = rest.first(impl.frames.follow(rest));
        taken += frame.size();
        GC_CHECK(impl.feed_frame(frame));
    }
    return taken;
}

base::Result<void> H2Session::feed(base::ByteView bytes) {
    GC_CHECK(feed_some(bytes, std::numeric_limits<std::uint64_t>::max()));
    return {};
}

std::uint64_t H2Session::take_cost() noexcept { return std::exchange(impl_->cost_ns, 0); }

base::Result<base::ByteView> H2Session::pull() {
    auto& impl = *impl_;
    if (impl.dead) return base::ByteView{};
    if (std::exchange(impl.events_pending, false)) {
        std::vector<std::int32_t> ids;
        for (const auto& [id, stream] : impl.streams)
            if (stream->events && (stream->headers_pending || stream->end_pending || !stream->data_waiting.empty()))
                ids.push_back(id);
        for (const auto id : ids)
            if (const auto at = impl.streams.find(id); at != impl.streams.end()) impl.deliver(*at->second);
    }
    const std::uint8_t* data = nullptr;
    const auto size = nghttp2_session_mem_send(impl.native_session, &data);
    if (size < 0) {
        impl.failed = true;
        return base::fail(Errc::protocol_error, nghttp2_strerror(static_cast<int>(size)));
    }
    if (size > 0) impl.cost_ns += kFrameNs + static_cast<std::uint64_t>(size) * kByteNs;
    for (const auto id : std::exchange(impl.writable, {}))
        if (const auto at = impl.streams.find(id); at != impl.streams.end() && at->second->events)
            at->second->events->on_writable();
    return std::as_bytes(std::span{data, static_cast<std::size_t>(size)});
}

void H2Session::shutdown() {
    if (impl_->dead) return;
    const auto last = nghttp2_session_get_last_proc_stream_id(impl_->native_session);
    static_cast<void>(
        nghttp2_submit_goaway(impl_->native_session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0));
    impl_->host.want_write();
}

void H2Session::end_input() {
    for (const auto& [id, stream] : impl_->streams)
        if (!stream->remote_ended) impl_->reset(id, NGHTTP2_CANCEL);
}

void H2Session::ping() {
    if (impl_->dead || impl_->failed) return;
    static_cast<void>(nghttp2_submit_ping(impl_->native_session, NGHTTP2_FLAG_NONE, nullptr));
    impl_->host.want_write();
}

void H2Session::reset_untaken(std::uint64_t limit_ns) {
    const auto now = impl_->clock.now_ns();
    for (const auto& [id, stream] : impl_->streams)
        if (stream->let_go_ns && now - *stream->let_go_ns > limit_ns) impl_->reset(id, NGHTTP2_CANCEL);
}

void H2Session::abort(const std::string& reason) {
    if (std::exchange(impl_->dead, true)) return;
    while (!impl_->streams.empty()) {
        const auto stream = std::move(impl_->streams.begin()->second);
        impl_->streams.erase(impl_->streams.begin());
        auto* const events = stream->events;
        const bool complete = stream->remote_ended && stream->end_sent;
        if (stream->handle) stream->handle->cut();
        if (events && !complete) events->on_reset(static_cast<std::uint64_t>(H3Code::request_cancelled), reason);
    }
}

bool H2Session::failed() const noexcept { return impl_->failed; }
bool H2Session::finished() const noexcept {
    return impl_->dead || (nghttp2_session_want_read(impl_->native_session) == 0 &&
                           nghttp2_session_want_write(impl_->native_session) == 0);
}
bool H2Session::established() const noexcept { return impl_->settings_seen && impl_->settings_acknowledged; }
bool H2Session::inside_header_block() const noexcept { return impl_->frames.inside_header_block(); }
std::size_t H2Session::open_streams() const noexcept { return impl_->open_calls; }

}  // namespace ghostbridge
