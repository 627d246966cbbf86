#pragma once
// The connection ids we issue (RFC 9000 section 5.1):
//
//   nonce(8, random)  masked(8) = SipHash-2-4(key, nonce) XOR ( worker(2, big-endian) zeros(6) )
//
// The zeros make 48 bits of proof that the id is ours; only holders of the key see the worker. Ids of one connection
// look unrelated to an observer.

#include <ngtcp2/ngtcp2.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace zquic {

inline constexpr std::size_t kConnectionIdSize = 16;

class ConnectionIdCodec {
 public:
    using Key = base::FixedBytes<16>;
    explicit ConnectionIdCodec(const Key& key) noexcept : key_{key} {}

    [[nodiscard]] ngtcp2_cid issue(std::uint16_t worker, base::Random& random) const noexcept;
    /// The worker that issued `id`; nothing when none of ours did.
    [[nodiscard]] std::optional<std::uint16_t> worker_of(base::ByteView id) const noexcept;

 private:
    [[nodiscard]] std::uint64_t mask(const std::byte* nonce) const noexcept;
    Key key_;
};

/// A connection id as a key of hash tables. Clients choose their first ids, so the hash is keyed.
struct IdKey {
    std::uint8_t size = 0;
    std::uint8_t bytes[NGTCP2_MAX_CIDLEN] = {};

    IdKey() = default;
    /// `id` has at most 20 bytes.
    explicit IdKey(base::ByteView id) noexcept;
    explicit IdKey(const ngtcp2_cid& id) noexcept
        : IdKey{base::ByteView{reinterpret_cast<const std::byte*>(id.data), id.datalen}} {}
    friend bool operator==(const IdKey&, const IdKey&) = default;
};

struct IdHash {
    ConnectionIdCodec::Key key;
    std::size_t operator()(const IdKey& id) const noexcept;
};

}  // namespace zquic
