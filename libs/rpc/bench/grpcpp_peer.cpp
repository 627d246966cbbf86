// The peer: libgrpc++ over loopback TCP with the same method and payload. Asynchronous API with one completion queue
// and one thread on each side, its fastest form on one core.
#include <fmt/core.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "bench_report.hpp"
#include "ghost/chain/v1/chain.grpc.pb.h"
#include "peer.hpp"

namespace {

namespace v1 = ghost::chain::v1;
using rpc_bench::Meter;

class ServerCall {
 public:
    ServerCall(v1::BlockchainService::AsyncService& service, grpc::ServerCompletionQueue& queue)
        : service_{service}, queue_{queue}, responder_{&context_} {
        service_.RequestSubmitTransaction(&context_, &request_, &responder_, &queue_, &queue_, this);
    }
    /// False: this object is done with.
    bool proceed() {
        if (answered_) return false;
        new ServerCall{service_, queue_};
        answered_ = true;
        v1::TransactionReceipt receipt;
        receipt.set_tx_id(request_.raw());
        responder_.Finish(receipt, grpc::Status::OK, this);
        return true;
    }

 private:
    v1::BlockchainService::AsyncService& service_;
    grpc::ServerCompletionQueue& queue_;
    grpc::ServerContext context_;
    v1::Transaction request_;
    grpc::ServerAsyncResponseWriter<v1::TransactionReceipt> responder_;
    bool answered_ = false;
};

int serve() {
    benchkit::pin_to_core(rpc_bench::kServerCore);
    v1::BlockchainService::AsyncService service;
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    const auto queue = builder.AddCompletionQueue();
    const auto server = builder.BuildAndStart();
    if (!server || port == 0) return 1;
    std::jthread worker{[&] {
        constexpr int kWaiting = 256;
        for (int i = 0; i < kWaiting; ++i) new ServerCall{service, *queue};
        void* tag = nullptr;
        bool ok = false;
        while (queue->Next(&tag, &ok)) {
            auto* const call = static_cast<ServerCall*>(tag);
            if (!ok || !call->proceed()) delete call;
        }
    }};
    fmt::print("ready 127.0.0.1:{} -\n", port);
    std::fflush(stdout);
    rpc_bench::wait_for_end_of_stdin();
    server->Shutdown();
    queue->Shutdown();
    return 0;
}

struct ClientCall {
    grpc::ClientContext context;
    v1::TransactionReceipt response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<v1::TransactionReceipt>> reader;
    std::uint64_t started_ns = 0;
};

int call(int argc, char** argv) {
    benchkit::pin_to_core(rpc_bench::kClientCore);
    const auto args = rpc_bench::parse_call_args(argc, argv);
    const auto channel = grpc::CreateChannel(args.address, grpc::InsecureChannelCredentials());
    const auto stub = v1::BlockchainService::NewStub(channel);
    grpc::CompletionQueue queue;
    v1::Transaction request;
    request.set_raw(std::string(rpc_bench::kPayloadBytes, 'x'));
    const auto start = [&] {
        auto* const next = new ClientCall;
        next->started_ns = Meter::now_ns();
        next->reader = stub->AsyncSubmitTransaction(&next->context, request, &queue);
        next->reader->Finish(&next->response, &next->status, next);
    };
    Meter meter{args.server_pid, args.seconds};
    for (int i = 0; i < args.in_flight; ++i) start();
    int left = args.in_flight;
    bool failed = false;
    void* tag = nullptr;
    bool ok = false;
    while (left > 0 && queue.Next(&tag, &ok)) {
        const std::unique_ptr<ClientCall> done{static_cast<ClientCall*>(tag)};
        failed = failed || !done->status.ok();
        if (done->status.ok() && meter.record(done->started_ns, Meter::now_ns())) {
            start();
        } else {
            --left;
        }
    }
    if (failed) return 1;
    meter.print_result();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && !std::strcmp(argv[1], "serve")) return serve();
    if (argc > 2 && !std::strcmp(argv[1], "call")) return call(argc, argv);
    fmt::print(stderr, "The grpc++ side of bench_rpc; run that.\n");
    return 2;
}
