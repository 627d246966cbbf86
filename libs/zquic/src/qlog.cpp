#include "qlog.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "frame_scan.hpp"

namespace zquic {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kTextMax = 256;
constexpr double kNsPerMs = 1e6;

std::string_view name_of(std::uint64_t type) noexcept {
    if (type >= 0x08 && type <= 0x0f) return "stream";
    switch (type) {
        case 0x00: return "padding";
        case 0x01: return "ping";
        case 0x02:
        case 0x03: return "ack";
        case 0x04: return "reset_stream";
        case 0x05: return "stop_sending";
        case 0x06: return "crypto";
        case 0x07: return "new_token";
        case 0x10: return "max_data";
        case 0x11: return "max_stream_data";
        case 0x12:
        case 0x13: return "max_streams";
        case 0x14: return "data_blocked";
        case 0x15: return "stream_data_blocked";
        case 0x16:
        case 0x17: return "streams_blocked";
        case 0x18: return "new_connection_id";
        case 0x19: return "retire_connection_id";
        case 0x1a: return "path_challenge";
        case 0x1b: return "path_response";
        case 0x1c:
        case 0x1d: return "connection_close";
        case 0x1e: return "handshake_done";
        case 0x30:
        case 0x31: return "datagram";
        default: return "unknown";
    }
}

std::string_view type_of(unsigned first) noexcept {
    if ((first & 0x80) == 0) return "1RTT";
    switch (first >> 4 & 3) {  // of QUIC v1; in v2 the numbers are turned by one (RFC 9369 section 3.2)
        case 0: return "initial";
        case 1: return "0RTT";
        case 2: return "handshake";
        default: return "retry";
    }
}

}  // namespace

std::unique_ptr<Qlog> Qlog::open(const std::string& path, bool server, std::string_view trace_id,
                                 std::uint64_t now_ns) {
    auto* const file = std::fopen(path.c_str(), "we");
    if (!file) return nullptr;
    std::unique_ptr<Qlog> made{new Qlog{file, now_ns}};
    made->record(
        Json{{"qlog_version", "0.3"},
             {"qlog_format", "JSON-SEQ"},
             {"title", "zquic"},
             {"trace",
              {{"vantage_point", {{"name", "zquic"}, {"type", server ? "server" : "client"}}},
               {"common_fields", {{"group_id", trace_id}, {"time_format", "relative"}, {"reference_time", 0}}}}}});
    return made;
}

Qlog::~Qlog() { std::fclose(file_); }

template <typename Object>
void Qlog::record(const Object& json) {
    constexpr char kRecordSeparator = '\x1e';
    if (written_ >= kFileBytesMax) return;
    const auto text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
    written_ += text.size() + 2;
    if (std::fputc(kRecordSeparator, file_) == EOF || std::fwrite(text.data(), 1, text.size(), file_) != text.size() ||
        std::fputc('\n', file_) == EOF) {
        written_ = kFileBytesMax;
    }
}

template <typename Object>
void Qlog::event(const char* name, Object data, std::uint64_t now_ns) {
    const auto time_ms = static_cast<double>(now_ns - std::min(now_ns, start_ns_)) / kNsPerMs;
    record(Json{{"time", time_ms}, {"name", name}, {"data", std::move(data)}});
}

void Qlog::connection_started(std::string_view local, std::string_view remote, std::uint64_t now_ns) {
    event("connectivity:connection_started", Json{{"src_ip", local}, {"dst_ip", remote}}, now_ns);
}

void Qlog::parameters_set(bool ours, const ngtcp2_transport_params& parameters, std::uint64_t now_ns) {
    event("transport:parameters_set",
          Json{{"owner", ours ? "local" : "remote"},
               {"max_idle_timeout", parameters.max_idle_timeout / NGTCP2_MILLISECONDS},
               {"max_udp_payload_size", parameters.max_udp_payload_size},
               {"ack_delay_exponent", parameters.ack_delay_exponent},
               {"max_ack_delay", parameters.max_ack_delay / NGTCP2_MILLISECONDS},
               {"active_connection_id_limit", parameters.active_connection_id_limit},
               {"initial_max_data", parameters.initial_max_data},
               {"initial_max_stream_data_bidi_local", parameters.initial_max_stream_data_bidi_local},
               {"initial_max_stream_data_bidi_remote", parameters.initial_max_stream_data_bidi_remote},
               {"initial_max_stream_data_uni", parameters.initial_max_stream_data_uni},
               {"initial_max_streams_bidi", parameters.initial_max_streams_bidi},
               {"initial_max_streams_uni", parameters.initial_max_streams_uni},
               {"max_datagram_frame_size", parameters.max_datagram_frame_size},
               {"disable_active_migration", parameters.disable_active_migration != 0}},
          now_ns);
}

void Qlog::packet(bool sent, base::ByteView header, base::ByteView frames, std::uint64_t now_ns) {
    if (header.empty()) return;
    const auto first = std::to_integer<unsigned>(header[0]);
    // As it is on the wire: its low bytes.
    std::uint64_t number = 0;
    for (const auto byte : header.last(std::min<std::size_t>((first & 3) + 1, header.size()))) {
        number = number << 8 | std::to_integer<std::uint64_t>(byte);
    }
    std::array<std::uint64_t, kFramesMax> types;
    auto list = Json::array();
    for (const auto type : std::span{types}.first(list_frames(frames, types))) {
        list.push_back({{"frame_type", name_of(type)}});
    }
    event(sent ? "transport:packet_sent" : "transport:packet_received",
          Json{{"header", {{"packet_type", type_of(first)}, {"packet_number", number}}},
               {"raw", {{"payload_length", frames.size()}}},
               {"frames", std::move(list)}},
          now_ns);
}

void Qlog::metrics(const ngtcp2_conn_info& info, std::uint64_t now_ns) {
    const std::array<std::uint64_t, 5> values{info.smoothed_rtt, info.latest_rtt, info.cwnd, info.bytes_in_flight,
                                              info.ssthresh};
    if (values == last_metrics_) return;
    last_metrics_ = values;
    Json data{{"smoothed_rtt", static_cast<double>(info.smoothed_rtt) / kNsPerMs},
              {"latest_rtt", static_cast<double>(info.latest_rtt) / kNsPerMs},
              {"rtt_variance", static_cast<double>(info.rttvar) / kNsPerMs},
              {"congestion_window", info.cwnd},
              {"bytes_in_flight", info.bytes_in_flight}};
    if (info.min_rtt != UINT64_MAX) data["min_rtt"] = static_cast<double>(info.min_rtt) / kNsPerMs;
    if (info.ssthresh != UINT64_MAX) data["ssthresh"] = info.ssthresh;
    event("recovery:metrics_updated", std::move(data), now_ns);
}

void Qlog::connection_closed(std::string_view cause, std::uint64_t code, std::string_view reason,
                             std::uint64_t now_ns) {
    event("connectivity:connection_closed",
          Json{{"trigger", cause}, {"error_code", code}, {"reason", reason.substr(0, kTextMax)}}, now_ns);
}

}  // namespace zquic
