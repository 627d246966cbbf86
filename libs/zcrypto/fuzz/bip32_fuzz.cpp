// Extended keys and Base58Check: whatever parses spells itself out again.
#include "zcrypto/base58.hpp"
#include "zcrypto/bip32.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace zcrypto;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    if (const auto payload = base58check_decode(text)) {
        GC_ASSERT(base::as_text(base58check_encode(payload->expose()).value().expose()) == text);
    }
    if (const auto key = bip32::ExtendedPrivateKey::parse(text)) {
        GC_ASSERT(base::as_text(key->to_text().expose()) == text);
        (void)key->child(7);
    }
    if (const auto key = bip32::ExtendedPublicKey::parse(text)) {
        GC_ASSERT(key->to_string() == text);
        (void)key->child(7);
    }
    // A right checksum, so that mutations reach what is behind it.
    if (size <= kBase58PayloadMax) {
        const auto good = base58check_encode(base::as_bytes(text)).value();
        if (const auto key = bip32::ExtendedPrivateKey::parse(base::as_text(good.expose()))) {
            GC_ASSERT(base::equal(key->to_text().expose(), good.expose()));
        }
        if (const auto key = bip32::ExtendedPublicKey::parse(base::as_text(good.expose()))) {
            GC_ASSERT(base::equal(base::as_bytes(key->to_string()), good.expose()));
        }
    }
    return 0;
}
