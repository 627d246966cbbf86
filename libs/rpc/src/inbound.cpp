#include "inbound.hpp"

namespace rpc {

StatusOr<std::optional<base::ByteView>> Inbound::next() {
    auto message = buffer_.next();
    if (!message) return std::unexpected{std::move(message).error()};
    if (!*message) {
        if (ended_ && buffer_.buffered() > 0) return error(StatusCode::internal, "the stream ends inside a message");
        return std::nullopt;
    }
    if (!(*message)->compressed) return (*message)->payload;
    if (encoding_ == Encoding::identity) {
        return error(StatusCode::internal, "compressed message without a grpc-encoding");
    }
    auto inflated = gzip_inflate((*message)->payload, message_bytes_max_);
    if (!inflated) return std::unexpected{std::move(inflated).error()};
    inflated_ = std::move(*inflated);
    return base::ByteView{inflated_};
}

}  // namespace rpc
