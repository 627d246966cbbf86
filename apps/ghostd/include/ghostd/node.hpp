#pragma once
// A whole node: finalized state on disk, mempool, block production, gRPC over QUIC, registration with GhostBridge and
// the operations port. No globals: several may run in one process.
//
//   rpc reactor ──submit──▶ admission thread ──mempool──▶ chain thread ──one synced commit a block──▶ disk
//        ▲  ▲                (decode, batch-verify)        (select, execute, certify)     │
//        │  └──── read lane (database reads off the reactor)                              │
//        └───────────────── finalized block (immutable) ◀─────────────────────────────────┘

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ghostd/config.hpp"
#include "io/address.hpp"

namespace ghostd {

class Node {
 public:
    /// Opens the home folder that init_home() made and begins to serve; only for reading when its disk is full. The
    /// text of an error names the path, port or key and what to do. Logging is left alone: mains configure it.
    static base::Checked<std::unique_ptr<Node>> start(GhostdConfig config);
    /// stop().
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    /// Takes no more transactions, finishes the block under way, answers what is open, ends every thread. Idempotent.
    void stop();

    /// The disk was full, so this node only reads; now there is room. stop() it and start another one.
    [[nodiscard]] bool should_restart() const;

    /// What QUIC is bound to; port 0 in the config has become a real one.
    [[nodiscard]] const io::SocketAddress& address() const noexcept;
    [[nodiscard]] std::uint16_t ops_port() const noexcept;
    /// The key that clients pin.
    [[nodiscard]] const base::Digest& public_key() const noexcept;
    [[nodiscard]] const base::Digest& genesis_hash() const noexcept;
    [[nodiscard]] const std::string& chain_id() const noexcept;
    [[nodiscard]] std::uint64_t finalized_height() const noexcept;  ///< Any thread.

 private:
    struct State;
    explicit Node(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace ghostd
