// Asks a chain for a block the way any gRPC program would: grpc_get_block ADDRESS [HEIGHT]
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "ghost/chain/v1/chain.grpc.pb.h"

namespace {

std::string hex(const std::string& bytes) {
    std::string text;
    char digits[3];
    for (const unsigned char byte : bytes) {
        std::snprintf(digits, sizeof digits, "%02x", byte);
        text += digits;
    }
    return text;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 3) {
        std::fprintf(stderr, "Usage: grpc_get_block ADDRESS [HEIGHT]\nExample: grpc_get_block 127.0.0.1:50050 12\n");
        return 2;
    }
    // A proxy of the environment is for the network outside, not for a node beside us.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    const auto stub = ghost::chain::v1::BlockchainService::NewStub(
        grpc::CreateCustomChannel(argv[1], grpc::InsecureChannelCredentials(), arguments));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds{10});
    ghost::chain::v1::BlockRequest request;
    if (argc == 3)
        request.set_height(std::strtoull(argv[2], nullptr, 10));
    else
        request.set_latest(true);
    request.set_include_transactions(true);

    ghost::chain::v1::Block block;
    const auto status = stub->GetBlock(&context, request, &block);
    if (!status.ok()) {
        std::fprintf(stderr, "GetBlock: status %d: %s\n", status.error_code(), status.error_message().c_str());
        return 1;
    }
    std::printf("height        %llu\n", static_cast<unsigned long long>(block.header().height()));
    std::printf("hash          %s\n", hex(block.hash()).c_str());
    std::printf("chain         %s\n", block.header().chain_id().c_str());
    std::printf("state root    %s\n", hex(block.header().state_root()).c_str());
    std::printf("transactions  %u\n", block.tx_count());
    for (const auto& tx : block.transactions()) std::printf("              %s\n", hex(tx.tx_id()).c_str());
    std::printf("finalized     %s\n", block.finalized() ? "yes" : "no");
}
