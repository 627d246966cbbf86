#pragma once
// What fuzzers see of an endpoint from inside. Programs have none.

#include "base/bytes.hpp"
#include "io/udp.hpp"

namespace zquic {

class Watcher {
 public:
    virtual ~Watcher() = default;
    /// Takes what the endpoint would give to its socket. Borrowed for the call.
    virtual void sent(const io::Transmit& transmit) = 0;
    /// A packet for one of the endpoint's connections whose protection held. `header` without header protection.
    virtual void opened(bool server, base::ByteView header, base::ByteView payload) = 0;
};

}  // namespace zquic
