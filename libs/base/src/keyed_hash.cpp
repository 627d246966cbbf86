#include "base/keyed_hash.hpp"

#include <sodium/crypto_shorthash_siphash24.h>

#include "base/random.hpp"

namespace base {

const HashKey& process_hash_key() noexcept {
    static const HashKey key = [] {
        HashKey drawn;
        system_random().fill(drawn);
        return drawn;
    }();
    return key;
}

std::uint64_t siphash(ByteView bytes, const HashKey& key) noexcept {
    static_assert(crypto_shorthash_siphash24_KEYBYTES == std::tuple_size_v<HashKey>);
    std::byte out[crypto_shorthash_siphash24_BYTES];
    crypto_shorthash_siphash24(reinterpret_cast<unsigned char*>(out),
                               reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                               reinterpret_cast<const unsigned char*>(key.data()));
    return load_le<std::uint64_t>(out);
}

}  // namespace base
