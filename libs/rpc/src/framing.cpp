#include "rpc/framing.hpp"

#include <zlib.h>

#include <algorithm>

namespace rpc {

StatusOr<std::optional<MessageView>> read_message(base::ByteView wire, std::size_t message_bytes_max) {
    if (wire.size() < kMessagePrefixSize) return std::nullopt;
    const auto flag = std::to_integer<unsigned>(wire[0]);
    if (flag > 1) return error(StatusCode::internal, "broken message framing: compressed flag is neither 0 nor 1");
    const auto length = base::load_be<std::uint32_t>(wire.data() + 1);
    if (length > message_bytes_max) {
        return error(StatusCode::resource_exhausted, "message of " + std::to_string(length) + " bytes, at most " +
                                                         std::to_string(message_bytes_max) + " are allowed");
    }
    const auto body = wire.subspan(kMessagePrefixSize);
    if (body.size() < length) return std::nullopt;
    return MessageView{.compressed = flag == 1, .payload = body.first(length)};
}

void write_message_prefix(base::FixedBytes<kMessagePrefixSize>& out, bool compressed, std::uint32_t length) noexcept {
    out[0] = std::byte{compressed};
    base::store_be(out.data() + 1, length);
}

void MessageBuffer::append(base::ByteView bytes) {
    if (begin_ == bytes_.size()) {
        bytes_.clear();
        begin_ = 0;
    } else if (begin_ > bytes_.size() / 2) {
        bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
        begin_ = 0;
    }
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

StatusOr<std::optional<MessageView>> MessageBuffer::next() {
    auto message = read_message(base::ByteView{bytes_}.subspan(begin_), message_bytes_max_);
    if (message && *message) begin_ += kMessagePrefixSize + (*message)->payload.size();
    return message;
}

std::optional<Encoding> encoding_from(std::string_view name) noexcept {
    if (name == "identity") return Encoding::identity;
    if (name == "gzip") return Encoding::gzip;
    return std::nullopt;
}

namespace {

constexpr int kGzipWindowBits = 15 + 16;  // zlib's way to ask for the gzip wrapper.

struct Inflater {
    z_stream stream{};
    bool ready = inflateInit2(&stream, kGzipWindowBits) == Z_OK;
    ~Inflater() {
        if (ready) inflateEnd(&stream);
    }
};
struct Deflater {
    z_stream stream{};
    bool ready = deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) == Z_OK;
    ~Deflater() {
        if (ready) deflateEnd(&stream);
    }
};
Bytef* zlib_bytes(const std::byte* at) noexcept { return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(at)); }

}  // namespace

StatusOr<base::Bytes> gzip_inflate(base::ByteView compressed, std::size_t message_bytes_max) {
    Inflater inflater;
    if (!inflater.ready) return error(StatusCode::resource_exhausted, "no memory to decompress");
    auto& stream = inflater.stream;
    stream.next_in = zlib_bytes(compressed.data());
    stream.avail_in = static_cast<uInt>(compressed.size());
    base::Bytes out;
    while (true) {
        // Grow with the output, not with what the sender claims; one byte beyond the bound proves that it is passed.
        const auto at = out.size();
        out.resize(std::min(message_bytes_max + 1, std::max<std::size_t>(at * 2, 4096)));
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + at);
        stream.avail_out = static_cast<uInt>(out.size() - at);
        const int result = inflate(&stream, Z_NO_FLUSH);
        out.resize(out.size() - stream.avail_out);
        if (out.size() > message_bytes_max) {
            return error(StatusCode::resource_exhausted,
                         "message larger than " + std::to_string(message_bytes_max) + " bytes when decompressed");
        }
        if (result == Z_STREAM_END && stream.avail_in == 0) return out;
        // Z_OK without an end means that there is output left to fetch; anything else cannot get further.
        if (result != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0)) {
            return error(StatusCode::internal, "message is not valid gzip");
        }
    }
}

base::Bytes gzip_deflate(base::ByteView message) {
    Deflater deflater;
    GC_ASSERT(deflater.ready);
    auto& stream = deflater.stream;
    base::Bytes out(deflateBound(&stream, static_cast<uLong>(message.size())));
    stream.next_in = zlib_bytes(message.data());
    stream.avail_in = static_cast<uInt>(message.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    GC_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    return out;
}

}  // namespace rpc
