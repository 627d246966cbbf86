// Opening what anybody sends: nothing but the true ciphertext opens, and a failure leaves zeros.
#include <algorithm>

#include "zcrypto/aead.hpp"

namespace {

using namespace zcrypto;

template <typename Nonce, typename Open, typename Seal>
void check(const AeadKey& key, const Nonce& nonce, base::ByteView text, base::ByteView aad, Open open, Seal seal) {
    base::Bytes out(text.size() < kAeadTagSize ? 0 : text.size() - kAeadTagSize, std::byte{0xaa});
    if (open({.key = key, .nonce = nonce, .text = text, .associated_data = aad}, out)) {
        base::Bytes again(text.size());
        GC_ASSERT(seal({.key = key, .nonce = nonce, .text = out, .associated_data = aad}, again).has_value());
        GC_ASSERT(base::equal(again, text));
    } else if (text.size() >= kAeadTagSize) {
        GC_ASSERT(std::ranges::all_of(out, [](std::byte b) { return b == std::byte{0}; }));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const AeadKey key;  // Zero: a fuzzer may find true ciphertexts.
    const auto input = std::as_bytes(std::span{data, size});
    if (input.empty()) return 0;
    const auto split = std::min(std::to_integer<std::size_t>(input[0]), input.size() - 1);
    const auto aad = input.subspan(1, split), text = input.subspan(1 + split);
    check(key, XChaChaNonce{}, text, aad, &xchacha20poly1305_open_into, &xchacha20poly1305_seal_into);
    check(key, ChaChaNonce{}, text, aad, &chacha20poly1305_open_into, &chacha20poly1305_seal_into);
    static Aes256Gcm gcm{key};
    const auto gcm_call = [](auto method) {
        return [method](const GcmInput& in, base::MutableBytes out) {
            return (gcm.*method)({.nonce = in.nonce, .text = in.text, .associated_data = in.associated_data}, out);
        };
    };
    check(key, GcmNonce{}, text, aad, gcm_call(&Aes256Gcm::open_into), gcm_call(&Aes256Gcm::seal_into));
    return 0;
}
