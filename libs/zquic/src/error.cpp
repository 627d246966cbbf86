#include "zquic/error.hpp"

#include "zquic/connection.hpp"
#include "zquic/stream.hpp"

namespace zquic {
namespace {

const char* describe(std::int32_t code) noexcept {
    switch (static_cast<Errc>(code)) {
        case Errc::bad_config: return "setting missing or out of range";
        case Errc::bad_key: return "not a usable private key";
        case Errc::bad_certificate: return "not a usable certificate";
        case Errc::tls_failed: return "the TLS library refused";
        case Errc::socket_failed: return "the system refused the socket";
        case Errc::alpn_in_use: return "the protocol is served already";
        case Errc::limit_reached: return "a limit is reached";
        case Errc::closed: return "closed";
        case Errc::blocked: return "the send queue is full";
        case Errc::stream_limit: return "the peer allows no further stream";
        case Errc::too_large: return "too large";
        case Errc::not_ready: return "not ready";
        case Errc::not_supported: return "not supported by the peer";
        case Errc::wrong_state: return "not allowed in this state";
        case Errc::bad_field: return "field not allowed in HTTP/3";
        case Errc::internal: return "internal failure";
    }
    return "unknown error";
}

constexpr base::ErrorDomain kDomain{"zquic", describe};

}  // namespace

const base::ErrorDomain& error_domain(Errc) noexcept { return kDomain; }

std::string_view to_string(CloseCause cause) noexcept {
    switch (cause) {
        case CloseCause::local: return "closed by this side";
        case CloseCause::peer_application: return "closed by the peer";
        case CloseCause::peer_transport: return "transport error reported by the peer";
        case CloseCause::protocol_error: return "protocol error of the peer";
        case CloseCause::handshake_failed: return "TLS handshake failed";
        case CloseCause::idle_timeout: return "idle timeout";
        case CloseCause::handshake_timeout: return "handshake timeout";
        case CloseCause::stateless_reset: return "stateless reset";
        case CloseCause::version_refused: return "no common QUIC version";
        case CloseCause::network: return "network failure";
    }
    return "unknown";
}

// Handlers override what they care about.
void StreamHandler::on_data(Stream& stream, base::ByteView data, bool) { stream.consume(data.size()); }
void StreamHandler::on_reset(Stream&, std::uint64_t) {}
void StreamHandler::on_stop_sending(Stream&, std::uint64_t) {}
void StreamHandler::on_writable(Stream&) {}
void StreamHandler::on_acknowledged(Stream&, std::uint64_t) {}
void StreamHandler::on_closed(Stream&, const StreamEnd&) {}

void ConnectionHandler::on_handshake_done(Connection&) {}
void ConnectionHandler::on_stream(Connection&, Stream&) {}
void ConnectionHandler::on_datagram(Connection&, base::ByteView) {}
void ConnectionHandler::on_streams_available(Connection&, Direction) {}
void ConnectionHandler::on_write_pass(Connection&) {}
void ConnectionHandler::on_closed(Connection&, const CloseInfo&) {}

}  // namespace zquic
