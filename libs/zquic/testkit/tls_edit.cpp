#include "tls_edit.hpp"

#include <array>
#include <utility>
#include <vector>

#include "wire.hpp"

namespace zquic::testkit {
namespace {

constexpr std::uint16_t kParametersExtension = 0x39;
constexpr std::uint16_t kKeyShareExtension = 0x33;

struct Extension {
    std::uint16_t type;
    base::Bytes body;
};

std::uint16_t u16(WireReader& in) noexcept {
    const auto high = in.byte();
    return static_cast<std::uint16_t>(high << 8 | in.byte());
}

void drop_repeated(std::vector<Extension>& extensions, std::uint16_t type) {
    bool seen = false;
    std::erase_if(extensions, [&](const Extension& it) { return it.type == type && std::exchange(seen, true); });
}

base::Bytes flip(base::ByteView bytes, Dice& dice) {
    auto out = base::to_bytes(bytes);
    if (!out.empty()) out[below(dice, out.size())] ^= static_cast<std::byte>(1u << below(dice, 8));
    return out;
}

/// The bytes of a hello before its extensions; empty for other messages.
base::ByteView before_extensions(std::uint8_t type, base::ByteView body) {
    WireReader in{body};
    switch (type) {
        case 1:  // ClientHello
            in.bytes(2 + 32);
            in.bytes(in.byte());
            in.bytes(u16(in));
            in.bytes(in.byte());
            break;
        case 2:  // ServerHello
            in.bytes(2 + 32);
            in.bytes(in.byte());
            in.bytes(2 + 1);
            break;
        case 8: break;  // EncryptedExtensions
        default: return {};
    }
    return in.failed() ? base::ByteView{} : body.first(body.size() - in.rest().size());
}

}  // namespace

base::Bytes mutate_parameters(base::ByteView encoded, Dice& dice) {
    std::vector<std::pair<std::uint64_t, base::Bytes>> list;
    WireReader in{encoded};
    while (!in.empty()) {
        const auto id = in.varint();
        const auto value = in.bytes(in.varint());
        if (in.failed()) return flip(encoded, dice);
        list.emplace_back(id, base::to_bytes(value));
    }
    static constexpr std::array<std::uint64_t, 22> kIds{0x00, 0x01, 0x02, 0x03,   0x04, 0x05,  0x06, 0x07,
                                                        0x08, 0x09, 0x0a, 0x0b,   0x0c, 0x0d,  0x0e, 0x0f,
                                                        0x10, 0x11, 0x20, 0x2ab2, 0x1b, 0x7fff};
    for (auto rounds = 1 + below(dice, 3); rounds > 0; --rounds) {
        const auto at = below(dice, list.size());
        switch (list.empty() ? 0 : below(dice, 6)) {
            case 0:
            case 1: {
                WireWriter value;
                const auto id = kIds[below(dice, kIds.size())];
                if (id == 0x11) {  // version_information, RFC 9368
                    static constexpr std::array<std::uint32_t, 5> kVersions{1, 0x6b3343cf, 0, 0x0a0a0a0a, 0xff00001d};
                    for (auto count = 1 + below(dice, 5); count > 0; --count) {
                        value.u32(kVersions[below(dice, kVersions.size())]);
                    }
                } else if (id == 0x0d) {  // preferred_address
                    value.bytes(base::Bytes(4 + 2 + 16 + 2, std::byte{1})).byte(8).bytes(base::Bytes(8 + 16));
                } else if (id == 0x02) {  // stateless_reset_token
                    value.bytes(base::Bytes(16, std::byte{7}));
                } else if (id != 0x0c) {
                    value.varint(interesting(dice));
                }
                list.emplace_back(id, value.take());
                break;
            }
            case 2: list.erase(list.begin() + static_cast<std::ptrdiff_t>(at)); break;
            case 3: list.push_back(list[at]); break;
            case 4: list[at].second = WireWriter{}.varint(interesting(dice)).take(); break;
            default: list[at].second = flip(list[at].second, dice); break;
        }
    }
    WireWriter out;
    for (const auto& [id, value] : list) out.varint(id).varint(value.size()).bytes(value);
    return out.take();
}

base::Bytes mutate_tls_message(base::ByteView message, Dice& dice) {
    WireReader in{message};
    const auto type = in.byte();
    in.bytes(3);
    const auto body = in.rest();
    const auto head = before_extensions(type, body);
    if (in.failed() || (head.empty() && type != 8) || body.size() < head.size() + 2 || below(dice, 8) == 0) {
        return flip(message, dice);
    }
    WireReader list{body.subspan(head.size())};
    u16(list);
    std::vector<Extension> extensions;
    while (!list.empty()) {
        const auto id = u16(list);
        extensions.push_back({.type = id, .body = base::to_bytes(list.bytes(u16(list)))});
        if (list.failed()) return flip(message, dice);
    }
    if (!extensions.empty()) {
        const auto at = below(dice, extensions.size());
        switch (below(dice, 6)) {
            case 0: extensions.erase(extensions.begin() + static_cast<std::ptrdiff_t>(at)); break;
            case 1: extensions.push_back(extensions[at]); break;
            case 2: std::swap(extensions[at], extensions[below(dice, extensions.size())]); break;
            case 3: extensions[at].type = static_cast<std::uint16_t>(below(dice, 64)); break;
            case 4: extensions[at].body = flip(extensions[at].body, dice); break;
            default:
                for (auto& extension : extensions) {
                    if (extension.type == kParametersExtension)
                        extension.body = mutate_parameters(extension.body, dice);
                }
                break;
        }
    }
    // GnuTLS 3.7.9 takes a ServerHello with two key shares and loses 32 bytes of memory by it
    // (docs/ngtcp2-assertions.md): known, and not to be found again by each run.
    if (type == 2) drop_repeated(extensions, kKeyShareExtension);
    WireWriter packed;
    for (const auto& extension : extensions) {
        packed.u16(extension.type).u16(static_cast<std::uint16_t>(extension.body.size())).bytes(extension.body);
    }
    const auto size = head.size() + 2 + packed.view().size();
    WireWriter out;
    out.byte(type).byte(static_cast<std::uint8_t>(size >> 16)).u16(static_cast<std::uint16_t>(size)).bytes(head);
    out.u16(static_cast<std::uint16_t>(packed.view().size())).bytes(packed.view());
    return out.take();
}

}  // namespace zquic::testkit
