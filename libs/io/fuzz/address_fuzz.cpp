// What parses must print to text that parses to the same address.
#include "io/address.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    if (const auto address = io::SocketAddress::parse(text)) {
        const auto again = io::SocketAddress::parse(address->to_string());
        GC_ASSERT(again.has_value() && *again == *address && again->hash() == address->hash());
        GC_ASSERT(address->normalized().mapped().normalized() == address->normalized());
        GC_ASSERT(address->with_port(0).port() == 0);
    }
    if (const auto parts = io::split_host_port(text)) GC_ASSERT(!parts->host.empty());
    return 0;
}
