#include "wallet_local/frame.hpp"

#include <string.h>  // explicit_bzero

namespace wallet_local {

base::Result<Frame> decode_frame(base::ByteView wire) noexcept {
    if (wire.size() < kHeaderBytes) return base::fail(base::Errc::truncated, "frame header");
    const std::size_t length = base::load_be<std::uint32_t>(wire.data());
    // Before waiting for the payload: a peer must not make us buffer what we will refuse.
    if (length == 0 || length > kPayloadBytesMax) return base::fail(base::Errc::out_of_range, "frame length");
    const auto body = wire.subspan(kHeaderBytes);
    if (body.size() < length) return base::fail(base::Errc::truncated, "frame payload");
    return Frame{.payload = body.first(length), .size = kHeaderBytes + length};
}

base::Result<base::Bytes> encode_frame(base::ByteView payload) {
    if (payload.empty() || payload.size() > kPayloadBytesMax) {
        return base::fail(base::Errc::out_of_range, "frame length");
    }
    base::Bytes wire(kHeaderBytes + payload.size());
    base::store_be(wire.data(), static_cast<std::uint32_t>(payload.size()));
    std::memcpy(wire.data() + kHeaderBytes, payload.data(), payload.size());
    return wire;
}

void wipe(base::MutableBytes bytes) noexcept {
    if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
}

void wipe(std::string& text) noexcept {
    if (!text.empty()) explicit_bzero(text.data(), text.size());
    text.clear();
}

}  // namespace wallet_local
