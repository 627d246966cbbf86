#pragma once
// Protobuf messages to and from framed bytes, behind a forward declaration: only sources need protobuf's headers.

#include "base/bytes.hpp"

namespace google::protobuf {
class MessageLite;
}

namespace rpc {

/// Prefix and serialised message in one buffer.
base::Bytes encode_message(const google::protobuf::MessageLite& message);
/// The serialised message alone.
base::Bytes serialize(const google::protobuf::MessageLite& message);
/// False when `bytes` are not such a message. Never throws.
bool parse_message(base::ByteView bytes, google::protobuf::MessageLite& message) noexcept;

}  // namespace rpc
