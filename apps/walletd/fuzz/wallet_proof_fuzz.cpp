// A node's answer to a proof request.
#include <google/protobuf/stubs/logging.h>

#include "ghost/chain/v1/chain.pb.h"
#include "walletd/trust.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ghost::chain::v1::Proof proof;
    google::protobuf::SetLogHandler(nullptr);
    if (!proof.ParseFromArray(data, static_cast<int>(size))) return 0;
    walletd::Trust trust;
    trust.chain = ledger::ChainBinding{.chain_id = "ghostchain-dev-1", .genesis_hash = {}};
    trust.validators.push_back({.name = {}, .public_key = {}, .address = {}, .stake = 1});
    (void)walletd::check_proof(proof, trust, base::as_bytes(proof.key()), 0);
    return 0;
}
