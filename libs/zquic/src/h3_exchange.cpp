#include "h3_exchange.hpp"

#include <algorithm>
#include <utility>

#include "h3_session.hpp"

namespace zquic::h3 {

Connection& ExchangeImpl::connection() noexcept { return *session_.connection(); }

void ExchangeImpl::bound(Stream& stream) noexcept {
    stream_ = &stream;
    id_ = static_cast<std::int64_t>(stream.id());
}

std::size_t ExchangeImpl::writable_bytes() const noexcept {
    if (over_ || fin_queued_ || send_aborted_) return 0;
    const auto limit = session_.limits().send_queue_bytes;
    const auto used = queue_.unsent_bytes();
    return used < limit ? limit - used : 0;
}

base::Result<void> ExchangeImpl::send_data(Buffer data, bool fin) {
    if (over_ || fin_queued_ || send_aborted_) return fail(Errc::closed, "exchange");
    if (!headers_sent_) return fail(Errc::wrong_state, "data before headers");
    if (!data.empty()) {
        if (writable_bytes() == 0) {
            was_full_ = true;
            return fail(Errc::blocked, "exchange");
        }
        queue_.push(std::move(data));
        if (writable_bytes() == 0) was_full_ = true;
    }
    if (fin) fin_queued_ = true;
    session_.resume(id_);
    return {};
}

base::Result<void> ExchangeImpl::send_trailers(const Fields& fields) {
    if (over_ || fin_queued_ || send_aborted_) return fail(Errc::closed, "exchange");
    if (!headers_sent_) return fail(Errc::wrong_state, "trailers before headers");
    GC_CHECK(check_fields(fields, true));
    trailers_ = std::make_unique<Fields>(fields);
    fin_queued_ = true;
    session_.resume(id_);
    return {};
}

void ExchangeImpl::consume(std::size_t bytes) {
    if (stream_) stream_->consume(bytes);
}

void ExchangeImpl::cancel(std::uint64_t code) {
    if (over_) return;
    if (!stream_) {
        session_.cancel_pending(*this, code);
        return;
    }
    read_aborted_ = true;
    send_aborted_ = true;
    queue_.drop_unsent();
    stream_->reset(code);
    stream_->stop_sending(code);
    session_.abort_later(id_, true, true);
}

void ExchangeImpl::stop_reading(std::uint64_t code) {
    // A request that has no stream yet, and whose answer nobody wants, is not sent.
    if (!stream_ && code != static_cast<std::uint64_t>(Code::no_error)) return cancel(code);
    if (over_ || !stream_ || read_aborted_ || end_seen_) return;
    read_aborted_ = true;
    stream_->stop_sending(code);
    session_.abort_later(id_, true, false);
}

base::Result<void> ExchangeImpl::send_datagram(base::ByteView payload) {
    if (over_) return fail(Errc::closed, "exchange");
    if (!stream_) return fail(Errc::not_ready, "request has no stream yet");
    if (!session_.limits().datagrams || !session_.peer_takes_datagrams()) return fail(Errc::not_supported, "datagrams");
    // RFC 9297 section 2.1: the stream id divided by four, as a variable-length integer, stands in front.
    const auto quarter = static_cast<std::uint64_t>(id_) / 4;
    base::Bytes out(8);
    std::size_t head = 8;
    if (quarter < 1u << 6) {
        out[0] = static_cast<std::byte>(quarter);
        head = 1;
    } else if (quarter < 1u << 14) {
        base::store_be<std::uint16_t>(out.data(), static_cast<std::uint16_t>(quarter | 0x4000));
        head = 2;
    } else if (quarter < 1u << 30) {
        base::store_be<std::uint32_t>(out.data(), static_cast<std::uint32_t>(quarter | 0x8000'0000));
        head = 4;
    } else {
        base::store_be<std::uint64_t>(out.data(), quarter | 0xc000'0000'0000'0000);
    }
    out.resize(head);
    out.insert(out.end(), payload.begin(), payload.end());
    return connection().send_datagram(std::move(out));
}

void ExchangeImpl::on_data(Stream& stream, base::ByteView data, bool fin) { session_.feed(stream, data, fin); }
void ExchangeImpl::on_writable(Stream& stream) { session_.unblock(stream); }
void ExchangeImpl::on_acknowledged(Stream& stream, std::uint64_t bytes) { session_.acknowledged(stream, bytes); }

void ExchangeImpl::count_reset() {
    if (!std::exchange(reset_counted_, true)) session_.count_reset();
}

void ExchangeImpl::on_reset(Stream& stream, std::uint64_t code) {
    if (!send_aborted_) count_reset();  // else it answers a reset of ours
    read_aborted_ = true;
    session_.abort_later(id_, true, false);
    if (const auto keep = handler_) {
        keep->on_reset(*this, code);
    } else {
        stream.reset(static_cast<std::uint64_t>(Code::request_incomplete));
        session_.abort_later(id_, false, true);
    }
}

void ExchangeImpl::on_stop_sending(Stream&, std::uint64_t code) {
    if (!send_aborted_ && code != static_cast<std::uint64_t>(Code::no_error)) count_reset();
    send_aborted_ = true;
    queue_.drop_unsent();
    session_.abort_later(id_, false, true);
    if (const auto keep = handler_) return keep->on_stop_sending(*this, code);
    if (server_ && code != static_cast<std::uint64_t>(Code::no_error)) unwanted_ = true;
}

void ExchangeImpl::on_closed(Stream& stream, const StreamEnd& end) {
    session_.close_stream(stream, end);
    session_.forget(*this);
    const bool rejected = end.reset && end.code == static_cast<std::uint64_t>(Code::request_rejected);
    const bool clean = !end.reset && !end.connection_lost && end_seen_;
    stream_ = nullptr;
    // The stream holds us; the caller keeps that reference until this returns.
    notify_closed({.code = end.code,
                   .clean = clean,
                   .connection_lost = end.connection_lost,
                   .retryable = !server_ && !clean && (rejected || session_.rejected_by_goaway(id_))});
}

void ExchangeImpl::notify_closed(const ExchangeEnd& end) {
    if (over_) return;
    over_ = true;
    if (const auto keep = std::move(handler_)) keep->on_closed(*this, end);
}

void ExchangeImpl::add_field(Field field) {
    const auto& limits = session_.limits();
    section_.bytes += field.name.size() + field.value.size() + 32;  // RFC 9114 section 4.2.2
    if (section_.bytes > limits.field_section_bytes_max || section_.fields.size() >= limits.fields_max) {
        section_.too_large = true;
        section_.fields.clear();
    }
    if (!section_.too_large) section_.fields.push_back(std::move(field));
}

void ExchangeImpl::receive_headers(bool fin) {
    auto section = std::exchange(section_, {});
    if (read_aborted_) return;
    if (!server_) {
        if (section.too_large) return cancel(static_cast<std::uint64_t>(Code::excessive_load));
        if (const auto keep = handler_) keep->on_headers(*this, std::move(section.fields), fin);
        return;
    }
    if (section.too_large) {
        session_.count_refused();
        return refuse_large_request();
    }
    // STOP_SENDING can overtake the request, of which a caller that gives up at once still sends all: nobody is there
    // to answer.
    if (unwanted_) return cancel(static_cast<std::uint64_t>(Code::request_cancelled));
    auto handler = session_.ask_owner(*this, std::move(section.fields), fin);
    if (!handler) {
        session_.count_refused();
        return cancel(static_cast<std::uint64_t>(Code::request_rejected));
    }
    handler_ = std::move(handler);
}

void ExchangeImpl::receive_data(base::ByteView data) {
    if (read_aborted_ || !handler_) {
        consume(data.size());
        return;
    }
    const auto keep = handler_;
    keep->on_data(*this, data);
}

void ExchangeImpl::receive_trailers() {
    const auto section = std::exchange(section_, {});
    if (read_aborted_) return;
    if (section.too_large) return cancel(static_cast<std::uint64_t>(Code::excessive_load));
    if (const auto keep = handler_) keep->on_trailers(*this, section.fields);
}

void ExchangeImpl::receive_end() {
    end_seen_ = true;
    if (read_aborted_) return;
    if (const auto keep = handler_) keep->on_end(*this);
}

void ExchangeImpl::receive_datagram(base::ByteView payload) {
    if (const auto keep = handler_) keep->on_datagram(*this, payload);
}

void ExchangeImpl::refuse_large_request() {
    // RFC 6585 section 5, RFC 9114 section 4.2.2.
    if (send_headers(session_.too_large_answer(), true)) {
        stop_reading(static_cast<std::uint64_t>(Code::no_error));
    } else {
        cancel(static_cast<std::uint64_t>(Code::excessive_load));
    }
}

}  // namespace zquic::h3
