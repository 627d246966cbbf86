#include "identity.hpp"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

#include <cstring>
#include <ctime>

#include "base/file.hpp"
#include "base/random.hpp"

namespace zquic {
namespace {

constexpr std::size_t kPemSizeMax = 1u << 20;
constexpr unsigned kChainMax = 16;
constexpr std::time_t kYear9999 = 253402300799;  // RFC 5280 section 4.1.2.5: "no well-defined expiration date"
constexpr std::time_t kDay = 24 * 60 * 60;

// RFC 8410 section 7: PKCS#8 of an Ed25519 key is this prefix and the 32-byte seed.
constexpr std::uint8_t kPkcs8Prefix[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                         0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

gnutls_datum_t datum(base::ByteView bytes) noexcept {
    return {const_cast<unsigned char*>(base::as_u8(bytes)), static_cast<unsigned>(bytes.size())};
}

base::Result<PublicKey> public_key_of(gnutls_x509_privkey_t key) {
    gnutls_ecc_curve_t curve{};
    gnutls_datum_t x{};
    gnutls_datum_t y{};
    gnutls_datum_t k{};
    if (gnutls_x509_privkey_export_ecc_raw(key, &curve, &x, &y, &k) < 0) return fail(Errc::bad_key, "export");
    const bool good = curve == GNUTLS_ECC_CURVE_ED25519 && x.size == 32;
    PublicKey out{};
    if (good) std::memcpy(out.data(), x.data, out.size());
    gnutls_free(x.data);
    gnutls_free(y.data);
    if (k.data) gnutls_memset(k.data, 0, k.size);
    gnutls_free(k.data);
    if (!good) return fail(Errc::bad_key, "not Ed25519");
    return out;
}

struct CertificateSpec {
    const char* name;
    std::time_t not_before;
    std::time_t not_after;
    base::ByteView serial;
    bool loopback_names;
    gnutls_digest_algorithm_t digest;
};

base::Result<gnutls_x509_crt_t> self_sign(gnutls_x509_privkey_t key, const CertificateSpec& spec) {
    gnutls_x509_crt_t crt = nullptr;
    if (gnutls_x509_crt_init(&crt) < 0) return fail(Errc::tls_failed, "certificate");
    static constexpr std::uint8_t kV4[] = {127, 0, 0, 1};
    static constexpr std::uint8_t kV6[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    bool good =
        gnutls_x509_crt_set_version(crt, 3) >= 0 && gnutls_x509_crt_set_key(crt, key) >= 0 &&
        gnutls_x509_crt_set_serial(crt, spec.serial.data(), spec.serial.size()) >= 0 &&
        gnutls_x509_crt_set_activation_time(crt, spec.not_before) >= 0 &&
        gnutls_x509_crt_set_expiration_time(crt, spec.not_after) >= 0 &&
        gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, spec.name,
                                      static_cast<unsigned>(std::strlen(spec.name))) >= 0 &&
        gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, spec.name,
                                             static_cast<unsigned>(std::strlen(spec.name)), GNUTLS_FSAN_SET) >= 0 &&
        gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE) >= 0;
    if (good && spec.loopback_names) {
        good =
            gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, kV4, sizeof kV4, GNUTLS_FSAN_APPEND) >= 0 &&
            gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, kV6, sizeof kV6, GNUTLS_FSAN_APPEND) >= 0;
    }
    if (!good || gnutls_x509_crt_sign2(crt, crt, key, spec.digest, 0) < 0) {
        gnutls_x509_crt_deinit(crt);
        return fail(Errc::tls_failed, "self-signing");
    }
    return crt;
}

/// Fills in what an Ed25519 key implies: its certificate, its public key, the credentials.
base::Result<void> complete_ed25519(Identity::State& state) {
    GC_TRY(const auto public_key, public_key_of(state.key));
    state.public_key = public_key;
    base::FixedBytes<16> serial;
    std::memcpy(serial.data(), public_key.data(), serial.size());
    serial[0] = std::byte{0x01};  // positive
    GC_TRY(auto* const crt, self_sign(state.key, {.name = "ghost",
                                                  .not_before = 0,
                                                  .not_after = kYear9999,
                                                  .serial = serial,
                                                  .loopback_names = false,
                                                  .digest = GNUTLS_DIG_SHA512}));
    state.chain.push_back(crt);
    GC_TRY(state.credentials, make_credentials(&state));
    return {};
}

base::Result<std::string> take_pem(gnutls_datum_t out) {
    std::string text{reinterpret_cast<const char*>(out.data), out.size};
    gnutls_memset(out.data, 0, out.size);
    gnutls_free(out.data);
    return text;
}

std::unexpected<base::Diagnostic> file_error(Errc errc, const std::string& path, int tls_code) {
    return base::explain(errc, path + ": " + gnutls_strerror(tls_code));
}

}  // namespace

Identity::State::~State() {
    if (credentials) gnutls_certificate_free_credentials(credentials);
    for (auto* crt : chain) gnutls_x509_crt_deinit(crt);
    if (key) gnutls_x509_privkey_deinit(key);
}

std::optional<PublicKey> ed25519_key_of(gnutls_x509_crt_t certificate) {
    gnutls_pubkey_t key = nullptr;
    if (gnutls_pubkey_init(&key) < 0) return std::nullopt;
    std::optional<PublicKey> out;
    gnutls_ecc_curve_t curve{};
    gnutls_datum_t x{};
    gnutls_datum_t y{};
    if (gnutls_pubkey_import_x509(key, certificate, 0) >= 0 &&
        gnutls_pubkey_get_pk_algorithm(key, nullptr) == GNUTLS_PK_EDDSA_ED25519 &&
        gnutls_pubkey_export_ecc_raw(key, &curve, &x, &y) >= 0) {
        if (curve == GNUTLS_ECC_CURVE_ED25519 && x.size == 32) {
            out.emplace();
            std::memcpy(out->data(), x.data, out->size());
        }
        gnutls_free(x.data);
        gnutls_free(y.data);
    }
    gnutls_pubkey_deinit(key);
    return out;
}

base::Result<gnutls_certificate_credentials_t> make_credentials(const Identity::State* identity) {
    gnutls_certificate_credentials_t credentials = nullptr;
    if (gnutls_certificate_allocate_credentials(&credentials) < 0) return fail(Errc::tls_failed, "credentials");
    if (identity) {
        auto chain = identity->chain;
        if (gnutls_certificate_set_x509_key(credentials, chain.data(), static_cast<int>(chain.size()), identity->key) <
            0) {
            gnutls_certificate_free_credentials(credentials);
            return fail(Errc::bad_certificate, "it does not belong to the key");
        }
    }
    return credentials;
}

base::Result<Identity> Identity::from_seed(const KeySeed& seed) {
    base::FixedBytes<sizeof kPkcs8Prefix + 32> der;
    std::memcpy(der.data(), kPkcs8Prefix, sizeof kPkcs8Prefix);
    std::memcpy(der.data() + sizeof kPkcs8Prefix, seed.data(), seed.size());
    auto state = std::make_shared<State>();
    const auto input = datum(der);
    const bool good =
        gnutls_x509_privkey_init(&state->key) >= 0 &&
        gnutls_x509_privkey_import_pkcs8(state->key, &input, GNUTLS_X509_FMT_DER, nullptr, GNUTLS_PKCS_PLAIN) >= 0;
    gnutls_memset(der.data(), 0, der.size());
    if (!good) return fail(Errc::bad_key, "seed");
    GC_CHECK(complete_ed25519(*state));
    return Identity{std::move(state)};
}

base::Result<Identity> Identity::generate() {
    KeySeed seed;
    base::system_random().fill(seed);
    auto identity = from_seed(seed);
    gnutls_memset(seed.data(), 0, seed.size());
    return identity;
}

base::Checked<Identity> Identity::load(const std::string& path) {
    GC_CHECK(base::check_private_file(path));
    GC_TRY(auto text, base::read_file(path, kPemSizeMax));
    auto state = std::make_shared<State>();
    const auto input = datum(text);
    int rv = gnutls_x509_privkey_init(&state->key);
    if (rv >= 0) {
        rv = gnutls_x509_privkey_import_pkcs8(state->key, &input, GNUTLS_X509_FMT_PEM, nullptr, GNUTLS_PKCS_PLAIN);
    }
    gnutls_memset(text.data(), 0, text.size());
    if (rv < 0) return file_error(Errc::bad_key, path, rv);
    if (gnutls_x509_privkey_get_pk_algorithm(state->key) != GNUTLS_PK_EDDSA_ED25519) {
        return base::explain(Errc::bad_key, path + ": not an Ed25519 key");
    }
    if (const auto done = complete_ed25519(*state); !done) {
        return std::unexpected{base::Diagnostic{done.error(), path + ": " + base::to_string(done.error())}};
    }
    return Identity{std::move(state)};
}

base::Checked<Identity> Identity::from_files(const std::string& certificate_path, const std::string& key_path) {
    GC_TRY(const auto certificates, base::read_file(certificate_path, kPemSizeMax));
    GC_TRY(auto key, base::read_file(key_path, kPemSizeMax));
    auto state = std::make_shared<State>();

    unsigned count = kChainMax;
    state->chain.resize(kChainMax);
    const auto pem = datum(certificates);
    int rv = gnutls_x509_crt_list_import(state->chain.data(), &count, &pem, GNUTLS_X509_FMT_PEM,
                                         GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
    state->chain.resize(rv > 0 ? static_cast<std::size_t>(rv) : 0);
    if (rv < 0) return file_error(Errc::bad_certificate, certificate_path, rv);
    if (rv == 0) return base::explain(Errc::bad_certificate, certificate_path + ": no certificate in it");

    const auto key_pem = datum(key);
    rv = gnutls_x509_privkey_init(&state->key);
    if (rv >= 0) rv = gnutls_x509_privkey_import2(state->key, &key_pem, GNUTLS_X509_FMT_PEM, nullptr, 0);
    gnutls_memset(key.data(), 0, key.size());
    if (rv < 0) return file_error(Errc::bad_key, key_path, rv);

    if (auto made = make_credentials(state.get()); made) {
        state->credentials = *made;
    } else {
        return base::explain(Errc::bad_certificate, certificate_path + ": does not belong to the key in " + key_path);
    }
    state->public_key = ed25519_key_of(state->chain.front());
    return Identity{std::move(state)};
}

base::Result<Identity> Identity::generate_p256(const std::string& dns_name) {
    auto state = std::make_shared<State>();
    if (gnutls_x509_privkey_init(&state->key) < 0 ||
        gnutls_x509_privkey_generate(state->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) <
            0) {
        return fail(Errc::tls_failed, "P-256 key");
    }
    base::FixedBytes<16> serial;
    base::system_random().fill(serial);
    serial[0] = std::byte{0x01};
    const auto now = std::time(nullptr);
    GC_TRY(auto* const crt, self_sign(state->key, {.name = dns_name.c_str(),
                                                   .not_before = now - 60 * 60,
                                                   .not_after = now - 60 * 60 + 14 * kDay,
                                                   .serial = serial,
                                                   .loopback_names = true,
                                                   .digest = GNUTLS_DIG_SHA256}));
    state->chain.push_back(crt);
    GC_TRY(state->credentials, make_credentials(state.get()));
    return Identity{std::move(state)};
}

base::Checked<void> Identity::save(const std::string& path) const {
    auto pem = private_key_pem();
    if (!pem) return std::unexpected{base::Diagnostic{pem.error(), path + ": " + base::to_string(pem.error())}};
    auto written = base::write_file_atomic(path, base::as_bytes(*pem), {.mode = 0600, .replace = false});
    gnutls_memset(pem->data(), 0, pem->size());
    return written;
}

base::Result<std::string> Identity::certificate_pem() const {
    std::string all;
    for (auto* crt : state_->chain) {
        gnutls_datum_t out{};
        if (gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &out) < 0) return fail(Errc::tls_failed, "export");
        GC_TRY(const auto one, take_pem(out));
        all += one;
    }
    return all;
}

base::Result<std::string> Identity::private_key_pem() const {
    gnutls_datum_t out{};
    if (gnutls_x509_privkey_export2_pkcs8(state_->key, GNUTLS_X509_FMT_PEM, nullptr, GNUTLS_PKCS_PLAIN, &out) < 0) {
        return fail(Errc::tls_failed, "export");
    }
    return take_pem(out);
}

base::Result<KeySeed> Identity::seed() const {
    if (!state_->public_key) return fail(Errc::bad_key, "not Ed25519");
    gnutls_ecc_curve_t curve{};
    gnutls_datum_t x{};
    gnutls_datum_t y{};
    gnutls_datum_t k{};
    if (gnutls_x509_privkey_export_ecc_raw(state_->key, &curve, &x, &y, &k) < 0) return fail(Errc::bad_key, "export");
    KeySeed out{};
    const bool good = k.size == out.size();
    if (good) std::memcpy(out.data(), k.data, out.size());
    gnutls_free(x.data);
    gnutls_free(y.data);
    if (k.data) gnutls_memset(k.data, 0, k.size);
    gnutls_free(k.data);
    if (!good) return fail(Errc::bad_key, "export");
    return out;
}

const std::optional<PublicKey>& Identity::public_key() const noexcept { return state_->public_key; }

base::Result<base::Digest> Identity::certificate_sha256() const {
    base::Digest digest;
    std::size_t size = digest.size();
    if (gnutls_x509_crt_get_fingerprint(state_->chain.front(), GNUTLS_DIG_SHA256, digest.data(), &size) < 0 ||
        size != digest.size()) {
        return fail(Errc::tls_failed, "fingerprint");
    }
    return digest;
}

}  // namespace zquic
