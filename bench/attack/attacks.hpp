#pragma once
// What one stranger can send to a door. Each attack runs in a process of its own until it is told to stop, as fast as
// that process may use its share of a core.

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "world.hpp"

namespace attack {

/// What the attacker counted: what he sent, and what he got an answer to.
struct Rates {
    std::uint64_t offered = 0;
    std::uint64_t served = 0;
};
/// True while the attack goes on.
using Going = std::function<bool()>;

struct Attack {
    std::string_view door;
    std::string_view name;
    /// What `offered` and `served` count.
    std::string_view unit;
    Rates (*run)(const Doors& doors, const Going& going);
};

/// Strangers come from another address than the listed caller.
inline constexpr std::string_view kStrangerHost = "127.0.0.2";

std::span<const Attack> quic_attacks();
std::span<const Attack> tcp_attacks();

}  // namespace attack
