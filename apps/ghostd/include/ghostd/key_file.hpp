#pragma once
// Ed25519 private keys in files: PKCS#8 PEM (RFC 8410), mode 0600.

#include <string>

#include "base/result.hpp"
#include "zcrypto/ed25519.hpp"

namespace ghostd {

/// Refuses files that others can read, that are not PKCS#8 PEM or hold another kind of key. The text names the file.
base::Checked<zcrypto::ed25519::SigningKey> load_key(const std::string& path);

/// Makes a new key and writes it. An existing file stays and is an error (`already_exists`).
base::Checked<zcrypto::ed25519::SigningKey> create_key(const std::string& path);

}  // namespace ghostd
