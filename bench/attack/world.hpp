#pragma once
// The daemons under attack, each a process of its own in a temporary home, and the keys of who calls them.

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "child_process.hpp"
#include "io/address.hpp"
#include "zquic/tls.hpp"

namespace attack {

/// Where the doors are. Travels to the attacker's process as text.
struct Doors {
    io::SocketAddress bridge_quic, bridge_tcp, node_quic, wallet_quic;
    base::Digest bridge_key{}, node_key{}, wallet_key{};

    [[nodiscard]] std::string to_json() const;
    static Doors from_json(const std::string& text);
};

/// One daemon, and the memory that the bench lets it use.
struct Daemon {
    std::string name;
    benchkit::Process process;
    std::uint64_t rss_bytes_max;
};

class World {
 public:
    /// Starts ghostd, ghostbridge and walletd from the folder that this program is in. Ends the process with a message
    /// when one does not start.
    World();
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] const Doors& doors() const noexcept { return doors_; }
    /// The key that every daemon lists.
    [[nodiscard]] const zquic::Identity& listed() const noexcept { return listed_; }
    [[nodiscard]] const std::vector<Daemon>& daemons() const noexcept { return daemons_; }
    [[nodiscard]] const std::string& folder() const noexcept { return folder_; }

 private:
    void start(const std::string& name, std::uint64_t rss_bytes_max);

    std::string folder_;
    Doors doors_;
    zquic::Identity listed_;
    std::vector<Daemon> daemons_;
};

/// Prints the text to stderr and ends the process.
[[noreturn]] void die(const std::string& text);

}  // namespace attack
