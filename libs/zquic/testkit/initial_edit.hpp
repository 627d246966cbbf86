#pragma once
// Changes inside a client's Initial packet whose protection is done again afterwards: anybody can do that, since the
// keys come from the destination id (RFC 9001 section 5.2).

#include "frame_maker.hpp"

namespace zquic::testkit {

/// `datagram` with the frames of its first Initial changed, or its ClientHello; unchanged when it does not open.
base::Bytes mutate_initial(base::ByteView datagram, Dice& dice);

}  // namespace zquic::testkit
