#pragma once
// grpc-timeout: at most eight digits and a unit (H M S m u n). Source: PROTOCOL-HTTP2.md "Timeout".

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace rpc {

inline constexpr std::uint64_t kNoDeadline = ~std::uint64_t{0};

/// Nanoseconds; saturates below kNoDeadline. `invalid_argument` on anything malformed.
base::Result<std::uint64_t> parse_timeout_ns(std::string_view text) noexcept;
/// The shortest unit in which the value fits eight digits, rounded up: the receiver never gets less time.
std::string format_timeout(std::uint64_t timeout_ns);

}  // namespace rpc
