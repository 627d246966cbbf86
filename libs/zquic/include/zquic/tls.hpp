#pragma once
// Who we are and whom we trust: TLS 1.3 inside QUIC (RFC 9001). Daemons present self-signed certificates around an
// Ed25519 key and are recognised by that key; browsers want a certificate chain from files (P-256, RSA, …).

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.hpp"
#include "zquic/error.hpp"

namespace zquic {

/// A raw Ed25519 public key (RFC 8032), as it stands in an X.509 SubjectPublicKeyInfo (RFC 8410).
using PublicKey = base::FixedBytes<32>;
/// A raw Ed25519 private key. The caller wipes it.
using KeySeed = base::FixedBytes<32>;

/// A private key with its certificate. Immutable, thread-safe, cheap to copy (shared).
class Identity {
 public:
    /// Ed25519 key from `seed` with a self-signed certificate (subject and name `ghost`, 1970 to 9999): the same seed
    /// gives the same key and an equivalent certificate.
    static base::Result<Identity> from_seed(const KeySeed& seed);
    /// A new random Ed25519 identity.
    static base::Result<Identity> generate();
    /// Reads an Ed25519 private key (PKCS#8 PEM) that save() wrote; the certificate is made anew. Refuses files that
    /// group or others can access. The text names the file.
    static base::Checked<Identity> load(const std::string& path);
    /// A certificate chain and its private key of any type that TLS 1.3 knows, as PEM files.
    static base::Checked<Identity> from_files(const std::string& certificate_path, const std::string& key_path);
    /// A fresh P-256 identity, self-signed for `dns_name` and for the addresses of the loopback interface; what
    /// browsers and benchmarks accept when told to trust it. Valid 14 days (WebTransport's limit).
    static base::Result<Identity> generate_p256(const std::string& dns_name);

    /// Writes the private key as PKCS#8 PEM with mode 0600; fails with `already_exists` when there is a file.
    [[nodiscard]] base::Checked<void> save(const std::string& path) const;
    /// The certificate chain and the private key in PEM, for other programs.
    [[nodiscard]] base::Result<std::string> certificate_pem() const;
    [[nodiscard]] base::Result<std::string> private_key_pem() const;
    /// The Ed25519 private key, for signatures outside of TLS. `bad_key` for other key types. The caller wipes it.
    [[nodiscard]] base::Result<KeySeed> seed() const;
    /// The Ed25519 public key; empty for other key types.
    [[nodiscard]] const std::optional<PublicKey>& public_key() const noexcept;
    /// SHA-256 of the first certificate's DER, as browsers pin it.
    [[nodiscard]] base::Result<base::Digest> certificate_sha256() const;

    struct State;  ///< Private to the library.
    [[nodiscard]] const State& state() const noexcept { return *state_; }

 private:
    explicit Identity(std::shared_ptr<const State> state) noexcept : state_{std::move(state)} {}
    std::shared_ptr<const State> state_;
};

/// What the peer proved during the handshake. The views borrow the connection.
struct PeerCertificate {
    std::optional<PublicKey> ed25519_key;  ///< Set when the certificate holds an Ed25519 key.
    base::ByteView der;                    ///< The end-entity certificate; empty when the peer sent none.
    base::ByteView spki;                   ///< Its SubjectPublicKeyInfo (DER).
};

/// Decides whether a peer that proved possession of the certificate's key may go on. Called once a handshake, on the
/// reactor's thread; must not block. False refuses (the peer sees a TLS alert: bad_certificate).
using PeerCheck = std::function<bool(const PeerCertificate&)>;

/// How a certificate is judged.
struct PinnedKey {
    PublicKey key;  ///< The only Ed25519 key that is accepted; the rest of the certificate is not looked at.
};
struct CheckedByCallback {
    PeerCheck check;
};
/// Certification path to a trusted root, valid now, issued for the server's name (clients:
/// ConnectOptions::server_name).
struct CertificateAuthorities {
    std::string pem_path;  ///< Empty: the system's store.
};
/// Accepts anybody. Tests and benchmarks only: whoever sits on the path can be the peer.
struct InsecureAcceptAnyone {};

using PeerVerifier = std::variant<PinnedKey, CheckedByCallback, CertificateAuthorities, InsecureAcceptAnyone>;

/// What a server wants from its clients.
enum class ClientCertificate : std::uint8_t {
    none,      ///< Not asked for.
    optional,  ///< Asked for; a client without one is let in, one with a certificate is verified.
    required,  ///< Without an accepted certificate the handshake fails.
};

}  // namespace zquic
