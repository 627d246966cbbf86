#pragma once
// An outside client: libgrpc++ over TCP with prior knowledge, blocking, with the calls made by name.

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "echo_service.hpp"
#include "eventually.hpp"
#include "ghost/chain/v1/chain.pb.h"

namespace ghostbridge::test {

using Message = ghost::chain::v1::Transaction;  ///< A message with one field of bytes.

inline Message message(std::string text) {
    Message out;
    out.set_raw(std::move(text));
    return out;
}

class GrpcClient {
 public:
    explicit GrpcClient(std::uint16_t port) {
        grpc::ChannelArguments arguments;
        arguments.SetMaxReceiveMessageSize(-1);
        arguments.SetMaxSendMessageSize(-1);
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
        channel_ = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials(),
                                             arguments);
        stub_ = std::make_unique<Stub>(channel_);
    }
    ~GrpcClient() {
        queue_.Shutdown();
        void* tag = nullptr;
        bool ok = false;
        while (queue_.Next(&tag, &ok)) {
        }
    }

    struct Answer {
        grpc::Status status;
        Message response;
    };
    Answer unary(grpc::ClientContext& context, const std::string& path, const Message& request) {
        Answer answer;
        auto call = stub_->PrepareUnaryCall(&context, path, request, &queue_);
        call->StartCall();
        call->Finish(&answer.response, &answer.status, this);
        take();
        return answer;
    }
    Answer unary(const std::string& path, const Message& request) {
        grpc::ClientContext context;
        return unary(context, path, request);
    }

    /// A streaming call, one operation at a time.
    class Stream {
     public:
        Stream(GrpcClient& client, grpc::ClientContext& context, const std::string& path)
            : client_{client}, call_{client.stub_->PrepareCall(&context, path, &client.queue_)} {
            call_->StartCall(this);
            started_ = client_.take();
        }
        [[nodiscard]] bool started() const { return started_; }
        bool write(const Message& request) {
            call_->Write(request, this);
            return client_.take();
        }
        bool half_close() {
            call_->WritesDone(this);
            return client_.take();
        }
        /// Waits for the headers of the answer; before the first read().
        bool read_headers() {
            call_->ReadInitialMetadata(this);
            return client_.take();
        }
        std::optional<Message> read() {
            Message response;
            call_->Read(&response, this);
            return client_.take() ? std::optional{response} : std::nullopt;
        }
        grpc::Status finish() {
            grpc::Status status;
            call_->Finish(&status, this);
            client_.take();
            return status;
        }

     private:
        GrpcClient& client_;
        std::unique_ptr<grpc::ClientAsyncReaderWriter<Message, Message>> call_;
        bool started_ = false;
    };

 private:
    using Stub = grpc::TemplatedGenericStub<Message, Message>;
    bool take() {
        void* tag = nullptr;
        bool ok = false;
        return queue_.Next(&tag, &ok) && ok;
    }
    std::shared_ptr<grpc::Channel> channel_;
    std::unique_ptr<Stub> stub_;
    grpc::CompletionQueue queue_;
};

inline void set_timeout(grpc::ClientContext& context, std::chrono::milliseconds timeout) {
    context.set_deadline(std::chrono::system_clock::now() + timeout);
}

/// A call that the service holds ends with its deadline at both ends. The time doubles until a call gets as far as the
/// service, however slow the machine is.
inline void expect_deadline(GrpcClient& client, const EchoLog& log) {
    const int before = log.calls;
    for (auto timeout = std::chrono::milliseconds{100}; log.calls == before && timeout < std::chrono::minutes{1};
         timeout *= 2) {
        grpc::ClientContext context;
        set_timeout(context, timeout);
        EXPECT_EQ(client.unary(context, "/test.v1.Echo/Hang", message("")).status.error_code(),
                  grpc::StatusCode::DEADLINE_EXCEEDED);
    }
    EXPECT_GT(log.calls, before);
    EXPECT_TRUE(eventually([&] { return log.cancelled == log.calls - before; })) << "the service must hear of it";
}

/// A streaming call on a connection of its own.
struct OpenCall {
    explicit OpenCall(std::uint16_t port) : client{port} {}
    GrpcClient client;
    grpc::ClientContext context;
    std::unique_ptr<GrpcClient::Stream> stream;
};

}  // namespace ghostbridge::test
