#pragma once
// One Initial datagram of a stranger, and what the listener says to it.

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "io/address.hpp"

namespace zquic::testkit {

/// The code of the CONNECTION_CLOSE (type 0x1c) in an Initial packet of `datagram`, which a server sent to a client
/// that had chosen `id` as its first destination. Nothing when there is none.
std::optional<std::uint64_t> close_code_of_initial(base::ByteView datagram, base::ByteView id);

/// Sends `datagram`, a client's Initial, to `server` from a socket of its own and waits for a CONNECTION_CLOSE in an
/// Initial packet. Nothing when none comes within `patience_ms`.
std::optional<std::uint64_t> close_code_after(const io::SocketAddress& server, base::ByteView datagram,
                                              int patience_ms);

/// The bytes of a case of the published vectors (`name`.hex in the folder `cases`); empty when it cannot be read.
base::Bytes read_case(const std::string& vectors_folder, const std::string& name);

}  // namespace zquic::testkit
