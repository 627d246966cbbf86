// Server reflection from the descriptors linked into the program. Both versions of the protocol have the same messages
// in different packages. Source: grpc/grpc doc/server-reflection.md.
#include "reflection.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "rpc/server.hpp"

namespace rpc {
namespace {

namespace pb = google::protobuf;

/// `file` and all that it imports, serialised, each once.
template <typename Response>
void put_files(const pb::FileDescriptor* file, Response& response) {
    std::vector<const pb::FileDescriptor*> waiting{file};
    std::unordered_set<const pb::FileDescriptor*> seen{file};  // unkeyed: our addresses
    while (!waiting.empty()) {
        const auto* next = waiting.back();
        waiting.pop_back();
        pb::FileDescriptorProto proto;
        next->CopyTo(&proto);
        response.mutable_file_descriptor_response()->add_file_descriptor_proto(proto.SerializeAsString());
        for (int i = 0; i < next->dependency_count(); ++i) {
            if (seen.insert(next->dependency(i)).second) waiting.push_back(next->dependency(i));
        }
    }
}

template <typename Response>
void put_error(StatusCode code, std::string message, Response& response) {
    response.mutable_error_response()->set_error_code(static_cast<int>(code));
    response.mutable_error_response()->set_error_message(std::move(message));
}

template <typename Response>
void put_files_or_error(const pb::FileDescriptor* file, const std::string& name, Response& response) {
    if (file) return put_files(file, response);
    put_error(StatusCode::not_found, "not found: " + name, response);
}

template <typename Request, typename Response>
void answer(const Server& server, const Request& request, Response& response) {
    const auto& pool = *pb::DescriptorPool::generated_pool();
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    switch (request.message_request_case()) {
        case Request::kFileByFilename:
            return put_files_or_error(pool.FindFileByName(request.file_by_filename()), request.file_by_filename(),
                                      response);
        case Request::kFileContainingSymbol:
            return put_files_or_error(pool.FindFileContainingSymbol(request.file_containing_symbol()),
                                      request.file_containing_symbol(), response);
        case Request::kFileContainingExtension: {
            const auto& wanted = request.file_containing_extension();
            const auto* type = pool.FindMessageTypeByName(wanted.containing_type());
            const auto* extension = type ? pool.FindExtensionByNumber(type, wanted.extension_number()) : nullptr;
            return put_files_or_error(extension ? extension->file() : nullptr, wanted.containing_type(), response);
        }
        case Request::kAllExtensionNumbersOfType: {
            const auto& name = request.all_extension_numbers_of_type();
            const auto* type = pool.FindMessageTypeByName(name);
            if (!type) return put_error(StatusCode::not_found, "not found: " + name, response);
            response.mutable_all_extension_numbers_response()->set_base_type_name(type->full_name());
            std::vector<const pb::FieldDescriptor*> extensions;
            pool.FindAllExtensions(type, &extensions);
            for (const auto* extension : extensions) {
                response.mutable_all_extension_numbers_response()->add_extension_number(extension->number());
            }
            return;
        }
        case Request::kListServices:
            for (const auto& name : server.services()) {
                response.mutable_list_services_response()->add_service()->set_name(name);
            }
            return;
        case Request::MESSAGE_REQUEST_NOT_SET: break;
    }
    put_error(StatusCode::invalid_argument, "empty request", response);
}

/// One reflection stream: answers requests in order, stops reading while its answers cannot leave.
template <typename Request, typename Response>
struct Session : std::enable_shared_from_this<Session<Request, Response>> {
    Session(const Server& the_server, ServerReader<Request> the_reader, ServerStream<Response> the_writer)
        : server{the_server}, reader{std::move(the_reader)}, writer{std::move(the_writer)} {}

    void read() {
        reader.read([self = this->shared_from_this()](std::optional<Request> request) {
            if (!request) return self->writer.finish();
            Response response;
            answer(self->server, *request, response);
            self->write(std::move(response));
        });
    }
    void write(Response response) {
        if (writer.write(response)) return read();
        if (writer.cancelled()) return;
        writer.when_ready([self = this->shared_from_this(), response = std::move(response)]() mutable {
            self->write(std::move(response));
        });
    }

    const Server& server;
    ServerReader<Request> reader;
    ServerStream<Response> writer;
};

template <typename Request, typename Response>
void add_version(Server& server, const BidiMethod<Request, Response>& method) {
    server.add(method, [&server](CallContext&, ServerReader<Request> reader, ServerStream<Response> writer) {
        std::make_shared<Session<Request, Response>>(server, std::move(reader), std::move(writer))->read();
    });
}

namespace v1 = grpc::reflection::v1;
namespace v1alpha = grpc::reflection::v1alpha;
constexpr BidiMethod<v1::ServerReflectionRequest, v1::ServerReflectionResponse> kV1{
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"};
constexpr BidiMethod<v1alpha::ServerReflectionRequest, v1alpha::ServerReflectionResponse> kV1Alpha{
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"};

}  // namespace

void add_reflection(Server& server) {
    add_version(server, kV1);
    add_version(server, kV1Alpha);
}

}  // namespace rpc
