#pragma once
// One qlog file (draft-ietf-quic-qlog-main-schema, qlog 0.3, JSON-SEQ: RFC 7464) a connection, written by ourselves:
// libngtcp2's own writer overruns a buffer on its stack when the peer sends large transport parameters
// (CVE-2026-40170), so that callback is never set; `./ghost check` looks for it.
//
// What a peer chooses is bounded here: frames of a packet, length of texts, size of the file. A diagnostic aid: when it
// cannot write, it stops, and the connection goes on.

#include <ngtcp2/ngtcp2.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace zquic {

class Qlog {
 public:
    static constexpr std::size_t kFileBytesMax = 64u << 20;
    static constexpr std::size_t kFramesMax = 64;  ///< Named of one packet; further ones are left out.

    /// Null when `path` cannot be written. `now_ns` is time 0 of the file.
    static std::unique_ptr<Qlog> open(const std::string& path, bool server, std::string_view trace_id,
                                      std::uint64_t now_ns);
    ~Qlog();
    Qlog(const Qlog&) = delete;
    Qlog& operator=(const Qlog&) = delete;

    void connection_started(std::string_view local, std::string_view remote, std::uint64_t now_ns);
    void parameters_set(bool ours, const ngtcp2_transport_params& parameters, std::uint64_t now_ns);
    /// `header` without header protection, its packet number at the end; `frames` in the clear.
    void packet(bool sent, base::ByteView header, base::ByteView frames, std::uint64_t now_ns);
    /// Written when something changed since the last call.
    void metrics(const ngtcp2_conn_info& info, std::uint64_t now_ns);
    void connection_closed(std::string_view cause, std::uint64_t code, std::string_view reason, std::uint64_t now_ns);

 private:
    Qlog(std::FILE* file, std::uint64_t now_ns) noexcept : file_{file}, start_ns_{now_ns} {}
    template <typename Json>
    void event(const char* name, Json data, std::uint64_t now_ns);
    template <typename Json>
    void record(const Json& json);

    std::FILE* file_;
    std::uint64_t start_ns_;
    std::size_t written_ = 0;
    std::array<std::uint64_t, 5> last_metrics_{};
};

}  // namespace zquic
