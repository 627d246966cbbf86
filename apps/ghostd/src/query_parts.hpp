#pragma once
// What the query files share: reading requests, turning read errors into gRPC's.

#include <string>

#include "ghost/chain/v1/chain.pb.h"
#include "ghostd/chain.hpp"
#include "rpc/status.hpp"

namespace ghostd::queries {

std::unexpected<rpc::Status> read_failed(const base::Error& error);

#define GHOSTD_READ_(temporary, declaration, expression)   \
    auto temporary = (expression);                         \
    if (!temporary) return read_failed(temporary.error()); \
    declaration = std::move(*temporary)
/// GC_TRY for a read of the view inside a function that returns StatusOr.
#define GHOSTD_READ(declaration, ...) GHOSTD_READ_(GC_CONCAT(read_result_, __COUNTER__), declaration, (__VA_ARGS__))

rpc::StatusOr<ledger::Address> address_of(const std::string& text);

/// The messages alone cost more gas than the chain allows one transaction.
std::unexpected<rpc::Status> gas_beyond(std::uint64_t needed, std::uint64_t allowed);

/// Certificate included.
rpc::StatusOr<ghost::chain::v1::Proof> proof_of_key(const ledger::ChainView& view, const std::string& key,
                                                    std::uint64_t height);

}  // namespace ghostd::queries
