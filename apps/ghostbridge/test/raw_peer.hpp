#pragma once
// HTTP/2 by hand over a real TCP connection.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "base/bytes.hpp"
#include "io/stream_socket.hpp"
#include "io/thread.hpp"

namespace ghostbridge::test {

/// SETTINGS without entries, and its acknowledgement.
inline const base::Bytes kSettings = base::from_hex("000000040000000000").value();
inline const base::Bytes kSettingsAck = base::from_hex("000000040100000000").value();
inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A raw TCP connection that remembers what came and whether it was closed.
class RawPeer {
 public:
    explicit RawPeer(std::uint16_t port) {
        thread_ = io::ReactorThread::start("raw-peer").value();
        thread_->run_and_wait([&] {
            socket_ =
                io::StreamSocket::connect_tcp(thread_->reactor(), io::SocketAddress::loopback_v4(port), {}).value();
            EXPECT_TRUE(socket_->start({.on_connected = {},
                                        .on_data =
                                            [this](base::ByteView bytes) {
                                                const std::lock_guard lock{mutex_};
                                                received_ += base::as_text(bytes);
                                            },
                                        .on_end = [this] { closed_ = true; },
                                        .on_drained = {},
                                        .on_closed =
                                            [this](base::Error how) {
                                                failed_ = !how.is(io::Errc::closed);
                                                closed_ = true;
                                            }}));
        });
    }
    ~RawPeer() {
        thread_->run_and_wait([&] { socket_.reset(); });
    }
    void set_reading(bool reading) {
        thread_->run_and_wait([&] { socket_->set_reading(reading); });
    }
    /// Given to send() and not taken by the kernel.
    [[nodiscard]] std::size_t unsent_bytes() {
        std::size_t bytes = 0;
        thread_->run_and_wait([&] { bytes = socket_->queued_bytes(); });
        return bytes;
    }
    [[nodiscard]] std::string received() const {
        const std::lock_guard lock{mutex_};
        return received_;
    }
    void send(base::ByteView bytes) {
        thread_->run_and_wait([&] { static_cast<void>(socket_->write(bytes)); });
    }
    /// Ends this side of the connection; the other may go on.
    void end() {
        thread_->run_and_wait([&] { socket_->shutdown_write(); });
    }
    [[nodiscard]] bool closed() const { return closed_; }
    /// Without an end before, as by a reset.
    [[nodiscard]] bool failed() const { return failed_; }

 private:
    std::unique_ptr<io::ReactorThread> thread_;
    std::unique_ptr<io::StreamSocket> socket_;
    mutable std::mutex mutex_;
    std::string received_;
    std::atomic<bool> closed_{false};
    std::atomic<bool> failed_{false};
};

/// One frame (RFC 9113 section 4.1).
inline base::Bytes h2_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, base::ByteView payload = {}) {
    base::Bytes out(9);
    base::store_be(out.data(), static_cast<std::uint32_t>(payload.size() << 8 | type));
    out[4] = std::byte{flags};
    base::store_be(out.data() + 5, stream);
    out.insert(out.end(), payload.begin(), payload.end());
    return out;
}

/// A request's HEADERS, in HPACK without the dynamic table; its body follows.
inline base::Bytes h2_request(std::string_view path, std::uint32_t stream) {
    std::string block =
        "\x83\x86\x04" + std::string(1, static_cast<char>(path.size())) + std::string{path} + "\x01\x01x";
    const auto literal = [&](std::string_view name, std::string_view value) {
        block += std::string(1, '\0') + static_cast<char>(name.size());
        block += name;
        block += static_cast<char>(value.size());
        block += value;
    };
    literal("content-type", "application/grpc");
    literal("te", "trailers");
    return h2_frame(1, 4, stream, base::as_bytes(block));
}

/// A request of a method of test.v1.Echo with an empty message; without `end` its sender may have more.
inline base::Bytes call_of(std::string_view method, std::uint32_t stream, bool end = true) {
    auto wire = h2_request("/test.v1.Echo/" + std::string{method}, stream);
    const auto body = h2_frame(0, end ? 1 : 0, stream, base::Bytes(5));
    wire.insert(wire.end(), body.begin(), body.end());
    return wire;
}

/// RST_STREAM with CANCEL.
inline base::Bytes h2_reset(std::uint32_t stream) { return h2_frame(3, 0, stream, base::from_hex("00000008").value()); }

}  // namespace ghostbridge::test
