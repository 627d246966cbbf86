#pragma once
// An amount of the chain's coin as errors show it.

#include <string>

#include "base/u128.hpp"
#include "ledger/types.hpp"

namespace walletd {

/// "1.5 GCC"
inline std::string gcc_text(ledger::Amount agcc) { return base::units_to_decimal(agcc, ledger::kGccDecimals) + " GCC"; }

}  // namespace walletd
