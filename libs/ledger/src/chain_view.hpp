#pragma once

#include "ledger/chain_state.hpp"

namespace ledger {

/// `oldest`: the lowest height whose tree is whole.
std::shared_ptr<const ChainView> make_chain_view(std::shared_ptr<const store::KvReader> kv,
                                                 std::shared_ptr<const Head> head, std::uint64_t oldest);

}  // namespace ledger
