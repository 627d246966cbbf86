// The callbacks of nghttp3, and the calls that submit to it.

#include <algorithm>
#include <array>

#include "h3_session.hpp"

namespace zquic::h3 {
namespace {

// One DATA frame at most: smaller ones let urgent streams in between.
constexpr std::size_t kDataFrameMax = 64u << 10;
constexpr std::size_t kViewsPerFrame = 16;

std::string text_of(nghttp3_rcbuf* buffer) {
    const auto view = nghttp3_rcbuf_get_buf(buffer);
    return {reinterpret_cast<const char*>(view.base), view.len};
}

}  // namespace

std::vector<nghttp3_nv> native_fields(const Fields& fields) {
    std::vector<nghttp3_nv> out;
    out.reserve(fields.size());
    for (const auto& field : fields) {
        out.push_back(
            {reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.name.data())),
             reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.value.data())), field.name.size(),
             field.value.size(),
             static_cast<std::uint8_t>(field.never_index ? NGHTTP3_NV_FLAG_NEVER_INDEX : NGHTTP3_NV_FLAG_NONE)});
    }
    return out;
}

struct SessionCallbacks {
    static Session& self(void* user_data) noexcept { return *static_cast<Session*>(user_data); }
    static ExchangeImpl* exchange(void* user_data, std::int64_t id);

    static nghttp3_ssize read_data(nghttp3_conn* conn, std::int64_t id, nghttp3_vec* vectors, std::size_t room,
                                   std::uint32_t* flags, void* user_data, void*) {
        auto* const at = exchange(user_data, id);
        if (!at || at->send_aborted_) return NGHTTP3_ERR_WOULDBLOCK;
        std::array<base::ByteView, kViewsPerFrame> views;
        const auto count = at->queue_.peek(std::span{views}.first(std::min(room, views.size())));
        std::size_t taken = 0;
        std::size_t filled = 0;
        while (filled < count && taken < kDataFrameMax) {
            const auto size = std::min(views[filled].size(), kDataFrameMax - taken);
            vectors[filled] = {const_cast<std::uint8_t*>(base::as_u8(views[filled])), size};
            taken += size;
            ++filled;
        }
        at->queue_.sent(taken);
        if (at->was_full_ && at->queue_.unsent_bytes() <= self(user_data).limits().send_queue_bytes / 2) {
            at->was_full_ = false;
            if (!at->fin_queued_) self(user_data).exchange_writable(*at);
        }
        if (at->queue_.unsent_bytes() == 0 && at->fin_queued_) {
            *flags |= NGHTTP3_DATA_FLAG_EOF;
            if (at->trailers_) {
                *flags |= NGHTTP3_DATA_FLAG_NO_END_STREAM;
                const auto native = native_fields(*at->trailers_);
                const int rv = nghttp3_conn_submit_trailers(conn, id, native.data(), native.size());
                at->trailers_.reset();
                if (rv != 0) return NGHTTP3_ERR_CALLBACK_FAILURE;
            }
            return static_cast<nghttp3_ssize>(filled);
        }
        return filled == 0 ? static_cast<nghttp3_ssize>(NGHTTP3_ERR_WOULDBLOCK) : static_cast<nghttp3_ssize>(filled);
    }

    static int acked_stream_data(nghttp3_conn*, std::int64_t id, std::uint64_t size, void* user_data, void*) {
        if (auto* const at = exchange(user_data, id)) at->queue_.acknowledged(static_cast<std::size_t>(size));
        return 0;
    }

    static int recv_data(nghttp3_conn*, std::int64_t id, const std::uint8_t* data, std::size_t size, void* user_data,
                         void*) {
        if (auto* const at = exchange(user_data, id)) {
            at->receive_data({reinterpret_cast<const std::byte*>(data), size});
        }
        return 0;
    }

    static int deferred_consume(nghttp3_conn*, std::int64_t id, std::size_t size, void* user_data, void*) {
        if (auto* const at = exchange(user_data, id)) at->consume(size);
        return 0;
    }

    static int begin_section(nghttp3_conn*, std::int64_t id, void* user_data, void*) {
        if (auto* const at = exchange(user_data, id)) at->section_ = {};
        return 0;
    }

    static int recv_field(nghttp3_conn*, std::int64_t id, std::int32_t, nghttp3_rcbuf* name, nghttp3_rcbuf* value,
                          std::uint8_t flags, void* user_data, void*) {
        auto* const at = exchange(user_data, id);
        if (!at || at->section_.too_large) return 0;
        at->add_field({.name = text_of(name),
                       .value = text_of(value),
                       .never_index = (flags & NGHTTP3_NV_FLAG_NEVER_INDEX) != 0});
        return 0;
    }

    static int end_headers(nghttp3_conn*, std::int64_t id, int fin, void* user_data, void*) {
        if (auto* const at = exchange(user_data, id)) at->receive_headers(fin != 0);
        return 0;
    }

    static int end_trailers(nghttp3_conn*, std::int64_t id, int, void* user_data, void*) {
        if (auto* const at = exchange(user_data, id)) at->receive_trailers();
        return 0;
    }

    static int end_stream(nghttp3_conn*, std::int64_t id, void* user_data, void*) {
        if (auto* const at = exchange(user_data, id)) at->receive_end();
        return 0;
    }

    // nghttp3 found the message malformed.
    static int stop_sending(nghttp3_conn*, std::int64_t id, std::uint64_t code, void* user_data, void*) {
        if (auto* const at = exchange(user_data, id)) {
            at->read_aborted_ = true;
            if (at->stream_) at->stream_->stop_sending(code);
        }
        return 0;
    }
    static int reset_stream(nghttp3_conn*, std::int64_t id, std::uint64_t code, void* user_data, void*) {
        if (auto* const at = exchange(user_data, id)) {
            at->count_reset();
            at->send_aborted_ = true;
            at->queue_.drop_unsent();
            if (at->stream_) at->stream_->reset(code);
            self(user_data).abort_later(id, true, true);
        }
        return 0;
    }

    static int shutdown(nghttp3_conn*, std::int64_t id, void* user_data);
    static int recv_settings(nghttp3_conn*, const nghttp3_settings* settings, void* user_data);

    static nghttp3_callbacks table() noexcept {
        nghttp3_callbacks out{};
        out.acked_stream_data = acked_stream_data;
        out.recv_data = recv_data;
        out.deferred_consume = deferred_consume;
        out.begin_headers = begin_section;
        out.recv_header = recv_field;
        out.end_headers = end_headers;
        out.begin_trailers = begin_section;
        out.recv_trailer = recv_field;
        out.end_trailers = end_trailers;
        out.stop_sending = stop_sending;
        out.end_stream = end_stream;
        out.reset_stream = reset_stream;
        out.shutdown = shutdown;
        out.recv_settings = recv_settings;
        return out;
    }
};

struct Session::Callbacks {
    static ExchangeImpl* find(Session& session, std::int64_t id) { return session.find(id); }
    static void goaway(Session& session, std::int64_t id) {
        session.goaway_ = true;
        session.goaway_id_ = std::min(session.goaway_id_, id);
        session.owner_->session_goaway();
        session.request_pass();
    }
    static void settings(Session& session, const nghttp3_settings& settings) {
        session.peer_datagrams_ = settings.h3_datagram != 0;
    }
};

ExchangeImpl* SessionCallbacks::exchange(void* user_data, std::int64_t id) {
    return Session::Callbacks::find(self(user_data), id);
}
int SessionCallbacks::shutdown(nghttp3_conn*, std::int64_t id, void* user_data) {
    Session::Callbacks::goaway(self(user_data), id);
    return 0;
}
int SessionCallbacks::recv_settings(nghttp3_conn*, const nghttp3_settings* settings, void* user_data) {
    Session::Callbacks::settings(self(user_data), *settings);
    return 0;
}

bool Session::start() {
    static const nghttp3_callbacks callbacks = SessionCallbacks::table();
    nghttp3_settings settings;
    nghttp3_settings_default(&settings);
    settings.max_field_section_size = limits_.field_section_bytes_max;
    // No dynamic table in either direction: libnghttp3 1.8 keeps a stream that waits for table entries after its QUIC
    // stream has closed, so a peer could pin memory with streams that it blocks and resets.
    settings.qpack_max_dtable_capacity = 0;
    settings.qpack_encoder_max_dtable_capacity = 0;
    settings.qpack_blocked_streams = 0;
    settings.enable_connect_protocol = server_ && limits_.extended_connect;
    settings.h3_datagram = limits_.datagrams;
    const int rv = server_ ? nghttp3_conn_server_new(&h3_, &callbacks, &settings, nullptr, this)
                           : nghttp3_conn_client_new(&h3_, &callbacks, &settings, nullptr, this);
    if (rv != 0) return false;
    std::array<std::int64_t, 3> ids{};
    for (auto& id : ids) {
        const auto opened = connection_->open_stream(Direction::unidirectional, shared_from_this());
        if (!opened) return false;
        (*opened)->set_priority({.urgency = 0, .incremental = true});
        id = static_cast<std::int64_t>((*opened)->id());
        local_streams_.emplace(id, *opened);
    }
    return nghttp3_conn_bind_control_stream(h3_, ids[0]) == 0 &&
           nghttp3_conn_bind_qpack_streams(h3_, ids[1], ids[2]) == 0;
}

base::Result<void> ExchangeImpl::send_headers(const Fields& fields, bool fin) {
    if (over_ || send_aborted_ || !stream_ || !session_.native()) return fail(Errc::closed, "exchange");
    if (!server_ || headers_sent_) return fail(Errc::wrong_state, "headers were sent already");
    GC_CHECK(check_fields(fields, false));
    const auto* const status = find_field(fields, ":status");
    if (!status || status->size() != 3) return fail(Errc::bad_field, ":status is missing");
    const auto native = native_fields(fields);
    const bool interim = status->front() == '1';
    int rv = 0;
    if (interim) {
        if (fin) return fail(Errc::wrong_state, "an interim response cannot be the last");
        rv = nghttp3_conn_submit_info(session_.native(), id_, native.data(), native.size());
    } else {
        static constexpr nghttp3_data_reader kReader{SessionCallbacks::read_data};
        rv = nghttp3_conn_submit_response(session_.native(), id_, native.data(), native.size(),
                                          fin ? nullptr : &kReader);
        headers_sent_ = true;
        fin_queued_ = fin;
    }
    if (rv != 0) return fail(Errc::internal, "headers");
    session_.request_pass();
    return {};
}

base::Result<void> ExchangeImpl::submit_request() {
    const auto native = native_fields(*request_);
    static constexpr nghttp3_data_reader kReader{SessionCallbacks::read_data};
    const bool no_body = fin_queued_ && queue_.unsent_bytes() == 0 && !trailers_;
    const int rv = nghttp3_conn_submit_request(session_.native(), id_, native.data(), native.size(),
                                               no_body ? nullptr : &kReader, nullptr);
    request_.reset();
    if (rv != 0) return fail(rv == NGHTTP3_ERR_CONN_CLOSING ? Errc::closed : Errc::internal, "request");
    return {};
}

void ExchangeImpl::set_priority(Priority priority) {
    if (over_ || !stream_) return;
    stream_->set_priority(priority);
    if (!server_ || !session_.native()) return;  // a session that failed has no engine any more
    nghttp3_pri native{};
    native.urgency = std::min<std::uint8_t>(priority.urgency, NGHTTP3_URGENCY_LOW);
    native.inc = priority.incremental;
    nghttp3_conn_set_server_stream_priority(session_.native(), id_, &native);
}

}  // namespace zquic::h3
