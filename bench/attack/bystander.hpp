#pragma once
// A caller whose key is listed: calls at a fixed rate whatever the answers do (open loop), and how long each took.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "world.hpp"

namespace attack {

struct Seen {
    std::vector<double> latencies_us;             ///< From the moment that a call was due until its answer.
    std::map<std::string, std::uint64_t> failed;  ///< By what it was answered with.
    [[nodiscard]] std::uint64_t failures() const;
};

/// Blocks for `seconds`. Calls to the node through the bridge: reads, and requests of 64 KiB that it refuses as
/// malformed (which is the right answer). The wallet is not called.
Seen watch(const World& world, double seconds, double calls_per_s);

}  // namespace attack
