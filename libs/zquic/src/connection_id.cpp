#include "connection_id.hpp"

#include <sodium.h>

namespace zquic {

static_assert(crypto_shorthash_KEYBYTES == sizeof(ConnectionIdCodec::Key));
static_assert(crypto_shorthash_BYTES == 8);

std::uint64_t ConnectionIdCodec::mask(const std::byte* nonce) const noexcept {
    base::FixedBytes<8> out;
    crypto_shorthash(base::as_u8(base::MutableBytes{out}), reinterpret_cast<const unsigned char*>(nonce), 8,
                     base::as_u8(key_));
    return base::load_be<std::uint64_t>(out.data());
}

ngtcp2_cid ConnectionIdCodec::issue(std::uint16_t worker, base::Random& random) const noexcept {
    base::FixedBytes<kConnectionIdSize> raw;
    random.fill(base::MutableBytes{raw}.first(8));
    base::store_be<std::uint64_t>(raw.data() + 8, mask(raw.data()) ^ (std::uint64_t{worker} << 48));
    ngtcp2_cid id;
    ngtcp2_cid_init(&id, base::as_u8(base::ByteView{raw}), raw.size());
    return id;
}

std::optional<std::uint16_t> ConnectionIdCodec::worker_of(base::ByteView id) const noexcept {
    if (id.size() != kConnectionIdSize) return std::nullopt;
    const auto plain = base::load_be<std::uint64_t>(id.data() + 8) ^ mask(id.data());
    if ((plain & 0xffff'ffff'ffffULL) != 0) return std::nullopt;
    return static_cast<std::uint16_t>(plain >> 48);
}

IdKey::IdKey(base::ByteView id) noexcept : size{static_cast<std::uint8_t>(id.size())} {
    GC_ASSERT(id.size() <= sizeof bytes);
    if (!id.empty()) std::memcpy(bytes, id.data(), id.size());
}

std::size_t IdHash::operator()(const IdKey& id) const noexcept {
    base::FixedBytes<8> out;
    crypto_shorthash(base::as_u8(base::MutableBytes{out}), id.bytes, sizeof id.bytes, base::as_u8(key));
    return base::load_le<std::uint64_t>(out.data());
}

}  // namespace zquic
