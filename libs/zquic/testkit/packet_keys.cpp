#include "packet_keys.hpp"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace zquic::testkit {
namespace {

constexpr std::size_t kIv = 12;
constexpr std::size_t kSample = 16;

// RFC 8446 section 7.1, with an empty context.
void expand_label(std::span<std::uint8_t> out, const ngtcp2_crypto_md& md, base::ByteView secret,
                  std::string_view label) {
    std::vector<std::uint8_t> info{static_cast<std::uint8_t>(out.size() >> 8), static_cast<std::uint8_t>(out.size()),
                                   static_cast<std::uint8_t>(label.size() + 6)};
    constexpr std::string_view kPrefix = "tls13 ";
    info.insert(info.end(), kPrefix.begin(), kPrefix.end());
    info.insert(info.end(), label.begin(), label.end());
    info.push_back(0);
    GC_ASSERT(ngtcp2_crypto_hkdf_expand(out.data(), out.size(), &md, base::as_u8(secret), secret.size(), info.data(),
                                        info.size()) == 0);
}

gnutls_mac_algorithm_t hash_of(const ngtcp2_crypto_md& md) noexcept {
    return static_cast<gnutls_mac_algorithm_t>(reinterpret_cast<std::intptr_t>(md.native_handle));
}

}  // namespace

struct PacketKeys::State {
    ngtcp2_crypto_aead aead{};
    ngtcp2_crypto_cipher mask{};
    ngtcp2_crypto_aead_ctx seal{};
    ngtcp2_crypto_aead_ctx open{};
    ngtcp2_crypto_cipher_ctx mask_context{};
    std::array<std::uint8_t, kIv> iv{};

    State(base::ByteView secret, const ngtcp2_crypto_aead& cipher, const ngtcp2_crypto_md& md,
          const ngtcp2_crypto_cipher& header_cipher)
        : aead{cipher}, mask{header_cipher} {
        std::vector<std::uint8_t> key(ngtcp2_crypto_aead_keylen(&aead));
        std::vector<std::uint8_t> mask_key(key.size());
        expand_label(key, md, secret, "quic key");
        expand_label(iv, md, secret, "quic iv");
        expand_label(mask_key, md, secret, "quic hp");
        GC_ASSERT(ngtcp2_crypto_aead_ctx_encrypt_init(&seal, &aead, key.data(), kIv) == 0);
        GC_ASSERT(ngtcp2_crypto_aead_ctx_decrypt_init(&open, &aead, key.data(), kIv) == 0);
        // The same calls that libngtcp2_crypto_gnutls makes, which does not offer them by themselves.
        static std::array<std::uint8_t, 16> no_iv{};
        gnutls_cipher_hd_t handle = nullptr;
        const gnutls_datum_t raw_key{mask_key.data(), static_cast<unsigned>(mask_key.size())};
        const gnutls_datum_t raw_iv{no_iv.data(), no_iv.size()};
        const auto algorithm =
            static_cast<gnutls_cipher_algorithm_t>(reinterpret_cast<std::intptr_t>(mask.native_handle));
        GC_ASSERT(gnutls_cipher_init(&handle, algorithm, &raw_key, &raw_iv) == 0);
        mask_context.native_handle = handle;
    }
    ~State() {
        ngtcp2_crypto_aead_ctx_free(&seal);
        ngtcp2_crypto_aead_ctx_free(&open);
        gnutls_cipher_deinit(static_cast<gnutls_cipher_hd_t>(mask_context.native_handle));
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    [[nodiscard]] std::array<std::uint8_t, kIv> nonce(std::uint64_t number) const noexcept {
        auto out = iv;
        for (std::size_t i = 0; i < 8; ++i) out[kIv - 1 - i] ^= static_cast<std::uint8_t>(number >> (8 * i));
        return out;
    }
    [[nodiscard]] std::array<std::uint8_t, 5> mask_for(const std::uint8_t* sample) const noexcept {
        std::array<std::uint8_t, 5> out{};
        GC_ASSERT(ngtcp2_crypto_hp_mask(out.data(), &mask, &mask_context, sample) == 0);
        return out;
    }
};

PacketKeys::PacketKeys(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}
PacketKeys::PacketKeys(PacketKeys&&) noexcept = default;
PacketKeys& PacketKeys::operator=(PacketKeys&&) noexcept = default;
PacketKeys::~PacketKeys() = default;

PacketKeys PacketKeys::initial(base::ByteView id, bool of_client) {
    // RFC 9001 section 5.2.
    static constexpr std::array<std::uint8_t, 20> kSalt{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                                        0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
    // The handles are libngtcp2_crypto_gnutls's way to name GnuTLS's algorithms.
    const auto named = [](auto algorithm) { return reinterpret_cast<void*>(static_cast<std::intptr_t>(algorithm)); };
    ngtcp2_crypto_md md{};
    ngtcp2_crypto_md_init(&md, named(GNUTLS_MAC_SHA256));
    ngtcp2_crypto_aead aead{};
    aead.native_handle = named(GNUTLS_CIPHER_AES_128_GCM);
    aead.max_overhead = kTag;
    ngtcp2_crypto_cipher mask{};
    mask.native_handle = named(GNUTLS_CIPHER_AES_128_CBC);

    std::array<std::byte, 32> root;
    const gnutls_datum_t salt{const_cast<std::uint8_t*>(kSalt.data()), kSalt.size()};
    const gnutls_datum_t input{const_cast<std::uint8_t*>(base::as_u8(id)), static_cast<unsigned>(id.size())};
    GC_ASSERT(gnutls_hkdf_extract(hash_of(md), &input, &salt, root.data()) == 0);
    std::array<std::byte, 32> secret;
    expand_label({base::as_u8(base::MutableBytes{secret}), secret.size()}, md, root,
                 of_client ? "client in" : "server in");
    return PacketKeys{std::make_unique<State>(secret, aead, md, mask)};
}

PacketKeys PacketKeys::from_secret(base::ByteView secret, const ngtcp2_crypto_ctx& context) {
    return PacketKeys{std::make_unique<State>(secret, context.aead, context.md, context.hp)};
}

base::Bytes PacketKeys::seal(base::ByteView header, std::uint64_t number, std::size_t number_bytes,
                             base::ByteView payload) const {
    auto out = base::to_bytes(header);
    const auto number_at = out.size();
    out[0] = (out[0] & ~std::byte{3}) | static_cast<std::byte>(number_bytes - 1);
    for (std::size_t i = number_bytes; i-- > 0;) out.push_back(static_cast<std::byte>(number >> (8 * i)));
    auto body = base::to_bytes(payload);
    if (number_bytes + body.size() < 4) body.resize(4 - number_bytes);  // PADDING
    const auto head = out.size();
    out.resize(head + body.size() + kTag);
    auto* const raw = base::as_u8(base::MutableBytes{out});
    const auto nonce = state_->nonce(number);
    GC_ASSERT(ngtcp2_crypto_encrypt(raw + head, &state_->aead, &state_->seal, base::as_u8(base::ByteView{body}),
                                    body.size(), nonce.data(), nonce.size(), raw, head) == 0);
    const auto mask = state_->mask_for(raw + number_at + 4);
    raw[0] ^= mask[0] & ((raw[0] & 0x80) != 0 ? 0x0f : 0x1f);
    for (std::size_t i = 0; i < number_bytes; ++i) raw[number_at + i] ^= mask[1 + i];
    return out;
}

std::optional<OpenedPacket> PacketKeys::open(base::ByteView packet, std::size_t number_at,
                                             std::uint64_t largest) const {
    if (packet.size() < number_at + 4 + kSample) return std::nullopt;
    auto copy = base::to_bytes(packet);
    auto* const raw = base::as_u8(base::MutableBytes{copy});
    const auto mask = state_->mask_for(raw + number_at + 4);
    raw[0] ^= mask[0] & ((raw[0] & 0x80) != 0 ? 0x0f : 0x1f);
    const std::size_t number_bytes = (raw[0] & 3u) + 1;
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < number_bytes; ++i) {
        raw[number_at + i] ^= mask[1 + i];
        number = number << 8 | raw[number_at + i];
    }
    // RFC 9000 appendix A.3.
    const auto window = std::uint64_t{1} << (8 * number_bytes);
    const auto expected = largest + 1;
    number |= expected & ~(window - 1);
    if (number + window / 2 <= expected) number += window;
    if (number > expected + window / 2 && number >= window) number -= window;

    const auto head = number_at + number_bytes;
    const auto sealed = copy.size() - head;
    if (sealed < kTag) return std::nullopt;
    OpenedPacket out{.first = raw[0], .number = number, .payload = base::Bytes(sealed - kTag)};
    const auto nonce = state_->nonce(number);
    if (ngtcp2_crypto_decrypt(base::as_u8(base::MutableBytes{out.payload}), &state_->aead, &state_->open, raw + head,
                              sealed, nonce.data(), nonce.size(), raw, head) != 0) {
        return std::nullopt;
    }
    return out;
}

}  // namespace zquic::testkit
