#pragma once
// Judges the certificate of the peer inside the TLS handshake.

#include <gnutls/gnutls.h>

#include <memory>
#include <optional>
#include <string>

#include "zquic/tls.hpp"

namespace zquic {

/// What is remembered of the peer's certificate.
struct Peer {
    std::optional<PublicKey> key;
    base::Bytes der;
    base::Bytes spki;
    [[nodiscard]] PeerCertificate view() const noexcept { return {.ed25519_key = key, .der = der, .spki = spki}; }
};

/// Reads the peer's end-entity certificate from a handshake. Null: it sent none. `bad_certificate`.
base::Result<std::unique_ptr<Peer>> read_peer(gnutls_session_t session);

/// Applies `verifier`. `server_name` matters for CertificateAuthorities, whose roots are in the session's credentials;
/// empty skips the name (servers judging clients).
bool accepts(const PeerVerifier& verifier, const Peer& peer, gnutls_session_t session, const std::string& server_name);

}  // namespace zquic
