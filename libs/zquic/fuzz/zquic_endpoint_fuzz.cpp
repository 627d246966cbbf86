// Datagrams into a listening endpoint, without a network: input = ( size(2, little-endian) datagram )*.
// The first byte of each datagram with bit 0x01 of its size's high byte set goes out from a second address.

#include <cstdlib>

#include "../src/endpoint.hpp"

namespace {

struct World {
    std::unique_ptr<io::Reactor> reactor = std::move(io::Reactor::make()).value();
    base::SeededRandom random{1};
    std::unique_ptr<zquic::Endpoint> endpoint;
    World() {
        zquic::KeySeed seed;
        seed.fill(std::byte{1});
        zquic::EndpointConfig config;
        config.address = io::SocketAddress::loopback_v4(0);
        config.identity = std::move(zquic::Identity::from_seed(seed)).value();
        config.half_open_max = 8;
        config.retry_above_half_open = 4;
        config.random = &random;
        config.settings.handshake_timeout_ms = 1;
        endpoint = std::move(zquic::Endpoint::make(*reactor, config)).value();
        if (!endpoint->listen({"h3"},
                              [](zquic::Connection&) { return std::make_shared<zquic::ConnectionHandler>(); })) {
            std::abort();
        }
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    base::ByteView rest{reinterpret_cast<const std::byte*>(data), size};
    // Answers go to ports of loopback where nobody listens.
    const auto first = io::SocketAddress::loopback_v4(9);
    const auto second = io::SocketAddress::loopback_v4(10);
    for (int count = 0; rest.size() >= 2 && count < 16; ++count) {
        const auto head = base::load_le<std::uint16_t>(rest.data());
        rest = rest.subspan(2);
        const auto piece = rest.first(std::min<std::size_t>(head & 0x7ff, rest.size()));
        rest = rest.subspan(piece.size());
        auto& impl = world.endpoint->impl();
        impl.receive(*impl.socket_,
                     {.payload = piece,
                      .peer = head & 0x8000 ? second : first,
                      .local = world.endpoint->bound_address(),
                      .ecn = static_cast<io::Ecn>(head >> 13 & 3)},
                     true);
        world.reactor->run_once(0);
    }
    return 0;
}
