#include "ghostbridge/error.hpp"

namespace ghostbridge {
namespace {

const char* describe(std::int32_t code) noexcept {
    switch (static_cast<Errc>(code)) {
        case Errc::truncated: return "more bytes are needed";
        case Errc::bad_version: return "unknown frame version";
        case Errc::too_large: return "beyond the size limit";
        case Errc::interleaved: return "another frame inside a continued one";
        case Errc::malformed_headers: return "malformed header block";
        case Errc::bad_services: return "bad list of services";
        case Errc::bad_endpoint: return "bad endpoint";
        case Errc::registry_full: return "the registry is full";
        case Errc::unknown_instance: return "no such instance";
        case Errc::bad_config: return "bad configuration";
        case Errc::protocol_error: return "the peer broke the protocol";
    }
    return "unknown error";
}

constexpr base::ErrorDomain kDomain{"ghostbridge", &describe};

}  // namespace

const base::ErrorDomain& error_domain(Errc) noexcept { return kDomain; }

}  // namespace ghostbridge
