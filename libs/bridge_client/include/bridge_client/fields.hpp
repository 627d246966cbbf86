#pragma once
// Metadata that callers give the bridge.

#include <string_view>

namespace bridge_client {

/// The public key, 64 hexadecimal digits, of the one instance that may answer a call. Without it any instance of the
/// service does; a wallet's calls go to that wallet and no other. No such instance: UNAVAILABLE. Not passed on.
inline constexpr std::string_view kInstanceKeyField = "ghost-instance-key";

}  // namespace bridge_client
