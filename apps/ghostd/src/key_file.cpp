#include "ghostd/key_file.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "base/file.hpp"
#include "base/random.hpp"

namespace ghostd {
namespace {

constexpr std::size_t kKeyFileMax = 16 * 1024;

struct OpensslFree {
    void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using BioPtr = std::unique_ptr<BIO, OpensslFree>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree>;

/// Never asks on the terminal: an encrypted key is refused.
int no_password(char*, int, int, void*) { return -1; }

}  // namespace

base::Checked<zcrypto::ed25519::SigningKey> load_key(const std::string& path) {
    GC_CHECK(base::check_private_file(path));
    GC_TRY(auto pem, base::read_file(path, kKeyFileMax));
    const BioPtr bio{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    const KeyPtr key{PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_password, nullptr)};
    zcrypto::secure_wipe(pem);
    zcrypto::ed25519::Seed seed;
    std::size_t size = zcrypto::ed25519::Seed::kSize;
    if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_private_key(key.get(), base::as_u8(base::MutableBytes{seed.expose_mutable()}), &size) != 1 ||
        size != zcrypto::ed25519::Seed::kSize)
        return base::explain(base::Errc::invalid_argument,
                             fmt::format("{} is not an unencrypted Ed25519 private key (PKCS#8 PEM); move it away and "
                                         "restore it from a backup",
                                         path));
    return zcrypto::ed25519::SigningKey{seed};
}

base::Checked<zcrypto::ed25519::SigningKey> create_key(const std::string& path) {
    const auto seed = zcrypto::ed25519::Seed::random(base::system_random());
    const KeyPtr key{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, base::as_u8(base::ByteView{seed.expose()}),
                                                  seed.kSize)};
    const BioPtr bio{BIO_new(BIO_s_secmem())};
    if (!key || !bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        return base::explain(base::Errc::io_error, fmt::format("{}: the key cannot be encoded", path));
    char* text = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &text);
    GC_CHECK(base::write_file_atomic(path, base::as_bytes({text, static_cast<std::size_t>(size)}),
                                     {.mode = 0600, .replace = false}));
    return zcrypto::ed25519::SigningKey{seed};
}

}  // namespace ghostd
