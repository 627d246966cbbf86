#pragma once
// Packet protection (RFC 9001 section 5) for one direction at one level, as a peer holds it that writes what it likes.
// Tests and fuzzers only: it seals any header and any payload. The ciphers are those of libngtcp2_crypto_gnutls.

#include <ngtcp2/ngtcp2_crypto.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"

namespace zquic::testkit {

/// A header up to its packet number, which PacketKeys::seal appends. `first` still lacks the packet number's length.
struct OpenedPacket {
    std::uint8_t first = 0;  ///< Without header protection.
    std::uint64_t number = 0;
    base::Bytes payload;
};

class PacketKeys {
 public:
    /// Those of Initial packets: `id` is the destination that the client chose first. `of_client`: for what it sends.
    static PacketKeys initial(base::ByteView id, bool of_client);
    /// From a TLS traffic secret. `context` names the ciphers (ngtcp2_crypto_ctx_tls); copied.
    static PacketKeys from_secret(base::ByteView secret, const ngtcp2_crypto_ctx& context);

    PacketKeys(PacketKeys&&) noexcept;
    PacketKeys& operator=(PacketKeys&&) noexcept;
    ~PacketKeys();

    /// The finished packet. `header` ends before the packet number; the number takes `number_bytes` (1 to 4), and the
    /// two low bits of the first byte say so. A payload that is too short to sample (RFC 9001 section 5.4.2) is padded.
    [[nodiscard]] base::Bytes seal(base::ByteView header, std::uint64_t number, std::size_t number_bytes,
                                   base::ByteView payload) const;
    /// The inverse. `packet` is one whole packet, its number begins at `number_at`; `largest` is the highest number
    /// seen so far. Nothing when it does not open.
    [[nodiscard]] std::optional<OpenedPacket> open(base::ByteView packet, std::size_t number_at,
                                                   std::uint64_t largest) const;

    static constexpr std::size_t kTag = 16;

 private:
    struct State;
    explicit PacketKeys(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace zquic::testkit
