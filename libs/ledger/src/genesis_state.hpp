#pragma once
// The records of block 0, one by one: a chain may begin with millions of accounts.

#include <functional>
#include <string_view>

#include "base/bytes.hpp"
#include "ledger/genesis.hpp"

namespace ledger {

using RecordSink = std::function<base::Result<void>(std::string_view key, base::ByteView value)>;

/// Gives `sink` each record of the first state; ends with its first error.
base::Result<void> for_each_initial_record(const Genesis& genesis, const RecordSink& sink);

}  // namespace ledger
