#pragma once
// What an Identity holds: GnuTLS objects, shared by every connection that presents it.

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <vector>

#include "zquic/tls.hpp"

namespace zquic {

struct Identity::State {
    State() = default;
    ~State();
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    gnutls_x509_privkey_t key = nullptr;
    std::vector<gnutls_x509_crt_t> chain;
    std::optional<PublicKey> public_key;
    gnutls_certificate_credentials_t credentials = nullptr;  ///< Key and chain, without trusted roots.
};

/// The Ed25519 key of a certificate, if it has one.
std::optional<PublicKey> ed25519_key_of(gnutls_x509_crt_t certificate);
/// Credentials that present `identity`'s key and chain. The caller frees them.
base::Result<gnutls_certificate_credentials_t> make_credentials(const Identity::State* identity);

}  // namespace zquic
