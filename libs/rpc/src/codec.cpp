#include "rpc/codec.hpp"

#include <google/protobuf/message_lite.h>

#include <limits>

#include "rpc/framing.hpp"

namespace rpc {
namespace {

base::Bytes encode(const google::protobuf::MessageLite& message, std::size_t prefix) {
    const auto size = message.ByteSizeLong();
    base::Bytes out(prefix + size);
    auto* begin = reinterpret_cast<std::uint8_t*>(out.data() + prefix);
    message.SerializeWithCachedSizesToArray(begin);
    return out;
}

}  // namespace

base::Bytes encode_message(const google::protobuf::MessageLite& message) {
    auto out = encode(message, kMessagePrefixSize);
    base::FixedBytes<kMessagePrefixSize> prefix;
    write_message_prefix(prefix, false, static_cast<std::uint32_t>(out.size() - kMessagePrefixSize));
    std::copy(prefix.begin(), prefix.end(), out.begin());
    return out;
}

base::Bytes serialize(const google::protobuf::MessageLite& message) { return encode(message, 0); }

bool parse_message(base::ByteView bytes, google::protobuf::MessageLite& message) noexcept {
    if (bytes.size() > std::numeric_limits<int>::max()) return false;
    return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace rpc
