// Datagrams into a listening endpoint, without a network: input = ( size(2, little-endian) datagram )*.
// The first byte of each datagram with bit 0x01 of its size's high byte set goes out from a second address.

//
// Under libFuzzer the frames and the ClientHello inside an Initial packet are mutated as well: its protection is done
// again, with the keys that follow from its destination id.

#include <cstdlib>

#include "../src/endpoint.hpp"
#include "initial_edit.hpp"

extern "C" __attribute__((weak)) std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max);

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
        config.half_open_max = 12;
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
        for (int i = 0; i < 2; ++i) world.reactor->run_once(0);  // first packets wait for the end of a turn
    }
    // Half-open handshakes of one input must not turn the next one's away.
    world.endpoint->impl().clear();
    return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max, unsigned seed) {
    namespace kit = zquic::testkit;
    kit::Dice dice{seed};
    const base::ByteView input{reinterpret_cast<const std::byte*>(data), size};
    if (size > 2 && (!LLVMFuzzerMutate || kit::below(dice, 2) == 0)) {
        // One of the datagrams.
        std::size_t at = 0;
        std::size_t piece = 0;
        for (auto skip = kit::below(dice, 4);; --skip) {
            piece = std::min<std::size_t>(base::load_le<std::uint16_t>(input.data() + at) & 0x7ff, size - at - 2);
            if (skip == 0 || at + 2 + piece + 2 >= size) break;
            at += 2 + piece;
        }
        const auto changed = kit::mutate_initial(input.subspan(at + 2, piece), dice);
        const auto head = base::load_le<std::uint16_t>(input.data() + at);
        base::Bytes out = base::to_bytes(input.first(at));
        out.resize(at + 2);
        base::store_le(out.data() + at, static_cast<std::uint16_t>((head & ~0x7ffu) | changed.size()));
        out.insert(out.end(), changed.begin(), changed.end());
        const auto rest = input.subspan(at + 2 + piece);
        out.insert(out.end(), rest.begin(), rest.end());
        if (out.size() <= max) {
            std::copy(out.begin(), out.end(), reinterpret_cast<std::byte*>(data));
            return out.size();
        }
    }
    return LLVMFuzzerMutate ? LLVMFuzzerMutate(data, size, max) : size;
}
