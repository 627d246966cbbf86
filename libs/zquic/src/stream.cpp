#include "stream.hpp"

#include <bit>

#include "connection.hpp"

namespace zquic {

StreamImpl::StreamImpl(ConnectionImpl& connection, std::int64_t id, bool local)
    : connection_{connection}, id_{id}, local_{local} {}

Connection& StreamImpl::connection() noexcept { return connection_; }

Direction StreamImpl::direction() const noexcept {
    return ngtcp2_is_bidi_stream(id_) ? Direction::bidirectional : Direction::unidirectional;
}

bool StreamImpl::can_send() const noexcept { return local_ || direction() == Direction::bidirectional; }

bool StreamImpl::wants_to_send() const noexcept {
    return !closed_ && !send_aborted_ && !flow_blocked_ && (queue_.unsent_bytes() > 0 || (fin_queued_ && !fin_sent_));
}

std::size_t StreamImpl::writable_bytes() const noexcept {
    if (closed_ || fin_queued_ || send_aborted_ || !can_send()) return 0;
    const auto limit = connection_.settings().stream_send_queue_bytes;
    const auto used = queue_.unsent_bytes();
    return used < limit ? limit - used : 0;
}

base::Result<void> StreamImpl::write(Buffer data, bool fin) {
    if (closed_ || fin_queued_ || send_aborted_ || !can_send()) return fail(Errc::closed, "stream");
    if (!data.empty()) {
        if (writable_bytes() == 0) {
            was_full_ = true;
            return fail(Errc::blocked, "stream");
        }
        queue_.push(std::move(data));
        if (writable_bytes() == 0) was_full_ = true;
    }
    if (fin) fin_queued_ = true;
    connection_.stream_ready(*this);
    return {};
}

void StreamImpl::consume(std::size_t bytes) {
    const auto credit = std::min<std::uint64_t>(bytes, unconsumed_);
    if (credit == 0) return;
    unconsumed_ -= credit;
    connection_.return_credit(*this, credit);
}

void StreamImpl::reset(std::uint64_t code) {
    if (closed_ || send_aborted_ || !can_send()) return;
    send_aborted_ = true;
    queue_.drop_unsent();
    connection_.abort_sending(*this, code);
}

void StreamImpl::stop_sending(std::uint64_t code) {
    if (closed_ || receive_aborted_ || (local_ && direction() == Direction::unidirectional)) return;
    receive_aborted_ = true;
    consume(unconsumed_);
    connection_.abort_receiving(*this, code);
}

void StreamImpl::set_priority(Priority priority) {
    priority.urgency = std::min<std::uint8_t>(priority.urgency, 7);
    if (priority == priority_) return;
    const bool listed = ready_;
    if (listed) connection_.ready_streams().remove(*this);
    priority_ = priority;
    if (listed) connection_.ready_streams().add(*this);
}

void StreamImpl::receive(base::ByteView data, bool fin) {
    unconsumed_ += data.size();
    if (receive_aborted_ || !handler_) {
        consume(data.size());
        return;
    }
    const auto keep = handler_;  // the handler may replace itself
    keep->on_data(*this, data, fin);
}

void StreamImpl::peer_reset(std::uint64_t code) {
    end_.reset = true;
    end_.code = code;
    consume(unconsumed_);
    if (receive_aborted_) return;
    receive_aborted_ = true;
    if (const auto keep = handler_) keep->on_reset(*this, code);
}

void StreamImpl::peer_stop_sending(std::uint64_t code) {
    if (!can_send()) return;
    if (!fin_sent_) {
        end_.reset = true;
        end_.code = code;
    }
    // The engine answers STOP_SENDING with RESET_STREAM by itself.
    const bool known = send_aborted_;
    send_aborted_ = true;
    queue_.drop_unsent();
    connection_.ready_streams().remove(*this);
    if (known) return;
    if (const auto keep = handler_) keep->on_stop_sending(*this, code);
}

void StreamImpl::acknowledged(std::uint64_t bytes) {
    queue_.acknowledged(static_cast<std::size_t>(bytes));
    if (bytes == 0) return;
    if (const auto keep = handler_) keep->on_acknowledged(*this, bytes);
}

void StreamImpl::sent(std::size_t bytes, bool fin) {
    queue_.sent(bytes);
    if (fin) fin_sent_ = true;
    if (was_full_ && queue_.unsent_bytes() <= connection_.settings().stream_send_queue_bytes / 2) {
        was_full_ = false;
        if (fin_queued_) return;
        writable_event_ = true;
        connection_.queue_event(*this);
    }
}

void StreamImpl::engine_closed(StreamEnd end) noexcept {
    if (end.reset) end_ = end;
    closed_ = true;
    connection_.ready_streams().remove(*this);
    connection_.queue_event(*this);
}

bool StreamImpl::deliver_events() {
    event_queued_ = false;
    if (writable_event_ && !closed_) {
        writable_event_ = false;
        if (const auto keep = handler_) keep->on_writable(*this);
    }
    if (!closed_) return false;
    consume(unconsumed_);
    if (const auto keep = std::move(handler_)) keep->on_closed(*this, end_);
    return true;
}

void StreamImpl::abandon() {
    closed_ = true;
    end_.connection_lost = true;
    if (const auto keep = std::move(handler_)) keep->on_closed(*this, end_);
}

void ReadyList::add(StreamImpl& stream) noexcept {
    if (stream.ready_) return;
    auto& lane = lanes_[stream.priority_.urgency];
    stream.ready_ = true;
    stream.ready_previous_ = lane.last;
    stream.ready_next_ = nullptr;
    (lane.last ? lane.last->ready_next_ : lane.first) = &stream;
    lane.last = &stream;
    used_ |= 1u << stream.priority_.urgency;
}

void ReadyList::remove(StreamImpl& stream) noexcept {
    if (!stream.ready_) return;
    auto& lane = lanes_[stream.priority_.urgency];
    (stream.ready_previous_ ? stream.ready_previous_->ready_next_ : lane.first) = stream.ready_next_;
    (stream.ready_next_ ? stream.ready_next_->ready_previous_ : lane.last) = stream.ready_previous_;
    stream.ready_ = false;
    if (!lane.first) used_ &= ~(1u << stream.priority_.urgency);
}

StreamImpl* ReadyList::front() const noexcept { return used_ == 0 ? nullptr : lanes_[std::countr_zero(used_)].first; }

void ReadyList::rotate(StreamImpl& stream) noexcept {
    if (!stream.ready_ || !stream.priority_.incremental || !stream.ready_next_) return;
    remove(stream);
    add(stream);
}

}  // namespace zquic
