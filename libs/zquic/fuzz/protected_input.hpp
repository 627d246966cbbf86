#pragma once
// The input of zquic_protected_fuzz and its mutations.
//
//   flags(1) seed(4, little-endian)   ( op(1) size(2, little-endian) payload )*

#include <algorithm>
#include <functional>
#include <vector>

#include "tls_edit.hpp"

namespace protected_fuzz {

enum class Op : std::uint8_t {
    initial,      ///< Frames in an Initial packet.
    handshake,    ///< … in a Handshake packet.
    app,          ///< … in a 1-RTT packet.
    stream_data,  ///< which(1) bytes: continues a stream where it ended.
    odd_packet,   ///< space(1) xor(1) number_bytes(1) number(8) frames: a header that is not proper.
    advance,      ///< microseconds(4): time passes.
    action,       ///< which(1): the victim's user does something.
    honest,       ///< The peer reads, acknowledges and continues the handshake.
    together,     ///< The next packets travel in one datagram, count(1).
    crypto,       ///< space(1) bytes: continues a CRYPTO stream where it ended.
    raw,          ///< A datagram without protection.
    count,
};

struct Record {
    Op op = Op::app;
    base::Bytes payload;
};

struct Input {
    static constexpr std::uint8_t kClient = 0x01;  ///< The victim is the client.
    static constexpr std::uint8_t kH3 = 0x02;      ///< It speaks HTTP/3.
    static constexpr std::uint8_t kStage = 0x0c;   ///< When the records begin: 0, 4: early, 8, 12: after the handshake.
    static constexpr std::uint8_t kParameters = 0x10;  ///< The peer's transport parameters are changed by `seed`.
    static constexpr std::uint8_t kMessages = 0x20;    ///< One of its TLS messages is.
    static constexpr std::uint8_t kNoAlpn = 0x40;
    static constexpr std::uint8_t kEmptyId = 0x80;  ///< The peer has an empty connection id.
    static constexpr std::size_t kRecordsMax = 48;

    std::uint8_t flags = 0;
    std::uint32_t seed = 0;
    std::vector<Record> records;

    static Input parse(base::ByteView bytes) {
        Input out;
        if (bytes.size() < 5) return out;
        out.flags = std::to_integer<std::uint8_t>(bytes[0]);
        out.seed = base::load_le<std::uint32_t>(bytes.data() + 1);
        bytes = bytes.subspan(5);
        while (bytes.size() >= 3 && out.records.size() < kRecordsMax) {
            const auto op = std::to_integer<unsigned>(bytes[0]) % static_cast<unsigned>(Op::count);
            const auto size = std::min<std::size_t>(base::load_le<std::uint16_t>(bytes.data() + 1), bytes.size() - 3);
            out.records.push_back({.op = static_cast<Op>(op), .payload = base::to_bytes(bytes.subspan(3, size))});
            bytes = bytes.subspan(3 + size);
        }
        return out;
    }
    [[nodiscard]] base::Bytes pack() const {
        base::Bytes out(5);
        out[0] = std::byte{flags};
        base::store_le(out.data() + 1, seed);
        for (const auto& record : records) {
            const auto at = out.size();
            const auto size = std::min<std::size_t>(record.payload.size(), 0xffff);
            out.resize(at + 3);
            out[at] = static_cast<std::byte>(record.op);
            base::store_le(out.data() + at + 1, static_cast<std::uint16_t>(size));
            out.insert(out.end(), record.payload.begin(), record.payload.begin() + static_cast<std::ptrdiff_t>(size));
        }
        return out;
    }
};

/// Bytes before the frames in a record's payload; npos: it holds none.
inline std::size_t frames_at(Op op) noexcept {
    switch (op) {
        case Op::initial:
        case Op::handshake:
        case Op::app: return 0;
        case Op::odd_packet: return 11;
        default: return static_cast<std::size_t>(-1);
    }
}

inline Record make_record(zquic::testkit::Dice& dice) {
    namespace kit = zquic::testkit;
    static constexpr Op kOften[] = {Op::app,        Op::app,         Op::app,     Op::app,        Op::initial,
                                    Op::handshake,  Op::honest,      Op::advance, Op::action,     Op::together,
                                    Op::odd_packet, Op::stream_data, Op::crypto,  Op::stream_data};
    Record out{.op = kOften[kit::below(dice, std::size(kOften))], .payload = {}};
    const auto add = [&](base::ByteView bytes) { out.payload.insert(out.payload.end(), bytes.begin(), bytes.end()); };
    const auto add_random = [&](std::size_t size) {
        for (; size > 0; --size) out.payload.push_back(static_cast<std::byte>(dice()));
    };
    switch (out.op) {
        case Op::odd_packet: add_random(11); [[fallthrough]];
        case Op::initial:
        case Op::handshake:
        case Op::app:
            for (auto count = 1 + kit::below(dice, 4); count > 0; --count) add(kit::make_frame(dice));
            break;
        case Op::stream_data:
            add_random(1);
            if (kit::below(dice, 4) == 0) add_random(1);  // the type of a unidirectional stream
            for (auto count = 1 + kit::below(dice, 3); count > 0; --count) add(kit::make_h3_frame(dice));
            break;
        case Op::advance:
            add_random(3);
            out.payload.push_back(std::byte{0});
            break;
        case Op::crypto: add_random(1 + kit::below(dice, 40)); break;
        default: add_random(1); break;
    }
    return out;
}

inline Input mutate(Input input, zquic::testkit::Dice& dice, const std::function<void(base::Bytes&)>& mutate_bytes) {
    namespace kit = zquic::testkit;
    auto& records = input.records;
    for (auto rounds = 1 + kit::below(dice, 3); rounds > 0; --rounds) {
        const auto at = kit::below(dice, records.size());
        const auto place = records.begin() + static_cast<std::ptrdiff_t>(at);
        switch (records.empty() ? 0 : kit::below(dice, 12)) {
            case 0:
            case 1:
                if (records.size() < Input::kRecordsMax) records.insert(place, make_record(dice));
                break;
            case 2: records.erase(place); break;
            case 3:
                if (records.size() < Input::kRecordsMax) records.push_back(*place);
                break;
            case 4: std::swap(*place, records[kit::below(dice, records.size())]); break;
            case 5: mutate_bytes(place->payload); break;
            case 6: place->op = static_cast<Op>(kit::below(dice, static_cast<std::size_t>(Op::count))); break;
            case 7: input.flags ^= static_cast<std::uint8_t>(1u << kit::below(dice, 8)); break;
            case 8: input.seed = static_cast<std::uint32_t>(dice()); break;
            default: {
                const auto head = frames_at(place->op);
                if (head > place->payload.size()) {
                    mutate_bytes(place->payload);
                    break;
                }
                auto frames = kit::mutate_frames(base::ByteView{place->payload}.subspan(head), dice);
                place->payload.resize(head);
                place->payload.insert(place->payload.end(), frames.begin(), frames.end());
                break;
            }
        }
    }
    return input;
}

}  // namespace protected_fuzz
