#include "keyring.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/bcs.hpp"
#include "base/clock.hpp"
#include "zcrypto/hash.hpp"

namespace walletd {
namespace {

constexpr std::uint32_t kMagic = 0x4757'4b52;  // "RKWG" on disk: ghost wallet keyring
constexpr std::uint16_t kVersion = 1;
constexpr std::uint8_t kArgon2id = 1;

base::Result<zcrypto::AeadKey> wrapping_key(base::ByteView password, const KeyringHeader& header) {
    zcrypto::AeadKey key;
    GC_CHECK(zcrypto::argon2id(password, header.salt, header.kdf, key.expose_mutable()));
    return key;
}

}  // namespace

base::Bytes KeyringHeader::encode() const {
    base::BcsWriter out;
    out.u32(kMagic);
    out.u16(kVersion);
    out.fixed(wallet_id);
    out.u8(kArgon2id);
    out.u32(kdf.passes);
    out.u64(kdf.memory_bytes);
    out.fixed(salt);
    out.fixed(nonce);
    out.u64(created_ms);
    return std::move(out).take();
}

base::Result<KeyringHeader> KeyringHeader::decode(base::ByteView bytes) {
    base::BcsReader in{bytes};
    if (in.u32() != kMagic) in.reject(Errc::damaged, "keyring magic");
    if (in.u16() != kVersion) in.reject(Errc::damaged, "keyring version");
    KeyringHeader header;
    header.wallet_id = in.fixed<16>();
    if (in.u8() != kArgon2id) in.reject(Errc::damaged, "password hash");
    header.kdf.passes = in.u32();
    header.kdf.memory_bytes = in.u64();
    header.salt = in.fixed<16>();
    header.nonce = in.fixed<24>();
    header.created_ms = in.u64();
    GC_CHECK(in.finish());
    GC_CHECK(header.kdf.check());
    return header;
}

base::Digest checksum_of(base::ByteView header, base::ByteView wrapped) {
    return zcrypto::Blake3::derive_key("ghostchain 2026 wallet keyring checksum v1")
        .update(header)
        .update(wrapped)
        .finish();
}

base::Result<base::Bytes> wrap_master(const MasterKey& master, base::ByteView password, const KeyringHeader& header) {
    GC_TRY(const auto key, wrapping_key(password, header));
    const auto associated = header.encode();
    return zcrypto::xchacha20poly1305_seal(
        {.key = key, .nonce = header.nonce, .text = master.expose(), .associated_data = associated});
}

base::Result<MasterKey> unwrap_master(base::ByteView wrapped, base::ByteView password, const KeyringHeader& header) {
    GC_TRY(const auto key, wrapping_key(password, header));
    const auto associated = header.encode();
    const auto opened = zcrypto::xchacha20poly1305_open_secret(
        {.key = key, .nonce = header.nonce, .text = wrapped, .associated_data = associated});
    if (!opened) return base::fail(Errc::wrong_password, "keyring");
    return MasterKey::make(opened->expose());
}

base::Bytes secret_context(const KeyringHeader& header, std::string_view kind) {
    base::BcsWriter out;
    out.string("ghost wallet secret v1");
    out.fixed(header.wallet_id);
    out.string(kind);
    return std::move(out).take();
}

base::Result<zcrypto::Argon2Params> calibrated_cost(const KdfPolicy& policy) {
    constexpr std::uint64_t kMiB = 1u << 20;
    zcrypto::Argon2Params cost{.passes = policy.passes, .memory_bytes = std::uint64_t{policy.memory_kib} * 1024};
    GC_CHECK(cost.check());
    if (!policy.calibrate) return cost;
    const auto& clock = base::system_clock();
    zcrypto::Secret<32> out;
    const auto begin = clock.now_ns();
    GC_CHECK(zcrypto::argon2id(base::as_bytes("calibration"), zcrypto::Argon2Salt{}, cost, out.expose_mutable()));
    const auto took_ms = std::max<std::uint64_t>(1, (clock.now_ns() - begin) / 1'000'000);
    if (took_ms >= policy.target_ms) return cost;
    // Never more than an eighth of the machine: a wallet that cannot be opened under load is no wallet.
    const auto pages = std::max(0L, sysconf(_SC_PHYS_PAGES));
    const auto page = std::max(1L, sysconf(_SC_PAGESIZE));
    const auto machine = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page) / 8;
    const auto most = std::max(cost.memory_bytes, std::min({std::uint64_t{policy.memory_kib_max} * 1024, machine,
                                                            zcrypto::Argon2Params::kMaxMemoryBytes}));
    const auto wanted = cost.memory_bytes * policy.target_ms / took_ms / kMiB * kMiB;
    cost.memory_bytes = std::clamp(wanted, cost.memory_bytes, most);
    GC_CHECK(cost.check());
    return cost;
}

}  // namespace walletd
