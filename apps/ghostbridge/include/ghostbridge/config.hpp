#pragma once
// What a bridge is started with: a plain struct that enoc and tests fill in, and that ghostbridge.toml maps onto.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace ghostbridge {

/// What a known key may do. A peer can have several.
enum class Role : std::uint8_t {
    client = 1,   ///< Call every registered service.
    service = 2,  ///< Call, and register services.
    admin = 4,    ///< As client today; for administration later.
};

/// Roles as a set of bits.
using Roles = std::uint8_t;
constexpr Roles role_bits(Role role) noexcept { return static_cast<Roles>(role); }
constexpr bool has_role(Roles roles, Role role) noexcept { return (roles & role_bits(role)) != 0; }

/// One key that this bridge knows.
struct Peer {
    std::string name;  ///< For logs.
    base::Digest key;  ///< Ed25519 public key.
    Roles roles = 0;
    /// Services it may register: full names, or a prefix that ends in ".*". The role service needs at least one.
    std::vector<std::string> services;
};

struct TcpLimits {
    std::size_t connections_max = 1024;
    std::size_t connections_per_address_max = 256;     ///< Of these, of one IPv4 address or IPv6 /64.
    std::uint32_t connections_per_address_per_s = 50;  ///< New ones of it; as many as it may have at once.
    std::uint32_t streams_max = 100;                   ///< Concurrent calls of one connection.
    std::uint32_t stream_window_bytes = 256 << 10;     ///< Request bytes a call may have in the bridge.
    std::uint32_t connection_window_bytes = 4 << 20;   ///< And all calls of one connection.
    std::uint32_t header_list_bytes_max = 16 << 10;    ///< Names, values and 32 a field (RFC 9113 §6.5.2).
    std::uint32_t header_fields_max = 128;
    /// RST_STREAM, PING, SETTINGS, empty DATA; resets that the peer provokes.
    std::uint32_t control_frames_per_s = 200;
    std::uint32_t control_frames_burst = 1000;
    std::uint64_t handshake_timeout_ms = 10'000;  ///< Until preface, SETTINGS and its ACK; and for a header block.
    std::uint64_t idle_timeout_ms = 300'000;      ///< Without calls.
    std::uint64_t write_timeout_ms = 60'000;      ///< The socket takes nothing although bytes wait.
};

struct QuicLimits {
    std::size_t connections_max = 4096;
    /// Of these, with a key that is not listed: for public_methods. 0: such a key is refused in the handshake.
    std::size_t public_connections_max = 0;
    std::size_t public_connections_per_address_max = 64;  ///< Of those, of one IPv4 address or IPv6 /64.
    std::size_t half_open_max = 2048;                     ///< See zquic::EndpointConfig.
    std::size_t retry_above_half_open = 512;
    std::uint32_t resets_per_s = 500;  ///< Requests that one connection may abort.
    std::uint32_t resets_burst = 4096;
};

struct Config {
    /// Folder of the identity key (identity.pem), which must be there: see init_identity(). Empty: the folder
    /// ghostbridge in $GHOST_HOME (default ~/.ghost).
    std::string home;
    std::string listen_quic = "[::]:50050";
    std::string listen_tcp = "[::]:50050";          ///< gRPC over cleartext HTTP/2; empty switches it off.
    std::string listen_metrics = "127.0.0.1:9451";  ///< Empty switches it off.
    std::string log_level = "info";                 ///< For the program; Bridge::start() leaves logging as it is.
    std::string log_format = "text";

    std::vector<Peer> peers;
    /// What may be called without a known key (TCP, or QUIC where public_connections_max allows it): "package.Service"
    /// for every method, or "package.Service/Method". Never a wallet: names below ghost.wallet. are refused here.
    std::vector<std::string> public_methods = default_public_methods();

    std::uint64_t lease_ttl_ms = 10'000;
    std::uint64_t health_interval_ms = 5'000;
    std::uint64_t health_timeout_ms = 2'000;
    std::uint64_t connect_timeout_ms = 3'000;  ///< QUIC handshake with an instance.
    std::uint64_t drain_timeout_ms = 10'000;   ///< stop() waits this long for open calls.
    std::uint64_t call_timeout_max_ms = 0;     ///< Caps grpc-timeout, also for calls that have none; 0: no cap.
    std::size_t calls_max = 10'000;            ///< Open calls of the whole bridge.
    /// Of these, of callers without a known key: they must not take what an instance can carry from those with one.
    std::size_t public_calls_max = 256;
    std::size_t public_calls_per_address_max = 64;   ///< Of these, of one IPv4 address or IPv6 /64.
    std::uint64_t public_call_timeout_ms = 300'000;  ///< Their calls end after this at the latest.
    /// Of the bridge's thread, in percent, for their connections over TCP and their look-ups (see Turns).
    std::uint32_t public_work_percent = 50;
    std::uint32_t public_work_per_address_percent = 25;  ///< For those of one IPv4 address or IPv6 /64.
    std::size_t call_window_bytes = 256 << 10;           ///< Bytes of one direction of one call held by the bridge.
    std::size_t instances_max = 1'000;
    std::size_t watchers_max = 256;
    std::uint32_t eject_after_failures = 5;  ///< Consecutive transport failures.
    std::uint64_t eject_ms = 5'000;          ///< First ejection; doubles up to ten times this.
    QuicLimits quic;
    TcpLimits tcp;

    static std::vector<std::string> default_public_methods();
};

/// Reads TOML. Unknown keys, wrong types and values out of range are errors whose text names the key.
base::Checked<Config> load_config(const std::string& path);
base::Checked<Config> parse_config(std::string_view toml, std::string_view origin);
/// The documented file that load_config() reads as `config`.
std::string to_toml(Config config);
/// With the defaults, as shipped in ghostbridge.toml.
std::string default_config_toml();
/// What load_config and Bridge::start both refuse.
base::Checked<void> validate(const Config& config);

/// True when `name` is matched by one of `patterns` ("a.B", "a.*").
bool service_allowed(const std::vector<std::string>& patterns, std::string_view name) noexcept;
/// True when "/package.Service/Method" is listed in `public_methods`.
bool method_is_public(const std::vector<std::string>& public_methods, std::string_view path) noexcept;

}  // namespace ghostbridge
