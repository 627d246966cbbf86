#pragma once
// WalletService over QUIC: which method does what. Who may: method_table.hpp and access.hpp.

#include "access.hpp"
#include "operations.hpp"

namespace walletd {

/// Registers every method of WalletService. `core` and `access` outlive the server's calls.
void add_wallet_service(rpc::Server& server, Core& core, Access& access);

}  // namespace walletd
