#include "io/error.hpp"

#include <cerrno>

namespace io {
namespace {

const char* describe(std::int32_t code) noexcept {
    switch (static_cast<Errc>(code)) {
        case Errc::would_block: return "operation would block";
        case Errc::closed: return "closed";
        case Errc::address_in_use: return "address is in use";
        case Errc::bad_address: return "not a usable address";
        case Errc::name_not_found: return "host name not found";
        case Errc::refused: return "connection refused";
        case Errc::reset: return "connection reset by peer";
        case Errc::unreachable: return "network unreachable";
        case Errc::message_too_large: return "datagram is too large";
        case Errc::permission_denied: return "permission denied";
        case Errc::timed_out: return "timed out";
        case Errc::overloaded: return "overloaded";
        case Errc::limit_reached: return "system limit reached";
        case Errc::system: return "system call failed";
    }
    return "unknown error";
}

constexpr base::ErrorDomain kDomain{"io", &describe};

}  // namespace

const base::ErrorDomain& error_domain(Errc) noexcept { return kDomain; }

Errc errc_from_errno(int error) noexcept {
    switch (error) {
        case EAGAIN:
        case ENOBUFS: return Errc::would_block;
        case EPIPE:
        case ENOTCONN:
        case ESHUTDOWN: return Errc::closed;
        case EADDRINUSE: return Errc::address_in_use;
        case EADDRNOTAVAIL:
        case EAFNOSUPPORT:
        case EDESTADDRREQ: return Errc::bad_address;
        case ECONNREFUSED: return Errc::refused;
        case ENOENT: return Errc::refused;  // connect(2) to a unix path that is not there
        case ECONNRESET:
        case ECONNABORTED: return Errc::reset;
        case ENETUNREACH:
        case EHOSTUNREACH:
        case ENETDOWN:
        case EHOSTDOWN: return Errc::unreachable;
        case EMSGSIZE: return Errc::message_too_large;
        case EACCES:
        case EPERM: return Errc::permission_denied;
        case ETIMEDOUT: return Errc::timed_out;
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ENOSPC: return Errc::limit_reached;
    }
    return Errc::system;
}

}  // namespace io
