#include "ours.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <vector>

#include "bench_report.hpp"
#include "ghost/chain/v1/chain.pb.h"
#include "io/thread.hpp"
#include "peer.hpp"
#include "rpc/client.hpp"
#include "rpc/quic.hpp"
#include "rpc/server.hpp"

namespace rpc_bench {
namespace {

namespace v1 = ghost::chain::v1;
constexpr rpc::UnaryMethod<v1::Transaction, v1::TransactionReceipt> kMethod{
    "/ghost.chain.v1.BlockchainService/SubmitTransaction"};

int fail(const std::string& text) {
    fmt::print(stderr, "bench_rpc: {}\n", text);
    return 1;
}

struct Caller {
    Caller(rpc::Channel& the_channel, const CallArgs& args)
        : channel{the_channel}, meter{args.server_pid, args.seconds}, left{args.in_flight} {
        request.set_raw(std::string(kPayloadBytes, 'x'));
    }
    void call() {
        channel
            .call(kMethod, request, {},
                  [this, started = Meter::now_ns()](rpc::StatusOr<v1::TransactionReceipt> answer) {
                      if (!answer) error = answer.error().to_string();
                      if (answer && meter.record(started, Meter::now_ns())) return call();
                      --left;
                  })
            .detach();
    }
    rpc::Channel& channel;
    Meter meter;
    v1::Transaction request;
    int left;
    std::string error;
};

}  // namespace

int serve_ours() {
    benchkit::pin_to_core(kServerCore);
    auto identity = zquic::Identity::generate();
    auto thread = io::ReactorThread::start("rpc-server");
    if (!identity || !thread) return fail("cannot start");
    std::unique_ptr<rpc::Server> server;
    std::unique_ptr<rpc::QuicListener> listener;
    std::string error;
    (*thread)->run_and_wait([&] {
        server = rpc::Server::make((*thread)->reactor());
        server->add(kMethod,
                    [](rpc::CallContext&, const v1::Transaction& request, rpc::Responder<v1::TransactionReceipt> done) {
                        v1::TransactionReceipt receipt;
                        receipt.set_tx_id(request.raw());
                        done.respond(receipt);
                    });
        auto started =
            rpc::QuicListener::start(*server, {.address = io::SocketAddress::loopback_v4(0), .identity = *identity});
        if (started) {
            listener = std::move(*started);
        } else {
            error = started.error().text;
        }
    });
    if (!listener) return fail(error);
    fmt::print("ready {} {}\n", listener->bound_address().to_string(), base::to_hex(*identity->public_key()));
    std::fflush(stdout);
    wait_for_end_of_stdin();
    (*thread)->run_and_wait([&] {
        listener.reset();
        server.reset();
    });
    return 0;
}

int call_ours(int argc, char** argv) {
    benchkit::pin_to_core(kClientCore);
    const auto args = parse_call_args(argc, argv);
    const auto address = io::SocketAddress::parse(args.address);
    const auto key = base::fixed_from_hex<32>(args.key);
    auto identity = zquic::Identity::generate();
    auto reactor = io::Reactor::make();
    if (!address || !key || !identity || !reactor) return fail("bad arguments");
    auto channel = rpc::Channel::make(
        **reactor,
        rpc::make_quic_connector(**reactor, {.server = *address, .server_keys = {*key}, .identity = *identity}));
    Caller caller{*channel, args};
    for (int i = 0; i < args.in_flight; ++i) caller.call();
    while (caller.left > 0) (*reactor)->run_once(100'000'000);
    if (!caller.error.empty()) return fail(caller.error);
    caller.meter.print_result();
    return 0;
}

}  // namespace rpc_bench
