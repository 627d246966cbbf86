#pragma once
// One GnuTLS session for one QUIC handshake (RFC 9001), and the credentials that many share.
// The session lives until the handshake is confirmed; it costs about 10 KB.

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "zquic/endpoint.hpp"
#include "zquic/tls.hpp"

namespace zquic {

/// Shared ownership of certificate credentials.
using Credentials = std::shared_ptr<gnutls_certificate_credentials_st>;

/// Our key and chain (or none) plus the roots that `verifier` needs (or none). `bad_certificate` for unreadable roots.
base::Result<Credentials> credentials_for(const std::optional<Identity>& identity, const PeerVerifier* verifier);

struct TlsSetup {
    bool server = false;
    Credentials credentials;
    std::span<const std::string> alpn;  ///< Read during make() only.
    const char* server_name = nullptr;  ///< Client: SNI. Null or empty: none.
    ClientCertificate client_certificate = ClientCertificate::none;
    gnutls_certificate_verify_function* verify = nullptr;  ///< Null: the peer sends no certificate.
    ngtcp2_crypto_conn_ref* connection = nullptr;          ///< Outlives the session.
    bool log_keys = false;
};

class TlsSession {
 public:
    static base::Result<TlsSession> make(const TlsSetup& setup);
    TlsSession() = default;

    [[nodiscard]] gnutls_session_t get() const noexcept { return session_.get(); }
    explicit operator bool() const noexcept { return session_ != nullptr; }
    void reset() noexcept {
        session_.reset();
        credentials_.reset();
    }
    [[nodiscard]] std::string alpn() const;
    /// Server: the name that the client sent.
    [[nodiscard]] std::string server_name() const;
    [[nodiscard]] base::Result<base::Bytes> exporter(std::string_view label, base::ByteView context,
                                                     std::size_t length) const;

 private:
    struct Deleter {
        void operator()(gnutls_session_int* session) const noexcept { gnutls_deinit(session); }
    };
    Credentials credentials_;
    std::unique_ptr<gnutls_session_int, Deleter> session_;
};

/// Set as a session's keylog function: appends NSS key log lines to the file of the session's connection.
int write_key_log(gnutls_session_t session, const char* label, const gnutls_datum_t* secret);
/// The key log file of a connection; implemented by it.
const std::string& key_log_path(void* connection);

}  // namespace zquic
