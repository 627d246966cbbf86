#pragma once
// A stream over the engine: its send queue, its place in the lists of its connection, its pending events.

#include <cstdint>
#include <memory>

#include "send_queue.hpp"
#include "zquic/stream.hpp"

namespace zquic {

class ConnectionImpl;

class StreamImpl final : public Stream {
 public:
    StreamImpl(ConnectionImpl& connection, std::int64_t id, bool local);

    [[nodiscard]] std::uint64_t id() const noexcept override { return static_cast<std::uint64_t>(id_); }
    [[nodiscard]] Connection& connection() noexcept override;
    [[nodiscard]] Direction direction() const noexcept override;
    [[nodiscard]] bool is_local() const noexcept override { return local_; }
    void set_handler(std::shared_ptr<StreamHandler> handler) override { handler_ = std::move(handler); }
    base::Result<void> write(Buffer data, bool fin) override;
    [[nodiscard]] std::size_t writable_bytes() const noexcept override;
    [[nodiscard]] std::size_t unsent_bytes() const noexcept override { return queue_.unsent_bytes(); }
    void consume(std::size_t bytes) override;
    void reset(std::uint64_t code) override;
    void stop_sending(std::uint64_t code) override;
    void set_priority(Priority priority) override;

    // The engine's side.
    [[nodiscard]] std::int64_t native_id() const noexcept { return id_; }
    [[nodiscard]] bool has_handler() const noexcept { return handler_ != nullptr; }
    [[nodiscard]] bool wants_to_send() const noexcept;
    void receive(base::ByteView data, bool fin);
    void peer_reset(std::uint64_t code);
    void peer_stop_sending(std::uint64_t code);
    void acknowledged(std::uint64_t bytes);
    /// The engine took `bytes` and, when `fin`, the end of the stream.
    void sent(std::size_t bytes, bool fin);
    /// The engine has forgotten the stream. on_closed comes later, from deliver_events().
    void engine_closed(StreamEnd end) noexcept;
    /// Delivers what is pending; true when the stream is over and can be destroyed.
    bool deliver_events();
    /// The connection ends: on_closed now.
    void abandon();

 private:
    friend class ConnectionImpl;
    friend class ReadyList;
    [[nodiscard]] bool can_send() const noexcept;

    ConnectionImpl& connection_;
    std::shared_ptr<StreamHandler> handler_;
    SendQueue queue_;
    std::int64_t id_;
    std::uint64_t unconsumed_ = 0;  ///< Delivered bytes whose credit has not been returned.
    StreamEnd end_;
    Priority priority_;
    bool local_;
    bool fin_queued_ = false;
    bool fin_sent_ = false;
    bool send_aborted_ = false;
    bool receive_aborted_ = false;
    bool was_full_ = false;
    bool writable_event_ = false;
    bool closed_ = false;  ///< Unknown to the engine from here on.
    bool event_queued_ = false;
    bool flow_blocked_ = false;
    bool ready_ = false;  ///< In its connection's list of streams with something to send.
    StreamImpl* ready_next_ = nullptr;
    StreamImpl* ready_previous_ = nullptr;
};

/// Streams with something to send, by urgency; first in, first out.
class ReadyList {
 public:
    void add(StreamImpl& stream) noexcept;
    void remove(StreamImpl& stream) noexcept;
    /// The next one to serve; null when nobody waits.
    [[nodiscard]] StreamImpl* front() const noexcept;
    /// `stream` had its turn: incremental ones go behind their equals.
    void rotate(StreamImpl& stream) noexcept;

 private:
    struct Lane {
        StreamImpl* first = nullptr;
        StreamImpl* last = nullptr;
    };
    Lane lanes_[8];
    unsigned used_ = 0;  ///< Bit n: lane n is not empty.
};

}  // namespace zquic
