#include "client_call.hpp"

#include <utility>

#include "channel_state.hpp"

namespace rpc {
namespace {

bool is_grpc_answer(const Fields& headers) noexcept {
    const auto* status = find_field(headers, ":status");
    const auto* type = find_field(headers, "content-type");
    return status && *status == "200" && type && type->starts_with("application/grpc");
}

unsigned number_from(const std::string& digits) noexcept {
    unsigned value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9' || value > 9999) return 9999;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value;
}

}  // namespace

ClientCall::ClientCall(std::shared_ptr<Channel::State> channel, std::string_view path, CallOptions options)
    : channel_{std::move(channel)},
      reactor_{channel_->reactor},
      path_{path},
      options_{std::move(options)},
      stream_buffer_bytes_{channel_->options.stream_buffer_bytes},
      inbound_{channel_->options.message_bytes_max} {}

void ClientCall::arm_deadline() {
    if (options_.timeout_ns == kNoDeadline) return;
    const auto now = reactor_.refresh_now();
    deadline_ns_ = options_.timeout_ns > kNoDeadline - 1 - now ? kNoDeadline - 1 : now + options_.timeout_ns;
    deadline_timer_.emplace(reactor_, [this] {
        const auto self = shared_from_this();
        std::string text = "deadline exceeded";
        if (waiting())
            text += " while waiting for " + channel_->options.name + " at " + channel_->connector->endpoint() + ": " +
                    channel_->last_error;
        end({StatusCode::deadline_exceeded, std::move(text)});
    });
    deadline_timer_->arm(deadline_ns_);
}

void ClientCall::bind(std::unique_ptr<HttpStream> stream, const std::string& authority) {
    stream_ = std::move(stream);
    stream_->set_low_water(stream_buffer_bytes_ / 2);
    stream_->set_events(*this);
    Fields fields;
    fields.reserve(8 + options_.metadata.size());
    fields = {{":method", "POST"}, {":scheme", "https"}, {":authority", authority},
              {":path", path_},    {"te", "trailers"},   {"content-type", "application/grpc"}};
    if (deadline_ns_ != kNoDeadline) {
        const auto now = reactor_.now_ns();
        fields.push_back({"grpc-timeout", format_timeout(deadline_ns_ > now ? deadline_ns_ - now : 1)});
    }
    if (options_.compress) {
        fields.push_back({"grpc-encoding", "gzip"});
        fields.push_back({"grpc-accept-encoding", std::string{kAcceptedEncodings}});
    }
    options_.metadata.write_to(fields);
    stream_->send_headers(fields, false);
    if (!first_.empty() || half_closed_) stream_->write(std::exchange(first_, {}), half_closed_);
    if (on_ready_ && queued_bytes() < stream_buffer_bytes_) later(&ClientCall::on_writable);
}

// --- Events -------------------------------------------------------------------------------------------------------

void ClientCall::on_headers(Fields headers) {
    const auto self = shared_from_this();
    if (ended_ || std::exchange(headers_seen_, true)) return;
    if (field_section_size(headers) > channel_->options.metadata_bytes_max) {
        return end({StatusCode::resource_exhausted, "the answer's metadata is too large"});
    }
    headers_ = std::move(headers);
    if (const auto* name = find_field(headers_, "grpc-encoding")) {
        const auto encoding = encoding_from(*name);
        if (!encoding) return end({StatusCode::internal, "the answer has an unknown grpc-encoding " + *name});
        inbound_.set_encoding(*encoding);
    }
}

void ClientCall::on_data(base::ByteView bytes) {
    const auto self = shared_from_this();
    if (ended_) return;
    // The body of an answer that is not gRPC (a proxy's error page) is of no use.
    if (!is_grpc_answer(headers_)) return stream_->consume(bytes.size());
    inbound_.append(bytes);
    if (!unary_) return pump();
    if (const auto credit = inbound_.take_credit(true)) stream_->consume(credit);
    while (true) {
        auto message = inbound_.next();
        if (!message) return end(std::move(message).error());
        if (!*message) return;
        if (have_response_) return end({StatusCode::unimplemented, "the method has one response, more came"});
        have_response_ = true;
        response_.assign((*message)->begin(), (*message)->end());
        if (options_.on_message) options_.on_message(response_);
    }
}

Status ClientCall::status_from_end(const Fields& trailers) const {
    const auto& fields = trailers.empty() ? headers_ : trailers;
    if (const auto* code = find_field(fields, "grpc-status")) {
        Status status{status_code_from_number(number_from(*code)), {}};
        if (const auto* message = find_field(fields, "grpc-message")) status.message = percent_decode(*message);
        return status;
    }
    const auto* http = find_field(headers_, ":status");
    const auto number = http ? number_from(*http) : 0;
    return {status_code_from_http(number),
            "the answer has no grpc-status (HTTP status " + (http ? *http : std::string{"missing"}) + ")"};
}

void ClientCall::on_end(Fields trailers) {
    const auto self = shared_from_this();
    if (ended_) return;
    auto status = status_from_end(trailers);
    if (status.ok() && !is_grpc_answer(headers_)) {
        status = {StatusCode::unknown, "the answer is not gRPC"};
    }
    trailers_ = std::move(trailers);
    if (status.ok()) inbound_.end();
    if (unary_ && status.ok()) {
        if (auto rest = inbound_.next(); !rest) {
            status = std::move(rest).error();
        } else if (!have_response_) {
            status = {StatusCode::unimplemented, "the method has one response, none came"};
        }
    }
    finish(std::move(status));
    if (unary_) return report();
    pump();
    // A writer that waits for room will never get it.
    if (auto ready = std::exchange(on_ready_, {})) ready();
}

void ClientCall::on_writable() {
    const auto self = shared_from_this();
    if (!on_ready_ || (!ended_ && queued_bytes() >= stream_buffer_bytes_)) return;
    auto ready = std::exchange(on_ready_, {});
    ready();
}

void ClientCall::on_reset(std::uint64_t h3_code, const std::string& reason) {
    const auto self = shared_from_this();
    if (ended_) return;
    if (reason.empty()) {
        return end(
            {status_code_from_h3(h3_code), "the server reset the call (HTTP/3 code " + std::to_string(h3_code) + ")"});
    }
    const auto connection = "connection to " + channel_->options.name + " at " + channel_->connector->endpoint();
    if (h3_code == static_cast<std::uint64_t>(H3Code::excessive_load)) {
        return end({StatusCode::resource_exhausted, connection + ": " + reason});
    }
    end({StatusCode::unavailable, connection + " lost: " + reason});
}

// --- The end ------------------------------------------------------------------------------------------------------

void ClientCall::end(Status status) {
    const auto self = shared_from_this();
    finish(std::move(status));
    report();
}

void ClientCall::end_later(Status status) {
    finish(std::move(status));
    if (!over_) later(&ClientCall::report);
}

void ClientCall::silence() {
    if (over_) return;
    const auto self = shared_from_this();
    silent_ = true;
    end({StatusCode::cancelled, {}});
}

void ClientCall::finish(Status status) {
    if (std::exchange(ended_, true)) return;
    status_ = std::move(status);
    deadline_timer_.reset();
    stream_.reset();
    first_ = {};
}

void ClientCall::report() {
    if (std::exchange(over_, true)) return;
    const auto self = shared_from_this();
    const auto channel = std::exchange(channel_, nullptr);
    channel->forget(self);
    auto unary = std::exchange(on_unary_, {});
    auto read = std::exchange(read_, {});
    auto ready = std::exchange(on_ready_, {});
    if (silent_) return;
    if (options_.on_metadata) {
        // A Trailers-Only answer has its metadata in the headers, and that is trailing metadata.
        const bool trailers_only = trailers_.empty() && find_field(headers_, "grpc-status");
        const auto initial = Metadata::read_from(trailers_only ? Fields{} : headers_);
        const auto trailing = Metadata::read_from(trailers_only ? headers_ : trailers_);
        options_.on_metadata(initial.value_or(Metadata{}), trailing.value_or(Metadata{}));
        if (silent_) return;
    }
    if (unary) {
        if (status_.ok()) {
            unary(base::ByteView{response_});
        } else {
            unary(std::unexpected{status_});
        }
        return;
    }
    if (read) read(std::nullopt);
    if (ready && !silent_) ready();
}

void ClientCall::later(void (ClientCall::*function)()) {
    reactor_.defer([self = shared_from_this(), function] { (self.get()->*function)(); });
}

// --- The user's side ----------------------------------------------------------------------------------------------

std::size_t ClientCall::queued_bytes() const noexcept { return stream_ ? stream_->queued_bytes() : first_.size(); }

base::Bytes ClientCall::prepare(base::Bytes framed) const {
    if (!options_.compress) return framed;
    const auto body = gzip_deflate(base::ByteView{framed}.subspan(kMessagePrefixSize));
    base::FixedBytes<kMessagePrefixSize> prefix;
    write_message_prefix(prefix, true, static_cast<std::uint32_t>(body.size()));
    base::Bytes out{prefix.begin(), prefix.end()};
    out.insert(out.end(), body.begin(), body.end());
    return out;
}

void ClientCall::set_request(const google::protobuf::MessageLite& message) {
    first_ = prepare(encode_message(message));
    half_closed_ = true;
}

bool ClientCall::write(const google::protobuf::MessageLite& message) {
    if (ended_ || half_closed_ || queued_bytes() >= stream_buffer_bytes_) return false;
    auto framed = prepare(encode_message(message));
    if (stream_) {
        stream_->write(std::move(framed), false);
    } else {
        first_.insert(first_.end(), framed.begin(), framed.end());
    }
    return true;
}

void ClientCall::when_ready(io::Task callback) {
    if (silent_) return;
    on_ready_ = std::move(callback);
    if (ended_ || queued_bytes() < stream_buffer_bytes_) later(&ClientCall::on_writable);
}

void ClientCall::half_close() {
    if (ended_ || std::exchange(half_closed_, true)) return;
    if (stream_) stream_->write({}, true);
}

void ClientCall::read(detail::BytesCallback callback) {
    if (silent_) return;
    if (over_) {
        reactor_.defer([self = shared_from_this(), callback = std::move(callback)]() mutable {
            if (!self->silent_) callback(std::nullopt);
        });
        return;
    }
    read_ = std::move(callback);
    pump();
}

void ClientCall::pump() {
    if (std::exchange(pumping_, true)) return;
    const auto self = shared_from_this();
    while (read_ && !over_) {
        // After anything but a clean end, what is still buffered is dropped.
        if (ended_ && !inbound_.ended()) {
            report();
            break;
        }
        auto message = inbound_.next();
        if (!message) {
            if (ended_) {
                status_ = std::move(message).error();
            } else {
                finish(std::move(message).error());
            }
            report();
            break;
        }
        if (*message) {
            auto callback = std::exchange(read_, {});
            const auto credit = inbound_.take_credit(false);
            if (credit > 0 && stream_) stream_->consume(credit);
            if (options_.on_message) options_.on_message(**message);
            callback(*message);
            continue;
        }
        if (ended_) {
            report();
        } else if (const auto credit = inbound_.take_credit(true)) {
            stream_->consume(credit);
        }
        break;
    }
    pumping_ = false;
}

// --- Handles ------------------------------------------------------------------------------------------------------

CallHandle& CallHandle::operator=(CallHandle&& other) noexcept {
    if (this == &other) return *this;
    const auto old = std::exchange(call_, std::move(other.call_));
    if (old) old->silence();
    return *this;
}
CallHandle::~CallHandle() {
    if (call_) call_->silence();
}
void CallHandle::cancel() {
    if (call_) call_->end_later({StatusCode::cancelled, "cancelled"});
}
void CallHandle::detach() noexcept { call_.reset(); }
bool CallHandle::active() const noexcept { return call_ && !call_->over(); }

namespace detail {

bool client_write(const std::shared_ptr<ClientCall>& call, const google::protobuf::MessageLite& message) {
    return call && call->write(message);
}
void client_when_ready(const std::shared_ptr<ClientCall>& call, io::Task callback) {
    if (call) call->when_ready(std::move(callback));
}
void client_half_close(const std::shared_ptr<ClientCall>& call) {
    if (call) call->half_close();
}
void client_read(const std::shared_ptr<ClientCall>& call, BytesCallback callback) {
    if (call) call->read(std::move(callback));
}
void client_reject_response(const std::shared_ptr<ClientCall>& call) {
    call->end_later({StatusCode::internal, "the response is not the message expected"});
}
const Status& client_status(const std::shared_ptr<ClientCall>& call) {
    static const Status kNone{};
    return call && call->over() ? call->status() : kNone;
}

}  // namespace detail
}  // namespace rpc
