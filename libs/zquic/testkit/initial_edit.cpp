#include "initial_edit.hpp"

#include <algorithm>

#include "packet_keys.hpp"
#include "tls_edit.hpp"
#include "wire.hpp"

namespace zquic::testkit {
namespace {

constexpr std::size_t kIdAt = 6;
constexpr std::size_t kDatagramMin = 1200;

/// The frames with the ClientHello of their first CRYPTO frame changed; nothing when there is none.
base::Bytes with_other_hello(base::ByteView frames, Dice& dice) {
    WireReader in{frames};
    WireWriter out;
    while (!in.empty()) {
        const auto rest = in.rest();
        const auto type = in.varint();
        if (type == 0x06) {
            const auto offset = in.varint();
            const auto data = in.bytes(in.varint());
            if (in.failed() || offset != 0) return {};
            const auto hello = mutate_tls_message(data, dice);
            out.byte(0x06).varint(0).varint(hello.size()).bytes(hello).bytes(in.rest());
            return out.take();
        }
        if (!in.skip_frame(type)) return {};
        out.bytes(rest.first(rest.size() - in.rest().size()));
    }
    return {};
}

}  // namespace

base::Bytes mutate_initial(base::ByteView datagram, Dice& dice) {
    const auto packets = split_datagram(datagram, 0);
    if (packets.empty() || packets[0].space != Space::initial || packets[0].number_at < kIdAt + 2) {
        return base::to_bytes(datagram);
    }
    const auto& packet = packets[0];
    const auto id_size = std::to_integer<std::size_t>(datagram[kIdAt - 1]);
    const auto keys = PacketKeys::initial(datagram.subspan(kIdAt, id_size), true);
    const auto opened = keys.open(packet.bytes, packet.number_at, 0);
    // The length in front of the packet number is written again: it must have two bytes.
    const auto length_at = packet.number_at - 2;
    if (!opened || (std::to_integer<unsigned>(datagram[length_at]) & 0xc0) != 0x40) return base::to_bytes(datagram);

    auto frames = below(dice, 3) != 0 ? with_other_hello(opened->payload, dice) : base::Bytes{};
    if (frames.empty()) frames = mutate_frames(opened->payload, dice);
    while (frames.size() > opened->payload.size() && frames.back() == std::byte{0}) frames.pop_back();
    const auto number_bytes = (opened->first & 3u) + 1;
    const auto around = packet.number_at + number_bytes + PacketKeys::kTag;
    if (around + frames.size() < kDatagramMin) frames.resize(kDatagramMin - around);  // PADDING
    frames.resize(std::min<std::size_t>(frames.size(), 0x7ff - around));              // what the input format holds

    auto header = base::to_bytes(datagram.first(packet.number_at));
    header[0] = std::byte{opened->first};
    base::store_be(header.data() + length_at,
                   static_cast<std::uint16_t>(0x4000 | (number_bytes + frames.size() + PacketKeys::kTag)));
    return keys.seal(header, opened->number, number_bytes, frames);
}

}  // namespace zquic::testkit
