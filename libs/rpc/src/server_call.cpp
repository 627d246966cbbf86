#include "server_call.hpp"

#include <algorithm>
#include <utility>

#include "server_state.hpp"

namespace rpc {
namespace {

/// A longer explanation than this would not survive the peer's header limit.
constexpr std::size_t kStatusMessageBytesMax = 4096;

bool is_grpc(const std::string* content_type) noexcept {
    constexpr std::string_view kType = "application/grpc";
    if (!content_type || !content_type->starts_with(kType)) return false;
    const auto rest = std::string_view{*content_type}.substr(kType.size());
    return rest.empty() || rest.front() == '+' || rest.front() == ';';
}

bool accepts_gzip(const Fields& headers) noexcept {
    const auto* accepted = find_field(headers, "grpc-accept-encoding");
    return accepted && accepted->find("gzip") != std::string::npos;
}

void append_status(Fields& fields, const Status& status) {
    fields.push_back({"grpc-status", std::to_string(static_cast<unsigned>(status.code))});
    if (status.message.empty()) return;
    fields.push_back(
        {"grpc-message", percent_encode(std::string_view{status.message}.substr(0, kStatusMessageBytesMax))});
}

}  // namespace

ServerCall::ServerCall(Server::State& server, std::unique_ptr<HttpStream> stream)
    : reactor_{server.reactor},
      mailbox_{server.mailbox},
      server_{&server},
      stream_{std::move(stream)},
      started_ns_{server.reactor.now_ns()},
      peer_{stream_->peer()},
      inbound_{server.options.message_bytes_max},
      stream_buffer_bytes_{server.options.stream_buffer_bytes} {}

template <typename Action>
void ServerCall::perform(Action action) {
    if (mailbox_->on_thread()) {
        if (mailed_.load(std::memory_order_relaxed) > 0) mailbox_->drain();
        return action(*this);
    }
    mailed_.fetch_add(1, std::memory_order_relaxed);
    mailbox_->push([self = shared_from_this(), action = std::move(action)]() mutable {
        self->mailed_.fetch_sub(1, std::memory_order_relaxed);
        action(*self);
    });
}

// --- Events -------------------------------------------------------------------------------------------------------

Status ServerCall::admit(Fields& headers) {
    const auto& options = server_->options;
    if (field_section_size(headers) > options.metadata_bytes_max) {
        return {StatusCode::resource_exhausted,
                "metadata larger than " + std::to_string(options.metadata_bytes_max) + " bytes"};
    }
    if (server_->draining) return {StatusCode::unavailable, "the server is shutting down"};

    if (const auto* timeout = find_field(headers, "grpc-timeout")) {
        const auto timeout_ns = parse_timeout_ns(*timeout);
        if (!timeout_ns) return {StatusCode::internal, "malformed grpc-timeout"};
        deadline_ns_ = *timeout_ns > kNoDeadline - 1 - started_ns_ ? kNoDeadline - 1 : started_ns_ + *timeout_ns;
    }
    auto metadata = Metadata::read_from(headers);
    if (!metadata) return {StatusCode::internal, "malformed binary metadata"};
    metadata_ = std::move(*metadata);
    CallGrant grant;
    if (server_->authorizer) {
        auto allowed = server_->authorizer({.path = path_, .peer = peer_, .metadata = metadata_, .grant = grant});
        if (!allowed.ok()) return allowed;
        if (grant.timeout_max_ns < kNoDeadline - started_ns_)
            deadline_ns_ = std::min(deadline_ns_, started_ns_ + grant.timeout_max_ns);
    }
    caller_ = grant.caller ? std::move(*grant.caller) : Caller::of(peer_);
    kept_ = std::make_shared<Kept>(std::move(grant.permit), server_->call_shares.take(caller_),
                                   server_->answer_shares.of(caller_));
    if (!kept_->place) return {StatusCode::resource_exhausted, "too many calls of this caller are under way"};
    stream_->keep(kept_);
    held_ = server_->request_shares.of(caller_);
    if (!method_) {
        if (server_->raw) return {};
        return {StatusCode::unimplemented, "unknown method " + path_};
    }
    if (const auto* name = find_field(headers, "grpc-encoding")) {
        const auto encoding = encoding_from(*name);
        if (!encoding) {
            offer_encodings_ = true;
            return {StatusCode::unimplemented, "unknown grpc-encoding " + *name};
        }
        inbound_.set_encoding(*encoding);
    }
    compress_ = options.compress_from_bytes > 0 && accepts_gzip(headers);
    return {};
}

void ServerCall::on_headers(Fields headers) {
    const auto self = shared_from_this();
    if (over_ || std::exchange(headers_seen_, true)) return;
    if (const auto* path = find_field(headers, ":path")) path_ = *path;
    if (auto* method = server_->find(path_)) {
        method_ = &method->entry;
        metrics_ = method->metrics ? &*method->metrics : nullptr;
    } else {
        metrics_ = server_->unknown_method ? &*server_->unknown_method : nullptr;
    }
    const auto* verb = find_field(headers, ":method");
    if (!verb || *verb != "POST") return refuse_http("405");
    if (!is_grpc(find_field(headers, "content-type"))) return refuse_http("415");
    if (const auto status = admit(headers); !status.ok()) return abort(status);

    if (!method_) {
        RawCall call{.path = path_, .headers = std::move(headers), .stream = std::move(stream_)};
        auto& raw = server_->raw;
        complete({}, false);
        return raw(std::move(call));
    }
    stream_->set_low_water(stream_buffer_bytes_ / 2);
    const auto request_timeout_ns = server_->options.request_timeout_ns;
    if (!method_->request_stream && request_timeout_ns < kNoDeadline - started_ns_)
        request_until_ns_ = started_ns_ + request_timeout_ns;
    arm_timer();
    if (method_->request_stream) method_->run(self, {});
}

void ServerCall::arm_timer() {
    const auto next_ns = std::min(deadline_ns_, request_until_ns_);
    if (next_ns == kNoDeadline) return timer_.reset();
    if (!timer_) timer_.emplace(reactor_, [this] { on_timer(); });
    timer_->arm(next_ns);
}

void ServerCall::on_timer() {
    const auto self = shared_from_this();
    if (deadline_ns_ <= request_until_ns_) return abort({StatusCode::deadline_exceeded, "deadline exceeded"});
    abort({StatusCode::deadline_exceeded, "the request was not complete in time"});
}

bool ServerCall::settle_held_bytes() {
    const auto now = inbound_.buffered() + request_.size();
    if (held_.resize(now - std::min(now, kFreeRequestBytes))) return true;
    abort({StatusCode::resource_exhausted, "the server holds too many incomplete requests of this caller"});
    return false;
}

bool ServerCall::settle_answer_bytes(std::size_t more) {
    const auto now = stream_->queued_bytes() + more;
    if (kept_->answer.resize(now - std::min(now, kFreeAnswerBytes))) return true;
    abort({StatusCode::resource_exhausted, "the server holds too many answers that this caller does not take"});
    return false;
}

void ServerCall::on_data(base::ByteView bytes) {
    if (over_ || !method_) return;
    const auto self = shared_from_this();
    inbound_.append(bytes);
    if (method_->request_stream) {
        if (settle_held_bytes()) pump();
        return;
    }
    // One message is all there can be, so it is read whole; its size is checked as soon as the prefix is there.
    if (const auto credit = inbound_.take_credit(true)) stream_->consume(credit);
    while (!over_) {
        auto message = inbound_.next();
        if (!message) return abort(message.error());
        if (!*message) break;
        if (have_request_) return abort({StatusCode::unimplemented, "the method takes one request, more came"});
        have_request_ = true;
        request_.assign((*message)->begin(), (*message)->end());
    }
    if (!over_) settle_held_bytes();
}

void ServerCall::on_end(Fields) {
    if (over_ || !method_) return;
    const auto self = shared_from_this();
    inbound_.end();
    if (method_->request_stream) return pump();
    run_with_one_message();
}

void ServerCall::run_with_one_message() {
    if (auto rest = inbound_.next(); !rest) return abort(rest.error());
    if (!have_request_) return abort({StatusCode::unimplemented, "the method takes one request, none came"});
    const auto request = std::exchange(request_, {});
    settle_held_bytes();
    request_until_ns_ = kNoDeadline;
    arm_timer();
    method_->run(shared_from_this(), request);
}

void ServerCall::on_writable() {
    const auto self = shared_from_this();
    note_queue();
    if (!settle_answer_bytes(0)) return;
    if (!on_ready_ || buffer_full()) return;
    auto ready = std::exchange(on_ready_, {});
    ready();
}

void ServerCall::on_reset(std::uint64_t, const std::string&) {
    if (over_) return;
    complete({StatusCode::cancelled, {}}, true);
}

// --- Reading ------------------------------------------------------------------------------------------------------

void ServerCall::read(detail::RawReadCallback callback) {
    if (over_) {
        return later([callback = std::move(callback)]() mutable { callback(std::nullopt); });
    }
    read_ = std::move(callback);
    pump();
}

void ServerCall::pump() {
    if (std::exchange(pumping_, true)) return;
    const auto self = shared_from_this();
    while (read_ && !over_) {
        auto message = inbound_.next();
        if (!message) {
            abort(message.error());
            break;
        }
        if (!*message && !inbound_.ended()) {
            if (const auto credit = inbound_.take_credit(true)) stream_->consume(credit);
            break;
        }
        auto callback = std::exchange(read_, {});
        if (const auto credit = inbound_.take_credit(false)) stream_->consume(credit);
        callback(*message);
        if (!*message) break;
    }
    if (!over_) settle_held_bytes();
    pumping_ = false;
}

// --- Answering ----------------------------------------------------------------------------------------------------

void ServerCall::respond(base::Bytes framed) {
    perform([framed = std::move(framed)](ServerCall& call) mutable { call.do_respond(std::move(framed)); });
}

bool ServerCall::write(const google::protobuf::MessageLite& message) {
    // Asked before the message is serialised, which is most of the cost.
    if (mailbox_->on_thread()) {
        if (mailed_.load(std::memory_order_relaxed) > 0) mailbox_->drain();
        if (over_ || buffer_full()) return false;
        do_write(encode_message(message));
        return true;
    }
    if (closed_.load(std::memory_order_acquire) || buffer_full()) return false;
    auto framed = encode_message(message);
    const auto size = framed.size();
    mailed_bytes_.fetch_add(size, std::memory_order_relaxed);
    perform([size, framed = std::move(framed)](ServerCall& call) mutable {
        call.mailed_bytes_.fetch_sub(size, std::memory_order_relaxed);
        call.do_write(std::move(framed));
    });
    return true;
}

void ServerCall::finish(Status status) {
    perform([status = std::move(status)](ServerCall& call) { call.do_finish(status); });
}

void ServerCall::when_ready(io::Task callback) {
    perform([callback = std::move(callback)](ServerCall& call) mutable { call.do_when_ready(std::move(callback)); });
}

void ServerCall::abandon() {
    perform([](ServerCall& call) { call.do_finish({StatusCode::internal, "the handler did not answer"}); });
}

void ServerCall::set_on_cancel(io::Task callback) {
    if (cancelled()) return later(std::move(callback));
    if (!over_) on_cancel_ = std::move(callback);
}

void ServerCall::do_respond(base::Bytes framed) {
    if (over_ || !settle_answer_bytes(framed.size())) return;
    send_initial();
    write_framed(std::move(framed));
    do_finish({});
}

void ServerCall::do_write(base::Bytes framed) {
    if (over_ || !settle_answer_bytes(framed.size())) return;
    send_initial();
    write_framed(std::move(framed));
    note_queue();
}

void ServerCall::do_when_ready(io::Task callback) {
    if (!over_) note_queue();
    if (over_ || !buffer_full()) return later(std::move(callback));
    on_ready_ = std::move(callback);
}

void ServerCall::send_initial() {
    if (std::exchange(headers_sent_, true)) return;
    Fields fields{{":status", "200"}, {"content-type", "application/grpc"}};
    if (compress_) fields.push_back({"grpc-encoding", "gzip"});
    initial_.write_to(fields);
    stream_->send_headers(fields, false);
}

void ServerCall::write_framed(base::Bytes framed) {
    if (seal_) seal_->on_message(base::ByteView{framed}.subspan(kMessagePrefixSize));
    if (compress_ && framed.size() - kMessagePrefixSize >= server_->options.compress_from_bytes) {
        const auto body = gzip_deflate(base::ByteView{framed}.subspan(kMessagePrefixSize));
        if (body.size() + kMessagePrefixSize < framed.size()) {
            base::FixedBytes<kMessagePrefixSize> prefix;
            write_message_prefix(prefix, true, static_cast<std::uint32_t>(body.size()));
            framed.assign(prefix.begin(), prefix.end());
            framed.insert(framed.end(), body.begin(), body.end());
        }
    }
    stream_->write(std::move(framed), false);
}

void ServerCall::send_end(const Status& status, bool with_metadata) {
    Fields fields;
    if (!headers_sent_) {
        fields = {{":status", "200"}, {"content-type", "application/grpc"}};
        if (offer_encodings_) fields.push_back({"grpc-accept-encoding", std::string{kAcceptedEncodings}});
        if (with_metadata) initial_.write_to(fields);
    }
    append_status(fields, status);
    if (with_metadata) trailing_.write_to(fields);
    if (headers_sent_) {
        stream_->send_trailers(fields);
    } else {
        stream_->send_headers(fields, true);
    }
    if (!inbound_.ended()) stream_->stop_reading(static_cast<std::uint64_t>(H3Code::no_error));
}

void ServerCall::do_finish(const Status& status) {
    if (over_) return;
    if (seal_) {
        // What the caller is shown of it: see append_status().
        seal_->on_end({status.code, status.message.substr(0, kStatusMessageBytesMax)}, trailing_);
    }
    send_end(status, true);
    complete(status, false);
}

void ServerCall::refuse_http(std::string_view http_status) {
    Fields fields{{":status", std::string{http_status}}};
    append_status(fields, {StatusCode::internal, "not a gRPC request"});
    stream_->send_headers(fields, true);
    stream_->stop_reading(static_cast<std::uint64_t>(H3Code::no_error));
    complete({StatusCode::internal, {}}, true);
}

void ServerCall::abort(const Status& status) {
    if (over_) return;
    // What the handler put into the metadata may be half done, and another thread may be at it.
    send_end(status, false);
    complete(status, true);
}

void ServerCall::complete(const Status& status, bool cancelled) {
    const auto self = shared_from_this();
    over_ = true;
    if (cancelled) cancelled_.store(true, std::memory_order_release);
    closed_.store(true, std::memory_order_release);
    timer_.reset();
    held_ = {};
    kept_.reset();
    stream_.reset();
    if (metrics_) metrics_->record(status.code, reactor_.now_ns() - started_ns_);
    auto ready = std::exchange(on_ready_, {});
    auto read = std::exchange(read_, {});
    auto on_cancel = std::exchange(on_cancel_, {});
    seal_.reset();
    std::exchange(server_, nullptr)->forget(self);
    if (cancelled) {
        if (read) read(std::nullopt);
        if (ready) ready();
        if (on_cancel) on_cancel();
    } else if (read) {
        // The handler ended the call from its own code: calling it back right here would surprise it.
        later([read = std::move(read)]() mutable { read(std::nullopt); });
    }
}

void ServerCall::note_queue() {
    if (stream_) stream_queue_bytes_.store(stream_->queued_bytes(), std::memory_order_relaxed);
}

bool ServerCall::buffer_full() const noexcept {
    return mailed_bytes_.load(std::memory_order_relaxed) + stream_queue_bytes_.load(std::memory_order_relaxed) >=
           stream_buffer_bytes_;
}

void ServerCall::later(io::Task task) { reactor_.defer(std::move(task)); }

// --- Handles ------------------------------------------------------------------------------------------------------

std::string_view CallContext::path() const noexcept { return call_->path(); }
const Peer& CallContext::peer() const noexcept { return call_->peer(); }
const Metadata& CallContext::metadata() const noexcept { return call_->metadata(); }
const Caller& CallContext::caller() const noexcept { return call_->caller(); }
std::uint64_t CallContext::deadline_ns() const noexcept { return call_->deadline_ns(); }
bool CallContext::cancelled() const noexcept { return call_->cancelled(); }
io::Reactor& CallContext::reactor() const noexcept { return call_->reactor(); }
void CallContext::on_cancel(io::Task callback) const { call_->set_on_cancel(std::move(callback)); }
void CallContext::set_seal(std::unique_ptr<AnswerSeal> seal) const { call_->set_seal(std::move(seal)); }
base::Result<void> CallContext::add_initial(std::string name, std::string value) const {
    return call_->initial().add(std::move(name), std::move(value));
}
base::Result<void> CallContext::add_trailing(std::string name, std::string value) const {
    return call_->trailing().add(std::move(name), std::move(value));
}

namespace detail {

CallDuty& CallDuty::operator=(CallDuty&& other) noexcept {
    if (this == &other) return *this;
    if (const auto call = std::exchange(call_, std::move(other.call_))) call->abandon();
    return *this;
}
CallDuty::~CallDuty() {
    if (const auto call = std::move(call_)) call->abandon();
}
bool CallDuty::cancelled() const noexcept { return call_->cancelled(); }
void CallDuty::respond(base::Bytes framed) { std::exchange(call_, nullptr)->respond(std::move(framed)); }
bool CallDuty::write(const google::protobuf::MessageLite& message) { return call_->write(message); }
void CallDuty::finish(Status status) { std::exchange(call_, nullptr)->finish(std::move(status)); }
void CallDuty::when_ready(io::Task callback) { call_->when_ready(std::move(callback)); }
bool CallDuty::ready() const noexcept { return call_->ready(); }

void read_next(const ServerCallPtr& call, RawReadCallback callback) { call->read(std::move(callback)); }
void reject_request(const ServerCallPtr& call) {
    call->abort({StatusCode::internal, "the request is not the message expected"});
}

}  // namespace detail
}  // namespace rpc
