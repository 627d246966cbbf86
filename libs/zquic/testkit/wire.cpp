#include "wire.hpp"

namespace zquic::testkit {

WireWriter& WireWriter::byte(std::uint8_t value) {
    out_.push_back(std::byte{value});
    return *this;
}

WireWriter& WireWriter::varint(std::uint64_t value) {
    value &= (1ULL << 62) - 1;
    const unsigned size = value < 1u << 6 ? 0 : value < 1u << 14 ? 1 : value < 1u << 30 ? 2 : 3;
    const unsigned bytes = 1u << size;
    value |= static_cast<std::uint64_t>(size) << (8 * bytes - 2);
    for (unsigned i = bytes; i-- > 0;) out_.push_back(static_cast<std::byte>(value >> (8 * i)));
    return *this;
}

WireWriter& WireWriter::u16(std::uint16_t value) {
    return byte(static_cast<std::uint8_t>(value >> 8)).byte(static_cast<std::uint8_t>(value));
}

WireWriter& WireWriter::u32(std::uint32_t value) {
    return u16(static_cast<std::uint16_t>(value >> 16)).u16(static_cast<std::uint16_t>(value));
}

WireWriter& WireWriter::bytes(base::ByteView value) {
    out_.insert(out_.end(), value.begin(), value.end());
    return *this;
}

base::ByteView WireReader::bytes(std::uint64_t count) noexcept {
    if (count > rest_.size()) {
        failed_ = true;
        rest_ = {};
        return {};
    }
    const auto out = rest_.first(static_cast<std::size_t>(count));
    rest_ = rest_.subspan(static_cast<std::size_t>(count));
    return out;
}

std::uint8_t WireReader::byte() noexcept {
    const auto one = bytes(1);
    return one.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(one[0]);
}

std::uint64_t WireReader::varint() noexcept {
    const auto first = byte();
    std::uint64_t value = first & 0x3fu;
    for (const auto more : bytes((std::uint64_t{1} << (first >> 6)) - 1)) {
        value = value << 8 | std::to_integer<std::uint64_t>(more);
    }
    return failed_ ? 0 : value;
}

bool WireReader::skip_frame(std::uint64_t type) noexcept {
    const auto varints = [this](int count) {
        for (; count > 0; --count) varint();
    };
    if (type >= 0x08 && type <= 0x0f) {  // STREAM
        varints(type & 4 ? 2 : 1);
        bytes(type & 2 ? varint() : rest_.size());
        return !failed_;
    }
    switch (type) {
        case 0x00:
        case 0x01:
        case 0x1e: break;
        case 0x02:
        case 0x03: {
            varints(2);
            auto ranges = varint();
            varint();
            for (; ranges > 0 && !failed_; --ranges) varints(2);
            if (type == 0x03) varints(3);
            break;
        }
        case 0x04: varints(3); break;
        case 0x05:
        case 0x11:
        case 0x15: varints(2); break;
        case 0x06:
            varint();
            bytes(varint());
            break;
        case 0x07:
        case 0x31: bytes(varint()); break;
        case 0x10:
        case 0x12:
        case 0x13:
        case 0x14:
        case 0x16:
        case 0x17:
        case 0x19: varint(); break;
        case 0x18:
            varints(2);
            bytes(byte() + 16u);
            break;
        case 0x1a:
        case 0x1b: bytes(8); break;
        case 0x1c: varint(); [[fallthrough]];
        case 0x1d:
            varint();
            bytes(varint());
            break;
        case 0x30: bytes(rest_.size()); break;
        default: return false;
    }
    return !failed_;
}

std::vector<SplitPacket> split_datagram(base::ByteView datagram, std::size_t short_id_bytes) {
    std::vector<SplitPacket> out;
    while (!datagram.empty()) {
        WireReader in{datagram};
        const auto first = in.byte();
        if ((first & 0x80) == 0) {
            if (datagram.size() > 1 + short_id_bytes) {
                out.push_back(
                    {.space = Space::app, .bytes = datagram, .number_at = 1 + short_id_bytes, .source_id = {}});
            }
            return out;
        }
        const auto version = in.bytes(4);
        if (version.size() != 4 || base::load_be<std::uint32_t>(version.data()) == 0) return out;
        in.bytes(in.byte());
        const auto source = in.bytes(in.byte());
        const auto type = first >> 4 & 3;
        if (type == 3) return out;
        if (type == 0) in.bytes(in.varint());
        const auto size = in.varint();
        const auto number_at = datagram.size() - in.rest().size();
        if (in.failed() || size > in.rest().size()) return out;
        static constexpr Space kSpaces[] = {Space::initial, Space::early, Space::handshake};
        out.push_back({.space = kSpaces[type],
                       .bytes = datagram.first(number_at + static_cast<std::size_t>(size)),
                       .number_at = number_at,
                       .source_id = source});
        datagram = datagram.subspan(out.back().bytes.size());
    }
    return out;
}

}  // namespace zquic::testkit
