#pragma once
// The program under test. ghostd by default; any other that serves BlockchainService through these variables
// ("{home}" stands for the test's folder, words are split at spaces):
//
//   GHOST_DURABILITY_INIT      run once, e.g. "enoc init --home {home}" (may be empty)
//   GHOST_DURABILITY_START     e.g. "enoc --home {home}"
//   GHOST_DURABILITY_READY     regular expression of the line on stdout that says it serves; group 1 is the QUIC
//                              address, group 2 the server's key in hex
//   GHOST_DURABILITY_VERIFY    e.g. "ghostd export --verify --home {home}/ghostd"
//   GHOST_DURABILITY_IDENTITY  the client's key file, e.g. "{home}/admin.key"

#include <memory>
#include <string>
#include <vector>

#include "child_process.hpp"
#include "rpc/blocking.hpp"
#include "zquic/tls.hpp"

namespace durability {

class Target {
 public:
    /// Makes the chain in `home`. Failures end the test through gtest.
    explicit Target(std::string home);

    /// A running instance and a client that is connected to it.
    struct Instance {
        benchkit::Process process;
        std::unique_ptr<rpc::BlockingClient> client;
        std::string ops;  ///< "127.0.0.1:PORT" or empty.
    };
    /// `file_bytes_max` as in Process. Null when it does not get ready.
    [[nodiscard]] std::unique_ptr<Instance> start(std::uint64_t file_bytes_max = 0) const;
    /// Exit code of the offline check.
    [[nodiscard]] int verify() const;
    [[nodiscard]] std::string log_path() const { return home_ + "/stderr.log"; }

 private:
    [[nodiscard]] std::vector<std::string> command(const std::string& text) const;
    std::string home_;
    std::string start_, ready_, verify_, identity_;
};

}  // namespace durability
