#include "h2_stream.hpp"

#include <cstring>

namespace ghostbridge {

using rpc::Fields;

std::vector<nghttp2_nv> native(const Fields& fields) {
    std::vector<nghttp2_nv> out;
    out.reserve(fields.size());
    for (const auto& field : fields)
        out.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.name.data())),
                       reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.value.data())), field.name.size(),
                       field.value.size(),
                       static_cast<std::uint8_t>(field.never_index ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE)});
    return out;
}

std::size_t FrameWatch::follow(base::ByteView bytes) noexcept {
    if (bytes.empty()) return 0;
    if (preface_left_ > 0) {
        const auto part = std::min(preface_left_, bytes.size());
        preface_left_ -= part;
        return part;
    }
    std::size_t taken = 0;
    while (payload_left_ == 0 && taken < bytes.size()) {
        head_[head_size_++] = bytes[taken++];
        if (head_size_ < head_.size()) continue;
        head_size_ = 0;
        payload_left_ = base::load_be<std::uint32_t>(head_.data()) >> 8;
        const auto type = std::to_integer<unsigned>(head_[3]);
        in_block_frame_ = type == NGHTTP2_HEADERS || type == NGHTTP2_CONTINUATION;
        continues_ = in_block_frame_ && (head_[4] & std::byte{NGHTTP2_FLAG_END_HEADERS}) == std::byte{0};
        break;
    }
    const auto part = std::min(payload_left_, bytes.size() - taken);
    payload_left_ -= part;
    return taken + part;
}

namespace {

/// nghttp2 asks for body bytes: from the queue, then trailers or the end.
ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t size, std::uint32_t* flags,
                  nghttp2_data_source* source, void* user) {
    auto& stream = *static_cast<StreamState*>(source->ptr);
    auto& impl = *static_cast<H2Session::Impl*>(user);
    std::size_t copied = 0;
    while (copied < size && !stream.queue.empty()) {
        const auto front = base::ByteView{stream.queue.front()}.subspan(stream.front_offset);
        const auto part = front.first(std::min(front.size(), size - copied));
        std::memcpy(out + copied, part.data(), part.size());
        copied += part.size();
        stream.front_offset += part.size();
        if (part.size() == front.size()) {
            stream.queue.pop_front();
            stream.front_offset = 0;
        }
    }
    stream.queued -= copied;
    if (stream.above_low_water && stream.queued <= stream.low_water) {
        stream.above_low_water = false;
        impl.writable.push_back(stream.id);
    }
    if (!stream.queue.empty()) return static_cast<ssize_t>(copied);
    if (stream.local_ended) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (stream.has_trailers) {
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            const auto fields = native(stream.trailers);
            if (nghttp2_submit_trailer(impl.native_session, stream.id, fields.data(), fields.size()) != 0)
                return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
        return static_cast<ssize_t>(copied);
    }
    if (copied != 0) return static_cast<ssize_t>(copied);
    stream.deferred = true;
    return NGHTTP2_ERR_DEFERRED;
}

}  // namespace

void H2Stream::send_headers(const Fields& headers, bool end) {
    if (!state_ || state_->response_submitted) return;
    auto& stream = *state_;
    stream.response_submitted = true;
    stream.local_ended = end;
    const auto fields = native(headers);
    nghttp2_data_provider provider{};
    provider.source.ptr = &stream;
    provider.read_callback = &read_body;
    // A failure means that the stream or the session is gone already; its close is reported by itself.
    static_cast<void>(nghttp2_submit_response(stream.session->native_session, stream.id, fields.data(), fields.size(),
                                              end ? nullptr : &provider));
    stream.session->host.want_write();
}

void H2Stream::write(base::Bytes bytes, bool end) {
    if (!state_ || state_->local_ended) return;
    auto& stream = *state_;
    if (!bytes.empty()) {
        stream.queued += bytes.size();
        auto& queue = stream.queue;
        if (!queue.empty() && queue.back().size() + bytes.size() <= kJoinBytes)
            queue.back().insert(queue.back().end(), bytes.begin(), bytes.end());
        else
            queue.push_back(std::move(bytes));
    }
    stream.local_ended = end;
    if (stream.queued > stream.low_water) stream.above_low_water = true;
    stream.session->resume(stream);
}

void H2Stream::send_trailers(const Fields& trailers) {
    if (!state_ || state_->local_ended) return;
    state_->trailers = trailers;
    state_->has_trailers = !trailers.empty();
    state_->local_ended = true;
    state_->session->resume(*state_);
}

void H2Stream::stop_reading(std::uint64_t h3_code) {
    if (!state_ || state_->remote_ended) return;
    auto& stream = *state_;
    stream.discard_input = true;
    stream.data_waiting.clear();
    stream.session->give_back(stream, stream.unconsumed);
    stream.session->host.want_write();
    // HTTP/2 cannot close one direction with an error: after a complete answer RST_STREAM(NO_ERROR) says it; before,
    // what arrives is dropped.
    if (stream.end_sent)
        stream.session->reset(stream.id, h2_from_h3(h3_code));
    else
        stream.reset_after_end = true;
}

}  // namespace ghostbridge
