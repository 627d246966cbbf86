#include "frame_maker.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "wire.hpp"

namespace zquic::testkit {
namespace {

constexpr std::uint64_t kVarintMax = (1ULL << 62) - 1;

std::uint64_t small(Dice& dice) { return below(dice, 24); }

base::Bytes noise(Dice& dice, std::size_t size) {
    base::Bytes out(size);
    for (auto& byte : out) byte = static_cast<std::byte>(dice());
    return out;
}

std::uint64_t number(Dice& dice) { return below(dice, 3) != 0 ? small(dice) : interesting(dice); }

void write_ack(WireWriter& out, Dice& dice, bool with_ecn) {
    const auto largest = number(dice);
    const auto ranges = below(dice, 8) == 0 ? below(dice, 200) : below(dice, 3);
    out.varint(largest).varint(number(dice)).varint(below(dice, 16) == 0 ? interesting(dice) : ranges);
    out.varint(below(dice, 2) != 0 ? below(dice, static_cast<std::size_t>(std::min<std::uint64_t>(largest, 64)) + 1)
                                   : number(dice));
    for (std::size_t i = 0; i < ranges; ++i) out.varint(below(dice, 3)).varint(below(dice, 3));
    if (with_ecn) out.varint(number(dice)).varint(number(dice)).varint(number(dice));
}

void write_stream(WireWriter& out, Dice& dice, std::uint64_t type) {
    out.varint(number(dice));
    if (type & 4) out.varint(number(dice));
    const auto data = below(dice, 4) == 0 ? make_h3_frame(dice) : noise(dice, below(dice, 40));
    if (type & 2) out.varint(below(dice, 16) == 0 ? interesting(dice) : data.size());
    out.bytes(data);
}

}  // namespace

std::size_t below(Dice& dice, std::size_t below) { return below == 0 ? 0 : dice() % below; }

std::uint64_t interesting(Dice& dice) {
    static constexpr std::array<std::uint64_t, 24> kEdges{0,
                                                          1,
                                                          2,
                                                          3,
                                                          63,
                                                          64,
                                                          255,
                                                          256,
                                                          1000,
                                                          1199,
                                                          1200,
                                                          16'383,
                                                          16'384,
                                                          65'535,
                                                          65'536,
                                                          262'143,
                                                          262'144,
                                                          1'048'575,
                                                          1'048'576,
                                                          1ULL << 32,
                                                          1ULL << 60,
                                                          (1ULL << 60) + 1,
                                                          kVarintMax - 1,
                                                          kVarintMax};
    switch (below(dice, 4)) {
        case 0: return small(dice);
        case 1: return (kEdges[below(dice, kEdges.size())] + below(dice, 5) - 2) & kVarintMax;
        case 2: return kEdges[below(dice, kEdges.size())];
        default: return (static_cast<std::uint64_t>(dice()) << 31 ^ dice()) >> below(dice, 62) & kVarintMax;
    }
}

base::Bytes make_frame(Dice& dice) {
    static constexpr std::array<std::uint64_t, 36> kTypes{
        0x00, 0x01, 0x02, 0x02, 0x03, 0x04, 0x05, 0x06, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
        0x0e, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x30};
    auto type = kTypes[below(dice, kTypes.size())];
    if (type == 0x30) type += below(dice, 2);
    if (below(dice, 100) == 0) type = interesting(dice);
    WireWriter out;
    out.varint(type);
    switch (type) {
        case 0x00: out.bytes(base::Bytes(below(dice, 20))); break;
        case 0x02:
        case 0x03: write_ack(out, dice, type == 0x03); break;
        case 0x04: out.varint(number(dice)).varint(number(dice)).varint(number(dice)); break;
        case 0x05:
        case 0x11:
        case 0x15: out.varint(number(dice)).varint(number(dice)); break;
        case 0x06: {
            const auto data = noise(dice, below(dice, 60));
            out.varint(number(dice)).varint(below(dice, 16) == 0 ? interesting(dice) : data.size()).bytes(data);
            break;
        }
        case 0x07: {
            const auto token = noise(dice, below(dice, 40));
            out.varint(below(dice, 16) == 0 ? interesting(dice) : token.size()).bytes(token);
            break;
        }
        case 0x10:
        case 0x12:
        case 0x13:
        case 0x14:
        case 0x16:
        case 0x17:
        case 0x19: out.varint(number(dice)); break;
        case 0x18: {
            const auto sequence = number(dice);
            const auto size = below(dice, 8) == 0 ? below(dice, 30) : 8;
            out.varint(sequence);
            out.varint(below(dice, 2) != 0
                           ? below(dice, static_cast<std::size_t>(std::min<std::uint64_t>(sequence, 99)) + 1)
                           : number(dice));
            out.byte(static_cast<std::uint8_t>(size)).bytes(noise(dice, size)).bytes(noise(dice, 16));
            break;
        }
        case 0x1a:
        case 0x1b: out.bytes(noise(dice, 8)); break;
        case 0x1c:
        case 0x1d: {
            out.varint(interesting(dice));
            if (type == 0x1c) out.varint(number(dice));
            const auto reason = noise(dice, below(dice, 30));
            out.varint(below(dice, 16) == 0 ? interesting(dice) : reason.size()).bytes(reason);
            break;
        }
        case 0x30: out.bytes(noise(dice, below(dice, 50))); break;
        case 0x31: {
            const auto data = noise(dice, below(dice, 50));
            out.varint(below(dice, 16) == 0 ? interesting(dice) : data.size()).bytes(data);
            break;
        }
        default:
            if (type >= 0x08 && type <= 0x0f) write_stream(out, dice, type);
            break;
    }
    return out.take();
}

base::Bytes make_h3_frame(Dice& dice) {
    // Field sections of the static table and of literals (RFC 9204 section 4.5): a request, a response, trailers.
    static constexpr std::array<std::string_view, 4> kSections{std::string_view{"\x00\x00\xd1\xd7\xc1\x50\x01"
                                                                                "a",
                                                                                8},
                                                               std::string_view{"\x00\x00\xd9", 3},
                                                               std::string_view{"\x00\x00\x23"
                                                                                "abc\x01"
                                                                                "d",
                                                                                8},
                                                               std::string_view{"\x02\x00\x80", 3}};
    static constexpr std::array<std::uint64_t, 12> kTypes{0x00, 0x01, 0x01, 0x01,    0x03,    0x04,
                                                          0x05, 0x07, 0x0d, 0xf0700, 0xf0701, 0x21};
    const auto type = kTypes[below(dice, kTypes.size())];
    WireWriter body;
    switch (type) {
        case 0x01: body.bytes(base::as_bytes(kSections[below(dice, kSections.size())])); break;
        case 0x04:
            for (auto count = below(dice, 6); count > 0; --count) {
                static constexpr std::array<std::uint64_t, 7> kSettings{0x01, 0x06, 0x07, 0x08, 0x33, 0x02, 0x2b603742};
                body.varint(kSettings[below(dice, kSettings.size())]).varint(number(dice));
            }
            break;
        case 0x03:
        case 0x07:
        case 0x0d: body.varint(number(dice)); break;
        case 0xf0700:
        case 0xf0701: body.varint(number(dice)).bytes(base::as_bytes(std::string_view{"u=1, i"})); break;
        default: body.bytes(noise(dice, below(dice, 30))); break;
    }
    WireWriter out;
    out.varint(type).varint(below(dice, 16) == 0 ? interesting(dice) : body.view().size()).bytes(body.view());
    return out.take();
}

base::Bytes mutate_frames(base::ByteView payload, Dice& dice) {
    std::vector<base::Bytes> frames;
    WireReader in{payload};
    while (!in.empty()) {
        const auto rest = in.rest();
        if (!in.skip_frame(in.varint()) || in.failed()) {
            frames.push_back(base::to_bytes(rest));
            break;
        }
        frames.push_back(base::to_bytes(rest.first(rest.size() - in.rest().size())));
    }
    for (auto rounds = 1 + below(dice, 3); rounds > 0; --rounds) {
        const auto at = below(dice, frames.size());
        const auto place = frames.begin() + static_cast<std::ptrdiff_t>(at);
        switch (frames.empty() ? 0 : below(dice, 6)) {
            case 0:
            case 1: frames.insert(place, make_frame(dice)); break;
            case 2: *place = make_frame(dice); break;
            case 3: frames.push_back(*place); break;
            case 4: std::swap(*place, frames[below(dice, frames.size())]); break;
            default: {
                // A number inside the frame: cut at a random varint and write another.
                WireReader read{*place};
                WireWriter out;
                out.varint(read.varint());
                for (auto skip = below(dice, 4); skip > 0 && !read.empty(); --skip) out.varint(read.varint());
                read.varint();
                out.varint(interesting(dice)).bytes(read.rest());
                *place = out.take();
                break;
            }
        }
    }
    if (frames.size() > 1 && below(dice, 8) == 0) {
        frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(below(dice, frames.size())));
    }
    WireWriter out;
    for (const auto& frame : frames) out.bytes(frame);
    return out.take();
}

}  // namespace zquic::testkit
