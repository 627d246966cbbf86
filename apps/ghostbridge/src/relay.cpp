#include "ghostbridge/relay.hpp"

#include <utility>

#include "base/log.hpp"
#include "io/timer.hpp"

namespace ghostbridge {
namespace {

using rpc::Fields;
using rpc::H3Code;
using rpc::Status;
using rpc::StatusCode;

/// Services with metrics of their own; the rest share one name.
constexpr std::size_t kMetricServicesMax = 256;
const base::Log kLog{"ghostbridge"};

constexpr std::uint64_t number(H3Code code) noexcept { return static_cast<std::uint64_t>(code); }

/// The code that a caller sees when the service reset the stream with `h3_code`.
StatusCode seen_by_caller(std::uint64_t h3_code) noexcept { return rpc::status_code_from_h3(h3_code); }

}  // namespace

/// One call: both streams and what is owed between them. Destroyed by Relay::finish(), also from inside its events.
class Relay::Call {
 public:
    Call(Relay& relay, std::uint64_t id, CallRequest request, Caller caller, std::unique_ptr<rpc::HttpStream> ingress)
        : relay_{relay},
          id_{id},
          request_{std::move(request)},
          caller_{caller},
          started_ns_{relay.reactor_.now_ns()},
          ingress_{std::move(ingress)},
          ingress_events_{*this},
          egress_events_{*this},
          deadline_timer_{relay.reactor_, [this] { on_deadline(); }} {}
    ~Call() {
        release_instance(CallOutcome::abandoned);
        relay_.open_calls_.add(-1);
    }

    void run() {
        relay_.open_calls_.add(1);
        ingress_->set_low_water(relay_.options_.window_bytes / 4);
        ingress_->set_events(ingress_events_);
        auto timeout = std::min(request_.timeout_ns, relay_.options_.call_timeout_max_ns);
        if (caller_ == Caller::anonymous) timeout = std::min(timeout, relay_.options_.public_call_timeout_max_ns);
        if (timeout != rpc::kNoDeadline) {
            deadline_ns_ = timeout > rpc::kNoDeadline - started_ns_ ? rpc::kNoDeadline : started_ns_ + timeout;
            deadline_timer_.arm(deadline_ns_);
        }
        attempt();
    }

    /// Ends the call from this side: an answer for the caller, a cancellation for the service.
    void end_with(Status status) {
        code_ = status.code;
        if (!answer_started_)
            ingress_->send_headers(refusal_fields({200, std::move(status)}), true);
        else
            ingress_->send_trailers(status_trailers(status));
        if (!request_ended_) ingress_->stop_reading(number(H3Code::no_error));
        if (egress_) egress_->reset(number(H3Code::request_cancelled));
        over();
    }

 private:
    struct IngressEvents final : rpc::StreamEvents {
        explicit IngressEvents(Call& call_in) noexcept : call{call_in} {}
        void on_headers(Fields) override {}
        void on_data(base::ByteView bytes) override { call.on_request_data(bytes); }
        void on_end(Fields trailers) override { call.on_request_end(std::move(trailers)); }
        void on_writable() override { call.return_response_credit(); }
        void on_reset(std::uint64_t code, const std::string&) override { call.on_caller_gone(code); }
        Call& call;
    };
    struct EgressEvents final : rpc::StreamEvents {
        explicit EgressEvents(Call& call_in) noexcept : call{call_in} {}
        void on_headers(Fields headers) override { call.on_response_headers(std::move(headers)); }
        void on_data(base::ByteView bytes) override { call.on_response_data(bytes); }
        void on_end(Fields trailers) override { call.on_response_end(std::move(trailers)); }
        void on_writable() override { call.return_request_credit(); }
        void on_reset(std::uint64_t code, const std::string& reason) override { call.on_service_reset(code, reason); }
        Call& call;
    };

    // ---- choosing and opening

    void attempt() {
        const auto picked = relay_.registry_.pick(request_.service, tried_, request_.instance_key);
        if (!picked) return end_with(no_instance(picked.error()));
        const auto* const instance = relay_.registry_.find(*picked);
        const auto slot = relay_.egress_.hold(*instance);
        tried_.push_back(*picked);
        endpoint_ = instance->registration.endpoint;
        if (!slot) return on_full();
        instance_ = *picked;
        slot_ = *slot;
        relay_.registry_.started(instance_);
        if (auto stream = relay_.egress_.open(*instance, slot_)) return on_stream(std::move(stream));
        waiting_ = relay_.egress_.wait(*instance, slot_, [this](auto stream) {
            if (!stream)
                return on_not_sent("cannot reach its instance at " + endpoint_ + ": " + stream.error().message);
            on_stream(std::move(*stream));
        });
    }

    Status no_instance(NoInstance why) const {
        if (!tried_.empty()) return {StatusCode::unavailable, "service " + request_.service + " " + last_failure_};
        switch (why) {
            case NoInstance::unknown_service:
                return {StatusCode::unimplemented,
                        "service " + request_.service + " is not registered with this bridge"};
            case NoInstance::none_available:
                return {StatusCode::unavailable,
                        "service " + request_.service + " has no instance that takes calls" +
                            (request_.instance_key ? " with the key " + base::to_hex(*request_.instance_key) : "")};
        }
        return {StatusCode::internal, ""};
    }

    /// The instance's connections are full. To wait there unseen would be worse than to say so.
    void on_full() {
        last_failure_ = "has as many calls as its instances take";
        if (tried_.size() < relay_.options_.attempts_max &&
            relay_.registry_.pick(request_.service, tried_, request_.instance_key))
            return attempt();
        end_with({StatusCode::resource_exhausted, "service " + request_.service + " " + last_failure_});
    }

    /// The instance provably did not see the call: another one may, within the budget.
    void on_not_sent(std::string why) {
        last_failure_ = std::move(why);
        release_instance(CallOutcome::transport_failure);
        egress_.reset();
        if (!replayable_ || tried_.size() >= relay_.options_.attempts_max || !relay_.budget_.take())
            return end_with({StatusCode::unavailable, "service " + request_.service + " " + last_failure_});
        // Asked before retrying is counted: without another instance this is the end.
        if (relay_.registry_.pick(request_.service, tried_, request_.instance_key)) relay_.retries_.add();
        attempt();
    }

    void on_stream(std::unique_ptr<rpc::HttpStream> stream) {
        egress_ = std::move(stream);
        egress_->set_low_water(std::min(relay_.options_.window_bytes, relay_.options_.ingress_window_bytes) / 4);
        egress_->set_events(egress_events_);
        const auto now = relay_.reactor_.now_ns();
        const auto left =
            deadline_ns_ == rpc::kNoDeadline ? rpc::kNoDeadline : deadline_ns_ - std::min(now, deadline_ns_);
        const bool request_empty = request_ended_ && held_.empty() && request_trailers_.empty();
        egress_->send_headers(forward_request(request_, left, ingress_->peer(), caller_ == Caller::known),
                              request_empty);
        if (request_empty) return;
        replayable_ = held_.size() <= relay_.options_.replay_bytes_max;
        if (!held_.empty()) {
            auto bytes = replayable_ ? held_ : std::exchange(held_, {});
            egress_->write(std::move(bytes), false);
        }
        if (request_ended_) end_request();
        return_request_credit();
    }

    // ---- the request's way

    void on_request_data(base::ByteView bytes) {
        relay_.request_bytes_.add(bytes.size());
        request_owed_ += bytes.size();
        if (!egress_) {
            // Bounded by the caller's window: nothing is given back before a service takes it.
            held_.insert(held_.end(), bytes.begin(), bytes.end());
            return;
        }
        hold_for_replay(bytes);
        egress_->write(base::to_bytes(bytes), false);
        return_request_credit();
    }

    void hold_for_replay(base::ByteView bytes) {
        if (!replayable_ || response_seen_) return;
        if (held_.size() + bytes.size() > relay_.options_.replay_bytes_max) {
            replayable_ = false;
            held_ = {};
            return;
        }
        held_.insert(held_.end(), bytes.begin(), bytes.end());
    }

    void on_request_end(Fields trailers) {
        request_ended_ = true;
        request_trailers_ = std::move(trailers);
        if (egress_) end_request();
    }

    void end_request() {
        if (request_trailers_.empty())
            egress_->write({}, true);
        else
            egress_->send_trailers(request_trailers_);
    }

    void return_request_credit() {
        const auto waiting = egress_ ? egress_->queued_bytes() : held_.size();
        if (request_owed_ <= waiting) return;
        const auto taken = request_owed_ - waiting;
        request_owed_ = waiting;
        ingress_->consume(taken);
    }

    void on_caller_gone(std::uint64_t code) {
        code_ = StatusCode::cancelled;
        // Without an error of its own the caller is simply gone.
        if (egress_) egress_->reset(code == number(H3Code::no_error) ? number(H3Code::request_cancelled) : code);
        over();
    }

    // ---- the response's way

    void on_response_headers(Fields headers) {
        response_seen_ = true;
        held_ = {};
        auto fields = forward_response(std::move(headers));
        // Trailers-Only is one block with END_STREAM: keep it until we know that nothing follows.
        if (has_grpc_status(fields)) {
            answer_waiting_ = std::move(fields);
            return;
        }
        answer_started_ = true;
        ingress_->send_headers(fields, false);
    }

    void flush_waiting_answer() {
        if (answer_waiting_.empty()) return;
        answer_started_ = true;
        ingress_->send_headers(std::exchange(answer_waiting_, {}), false);
    }

    void on_response_data(base::ByteView bytes) {
        relay_.response_bytes_.add(bytes.size());
        flush_waiting_answer();
        if (!answer_started_) return;  // body before headers cannot be; the transport checks it
        response_owed_ += bytes.size();
        ingress_->write(base::to_bytes(bytes), false);
        return_response_credit();
    }

    void on_response_end(Fields trailers) {
        if (!answer_waiting_.empty() && trailers.empty()) {
            code_ = grpc_status_of(answer_waiting_);
            ingress_->send_headers(std::exchange(answer_waiting_, {}), true);
        } else {
            flush_waiting_answer();
            code_ = grpc_status_of(trailers);
            if (!answer_started_) return on_service_reset(number(H3Code::message_error), {});
            if (trailers.empty())
                ingress_->write({}, true);
            else
                ingress_->send_trailers(forward_response(std::move(trailers)));
        }
        release_instance(CallOutcome::ok);
        // An early end: neither side wants the rest of the request.
        if (!request_ended_) {
            ingress_->stop_reading(number(H3Code::no_error));
            egress_->reset(number(H3Code::no_error));
        }
        over();
    }

    void return_response_credit() {
        if (!egress_) return;
        const auto waiting = ingress_->queued_bytes();
        if (response_owed_ <= waiting) return;
        const auto taken = response_owed_ - waiting;
        response_owed_ = waiting;
        egress_->consume(taken);
    }

    /// `reason` is set when the connection is gone or was full, empty when the service reset this one stream.
    void on_service_reset(std::uint64_t code, const std::string& reason) {
        if (!response_seen_ && code == number(H3Code::request_rejected))
            return on_not_sent("refused the call at " + endpoint_);
        egress_.reset();
        if (!reason.empty() && code != number(H3Code::excessive_load)) {
            release_instance(CallOutcome::transport_failure);
            return end_with({StatusCode::unavailable,
                             "service " + request_.service + " lost its connection during the call (" + reason + ")"});
        }
        release_instance(CallOutcome::ok);
        // Once an answer began, "not processed" is not true, and a caller would make the call again.
        if (code == number(H3Code::request_rejected)) code = number(H3Code::internal_error);
        code_ = seen_by_caller(code);
        ingress_->reset(code);
        over();
    }

    // ---- both

    void on_deadline() {
        end_with({StatusCode::deadline_exceeded, "the deadline passed at the bridge, waiting for " + request_.service});
    }

    void release_instance(CallOutcome outcome) {
        if (instance_ == 0) return;
        relay_.egress_.release(instance_, slot_);
        relay_.registry_.ended(std::exchange(instance_, 0), outcome);
    }

    /// Destroys this.
    void over() {
        const auto elapsed_ns = relay_.reactor_.now_ns() - started_ns_;
        relay_.seconds_.observe(static_cast<double>(elapsed_ns) / 1e9);
        // A name that nobody registered comes from the caller: it gets no metric and no log line of its own.
        const bool known = !tried_.empty();
        relay_.count(known ? request_.service : "unknown", code_);
        if (known)
            kLog.debug("call", {{"path", request_.path},
                                {"code", rpc::to_string(code_)},
                                {"instance", endpoint_},
                                {"attempts", tried_.size()},
                                {"us", elapsed_ns / 1000}});
        relay_.finish(id_);
    }

    Relay& relay_;
    const std::uint64_t id_;
    CallRequest request_;
    const Caller caller_;
    const std::uint64_t started_ns_;
    std::uint64_t deadline_ns_ = rpc::kNoDeadline;
    std::unique_ptr<rpc::HttpStream> ingress_;
    std::unique_ptr<rpc::HttpStream> egress_;
    IngressEvents ingress_events_;
    EgressEvents egress_events_;
    io::Timer deadline_timer_;

    InstanceId instance_ = 0;  ///< 0: none holds this call now.
    Egress::Slot slot_ = 0;    ///< Its connection.
    Egress::Waiting waiting_;  ///< For that connection; ends with the call.
    std::vector<InstanceId> tried_;
    std::string endpoint_;
    std::string last_failure_;

    base::Bytes held_;  ///< Request bytes before there is a stream; then those a retry would need.
    bool replayable_ = true;
    bool request_ended_ = false;
    Fields request_trailers_;
    std::size_t request_owed_ = 0;  ///< Received from the caller, credit not given back.

    bool response_seen_ = false;
    bool answer_started_ = false;
    Fields answer_waiting_;
    std::size_t response_owed_ = 0;
    StatusCode code_ = StatusCode::unknown;
};

Relay::Relay(io::Reactor& reactor, Registry& registry, Egress& egress, base::MetricsRegistry& metrics,
             RelayOptions options)
    : reactor_{reactor},
      registry_{registry},
      egress_{egress},
      metrics_{metrics},
      options_{options},
      open_calls_{metrics.gauge("ghostbridge_open_calls", "Calls being relayed.")},
      request_bytes_{
          metrics.counter("ghostbridge_relayed_bytes_total", "Body bytes relayed.", {{"direction", "request"}})},
      response_bytes_{
          metrics.counter("ghostbridge_relayed_bytes_total", "Body bytes relayed.", {{"direction", "response"}})},
      retries_{metrics.counter("ghostbridge_retries_total", "Calls tried again at another instance.")},
      seconds_{metrics.histogram("ghostbridge_call_seconds", "Duration of relayed calls.",
                                 base::latency_bounds_seconds())} {}

Relay::~Relay() { calls_.clear(); }

void Relay::start(rpc::RawCall raw, Caller caller) {
    auto request = parse_request(std::move(raw.headers));
    Refusal refusal;
    if (!request)
        refusal = std::move(request.error());
    else if (refusing_)
        refusal.status = {StatusCode::unavailable, "the bridge is shutting down"};
    else if (calls_.size() >= options_.calls_max)
        refusal.status = {StatusCode::resource_exhausted, "the bridge carries too many calls"};
    if (!refusal.status.ok()) {
        count("unknown", refusal.status.code);
        raw.stream->send_headers(refusal_fields(refusal), true);
        raw.stream->stop_reading(number(H3Code::no_error));
        return;
    }
    budget_.on_call();
    const auto id = next_id_++;
    auto& call =
        *calls_.emplace(id, std::make_unique<Call>(*this, id, std::move(*request), caller, std::move(raw.stream)))
             .first->second;
    call.run();
}

void Relay::finish(std::uint64_t id) {
    const auto at = calls_.find(id);
    if (at == calls_.end()) return;
    const auto call = std::move(at->second);
    calls_.erase(at);
}

void Relay::cancel_all() {
    while (!calls_.empty()) calls_.begin()->second->end_with({StatusCode::unavailable, "the bridge is shutting down"});
}

void Relay::count(const std::string& service, StatusCode code) {
    auto at = service_metrics_.find(service);
    if (at == service_metrics_.end()) {
        const bool full = service_metrics_.size() >= kMetricServicesMax;
        at = service_metrics_.try_emplace(full ? "other" : service).first;
    }
    auto*& counter = at->second.by_code[static_cast<std::size_t>(code)];
    if (!counter)
        counter = &metrics_.counter("ghostbridge_calls_total", "Calls ended, by service and gRPC status.",
                                    {{"service", at->first}, {"code", std::string{rpc::to_string(code)}}});
    counter->add();
}

}  // namespace ghostbridge
