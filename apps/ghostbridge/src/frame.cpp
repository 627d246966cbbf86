#include "ghostbridge/frame.hpp"

#include <algorithm>

namespace ghostbridge {
namespace {

bool valid_name(std::string_view name) noexcept {
    return !name.empty() &&
           std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && !(c >= 'A' && c <= 'Z'); });
}

bool valid_value(std::string_view value) noexcept {
    return std::ranges::none_of(value, [](char c) { return c == '\0' || c == '\r' || c == '\n'; });
}

void append_u16(base::Bytes& out, std::size_t value) {
    out.push_back(static_cast<std::byte>(value >> 8));
    out.push_back(static_cast<std::byte>(value & 0xff));
}

void append_text(base::Bytes& out, std::string_view text) {
    append_u16(out, text.size());
    const auto bytes = base::as_bytes(text);
    out.insert(out.end(), bytes.begin(), bytes.end());
}

/// Takes a length-prefixed text off the front of `rest`.
base::Result<std::string_view> take_text(base::ByteView& rest) noexcept {
    if (rest.size() < 2) return base::fail(Errc::malformed_headers, "length");
    const std::size_t size = base::load_be<std::uint16_t>(rest.data());
    rest = rest.subspan(2);
    if (rest.size() < size) return base::fail(Errc::malformed_headers, "text");
    const auto text = base::as_text(rest.first(size));
    rest = rest.subspan(size);
    return text;
}

}  // namespace

bool is_known_frame(std::uint8_t type) noexcept {
    return type >= static_cast<std::uint8_t>(FrameType::grpc_request) &&
           type <= static_cast<std::uint8_t>(FrameType::error);
}

base::Result<Frame> decode_frame(base::ByteView wire) noexcept {
    // The version comes first: a peer we do not understand must not make us wait for more of it.
    if (wire.empty()) return base::fail(Errc::truncated, "header");
    const auto at = [wire](std::size_t i) { return std::to_integer<std::uint8_t>(wire[i]); };
    if (at(0) != kFrameVersion) return base::fail(Errc::bad_version, "header");
    if (wire.size() < kFrameHeaderSize) return base::fail(Errc::truncated, "header");
    const std::size_t length = base::load_be<std::uint16_t>(wire.data() + 2);
    const auto body = wire.subspan(kFrameHeaderSize);
    if (body.size() < length) return base::fail(Errc::truncated, "payload");
    return Frame{.type = static_cast<std::uint8_t>(at(1) & ~kFrameMore),
                 .more = (at(1) & kFrameMore) != 0,
                 .payload = body.first(length)};
}

void append_frame(base::Bytes& out, FrameType type, base::ByteView payload) {
    do {
        const auto part = payload.first(std::min(payload.size(), kFramePayloadMax));
        payload = payload.subspan(part.size());
        const auto more = payload.empty() ? std::uint8_t{0} : kFrameMore;
        out.push_back(std::byte{kFrameVersion});
        out.push_back(static_cast<std::byte>(static_cast<std::uint8_t>(type) | more));
        append_u16(out, part.size());
        out.insert(out.end(), part.begin(), part.end());
    } while (!payload.empty());
}

base::Bytes encode_fields(const Fields& fields) {
    base::Bytes out;
    for (const auto& field : fields) {
        if (field.name.size() > kFramePayloadMax || field.value.size() > kFramePayloadMax) continue;
        append_text(out, field.name);
        append_text(out, field.value);
    }
    return out;
}

base::Result<Fields> decode_fields(base::ByteView block, std::size_t fields_max) {
    Fields fields;
    while (!block.empty()) {
        if (fields.size() == fields_max) return base::fail(Errc::too_large, "fields");
        GC_TRY(const auto name, take_text(block));
        GC_TRY(const auto value, take_text(block));
        if (!valid_name(name) || !valid_value(value)) return base::fail(Errc::malformed_headers, "characters");
        fields.push_back({std::string{name}, std::string{value}});
    }
    return fields;
}

void FrameReader::discard(std::size_t count) {
    read_ += count;
    // Moving the rest down costs its length: do it when that is at most what was taken since the last time.
    if (read_ == buffer_.size() || read_ > buffer_.size() / 2) {
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(read_));
        read_ = 0;
    }
}

base::Result<FrameReader::Item> FrameReader::next() {
    while (true) {
        GC_TRY(const auto frame, decode_frame(base::ByteView{buffer_}.subspan(read_)));
        if (!is_known_frame(frame.type)) {
            discard(frame.wire_size());
            continue;
        }
        if (open_type_ != 0 && open_type_ != frame.type) return base::fail(Errc::interleaved, "MORE");
        open_type_ = frame.more ? frame.type : std::uint8_t{0};
        const auto type = static_cast<FrameType>(frame.type);
        if (type == FrameType::data) {
            Item item{.type = type, .payload = base::to_bytes(frame.payload)};
            discard(frame.wire_size());
            return item;
        }
        if (logical_.size() + frame.payload.size() > logical_max_) return base::fail(Errc::too_large, "logical frame");
        logical_.insert(logical_.end(), frame.payload.begin(), frame.payload.end());
        const bool more = frame.more;
        discard(frame.wire_size());
        if (more) continue;
        Item item{.type = type, .payload = std::move(logical_)};
        logical_.clear();
        return item;
    }
}

}  // namespace ghostbridge
