#pragma once
// One HTTP/2 stream as a call sees it, and what the session knows of it. Private to the session.

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ghostbridge/h2_session.hpp"
#include "ghostbridge/headers.hpp"
#include "io/rate_limit.hpp"

namespace ghostbridge {

inline constexpr std::size_t kLowWaterDefault = 64 << 10;
/// Small pieces of an answer that wait are copied together up to this size. Any two neighbours are longer, so a piece's
/// own cost in memory is small beside its bytes.
inline constexpr std::size_t kJoinBytes = 4096;

class H2Stream;

/// What the session knows of one stream.
struct StreamState {
    H2Session::Impl* session = nullptr;
    std::int32_t id = 0;
    H2Stream* handle = nullptr;  ///< Null once the call let go.
    rpc::StreamEvents* events = nullptr;

    // Towards us.
    rpc::Fields incoming;  ///< The header block that is being received.
    std::size_t incoming_bytes = 0;
    bool headers_too_large = false;
    bool headers_done = false;  ///< The request's header block is complete.
    bool remote_ended = false;
    bool discard_input = false;  ///< stop_reading() was called, or nobody is there.
    std::size_t unconsumed = 0;  ///< Delivered and not given back yet.
    // Waiting for set_events().
    bool headers_pending = false;
    rpc::Fields headers_waiting;
    base::Bytes data_waiting;
    bool end_pending = false;
    rpc::Fields trailers_waiting;

    // Towards the peer.
    bool response_submitted = false;
    std::deque<base::Bytes> queue;
    std::size_t front_offset = 0;
    std::size_t queued = 0;
    std::size_t low_water = kLowWaterDefault;
    bool above_low_water = false;
    bool local_ended = false;  ///< write(end), trailers or headers with end were given.
    bool deferred = false;     ///< nghttp2 waits for nghttp2_session_resume_data().
    bool has_trailers = false;
    rpc::Fields trailers;
    bool end_sent = false;  ///< END_STREAM left.
    bool reset_after_end = false;
    std::optional<std::uint64_t> let_go_ns;  ///< When the call let go, its answer complete.
    std::shared_ptr<void> kept;              ///< HttpStream::keep()
    bool reset_counted = false;              ///< We asked for the reset, or the peer's own one was counted.
};

/// Follows the frames of a connection (RFC 9113 section 4.1): where one ends, so that they can be worked off one by
/// one, and whether the peer owes us the rest of a header block. nghttp2 tells where a block begins, but not where one
/// ends that it ignores.
class FrameWatch {
 public:
    /// How many of the bytes belong to the frame that they go on with (or to the preface). All that the peer sends
    /// must come by here, in order.
    std::size_t follow(base::ByteView bytes) noexcept;
    [[nodiscard]] bool inside_header_block() const noexcept {
        return continues_ || (in_block_frame_ && payload_left_ > 0);
    }

 private:
    std::size_t preface_left_ = NGHTTP2_CLIENT_MAGIC_LEN;
    base::FixedBytes<9> head_{};
    std::size_t head_size_ = 0;
    std::size_t payload_left_ = 0;
    bool in_block_frame_ = false;
    bool continues_ = false;  ///< The last frame's block goes on in a CONTINUATION.
};

/// Borrows the fields.
std::vector<nghttp2_nv> native(const rpc::Fields& fields);

struct H2Session::Impl {
    Impl(const TcpLimits& limits_in, const rpc::Peer& peer_in, const base::Clock& clock_in, Host& host_in)
        : limits{limits_in},
          peer{peer_in},
          clock{clock_in},
          host{host_in},
          control_frames{limits.control_frames_per_s, limits.control_frames_burst} {}

    TcpLimits limits;
    rpc::Peer peer;
    const base::Clock& clock;
    Host& host;
    nghttp2_session* native_session = nullptr;
    std::unordered_map<std::int32_t, std::unique_ptr<StreamState>> streams;  // unkeyed: at most streams_max
    io::RateLimit control_frames;
    FrameWatch frames;
    std::uint64_t cost_ns = 0;   ///< Since take_cost().
    std::size_t open_calls = 0;  ///< Streams whose request headers are complete.
    bool settings_seen = false;
    bool settings_acknowledged = false;
    bool failed = false;
    bool dead = false;                   ///< abort() ran or the session is being destroyed.
    bool events_pending = false;         ///< Some stream got its events late.
    std::vector<std::int32_t> writable;  ///< Streams to tell on_writable() after this pull().

    /// Frames that may wait for pull(): what open streams and answered control frames can need, and no more.
    [[nodiscard]] std::size_t outbound_frames_max() const noexcept {
        constexpr std::size_t kFramesPerStream = 4;  // HEADERS, DATA, WINDOW_UPDATE, RST_STREAM
        return kFramesPerStream * limits.streams_max + limits.control_frames_burst;
    }
    base::Result<void> open();
    base::Result<void> feed_frame(base::ByteView bytes);
    void on_headers_complete(StreamState& stream, bool end);
    void deliver(StreamState& stream);
    void end_input(StreamState& stream, rpc::Fields trailers);
    void give_back(StreamState& stream, std::size_t bytes);
    void reset(std::int32_t id, std::uint32_t code);
    void let_go(StreamState& stream);
    void resume(StreamState& stream);
    void fail_connection(std::uint32_t code);
    bool take_control_frame();
};

/// The handle that a call owns.
class H2Stream final : public rpc::HttpStream {
 public:
    H2Stream(StreamState& state, const rpc::Peer& peer) noexcept : state_{&state}, peer_{peer} {}
    ~H2Stream() override {
        if (state_) state_->session->let_go(*state_);
    }
    void cut() noexcept { state_ = nullptr; }

    void set_events(rpc::StreamEvents& events) override {
        if (!state_) return;
        state_->events = &events;
        // Nothing may be reported from in here; inside feed() the caller delivers right after on_stream().
        state_->session->events_pending = true;
        state_->session->host.want_write();
    }
    void send_headers(const rpc::Fields& headers, bool end) override;
    void write(base::Bytes bytes, bool end) override;
    void send_trailers(const rpc::Fields& trailers) override;
    [[nodiscard]] std::size_t queued_bytes() const noexcept override { return state_ ? state_->queued : 0; }
    void set_low_water(std::size_t bytes) noexcept override {
        if (state_) state_->low_water = bytes;
    }
    void consume(std::size_t bytes) override {
        if (!state_) return;
        state_->session->give_back(*state_, std::min(bytes, state_->unconsumed));
        state_->session->host.want_write();
    }
    void stop_reading(std::uint64_t h3_code) override;
    void reset(std::uint64_t h3_code) override {
        if (!state_) return;
        auto& state = *std::exchange(state_, nullptr);
        state.handle = nullptr;
        state.events = nullptr;
        state.discard_input = true;
        state.session->give_back(state, state.unconsumed);
        // Never RST_STREAM after a complete exchange.
        if (!(state.end_sent && state.remote_ended)) state.session->reset(state.id, h2_from_h3(h3_code));
    }
    [[nodiscard]] const rpc::Peer& peer() const noexcept override { return peer_; }
    void keep(std::shared_ptr<void> what) override {
        if (state_) state_->kept = std::move(what);
    }

 private:
    StreamState* state_;  ///< Null when the stream is over.
    rpc::Peer peer_;
};

}  // namespace ghostbridge
