#include "zcrypto/hd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "zcrypto/hash.hpp"

namespace zcrypto {
namespace {

/// Both halves of I = HMAC-SHA512(key, data): the left one is the private key, the right one the chain code.
ExtendedKey split(Digest512& i) noexcept {
    ExtendedKey out;
    std::copy_n(i.begin(), 32, out.key.expose_mutable().begin());
    std::copy_n(i.begin() + 32, 32, out.chain_code.expose_mutable().begin());
    secure_wipe(i);
    return out;
}

ExtendedKey child(const ExtendedKey& parent, std::uint32_t index) noexcept {
    Secret<37> data;  // 0x00 || parent key || index, big-endian
    std::ranges::copy(parent.key.expose(), data.expose_mutable().begin() + 1);
    base::store_be<std::uint32_t>(data.expose_mutable().data() + 33, index);
    auto i = hmac_sha512({.key = parent.chain_code.expose(), .message = data.expose()});
    return split(i);
}

}  // namespace

base::Result<DerivationPath> DerivationPath::parse(std::string_view text) {
    if (text.empty() || (text[0] != 'm' && text[0] != 'M')) return base::fail(Errc::bad_path, "a path starts with m");
    text.remove_prefix(1);
    DerivationPath path;
    while (!text.empty()) {
        if (text.front() != '/') return base::fail(Errc::bad_path, "steps are separated by /");
        text.remove_prefix(1);
        if (path.steps_.size() == kMaxDepth) return base::fail(Errc::bad_path, "more than 16 steps");
        std::uint32_t index = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
        if (error != std::errc{} || index >= kHardened) return base::fail(Errc::bad_path, "a step is 0 to 2147483647");
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (!text.empty() && (text.front() == '\'' || text.front() == 'h' || text.front() == 'H')) {
            index |= kHardened;
            text.remove_prefix(1);
        }
        path.steps_.push_back(index);
    }
    return path;
}

DerivationPath DerivationPath::ghost_account(std::uint32_t account) {
    GC_ASSERT(account < kHardened);
    DerivationPath path;
    path.steps_ = {44 | kHardened, 1337 | kHardened, account | kHardened, 0 | kHardened};
    return path;
}

std::string DerivationPath::to_string() const {
    std::string out = "m";
    for (const auto step : steps_) out += fmt::format("/{}{}", step & ~kHardened, step & kHardened ? "'" : "");
    return out;
}

base::Result<ExtendedKey> slip10_ed25519_master(base::ByteView seed) noexcept {
    if (seed.size() < 16 || seed.size() > 64) return base::fail(Errc::bad_length, "seed");
    auto i = hmac_sha512({.key = base::as_bytes("ed25519 seed"), .message = seed});
    return split(i);
}

base::Result<ExtendedKey> slip10_ed25519(base::ByteView seed, const DerivationPath& path) noexcept {
    GC_TRY(auto key, slip10_ed25519_master(seed));
    for (const auto step : path.steps()) {
        if (!(step & DerivationPath::kHardened)) return base::fail(Errc::not_hardened, "derivation path");
        key = child(key, step);
    }
    return key;
}

}  // namespace zcrypto
