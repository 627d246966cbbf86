// Reflection over all registered services. The two protocol versions have the same messages with other names, so both
// are served in terms of v1. Source: grpc/grpc doc/server-reflection.md.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <utility>

#include "descriptors.hpp"
#include "ghostbridge/control.hpp"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"

namespace ghostbridge {
namespace {

namespace v1 = grpc::reflection::v1;
namespace v1alpha = grpc::reflection::v1alpha;
namespace gp = google::protobuf;
using rpc::StatusCode;

constexpr rpc::BidiMethod<v1::ServerReflectionRequest, v1::ServerReflectionResponse> kReflectV1{
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"};
constexpr rpc::BidiMethod<v1alpha::ServerReflectionRequest, v1alpha::ServerReflectionResponse> kReflectV1Alpha{
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"};

constexpr std::uint64_t kForwardTimeoutNs = 2'000'000'000;
constexpr std::size_t kForwardsMax = 16;  ///< Instances asked for one look-up.
/// What one costs the bridge's thread at least, in nanoseconds: its answer leaves in a later turn.
constexpr std::uint64_t kLookupNs = 30'000;

using Answer = std::move_only_function<void(v1::ServerReflectionResponse)>;

v1::ServerReflectionResponse not_found(const std::string& what) {
    v1::ServerReflectionResponse response;
    response.mutable_error_response()->set_error_code(static_cast<int>(StatusCode::not_found));
    response.mutable_error_response()->set_error_message(what + " not found");
    return response;
}

/// Files that describe what the bridge itself serves, and protobuf's own.
bool is_own(std::string_view name) noexcept {
    for (const std::string_view prefix :
         {"ghost.bridge.", "ghost/bridge/", "grpc.health.", "grpc/health/", "grpc.reflection.", "grpc/reflection/",
          "google.protobuf.", "google/protobuf/"})
        if (name.starts_with(prefix)) return true;
    return false;
}

v1::ServerReflectionResponse own_file(const v1::ServerReflectionRequest& request) {
    const auto& pool = *gp::DescriptorPool::generated_pool();
    const bool by_name = request.message_request_case() == v1::ServerReflectionRequest::kFileByFilename;
    const auto& what = by_name ? request.file_by_filename() : request.file_containing_symbol();
    const auto* const file = by_name ? pool.FindFileByName(what) : pool.FindFileContainingSymbol(what);
    if (!file) return not_found(what);
    gp::FileDescriptorProto proto;
    file->CopyTo(&proto);
    v1::ServerReflectionResponse response;
    response.mutable_file_descriptor_response()->add_file_descriptor_proto(proto.SerializeAsString());
    return response;
}

/// Instances to ask, one a distinct service set member, the best guess first: the one that owns the symbol, then all.
std::vector<InstanceId> candidates(const Registry& registry, std::string_view symbol) {
    std::vector<InstanceId> ids;
    const auto add = [&](std::string_view service) {
        if (const auto id = registry.pick(service); id && std::ranges::find(ids, *id) == ids.end()) ids.push_back(*id);
    };
    const auto names = registry.available_services();
    for (const auto& name : names)
        if (symbol == name || (symbol.starts_with(name) && symbol.substr(name.size()).starts_with('.'))) add(name);
    for (const auto& name : names) add(name);
    if (ids.size() > kForwardsMax) ids.resize(kForwardsMax);
    return ids;
}

/// Asks one instance after the other until one knows. Destroying it ends the question that is under way.
class Lookup : public std::enable_shared_from_this<Lookup> {
 public:
    Lookup(const Registry& registry, Egress& egress, v1::ServerReflectionRequest request, std::vector<InstanceId> ids,
           Answer answer)
        : registry_{registry},
          egress_{egress},
          request_{std::move(request)},
          ids_{std::move(ids)},
          answer_{std::move(answer)} {}

    void next() {
        while (at_ < ids_.size()) {
            const auto* const instance = registry_.find(ids_[at_++]);
            if (!instance) continue;
            call_ = egress_.channel(*instance).open(kReflectV1, {.timeout_ns = kForwardTimeoutNs});
            static_cast<void>(call_.write(request_));
            call_.half_close();
            return call_.read([weak = weak_from_this()](std::optional<v1::ServerReflectionResponse> response) {
                const auto self = weak.lock();
                if (!self) return;
                if (!response || response->has_error_response()) return self->next();
                response->clear_original_request();
                self->finish(std::move(*response));
            });
        }
        finish(not_found(request_.file_by_filename() + request_.file_containing_symbol() +
                         request_.all_extension_numbers_of_type() +
                         request_.file_containing_extension().containing_type()));
    }

 private:
    void finish(v1::ServerReflectionResponse response) {
        auto answer = std::move(answer_);
        answer(std::move(response));
    }
    const Registry& registry_;
    Egress& egress_;
    v1::ServerReflectionRequest request_;
    std::vector<InstanceId> ids_;
    Answer answer_;
    std::size_t at_ = 0;
    rpc::ClientStream<v1::ServerReflectionRequest, v1::ServerReflectionResponse> call_;
};

/// Answers, in this turn or later. `slot` gets what works on a later answer: emptying it gives the question up.
void answer_request(const ReflectionSources& sources, bool known_caller, const v1::ServerReflectionRequest& request,
                    std::shared_ptr<Lookup>& slot, Answer answer) {
    using Request = v1::ServerReflectionRequest;
    std::string symbol;
    switch (request.message_request_case()) {
        case Request::kListServices: {
            v1::ServerReflectionResponse response;
            auto names = sources.registry.services();
            for (auto& own : own_services()) names.push_back(std::move(own));
            std::ranges::sort(names);
            for (const auto& name : names) response.mutable_list_services_response()->add_service()->set_name(name);
            return answer(std::move(response));
        }
        case Request::kFileByFilename:
            if (is_own(request.file_by_filename())) return answer(own_file(request));
            break;
        case Request::kFileContainingSymbol:
            if (is_own(request.file_containing_symbol())) return answer(own_file(request));
            symbol = request.file_containing_symbol();
            break;
        case Request::kFileContainingExtension: symbol = request.file_containing_extension().containing_type(); break;
        case Request::kAllExtensionNumbersOfType: symbol = request.all_extension_numbers_of_type(); break;
        case Request::MESSAGE_REQUEST_NOT_SET: {
            v1::ServerReflectionResponse response;
            response.mutable_error_response()->set_error_code(static_cast<int>(StatusCode::invalid_argument));
            response.mutable_error_response()->set_error_message("empty request");
            return answer(std::move(response));
        }
    }
    if (auto described = sources.descriptors.find(request)) return answer(std::move(*described));
    auto ids = known_caller ? candidates(sources.registry, symbol) : std::vector<InstanceId>{};
    // In the slot before it begins: an answer at once leads to the next question, which has the slot then.
    const auto lookup =
        std::make_shared<Lookup>(sources.registry, sources.egress, request, std::move(ids), std::move(answer));
    slot = lookup;
    lookup->next();
}

template <typename To, typename From>
To convert(const From& from) {
    To to;
    to.ParseFromString(from.SerializeAsString());  // one wire format under two names
    return to;
}

/// One reflection stream: request, answer, next request. A stranger's waits for its turn before each answer: one frame
/// can carry thousands of look-ups.
template <typename Req, typename Res>
struct Session final : std::enable_shared_from_this<Session<Req, Res>>, Turns::Worker {
    Session(const ReflectionSources& sources_in, const rpc::Peer& peer, rpc::ServerReader<Req> reader_in,
            rpc::ServerStream<Res> stream_in)
        : sources{sources_in},
          known{sources.access.knows(peer.public_key)},
          reader{std::move(reader_in)},
          stream{std::move(stream_in)},
          seat{sources.turns, peer.address, *this} {}

    void step() {
        reader.read([self = this->shared_from_this()](std::optional<Req> request) {
            if (!request) {
                if (!self->stream.finished()) self->stream.finish();
                return;
            }
            self->asked = convert<v1::ServerReflectionRequest>(*request);
            if (self->known) return self->answer(self->asked);
            self->waiting = self;
            self->seat.want();
        });
    }
    std::uint64_t work(std::uint64_t) override {
        const auto self = std::exchange(waiting, nullptr);
        if (self) answer(asked);
        return kLookupNs;
    }
    void answer(const v1::ServerReflectionRequest& request) {
        answer_request(sources, known, request, lookup,
                       [self = this->shared_from_this(), request](v1::ServerReflectionResponse response) {
                           response.set_valid_host(request.host());
                           *response.mutable_original_request() = request;
                           self->write(convert<Res>(response));
                       });
    }
    /// The call is over: so is what works on it.
    void give_up() {
        const auto last = std::exchange(waiting, nullptr);
        lookup.reset();
    }
    void write(Res response) {
        if (stream.cancelled()) return;
        if (stream.write(response)) return step();
        stream.when_ready([self = this->shared_from_this(), response = std::move(response)]() mutable {
            self->write(std::move(response));
        });
    }

    ReflectionSources sources;
    bool known;
    rpc::ServerReader<Req> reader;
    rpc::ServerStream<Res> stream;
    std::shared_ptr<Lookup> lookup;     ///< Holds this until it is over, or the call is.
    v1::ServerReflectionRequest asked;  ///< The last one.
    std::shared_ptr<Session> waiting;   ///< This, while it waits for a turn.
    Turns::Seat seat;
};

template <typename Req, typename Res>
void add_version(rpc::Server& server, const rpc::BidiMethod<Req, Res>& method, const ReflectionSources& sources) {
    server.add(
        method, [sources](rpc::CallContext& context, rpc::ServerReader<Req> reader, rpc::ServerStream<Res> stream) {
            auto session =
                std::make_shared<Session<Req, Res>>(sources, context.peer(), std::move(reader), std::move(stream));
            context.on_cancel([weak = std::weak_ptr{session}] {
                if (const auto alive = weak.lock()) alive->give_up();
            });
            session->step();
        });
}

}  // namespace

std::vector<std::string> own_services() {
    return {"ghost.bridge.v1.Registry", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection"};
}

void add_reflection(rpc::Server& server, ReflectionSources sources) {
    add_version(server, kReflectV1, sources);
    add_version(server, kReflectV1Alpha, sources);
}

}  // namespace ghostbridge
