#include "tls_session.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <unistd.h>

#include <mutex>

#include "identity.hpp"

namespace zquic {
namespace {

// AES-128-GCM first: with AES-NI it is the fastest, and GnuTLS's ChaCha20 is ten times slower.
constexpr const char* kPriorities =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"
    "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:%DISABLE_TLS13_COMPAT_MODE";

/// One object for all sessions: each of them would keep 8 KB of its own otherwise.
gnutls_priority_t shared_priorities() {
    static const gnutls_priority_t priorities = [] {
        gnutls_priority_t made = nullptr;
        GC_ASSERT(gnutls_priority_init(&made, kPriorities, nullptr) == GNUTLS_E_SUCCESS);
        return made;
    }();
    return priorities;
}

bool set_alpn(gnutls_session_t session, std::span<const std::string> names) {
    std::vector<gnutls_datum_t> list;
    for (const auto& name : names) {
        list.push_back(
            {reinterpret_cast<unsigned char*>(const_cast<char*>(name.data())), static_cast<unsigned>(name.size())});
    }
    return gnutls_alpn_set_protocols(session, list.data(), static_cast<unsigned>(list.size()),
                                     GNUTLS_ALPN_MANDATORY | GNUTLS_ALPN_SERVER_PRECEDENCE) >= 0;
}

}  // namespace

base::Result<Credentials> credentials_for(const std::optional<Identity>& identity, const PeerVerifier* verifier) {
    const auto* const roots = verifier ? std::get_if<CertificateAuthorities>(verifier) : nullptr;
    if (identity && !roots) {  // the common case: the identity's own, shared by all its connections
        return Credentials{identity->state().credentials, [keep = *identity](auto*) {}};
    }
    GC_TRY(auto* const raw, make_credentials(identity ? &identity->state() : nullptr));
    // The key and chain inside `raw` are references into the identity.
    Credentials made{
        raw, [keep = identity](gnutls_certificate_credentials_st* it) { gnutls_certificate_free_credentials(it); }};
    if (roots) {
        const int count = roots->pem_path.empty() ? gnutls_certificate_set_x509_system_trust(raw)
                                                  : gnutls_certificate_set_x509_trust_file(raw, roots->pem_path.c_str(),
                                                                                           GNUTLS_X509_FMT_PEM);
        if (count <= 0) return fail(Errc::bad_certificate, "no trusted roots could be read");
    }
    return made;
}

base::Result<TlsSession> TlsSession::make(const TlsSetup& setup) {
    gnutls_session_t raw = nullptr;
    const unsigned flags = setup.server ? GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET | GNUTLS_NO_END_OF_EARLY_DATA
                                        : GNUTLS_CLIENT | GNUTLS_NO_END_OF_EARLY_DATA | GNUTLS_FORCE_CLIENT_CERT;
    if (gnutls_init(&raw, flags) < 0) return fail(Errc::tls_failed, "session");
    TlsSession tls;
    tls.session_.reset(raw);
    tls.credentials_ = setup.credentials;
    const bool configured = setup.server ? ngtcp2_crypto_gnutls_configure_server_session(raw) == 0
                                         : ngtcp2_crypto_gnutls_configure_client_session(raw) == 0;
    if (!configured || gnutls_priority_set(raw, shared_priorities()) < 0 ||
        gnutls_credentials_set(raw, GNUTLS_CRD_CERTIFICATE, setup.credentials.get()) < 0 ||
        !set_alpn(raw, setup.alpn)) {
        return fail(Errc::tls_failed, "session setup");
    }
    gnutls_session_set_ptr(raw, setup.connection);
    if (setup.verify) gnutls_session_set_verify_function(raw, setup.verify);
    if (setup.server) {
        switch (setup.client_certificate) {
            case ClientCertificate::none: gnutls_certificate_server_set_request(raw, GNUTLS_CERT_IGNORE); break;
            case ClientCertificate::optional: gnutls_certificate_server_set_request(raw, GNUTLS_CERT_REQUEST); break;
            case ClientCertificate::required: gnutls_certificate_server_set_request(raw, GNUTLS_CERT_REQUIRE); break;
        }
    } else if (setup.server_name && *setup.server_name) {
        if (gnutls_server_name_set(raw, GNUTLS_NAME_DNS, setup.server_name, std::strlen(setup.server_name)) < 0) {
            return fail(Errc::tls_failed, "server name");
        }
    }
    if (setup.log_keys) gnutls_session_set_keylog_function(raw, write_key_log);
    return tls;
}

std::string TlsSession::alpn() const {
    gnutls_datum_t name{};
    if (!session_ || gnutls_alpn_get_selected_protocol(session_.get(), &name) < 0) return {};
    return {reinterpret_cast<const char*>(name.data), name.size};
}

std::string TlsSession::server_name() const {
    char name[256];
    std::size_t size = sizeof name;
    unsigned type = 0;
    if (!session_ || gnutls_server_name_get(session_.get(), name, &size, &type, 0) < 0) return {};
    if (type != GNUTLS_NAME_DNS) return {};
    if (size > 0 && name[size - 1] == '\0') --size;
    return {name, size};
}

base::Result<base::Bytes> TlsSession::exporter(std::string_view label, base::ByteView context,
                                               std::size_t length) const {
    constexpr std::size_t kLengthMax = 255 * 32;  // HKDF-Expand's limit, RFC 5869
    if (!session_) return fail(Errc::not_ready, "the TLS session has been freed");
    if (length == 0 || length > kLengthMax) return fail(Errc::bad_config, "exporter length");
    base::Bytes out(length);
    const int rv = gnutls_prf_rfc5705(session_.get(), label.size(), label.data(), context.size(),
                                      reinterpret_cast<const char*>(context.data()), out.size(),
                                      reinterpret_cast<char*>(out.data()));
    if (rv < 0) return fail(Errc::not_ready, "exporter");
    return out;
}

int write_key_log(gnutls_session_t session, const char* label, const gnutls_datum_t* secret) {
    auto* const connection = static_cast<ngtcp2_crypto_conn_ref*>(gnutls_session_get_ptr(session));
    gnutls_datum_t client_random{};
    gnutls_datum_t server_random{};
    gnutls_session_get_random(session, &client_random, &server_random);
    const auto hex = [](const gnutls_datum_t& bytes) {
        return base::to_hex(std::as_bytes(std::span{bytes.data, bytes.size}));
    };
    const auto line = fmt::format("{} {} {}\n", label, hex(client_random), hex(*secret));
    const int fd = ::open(key_log_path(connection->user_data).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return 0;  // a diagnostic aid: its failure must not end the connection
    [[maybe_unused]] const auto written = ::write(fd, line.data(), line.size());
    ::close(fd);
    return 0;
}

}  // namespace zquic
