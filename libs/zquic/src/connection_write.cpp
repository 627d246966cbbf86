// The write pass: frames become packets, packets of one size become a train, a train is one system call (GSO).

#include <algorithm>
#include <array>

#include "connection.hpp"
#include "endpoint.hpp"

namespace zquic {
namespace {

// One GSO call carries at most 64 KB: 44 packets of 1452 bytes.
constexpr std::size_t kTrainBytesMax = 44 * 1452;
// A busy connection gives way to the others after this many trains; it goes on in the next turn.
constexpr int kTrainsPerPass = 4;
constexpr std::size_t kViewsPerPacket = 8;

}  // namespace

struct ConnectionImpl::Train {
    ngtcp2_path_storage path{};
    std::uint8_t ecn = 0;
    std::size_t segment = 0;
    std::size_t bytes = 0;
    std::size_t packets = 0;
};

bool ConnectionImpl::run_write_pass() {
    if (!ending_) {
        if (const auto keep = handler_) keep->on_write_pass(*this);
    }
    if (!ending_ && !endpoint_.socket_blocked()) {
        log_sealed(true);
        write_packets();
        log_sealed(false);
        log_metrics();
    }
    deliver_events();
    if (ending_) return false;
    arm_timer();
    return true;
}

void ConnectionImpl::write_packets() {
    const auto now = endpoint_.now();
    auto* const buffer = endpoint_.train_buffer_.get();
    const auto packet_max = ngtcp2_conn_get_max_tx_udp_payload_size(conn_);
    const auto path_max = ngtcp2_conn_get_path_max_tx_udp_payload_size(conn_);
    // The send quantum is what pacing allows at once; at least ten packets as RFC 9002 section 7.7 has it.
    const auto quantum = std::min(std::max(ngtcp2_conn_get_send_quantum(conn_), path_max), kTrainBytesMax);
    const auto packets_max = std::max<std::size_t>(quantum / path_max, 1);

    for (int trains = 0; trains < kTrainsPerPass && !endpoint_.socket_blocked(); ++trains) {
        Train train;
        ngtcp2_path_storage_zero(&train.path);
        bool nothing_left = false;
        while (train.packets < packets_max && train.bytes + packet_max <= kTrainBytesMax) {
            ngtcp2_path_storage path;
            ngtcp2_path_storage_zero(&path);
            ngtcp2_pkt_info info{};
            std::size_t written = 0;
            const auto step = write_one(buffer + train.bytes, packet_max, path, info, written);
            if (step == WriteStep::failed) return;
            if (step == WriteStep::nothing) {
                nothing_left = true;
                break;
            }
            // Only equal segments of one path travel together, and only the last may be shorter. What does not fit
            // (a path MTU probe, a path challenge) leaves behind what was collected before it, on its own.
            const bool fits = train.packets == 0 || (ngtcp2_path_eq(&train.path.path, &path.path) &&
                                                     train.ecn == info.ecn && written <= train.segment);
            if (!fits) {
                const auto at = train.bytes;
                flush_train(train);
                std::memmove(buffer, buffer + at, written);
            }
            if (train.packets == 0) {
                train.segment = written;
                ngtcp2_path_copy(&train.path.path, &path.path);
                train.ecn = info.ecn;
            }
            train.bytes += written;
            ++train.packets;
            if (written < train.segment || train.segment > path_max) break;
        }
        flush_train(train);
        if (nothing_left) break;
        if (trains + 1 == kTrainsPerPass) endpoint_.mark_dirty(*this);
    }
    ngtcp2_conn_update_pkt_tx_time(conn_, now);
}

ConnectionImpl::WriteStep ConnectionImpl::write_datagram_frame(std::uint8_t* at, std::size_t room,
                                                               ngtcp2_path_storage& path, ngtcp2_pkt_info& info,
                                                               std::size_t& written) {
    const auto& front = datagrams_->front();
    if (front.size() > datagram_bytes_max()) {
        // The path takes less than when it was queued; unreliable datagrams may be lost.
        datagrams_->pop_front();
        return WriteStep::more;
    }
    const ngtcp2_vec data{const_cast<std::uint8_t*>(base::as_u8(front.view())), front.size()};
    // The engine asserts that no vector is empty; an empty datagram (RFC 9221 allows it) is none.
    const std::size_t count = front.empty() ? 0 : 1;
    int accepted = 0;
    const auto rv = ngtcp2_conn_writev_datagram(conn_, &path.path, &info, at, room, &accepted,
                                                NGTCP2_WRITE_DATAGRAM_FLAG_MORE, 0, &data, count, endpoint_.now());
    if (accepted) datagrams_->pop_front();
    if (rv == NGTCP2_ERR_WRITE_MORE) return WriteStep::more;
    if (rv == NGTCP2_ERR_INVALID_ARGUMENT || rv == NGTCP2_ERR_INVALID_STATE) {
        datagrams_->pop_front();
        return WriteStep::more;
    }
    if (rv < 0) {
        fail_engine(static_cast<int>(rv));
        return WriteStep::failed;
    }
    written = static_cast<std::size_t>(rv);
    return rv == 0 ? WriteStep::nothing : WriteStep::packet;
}

ConnectionImpl::WriteStep ConnectionImpl::write_one(std::uint8_t* at, std::size_t room, ngtcp2_path_storage& path,
                                                    ngtcp2_pkt_info& info, std::size_t& written) {
    // Each round finishes the packet, or puts one more frame into it, or takes one stream off the list.
    for (;;) {
        if (handshake_done_ && datagrams_ && !datagrams_->empty()) {
            const auto step = write_datagram_frame(at, room, path, info, written);
            if (step == WriteStep::more) continue;
            return step;
        }
        auto* stream = ngtcp2_conn_get_max_data_left(conn_) > 0 ? ready_.front() : nullptr;
        std::array<ngtcp2_vec, kViewsPerPacket> vectors;
        std::size_t count = 0;
        std::size_t offered = 0;
        std::uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_NONE;
        if (stream) {
            std::array<base::ByteView, kViewsPerPacket> views;
            count = stream->queue_.peek(views);
            for (std::size_t i = 0; i < count; ++i) {
                vectors[i] = {const_cast<std::uint8_t*>(base::as_u8(views[i])), views[i].size()};
                offered += views[i].size();
            }
            flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
            if (stream->fin_queued_ && offered == stream->queue_.unsent_bytes()) flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
        }
        ngtcp2_ssize taken = -1;
        const auto rv =
            ngtcp2_conn_writev_stream(conn_, &path.path, &info, at, room, &taken, flags,
                                      stream ? stream->native_id() : -1, vectors.data(), count, endpoint_.now());
        if (stream && taken >= 0) {
            const auto bytes = static_cast<std::size_t>(taken);
            stream->sent(bytes, (flags & NGTCP2_WRITE_STREAM_FLAG_FIN) && bytes == offered);
            if (stream->wants_to_send()) {
                ready_.rotate(*stream);
            } else {
                ready_.remove(*stream);
            }
        }
        switch (rv) {
            case NGTCP2_ERR_WRITE_MORE: continue;
            case NGTCP2_ERR_STREAM_DATA_BLOCKED:
                // No credit on the connection stops all streams at once, above; this is the stream's own limit.
                if (ngtcp2_conn_get_max_data_left(conn_) > 0) {
                    stream->flow_blocked_ = true;
                    ready_.remove(*stream);
                }
                continue;
            case NGTCP2_ERR_STREAM_SHUT_WR:
            case NGTCP2_ERR_STREAM_NOT_FOUND: ready_.remove(*stream); continue;
            default: break;
        }
        if (rv < 0) {
            fail_engine(static_cast<int>(rv));
            return WriteStep::failed;
        }
        written = static_cast<std::size_t>(rv);
        return rv == 0 ? WriteStep::nothing : WriteStep::packet;
    }
}

void ConnectionImpl::flush_train(Train& train) {
    if (train.packets == 0) return;
    const auto& path = train.path.path;
    const auto local = io::SocketAddress::from_native(path.local.addr, path.local.addrlen);
    const auto remote = io::SocketAddress::from_native(path.remote.addr, path.remote.addrlen);
    if (local && remote) {
        endpoint_.send(socket_for(*local),
                       {.payload = {reinterpret_cast<const std::byte*>(endpoint_.train_buffer_.get()), train.bytes},
                        .peer = *remote,
                        .local = *local,
                        .ecn = static_cast<io::Ecn>(train.ecn & 3),
                        .segment_size = static_cast<std::uint16_t>(train.packets > 1 ? train.segment : 0)});
    }
    bytes_sent_ += train.bytes;
    packets_sent_ += train.packets;
    train.packets = 0;
    train.bytes = 0;
}

io::UdpSocket& ConnectionImpl::socket_for(const io::SocketAddress& local) noexcept {
    for (auto& own : own_sockets_) {
        if (own.local == local) return *own.socket;
    }
    return *endpoint_.socket_;
}

}  // namespace zquic
