#pragma once
// HTTP/3 (RFC 9114) with QPACK (RFC 9204, static table only), streaming in both directions, for servers and clients.
//
//   client                                         server
//   Client::request(fields, fin, handler)  ─────▶  RequestFactory(exchange, fields) returns its handler
//   send_data(…, fin) / send_trailers()    ─────▶  on_data … on_trailers … on_end
//   on_headers … on_data … on_trailers … on_end ◀─ send_headers(fields, fin) … send_data … send_trailers
//
// An Exchange is one request with its response, seen from either side. Each side ends its own direction (fin or
// trailers); an exchange is over when both have ended, or at cancel(), or when the peer aborts.
// Thread: the reactor of the connection. Lifetime: an Exchange lives until its handler's on_closed() has returned;
// every callback may call anything on it.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "zquic/buffer.hpp"
#include "zquic/connection.hpp"
#include "zquic/endpoint.hpp"

namespace zquic::h3 {

inline constexpr std::string_view kAlpn = "h3";

/// Application error codes, RFC 9114 section 8.1.
enum class Code : std::uint64_t {
    no_error = 0x100,
    general_protocol_error = 0x101,
    internal_error = 0x102,
    stream_creation_error = 0x103,
    closed_critical_stream = 0x104,
    frame_unexpected = 0x105,
    frame_error = 0x106,
    excessive_load = 0x107,
    id_error = 0x108,
    settings_error = 0x109,
    missing_settings = 0x10a,
    request_rejected = 0x10b,  ///< Not processed: safe to send again.
    request_cancelled = 0x10c,
    request_incomplete = 0x10d,
    message_error = 0x10e,
    connect_error = 0x10f,
    version_fallback = 0x110,
};

/// One header or trailer. Names are lower case; pseudo-headers (`:path`, `:status`, …) come first.
struct Field {
    std::string name;
    std::string value;
    bool never_index = false;  ///< Secrets: kept out of compression tables on every hop (RFC 9204 section 7.1.3).
    friend bool operator==(const Field&, const Field&) = default;
};
using Fields = std::vector<Field>;

/// The first value of `name`, or nullptr. Borrows `fields`.
const std::string* find_field(const Fields& fields, std::string_view name) noexcept;
/// Whether a field may be sent: lower-case token name (one leading ':' for pseudo-headers), value without control
/// characters and without blanks at its ends, none of the connection-specific fields (RFC 9114 section 4.2).
/// `bad_field` names the rule.
base::Result<void> check_field(const Field& field) noexcept;
/// check_field for all; pseudo-headers first (none in trailers); sizes within RFC 9114 section 4.2.2's count.
base::Result<void> check_fields(const Fields& fields, bool trailers) noexcept;

struct Limits {
    std::size_t field_section_bytes_max = 64u << 10;  ///< Of what we receive: sum of name + value + 32 a field.
    std::size_t fields_max = 256;                     ///< Of what we receive, in one section.
    std::size_t send_queue_bytes = 256u << 10;        ///< An exchange's queue: see Exchange::send_data.
    std::size_t pending_requests_max = 10'000;        ///< Client: waiting for the handshake or for a free stream.
    /// Server: requests a second that the client may abort or have reset for being malformed, and at once; beyond, the
    /// connection closes (excessive_load). 0: any number, for clients that pass other people's requests on.
    std::uint32_t resets_per_s = 0;
    std::uint32_t resets_burst = 1000;
    bool extended_connect = false;  ///< Server: RFC 9220 (SETTINGS_ENABLE_CONNECT_PROTOCOL).
    bool datagrams = false;         ///< RFC 9297, both sides.
};

class Exchange;

/// How an exchange ended.
struct ExchangeEnd {
    std::uint64_t code = 0;  ///< The code of the reset; 0x100 (no_error) or 0 for a clean end.
    bool clean = false;      ///< Both directions ended with fin.
    bool connection_lost = false;
    bool retryable = false;  ///< Certainly not processed by the server: rejected, above its GOAWAY, never sent.
};

/// Receives what happens on an exchange. All optional. Never called from inside a call on the Exchange.
class ExchangeHandler {
 public:
    virtual ~ExchangeHandler() = default;
    /// Client: the response's headers (also interim 1xx ones, before the final ones). Server: never called, the
    /// request's headers were given to the factory. `fin`: nothing follows, and on_end comes next.
    virtual void on_headers(Exchange& exchange, Fields fields, bool fin);
    /// Body bytes, borrowed for the call. Give the credit back with consume(), now or later.
    virtual void on_data(Exchange& exchange, base::ByteView data);
    virtual void on_trailers(Exchange& exchange, Fields fields);
    /// The peer finished its direction.
    virtual void on_end(Exchange& exchange);
    /// The peer aborted its direction (RESET_STREAM); no on_end follows. Our direction goes on: cancel() to end it too.
    virtual void on_reset(Exchange& exchange, std::uint64_t code);
    /// The peer wants no more of ours (STOP_SENDING); our direction has been ended. no_error: it has what it needs, and
    /// its response is still good.
    virtual void on_stop_sending(Exchange& exchange, std::uint64_t code);
    /// send_data() had filled the queue and it has room again.
    virtual void on_writable(Exchange& exchange);
    /// An HTTP datagram (RFC 9297), borrowed for the call.
    virtual void on_datagram(Exchange& exchange, base::ByteView payload);
    /// The last call, exactly once; the exchange is gone when it returns.
    virtual void on_closed(Exchange& exchange, const ExchangeEnd& end);
};

class Exchange {
 public:
    virtual ~Exchange() = default;
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    virtual void set_handler(std::shared_ptr<ExchangeHandler> handler) = 0;
    /// Stream id; -1 while a client's request waits for a free stream.
    [[nodiscard]] virtual std::int64_t id() const noexcept = 0;
    /// Peer identity, addresses, statistics, trace id; valid as long as the exchange.
    [[nodiscard]] virtual Connection& connection() noexcept = 0;

    /// Server: the response's headers, once (1xx ones before it as often as wanted). `fin`: no body, no trailers (for
    /// gRPC: Trailers-Only). `bad_field`, `wrong_state`, `closed`.
    virtual base::Result<void> send_headers(const Fields& fields, bool fin) = 0;
    /// Body bytes, after the headers. Taken as a whole while writable_bytes() > 0. `blocked` when the queue is full (an
    /// empty one with fin is always taken), `wrong_state` before the headers, `closed` after fin, trailers or an abort.
    virtual base::Result<void> send_data(Buffer data, bool fin) = 0;
    /// Trailers, which end our direction.
    virtual base::Result<void> send_trailers(const Fields& fields) = 0;
    base::Result<void> finish() { return send_data(Buffer{}, true); }
    [[nodiscard]] virtual std::size_t writable_bytes() const noexcept = 0;

    /// Returns receive credit for body bytes.
    virtual void consume(std::size_t bytes) = 0;
    /// Ends both directions now: RESET_STREAM and STOP_SENDING with `code`. on_closed follows.
    virtual void cancel(std::uint64_t code) = 0;
    void cancel(Code code) { cancel(static_cast<std::uint64_t>(code)); }
    /// Wants no more of the peer's body: STOP_SENDING. A server that has answered early uses no_error; its response
    /// still goes out. No on_data, on_trailers, on_end follow.
    virtual void stop_reading(std::uint64_t code) = 0;
    void stop_reading(Code code) { stop_reading(static_cast<std::uint64_t>(code)); }

    /// RFC 9297 datagram on this exchange. `not_supported`, `too_large`, `blocked`, `not_ready`.
    virtual base::Result<void> send_datagram(base::ByteView payload) = 0;
    /// RFC 9218; clients tell the server (PRIORITY_UPDATE is not sent: put a `priority` field into the request).
    virtual void set_priority(Priority priority) = 0;

 protected:
    Exchange() = default;
};

/// Answers a request: called with its headers, returns who handles the rest. `fin`: the request has no body (on_end is
/// still called). May already send_headers() and more on the exchange. Null: refused with request_rejected.
using RequestFactory = std::function<std::shared_ptr<ExchangeHandler>(Exchange& exchange, Fields fields, bool fin)>;

struct ServerStats {
    std::uint64_t connections = 0;
    std::uint64_t exchanges = 0;         ///< Open now.
    std::uint64_t requests = 0;          ///< Ever.
    std::uint64_t requests_refused = 0;  ///< Over limits or malformed.
};

/// HTTP/3 on a listening endpoint (with other protocols beside it).
class Server {
 public:
    struct Options {
        Limits limits;
        std::vector<std::string> alpn = {std::string{kAlpn}};
        /// What an accepted connection holds until it is gone: a place in a quota. May be null.
        using Held = std::shared_ptr<void>;
        /// Asked once the peer's identity is known; nothing closes the connection (request_rejected). May be empty.
        std::function<std::optional<Held>(Connection&)> accept;
        /// The answer to a request whose headers pass the limits; `:status` first.
        Fields too_large_answer{{":status", "431", false}};
    };
    /// Registers on `endpoint`, which must outlive it.
    static base::Checked<std::unique_ptr<Server>> make(Endpoint& endpoint, Options options, RequestFactory factory);
    /// Closes its connections (no_error).
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// GOAWAY on every connection: requests that have arrived finish, later ones are rejected; each connection is
    /// closed (no_error) when its last exchange ends. After `timeout_ms` the rest is closed. Then calls `done`.
    void drain(std::uint64_t timeout_ms, std::move_only_function<void()> done);
    [[nodiscard]] ServerStats stats() const noexcept;

 private:
    struct State;
    explicit Server(std::shared_ptr<State> state) noexcept;
    std::shared_ptr<State> state_;
};

/// What a client's connection tells its owner. All optional.
struct ClientCallbacks {
    std::function<void()> on_ready;                   ///< Handshake done, peer accepted.
    std::function<void()> on_goaway;                  ///< The server takes no new requests here: connect anew for them.
    std::function<void(const CloseInfo&)> on_closed;  ///< The last call. The Client object stays valid but is dead.
};

/// One HTTP/3 connection to a server. Destroying it closes the connection; its exchanges see on_closed first.
class Client {
 public:
    /// `options.alpn` may be empty: "h3".
    static base::Result<std::unique_ptr<Client>> connect(Endpoint& endpoint, ConnectOptions options, Limits limits,
                                                         ClientCallbacks callbacks);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Sends a request (`:method`, `:scheme`, `:authority`, `:path`, …). Before the handshake is done, or while the
    /// server allows no further stream, it waits in order; its body may be queued meanwhile. The exchange is valid
    /// until on_closed. `closed` after GOAWAY or the end, `limit_reached`, `bad_field`.
    base::Result<Exchange*> request(const Fields& fields, bool fin, std::shared_ptr<ExchangeHandler> handler);
    /// Takes no new requests; closes (no_error) when the last exchange has ended, at once when there are none.
    void finish();
    /// Closes now.
    void close(Code code);

    /// False after GOAWAY, finish(), close() or the end of the connection.
    [[nodiscard]] bool usable() const noexcept;
    [[nodiscard]] bool ready() const noexcept;
    [[nodiscard]] std::size_t exchanges() const noexcept;  ///< Open and waiting.
    /// Null once closed.
    [[nodiscard]] Connection* connection() noexcept;

 private:
    struct State;
    explicit Client(std::shared_ptr<State> state) noexcept;
    std::shared_ptr<State> state_;
};

}  // namespace zquic::h3
