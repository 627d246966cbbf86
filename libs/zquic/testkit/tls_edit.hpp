#pragma once
// Mutations of TLS 1.3 handshake messages that keep their lengths right (RFC 8446 section 4), and of transport
// parameters (RFC 9000 section 18).

#include "frame_maker.hpp"

namespace zquic::testkit {

/// Drops, repeats, swaps or changes extensions of a ClientHello, ServerHello or EncryptedExtensions, or flips a byte of
/// any other message. What cannot be read is returned with a byte changed.
base::Bytes mutate_tls_message(base::ByteView message, Dice& dice);
/// Drops, repeats, adds or changes transport parameters.
base::Bytes mutate_parameters(base::ByteView encoded, Dice& dice);

}  // namespace zquic::testkit
