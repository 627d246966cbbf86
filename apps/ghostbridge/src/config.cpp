#include "ghostbridge/config.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

#include "base/config.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "ghostbridge/error.hpp"
#include "ghostbridge/registry.hpp"
#include "io/address.hpp"

namespace ghostbridge {
namespace {

constexpr std::string_view kWalletPrefix = "ghost.wallet.";
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kGib = std::int64_t{1} << 30;

/// A peer as the file has it.
struct PeerText {
    std::string name = "ghostd";
    std::string key;
    std::vector<std::string> roles{"service"};
    std::vector<std::string> services;
};

constexpr std::array<std::pair<std::string_view, Role>, 3> kRoleNames{
    {{"client", Role::client}, {"service", Role::service}, {"admin", Role::admin}}};

base::ConfigSchema schema_of(PeerText& peer) {
    base::ConfigSchema schema;
    schema.field("name", peer.name, "For logs.");
    schema.field("key", peer.key, "Ed25519 public key, 64 hexadecimal digits.");
    schema.field(
        "roles", peer.roles,
        "client: call every registered service. service: call and register. admin: as client, for administration.");
    schema.field("services", peer.services,
                 "What a service may register, at least one: full names, or a prefix that ends in \".*\".");
    return schema;
}

base::ConfigSchema schema_of(QuicLimits& quic) {
    base::ConfigSchema schema{"Limits of the QUIC ingress."};
    schema.field("connections_max", quic.connections_max, "Open connections.", {.min = 1, .max = 1'000'000});
    schema.field("public_connections_max", quic.public_connections_max,
                 "Of these, of callers whose key is not listed, for public_methods. 0: the handshake refuses them.",
                 {.min = 0, .max = 1'000'000});
    schema.field("public_connections_per_address_max", quic.public_connections_per_address_max,
                 "Of those, of one IPv4 address or IPv6 /64.", {.min = 1, .max = 1'000'000});
    schema.field(
        "half_open_max", quic.half_open_max,
        "Handshakes under way, some 60 KB each. One address has a quarter at most; listed callers keep an eighth.",
        {.min = 8, .max = 1'000'000});
    schema.field("retry_above_half_open", quic.retry_above_half_open,
                 "From so many on, callers prove their address first (Retry); of one address from an eighth on.",
                 {.min = 0, .max = 1'000'000});
    schema.field("resets_per_s", quic.resets_per_s, "Calls that a connection may abort.", {.min = 1, .max = 1'000'000});
    schema.field("resets_burst", quic.resets_burst, "And at once.", {.min = 10, .max = 1'000'000});
    return schema;
}

base::ConfigSchema schema_of(TcpLimits& tcp) {
    base::ConfigSchema schema{"Limits of the TCP ingress."};
    schema.field("connections_max", tcp.connections_max, "Open connections.", {.min = 1, .max = 1'000'000});
    schema.field("connections_per_address_max", tcp.connections_per_address_max,
                 "Of these, of one IPv4 address or IPv6 /64. Behind a proxy all callers are one address.",
                 {.min = 1, .max = 1'000'000});
    schema.field("connections_per_address_per_s", tcp.connections_per_address_per_s,
                 "New ones of one IPv4 address or IPv6 /64; all that it may have may come at once.",
                 {.min = 1, .max = 1'000'000});
    schema.field("streams_max", tcp.streams_max, "Concurrent calls of one connection.", {.min = 1, .max = 100'000});
    schema.field("stream_window_bytes", tcp.stream_window_bytes, "Request bytes that one call may have in the bridge.",
                 {.min = 65'535, .max = kGib});
    schema.field("connection_window_bytes", tcp.connection_window_bytes, "And all calls of one connection.",
                 {.min = 65'535, .max = kGib});
    schema.field("header_list_bytes_max", tcp.header_list_bytes_max, "Header names, values and 32 bytes a field.",
                 {.min = 1024, .max = 1 << 20});
    schema.field("header_fields_max", tcp.header_fields_max, "Header fields of one request.", {.min = 8, .max = 4096});
    schema.field(
        "control_frames_per_s", tcp.control_frames_per_s,
        "RST_STREAM, PING, SETTINGS and empty DATA frames a connection may send, and resets that it makes the\n"
        "bridge send. Frames that cost no more than their bytes are not counted.",
        {.min = 1, .max = 1'000'000});
    schema.field("control_frames_burst", tcp.control_frames_burst, "And at once.", {.min = 10, .max = 1'000'000});
    schema.field("handshake_timeout_ms", tcp.handshake_timeout_ms,
                 "For the preface and the acknowledgement of SETTINGS, and for a header block once begun.",
                 {.min = 10, .max = kDayMs});
    schema.field("idle_timeout_ms", tcp.idle_timeout_ms, "Connections without calls.", {.min = 10, .max = kDayMs});
    schema.field("write_timeout_ms", tcp.write_timeout_ms, "Connections that take nothing although bytes wait.",
                 {.min = 10, .max = kDayMs});
    return schema;
}

base::ConfigSchema schema_of(Config& config, std::vector<PeerText>& peers) {
    base::ConfigSchema schema{"ghostbridge: every service registers here, every caller calls here."};
    schema.field("home", config.home,
                 "Folder of the identity key. Empty: the folder ghostbridge in $GHOST_HOME (default ~/.ghost).");
    schema.field("listen_quic", config.listen_quic, "gRPC over HTTP/3 with mutual TLS (UDP).");
    schema.field("listen_tcp", config.listen_tcp, "gRPC over cleartext HTTP/2, public methods only. Empty: off.");
    schema.field("listen_metrics", config.listen_metrics, "/metrics, /healthz, /readyz. Empty: off.");
    schema.field("log_level", config.log_level, "How much to log.", {"trace", "debug", "info", "warn", "error", "off"});
    schema.field("log_format", config.log_format, "text for people, json for machines.", {"text", "json"});
    schema.field("public_methods", config.public_methods,
                 "Who calls without a known key may call these: \"package.Service\" or \"package.Service/Method\".\n"
                 "Nothing below ghost.wallet. may stand here.");
    schema.field("lease_ttl_ms", config.lease_ttl_ms, "Registrations end unless renewed within this time.",
                 {.min = 100, .max = kDayMs});
    schema.field("health_interval_ms", config.health_interval_ms, "Pause between grpc.health.v1 checks of an instance.",
                 {.min = 50, .max = kDayMs});
    schema.field("health_timeout_ms", config.health_timeout_ms, "A check that takes longer has failed.",
                 {.min = 10, .max = kDayMs});
    schema.field("connect_timeout_ms", config.connect_timeout_ms, "QUIC handshake with an instance.",
                 {.min = 10, .max = kDayMs});
    schema.field("drain_timeout_ms", config.drain_timeout_ms, "How long open calls may take when the bridge stops.",
                 {.min = 0, .max = kDayMs});
    schema.field("call_timeout_max_ms", config.call_timeout_max_ms,
                 "Caps grpc-timeout, also for calls that have none. 0: no cap.", {.min = 0, .max = kDayMs});
    schema.field("calls_max", config.calls_max, "Open calls of the whole bridge.", {.min = 1, .max = 10'000'000});
    schema.field("public_calls_max", config.public_calls_max, "Of these, of callers without a known key.",
                 {.min = 1, .max = 10'000'000});
    schema.field("public_calls_per_address_max", config.public_calls_per_address_max,
                 "Of these, of one IPv4 address or IPv6 /64. Behind a proxy all callers are one address.",
                 {.min = 1, .max = 10'000'000});
    schema.field("public_call_timeout_ms", config.public_call_timeout_ms,
                 "Caps grpc-timeout of callers without a known key, also for calls that have none.",
                 {.min = 100, .max = kDayMs});
    schema.field("public_work_percent", config.public_work_percent,
                 "Of the bridge's thread, for callers over TCP and for look-ups without a known key.",
                 {.min = 1, .max = 100});
    schema.field("public_work_per_address_percent", config.public_work_per_address_percent,
                 "And for those of one IPv4 address or IPv6 /64. Behind a proxy all callers are one address.",
                 {.min = 1, .max = 100});
    schema.field("call_window_bytes", config.call_window_bytes,
                 "Bytes of one direction of one call that the bridge holds at most.", {.min = 16'384, .max = kGib});
    schema.field("instances_max", config.instances_max, "Registered instances.", {.min = 1, .max = 1'000'000});
    schema.field("watchers_max", config.watchers_max, "Open Watch calls.", {.min = 1, .max = 1'000'000});
    schema.field("eject_after_failures", config.eject_after_failures,
                 "Transport failures in a row that take an instance out of the choice for a while.",
                 {.min = 1, .max = 1'000'000});
    schema.field("eject_ms", config.eject_ms, "The first such while; it doubles up to eight times this.",
                 {.min = 1, .max = kDayMs});
    schema.table("quic", schema_of(config.quic));
    schema.table("tcp", schema_of(config.tcp));
    schema.list("peers", peers, "Keys that this bridge knows.", [](PeerText& peer) { return schema_of(peer); });
    return schema;
}

base::Checked<Peer> peer_from(const PeerText& text, std::string_view origin) {
    const auto key = base::fixed_from_hex<32>(text.key);
    if (!key || text.key.size() != 64)
        return base::explain(Errc::bad_config,
                             std::string{origin} + ": peer \"" + text.name + "\": key must be 64 hexadecimal digits");
    Peer peer{.name = text.name, .key = *key, .roles = 0, .services = text.services};
    for (const auto& role : text.roles) {
        const auto at =
            std::ranges::find(kRoleNames, std::string_view{role}, &std::pair<std::string_view, Role>::first);
        if (at == kRoleNames.end())
            return base::explain(Errc::bad_config, std::string{origin} + ": peer \"" + text.name +
                                                       "\": unknown role \"" + role + "\" (client, service, admin)");
        peer.roles |= role_bits(at->second);
    }
    return peer;
}

PeerText text_of(const Peer& peer) {
    PeerText text{.name = peer.name, .key = base::to_hex(peer.key), .roles = {}, .services = peer.services};
    for (const auto& [name, role] : kRoleNames)
        if (has_role(peer.roles, role)) text.roles.emplace_back(name);
    return text;
}

template <typename Load>
base::Checked<Config> load(const std::string& origin, Load load_into) {
    Config config;
    std::vector<PeerText> peers;
    auto schema = schema_of(config, peers);
    GC_CHECK(load_into(schema));
    for (const auto& text : peers) {
        GC_TRY(auto peer, peer_from(text, origin));
        config.peers.push_back(std::move(peer));
    }
    if (auto valid = validate(config); !valid)
        return base::explain(Errc::bad_config, origin + ": " + valid.error().text);
    return config;
}

/// "package.Service", or "package.*".
bool valid_service_pattern(std::string_view pattern) noexcept {
    if (pattern.ends_with(".*")) pattern.remove_suffix(2);
    return valid_service_name(pattern);
}

base::Checked<void> check_services(const Peer& peer) {
    if (has_role(peer.roles, Role::service) && peer.services.empty())
        return base::explain(Errc::bad_config, "peer \"" + peer.name +
                                                   "\": services: a peer with the role service must list what it may "
                                                   "register, such as \"ghost.chain.v1.*\"");
    for (const auto& pattern : peer.services)
        if (!valid_service_pattern(pattern))
            return base::explain(Errc::bad_config, "peer \"" + peer.name + "\": services: \"" + pattern +
                                                       "\" is neither a full name nor a prefix that ends in \".*\"");
    return {};
}

base::Checked<void> check_address(const char* key, const std::string& text, bool optional) {
    if (optional && text.empty()) return {};
    if (io::SocketAddress::parse(text)) return {};
    return base::explain(Errc::bad_config, std::string{key} + ": \"" + text +
                                               "\" is not a numeric address with a port, such as \"[::]:50050\"");
}

}  // namespace

std::vector<std::string> Config::default_public_methods() {
    return {
        "ghost.chain.v1.BlockchainService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    };
}

base::Checked<Config> load_config(const std::string& path) {
    return load(path, [&](base::ConfigSchema& schema) { return schema.load_file(path); });
}

base::Checked<Config> parse_config(std::string_view toml, std::string_view origin) {
    const std::string source{origin};
    return load(source, [&](base::ConfigSchema& schema) { return schema.load_text(toml, source); });
}

std::string to_toml(Config config) {
    std::vector<PeerText> peers;
    peers.reserve(config.peers.size());
    for (const auto& peer : config.peers) peers.push_back(text_of(peer));
    return schema_of(config, peers).to_toml();
}

std::string default_config_toml() { return to_toml({}); }

base::Checked<void> validate(const Config& config) {
    GC_CHECK(check_address("listen_quic", config.listen_quic, false));
    GC_CHECK(check_address("listen_tcp", config.listen_tcp, true));
    GC_CHECK(check_address("listen_metrics", config.listen_metrics, true));
    for (const auto& entry : config.public_methods) {
        const auto service = std::string_view{entry}.substr(0, entry.find('/'));
        if (!valid_service_name(service))
            return base::explain(Errc::bad_config, "public_methods: \"" + entry +
                                                       "\" is neither package.Service nor package.Service/Method");
        if (service.starts_with(kWalletPrefix))
            return base::explain(Errc::bad_config, "public_methods: \"" + entry +
                                                       "\": a wallet is never open to callers without a known key");
    }
    std::set<base::Digest> keys;
    for (const auto& peer : config.peers)
        if (!keys.insert(peer.key).second)
            return base::explain(Errc::bad_config, "peer \"" + peer.name + "\": its key is listed twice");
    for (const auto& peer : config.peers) GC_CHECK(check_services(peer));
    if (config.tcp.connection_window_bytes < config.tcp.stream_window_bytes)
        return base::explain(Errc::bad_config, "tcp.connection_window_bytes is below tcp.stream_window_bytes");
    return {};
}

bool service_allowed(const std::vector<std::string>& patterns, std::string_view name) noexcept {
    return std::ranges::any_of(patterns, [name](std::string_view pattern) {
        if (!pattern.ends_with(".*")) return pattern == name;
        return name.starts_with(pattern.substr(0, pattern.size() - 1));
    });
}

bool method_is_public(const std::vector<std::string>& public_methods, std::string_view path) noexcept {
    if (!path.starts_with('/')) return false;
    path.remove_prefix(1);
    if (path.starts_with(kWalletPrefix)) return false;
    const auto service = path.substr(0, path.find('/'));
    return std::ranges::any_of(public_methods,
                               [&](std::string_view entry) { return entry == service || entry == path; });
}

}  // namespace ghostbridge
