#include "peer_check.hpp"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "identity.hpp"

namespace zquic {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};

base::Bytes export_spki(gnutls_x509_crt_t crt) {
    base::Bytes out;
    gnutls_pubkey_t key = nullptr;
    if (gnutls_pubkey_init(&key) < 0) return out;
    gnutls_datum_t der{};
    if (gnutls_pubkey_import_x509(key, crt, 0) >= 0 && gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der) >= 0) {
        out = base::to_bytes(std::as_bytes(std::span{der.data, der.size}));
        gnutls_free(der.data);
    }
    gnutls_pubkey_deinit(key);
    return out;
}

bool has_trusted_path(gnutls_session_t session, const std::string& server_name) {
    unsigned status = 0;
    const int rv =
        gnutls_certificate_verify_peers3(session, server_name.empty() ? nullptr : server_name.c_str(), &status);
    return rv >= 0 && status == 0;
}

}  // namespace

base::Result<std::unique_ptr<Peer>> read_peer(gnutls_session_t session) {
    unsigned count = 0;
    const auto* const chain = gnutls_certificate_get_peers(session, &count);
    if (!chain || count == 0) return nullptr;
    gnutls_x509_crt_t crt = nullptr;
    if (gnutls_x509_crt_init(&crt) < 0) return fail(Errc::tls_failed, "certificate");
    if (gnutls_x509_crt_import(crt, &chain[0], GNUTLS_X509_FMT_DER) < 0) {
        gnutls_x509_crt_deinit(crt);
        return fail(Errc::bad_certificate, "peer");
    }
    auto peer = std::make_unique<Peer>();
    peer->key = ed25519_key_of(crt);
    peer->der = base::to_bytes(std::as_bytes(std::span{chain[0].data, chain[0].size}));
    peer->spki = export_spki(crt);
    gnutls_x509_crt_deinit(crt);
    return peer;
}

bool accepts(const PeerVerifier& verifier, const Peer& peer, gnutls_session_t session, const std::string& server_name) {
    return std::visit(Overloaded{
                          [&](const PinnedKey& pinned) { return peer.key && *peer.key == pinned.key; },
                          [&](const CheckedByCallback& checked) { return checked.check && checked.check(peer.view()); },
                          [&](const CertificateAuthorities&) { return has_trusted_path(session, server_name); },
                          [](const InsecureAcceptAnyone&) { return true; },
                      },
                      verifier);
}

}  // namespace zquic
