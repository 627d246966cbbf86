#include "quic_stream.hpp"

#include <utility>

#include "zquic/error.hpp"

namespace rpc {
namespace {

constexpr auto kNoError = static_cast<std::uint64_t>(H3Code::no_error);
constexpr auto kInternalError = static_cast<std::uint64_t>(H3Code::internal_error);
constexpr auto kCancelled = static_cast<std::uint64_t>(H3Code::request_cancelled);
constexpr std::size_t kPendingJoinBytes = 4096;
constexpr const char* kConnectionClosed = "the connection was closed";

}  // namespace

// --- The user's side ----------------------------------------------------------------------------------------------

void QuicBridge::send_headers(const Fields& headers, bool end) {
    if (out_ended_) return;
    out_ended_ = end;
    if (request_) {
        auto started = std::exchange(request_, {})(headers, end, shared_from_this());
        if (!started) {
            const auto full = started.error().is(zquic::Errc::limit_reached);
            return fail_later(static_cast<std::uint64_t>(full ? H3Code::excessive_load : H3Code::request_rejected),
                              full ? "too many calls wait for a free stream" : base::to_string(started.error()));
        }
        exchange_ = *started;
        headers_sent_ = true;
        return;
    }
    if (!exchange_) return;
    if (const auto sent = exchange_->send_headers(headers, end); !sent) fail_later(kInternalError, {});
}

void QuicBridge::write(base::Bytes bytes, bool end) {
    if (out_ended_) return;
    out_ended_ = end;
    if (!exchange_) return;
    pending_end_ = end;
    if (!bytes.empty()) {
        pending_bytes_ += bytes.size();
        // Small ones join: a queue of tiny messages holds little more than their bytes.
        if (!pending_.empty() && pending_.back().size() + bytes.size() <= kPendingJoinBytes) {
            pending_.back().insert(pending_.back().end(), bytes.begin(), bytes.end());
        } else {
            pending_.push_back(std::move(bytes));
        }
    }
    flush();
    if (pending_bytes_ > low_water_) above_low_water_ = true;
}

void QuicBridge::send_trailers(const Fields& trailers) {
    if (out_ended_) return;
    out_ended_ = true;
    if (!exchange_) return;
    pending_trailers_ = trailers;
    flush();
}

void QuicBridge::flush() {
    while (exchange_ && !pending_.empty() && exchange_->writable_bytes() > 0) {
        auto bytes = std::move(pending_.front());
        pending_.pop_front();
        pending_bytes_ -= bytes.size();
        const bool last = pending_.empty() && pending_end_;
        if (const auto sent = exchange_->send_data(zquic::Buffer{std::move(bytes)}, last); !sent) {
            // The peer has stopped reading or the stream is over; its own event tells the user.
            return drop_outgoing();
        }
        if (last) pending_end_ = false;
    }
    if (!exchange_ || !pending_.empty()) return;
    if (std::exchange(pending_end_, false)) (void)exchange_->finish();
    if (const auto trailers = std::exchange(pending_trailers_, std::nullopt)) {
        if (const auto sent = exchange_->send_trailers(*trailers); !sent && !sent.error().is(zquic::Errc::closed)) {
            fail_later(kInternalError, {});
        }
    }
}

void QuicBridge::drop_outgoing() noexcept {
    pending_.clear();
    pending_bytes_ = 0;
    pending_end_ = false;
    pending_trailers_.reset();
}

void QuicBridge::consume(std::size_t bytes) {
    if (exchange_) exchange_->consume(bytes);
}

void QuicBridge::stop_reading(std::uint64_t h3_code) {
    if (std::exchange(in_ended_, true)) return;
    if (exchange_) exchange_->stop_reading(h3_code);
}

void QuicBridge::reset(std::uint64_t h3_code) {
    events_ = nullptr;
    out_ended_ = in_ended_ = true;
    drop_outgoing();
    if (exchange_) exchange_->cancel(h3_code);
}

void QuicBridge::release() {
    const auto self = shared_from_this();
    events_ = nullptr;
    request_ = {};
    if (!out_ended_) return reset(kCancelled);
    stop_reading(kCancelled);
}

void QuicBridge::fail_later(std::uint64_t h3_code, std::string reason) {
    auto* events = events_;
    reset(h3_code);
    events_ = events;
    core_->reactor.defer(
        [self = shared_from_this(), h3_code, reason = std::move(reason)] { self->tell_reset(h3_code, reason); });
}

void QuicBridge::tell_reset(std::uint64_t h3_code, const std::string& reason) {
    out_ended_ = in_ended_ = true;
    drop_outgoing();
    if (auto* events = std::exchange(events_, nullptr)) events->on_reset(h3_code, reason);
}

// --- The exchange's side ------------------------------------------------------------------------------------------

void QuicBridge::on_headers(zquic::h3::Exchange&, Fields fields, bool) {
    const InCallback mark{*core_};
    if (!events_ || in_ended_) return;
    const auto* status = find_field(fields, ":status");
    if (status && status->starts_with('1')) return;  // Interim answers mean nothing to gRPC.
    events_->on_headers(std::move(fields));
}

void QuicBridge::on_data(zquic::h3::Exchange& exchange, base::ByteView data) {
    const InCallback mark{*core_};
    if (!events_ || in_ended_) return exchange.consume(data.size());
    events_->on_data(data);
}

void QuicBridge::on_trailers(zquic::h3::Exchange&, Fields fields) { trailers_ = std::move(fields); }

void QuicBridge::on_end(zquic::h3::Exchange&) {
    const InCallback mark{*core_};
    if (std::exchange(in_ended_, true) || !events_) return;
    events_->on_end(std::exchange(trailers_, {}));
}

void QuicBridge::on_reset(zquic::h3::Exchange& exchange, std::uint64_t code) {
    const InCallback mark{*core_};
    const auto self = shared_from_this();
    // A call whose request or answer is aborted has no other half worth keeping.
    if (!out_ended_) exchange.cancel(kCancelled);
    tell_reset(code, {});
}

void QuicBridge::on_stop_sending(zquic::h3::Exchange&, std::uint64_t code) {
    const InCallback mark{*core_};
    const auto self = shared_from_this();
    drop_outgoing();
    out_ended_ = true;
    if (code == kNoError) {
        // The answer is complete or will be; a writer that waits for room must learn that it can stop.
        if (std::exchange(above_low_water_, false) && events_) events_->on_writable();
        return;
    }
    tell_reset(code, {});
    if (exchange_) exchange_->cancel(kCancelled);
}

void QuicBridge::on_writable(zquic::h3::Exchange&) {
    const InCallback mark{*core_};
    const auto self = shared_from_this();
    flush();
    if (!above_low_water_ || pending_bytes_ > low_water_) return;
    above_low_water_ = false;
    if (events_) events_->on_writable();
}

void QuicBridge::on_closed(zquic::h3::Exchange&, const zquic::h3::ExchangeEnd& end) {
    const InCallback mark{*core_};
    const auto self = shared_from_this();
    exchange_ = nullptr;
    request_ = {};
    kept_.reset();
    drop_outgoing();
    if (in_ended_ && out_ended_) {
        events_ = nullptr;
        return;
    }
    if (!end.connection_lost) return tell_reset(end.code, {});
    if (!lost_) return tell_reset(end.code, kConnectionClosed);
    // The connection says why after its exchanges have ended: a caller whose key is refused should hear of it.
    core_->reactor.defer([self, code = end.code] {
        const InCallback inside{*self->core_};
        self->tell_reset(code, self->lost_->empty() ? kConnectionClosed : *self->lost_);
    });
}

}  // namespace rpc
