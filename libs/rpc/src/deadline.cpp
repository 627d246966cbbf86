#include "rpc/deadline.hpp"

#include <array>

namespace rpc {
namespace {

struct Unit {
    char letter;
    std::uint64_t ns;
};
constexpr std::array<Unit, 6> kUnits{
    {{'n', 1}, {'u', 1'000}, {'m', 1'000'000}, {'S', 1'000'000'000}, {'M', 60'000'000'000}, {'H', 3'600'000'000'000}}};
constexpr std::uint64_t kDigitsMax = 99'999'999;

}  // namespace

base::Result<std::uint64_t> parse_timeout_ns(std::string_view text) noexcept {
    if (text.size() < 2 || text.size() > 9) return base::fail(base::Errc::invalid_argument, "grpc-timeout length");
    std::uint64_t value = 0;
    for (const char c : text.substr(0, text.size() - 1)) {
        if (c < '0' || c > '9') return base::fail(base::Errc::invalid_argument, "grpc-timeout digit");
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    for (const auto& unit : kUnits) {
        if (unit.letter != text.back()) continue;
        std::uint64_t ns = 0;
        if (__builtin_mul_overflow(value, unit.ns, &ns) || ns == kNoDeadline) return kNoDeadline - 1;
        return ns;
    }
    return base::fail(base::Errc::invalid_argument, "grpc-timeout unit");
}

std::string format_timeout(std::uint64_t timeout_ns) {
    for (const auto& unit : kUnits) {
        const auto count = timeout_ns / unit.ns + (timeout_ns % unit.ns != 0);
        if (count <= kDigitsMax) return std::to_string(count) + unit.letter;
    }
    return std::to_string(kDigitsMax) + kUnits.back().letter;
}

}  // namespace rpc
