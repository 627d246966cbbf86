#include "h3_session.hpp"

#include <algorithm>
#include <array>

#include "io/reactor.hpp"

namespace zquic::h3 {
namespace {

constexpr int kPullRoundsMax = 16;
constexpr std::size_t kVectorsPerWrite = 16;

// nghttp3 takes as many bytes of the peer's QPACK decoder stream between two header blocks that it encodes, and ends
// the connection at more. A peer may have more to say: a thousand calls that are answered late, or cancelled together,
// are acknowledged and given up at once, while no new one can start. The rest waits for the next header block.
constexpr std::size_t kHeaderAcksMax = 4096;
constexpr std::byte kDecoderStreamType{0x03};  // RFC 9204 section 4.2

}  // namespace

Session::Session(std::shared_ptr<SessionOwner> owner, const Limits& limits, bool server, std::uint64_t peer_streams_max)
    : owner_{std::move(owner)},
      limits_{limits},
      server_{server},
      header_acks_{.stream = nullptr, .waiting = {}, .room = kHeaderAcksMax},
      resets_{limits.resets_per_s, limits.resets_burst},
      peer_streams_max_{peer_streams_max} {}

Session::~Session() {
    if (h3_) nghttp3_conn_del(h3_);
    if (failed_) nghttp3_conn_del(failed_);
}

void Session::set_connection(Connection& connection) { connection_ = &connection; }

ExchangeImpl* Session::find(std::int64_t id) const noexcept {
    const auto found = exchanges_.find(id);
    return found == exchanges_.end() ? nullptr : found->second;
}

void Session::on_handshake_done(Connection& connection) {
    connection_ = &connection;
    if (!start()) return close(Code::internal_error);
    if (server_) {
        nghttp3_conn_set_max_client_streams_bidi(h3_, peer_streams_max_);
        nghttp3_conn_set_max_concurrent_streams(h3_, static_cast<std::size_t>(peer_streams_max_));
    }
    if (!owner_->session_ready(*this)) return close(Code::request_rejected);
    request_pass();
}

void Session::on_stream(Connection&, Stream& stream) {
    if (!h3_) return;
    if (stream.direction() == Direction::unidirectional) {
        untyped_.push_back(&stream);
        return stream.set_handler(shared_from_this());
    }
    if (!server_) return close(Code::stream_creation_error);  // RFC 9114 section 6.1
    auto exchange = std::make_shared<ExchangeImpl>(*this, true);
    exchange->bound(stream);
    exchanges_.emplace(exchange->id(), exchange.get());
    stream.set_handler(std::move(exchange));
}

void Session::on_streams_available(Connection&, Direction direction) {
    if (direction == Direction::bidirectional && !pending_.empty()) request_pass();
}

void Session::on_datagram(Connection&, base::ByteView datagram) {
    if (!limits_.datagrams || datagram.empty()) return;
    const std::size_t size = std::size_t{1} << (std::to_integer<unsigned>(datagram[0]) >> 6);
    if (datagram.size() < size) return;
    std::uint64_t quarter = std::to_integer<std::uint64_t>(datagram[0]) & 0x3f;
    for (std::size_t i = 1; i < size; ++i) quarter = quarter << 8 | std::to_integer<std::uint64_t>(datagram[i]);
    if (quarter > (1ULL << 60) - 1) return;
    // Datagrams of unknown streams are dropped: they may have overtaken it (RFC 9297 section 2.1).
    if (auto* const exchange = find(static_cast<std::int64_t>(quarter * 4))) {
        exchange->receive_datagram(datagram.subspan(size));
    }
}

void Session::on_data(Stream& stream, base::ByteView data, bool fin) {
    if (!data.empty() && std::erase(untyped_, &stream) > 0 && data[0] == kDecoderStreamType) {
        if (!header_acks_.stream) header_acks_.stream = &stream;
    }
    if (&stream != header_acks_.stream || !h3_ || fin) return feed(stream, data, fin);
    header_acks_.waiting.insert(header_acks_.waiting.end(), data.begin(), data.end());
    feed_header_acks();
}

void Session::feed_header_acks() {
    auto& acks = header_acks_;
    const auto size = std::min(acks.waiting.size(), acks.room);
    if (!acks.stream || size == 0) return;
    acks.room -= size;
    feed(*acks.stream, base::ByteView{acks.waiting}.first(size), false);
    acks.waiting.erase(acks.waiting.begin(), acks.waiting.begin() + static_cast<std::ptrdiff_t>(size));
}

void Session::on_writable(Stream& stream) { unblock(stream); }
void Session::on_acknowledged(Stream& stream, std::uint64_t bytes) { acknowledged(stream, bytes); }
void Session::on_reset(Stream&, std::uint64_t) {}
void Session::on_stop_sending(Stream&, std::uint64_t) {}

void Session::on_closed(Stream& stream, const StreamEnd& end) {
    local_streams_.erase(static_cast<std::int64_t>(stream.id()));
    std::erase(untyped_, &stream);
    if (header_acks_.stream == &stream) header_acks_.stream = nullptr;
    close_stream(stream, end);
}

void Session::feed(Stream& stream, base::ByteView data, bool fin) {
    if (!h3_) {
        stream.consume(data.size());
        return;
    }
    ++engine_depth_;
    const auto used = nghttp3_conn_read_stream(h3_, static_cast<std::int64_t>(stream.id()), base::as_u8(data),
                                               data.size(), fin ? 1 : 0);
    --engine_depth_;
    if (used < 0) return fail_session(used);
    stream.consume(static_cast<std::size_t>(used));
    run_after();
}

void Session::acknowledged(Stream& stream, std::uint64_t bytes) {
    if (!h3_) return;
    ++engine_depth_;
    const int rv = nghttp3_conn_add_ack_offset(h3_, static_cast<std::int64_t>(stream.id()), bytes);
    --engine_depth_;
    if (rv != 0) fail_session(rv);
}

void Session::unblock(Stream& stream) {
    if (!h3_) return;
    nghttp3_conn_unblock_stream(h3_, static_cast<std::int64_t>(stream.id()));
    request_pass();
}

void Session::close_stream(Stream& stream, const StreamEnd& end) {
    if (!h3_ || end.connection_lost) return;
    const auto id = static_cast<std::int64_t>(stream.id());
    const auto code = end.reset ? end.code : static_cast<std::uint64_t>(Code::no_error);
    ++engine_depth_;
    const int rv = nghttp3_conn_close_stream(h3_, id, code);
    --engine_depth_;
    if (rv != 0 && rv != NGHTTP3_ERR_STREAM_NOT_FOUND) return fail_session(rv);
    if (server_ && !stream.is_local() && stream.direction() == Direction::bidirectional) {
        nghttp3_conn_set_max_client_streams_bidi(h3_, ++peer_streams_max_);
    }
}

void Session::abort_later(std::int64_t id, bool read, bool write) {
    after_.push_back({.id = id, .read = read, .write = write});
    if (engine_depth_ == 0) run_after();
}

void Session::run_after() {
    if (engine_depth_ > 0) return;
    while (!after_.empty() && h3_) {
        const auto batch = std::exchange(after_, {});
        for (const auto& aborted : batch) {
            if (!h3_) return;
            if (aborted.write) nghttp3_conn_shutdown_stream_write(h3_, aborted.id);
            if (aborted.read) {
                if (const int rv = nghttp3_conn_shutdown_stream_read(h3_, aborted.id); rv != 0) return fail_session(rv);
            }
        }
    }
    after_.clear();
}

std::shared_ptr<ExchangeHandler> Session::ask_owner(ExchangeImpl& exchange, Fields fields, bool fin) {
    return owner_->session_request(exchange, std::move(fields), fin);
}

void Session::count_refused() { owner_->session_refused_request(); }

void Session::count_reset() {
    if (!server_ || limits_.resets_per_s == 0 || !connection_ || closing_) return;
    if (!resets_.allow(connection_->reactor().now_ns())) close(Code::excessive_load);
}

void Session::exchange_writable(ExchangeImpl& exchange) {
    if (exchange.writable_queued_) return;
    exchange.writable_queued_ = true;
    writable_.push_back(&exchange);
}

void Session::forget(ExchangeImpl& exchange) {
    if (exchange.writable_queued_) std::erase(writable_, &exchange);
    const auto found = exchanges_.find(exchange.id());
    if (found != exchanges_.end() && found->second == &exchange) exchanges_.erase(found);
    request_pass();
}

void Session::resume(std::int64_t id) {
    if (!h3_ || id < 0) return;
    nghttp3_conn_resume_stream(h3_, id);
    request_pass();
}

void Session::request_pass() {
    if (connection_) connection_->request_write_pass();
}

void Session::fail_session(std::int64_t error) {
    // nghttp3 must not be called any more, except to delete it; streams may still point into its memory.
    close(static_cast<Code>(nghttp3_err_infer_quic_app_error_code(static_cast<int>(error))),
          nghttp3_strerror(static_cast<int>(error)));
    failed_ = std::exchange(h3_, nullptr);
}

void Session::close(Code code, std::string_view reason) {
    closing_ = true;
    if (connection_) connection_->close(static_cast<std::uint64_t>(code), reason);
}

void Session::on_write_pass(Connection& connection) {
    connection_ = &connection;
    finish_pending();
    if (!h3_) return;
    for (int round = 0; round < kPullRoundsMax && h3_; ++round) {
        pull();
        if (writable_.empty()) break;
        const auto batch = std::exchange(writable_, {});
        for (auto* const exchange : batch) {
            exchange->writable_queued_ = false;
            if (const auto keep = exchange->handler_) keep->on_writable(*exchange);
        }
        if (round + 1 == kPullRoundsMax) request_pass();
    }
    close_if_done();
}

void Session::pull() {
    std::array<nghttp3_vec, kVectorsPerWrite> vectors;
    for (;;) {
        feed_header_acks();
        if (!h3_) return;
        std::int64_t id = -1;
        int fin = 0;
        ++engine_depth_;
        const auto count = nghttp3_conn_writev_stream(h3_, &id, &fin, vectors.data(), vectors.size());
        --engine_depth_;
        if (count < 0) return fail_session(count);
        run_after();
        if (count == 0 && id == -1) return;
        auto* const exchange = find(id);
        // What an exchange sends first are its headers, so nghttp3 has just encoded a header block.
        if (exchange && !std::exchange(exchange->begun_, true)) header_acks_.room = kHeaderAcksMax;
        const auto local = local_streams_.find(id);
        auto* const stream = exchange ? exchange->stream_ : local != local_streams_.end() ? local->second : nullptr;
        if (!stream) {
            nghttp3_conn_shutdown_stream_write(h3_, id);
            continue;
        }
        if (count > 0 && stream->writable_bytes() == 0) {
            // Its queue is full (on_writable will come), or it was aborted (then nothing may come).
            nghttp3_conn_block_stream(h3_, id);
            continue;
        }
        std::size_t passed = 0;
        bool failed = false;
        for (std::size_t i = 0; i < static_cast<std::size_t>(count) && !failed; ++i) {
            const bool last = i + 1 == static_cast<std::size_t>(count);
            // nghttp3 and the exchange keep these bytes until they are acknowledged.
            const auto view = base::ByteView{reinterpret_cast<const std::byte*>(vectors[i].base), vectors[i].len};
            const auto written = stream->write(Buffer::share(nullptr, view), fin && last);
            if (!written) {
                failed = true;
            } else {
                passed += vectors[i].len;
            }
        }
        if (count == 0 && fin) failed = !stream->write(Buffer{}, true);
        if (nghttp3_conn_add_write_offset(h3_, id, passed) != 0) return fail_session(NGHTTP3_ERR_NOMEM);
        if (failed) nghttp3_conn_block_stream(h3_, id);
    }
}

base::Result<Exchange*> Session::start_request(const Fields& fields, bool fin,
                                               std::shared_ptr<ExchangeHandler> handler) {
    if (!usable()) return fail(Errc::closed, "client");
    GC_CHECK(check_fields(fields, false));
    if (!find_field(fields, ":method")) return fail(Errc::bad_field, ":method is missing");
    if (pending_.size() >= limits_.pending_requests_max) return fail(Errc::limit_reached, "requests");
    auto exchange = std::make_shared<ExchangeImpl>(*this, false);
    exchange->handler_ = std::move(handler);
    exchange->headers_sent_ = true;
    exchange->fin_queued_ = fin;
    exchange->request_ = std::make_unique<Fields>(fields);
    auto* const raw = exchange.get();
    pending_.push_back(std::move(exchange));
    request_pass();
    // Streams are opened in the write pass: until then the body can join the request.
    return raw;
}

void Session::open_pending() {
    if (server_ || !h3_ || engine_depth_ > 0) return;
    while (!pending_.empty() && h3_ && !goaway_) {
        auto exchange = pending_.front();
        const auto opened = connection_->open_stream(Direction::bidirectional, exchange);
        if (!opened) return;
        pending_.pop_front();
        exchange->bound(**opened);
        exchanges_.emplace(exchange->id(), exchange.get());
        // nghttp3 bounds what it has to say about received header blocks, until the next write pass, by twice as many.
        nghttp3_conn_set_max_concurrent_streams(h3_, exchanges_.size());
        if (!exchange->submit_request()) exchange->cancel(static_cast<std::uint64_t>(Code::request_cancelled));
    }
}

void Session::cancel_pending(ExchangeImpl& exchange, std::uint64_t code) {
    const auto found = std::ranges::find(pending_, &exchange, &std::shared_ptr<ExchangeImpl>::get);
    if (found == pending_.end()) return;
    ended_.push_back({.exchange = std::move(*found),
                      .end = {.code = code, .clean = false, .connection_lost = false, .retryable = true}});
    pending_.erase(found);
    request_pass();
}

void Session::finish_pending() {
    open_pending();
    if (goaway_) {
        while (!pending_.empty()) {
            cancel_pending(*pending_.front(), static_cast<std::uint64_t>(Code::request_rejected));
        }
    }
    const auto batch = std::exchange(ended_, {});
    for (const auto& ended : batch) ended.exchange->notify_closed(ended.end);
}

void Session::close_when_idle() {
    closing_ = true;
    request_pass();
}

void Session::close_if_done() {
    if (exchange_count() > 0 || !connection_) return;
    if ((server_ && shutdown_sent_) || (!server_ && closing_)) close(Code::no_error);
}

void Session::begin_drain() {
    if (!h3_ || goaway_timer_ || !connection_) {
        if (!h3_) close(Code::no_error);
        return;
    }
    // RFC 9114 section 5.2: first a GOAWAY that refuses nothing that is on its way, then the final one.
    nghttp3_conn_submit_shutdown_notice(h3_);
    request_pass();
    goaway_timer_ = std::make_unique<io::Timer>(connection_->reactor(), [this] {
        if (!h3_ || !connection_) return;
        nghttp3_conn_shutdown(h3_);
        shutdown_sent_ = true;
        request_pass();
    });
    constexpr std::uint64_t kMinNs = 10'000'000;
    goaway_timer_->arm_after(std::max(2 * connection_->stats().smoothed_rtt_us * 1000, kMinNs));
}

void Session::on_closed(Connection&, const CloseInfo& info) {
    const auto keep = shared_from_this();
    goaway_timer_.reset();
    while (!pending_.empty()) {
        cancel_pending(*pending_.front(), static_cast<std::uint64_t>(Code::no_error));
    }
    const auto batch = std::exchange(ended_, {});
    for (const auto& ended : batch) {
        auto end = ended.end;
        end.connection_lost = true;
        ended.exchange->notify_closed(end);
    }
    connection_ = nullptr;
    owner_->session_closed(*this, info);
}

}  // namespace zquic::h3
