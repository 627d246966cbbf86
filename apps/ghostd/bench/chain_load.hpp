#pragma once
// What the chain benches share: a ghostd process of its own and one client that submits transactions at a fixed rate
// over QUIC and hears of finality through StreamBlocks.

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "ghostd/init.hpp"
#include "ghostd/methods.hpp"
#include "io/timer.hpp"
#include "ledger/codec.hpp"
#include "ledger/execute.hpp"
#include "rpc/blocking.hpp"
#include "rpc/quic.hpp"

namespace chain_bench {

namespace v1 = ghost::chain::v1;

/// Says why on stderr and ends the program with 1.
[[noreturn]] void die(const std::string& text);

std::uint64_t folder_bytes(const std::string& folder);

/// A folder of its own, removed with everything in it.
class TempFolder {
 public:
    TempFolder();
    ~TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    const std::string& path() const noexcept { return path_; }

 private:
    std::string path_;
};

/// The configuration that every chain bench gives its node: ports of the system's choice, `client` may connect.
ghostd::InitOptions node_options(std::string home, const zquic::Identity& client);

struct Wallet {
    zcrypto::ed25519::SigningKey key = zcrypto::ed25519::SigningKey::generate(base::system_random());
    ledger::Address address = gcrypt::address_of(key.public_key());
};

/// The node as a process: `ghostd start` from the folder that this program is in. Made when the node serves.
class NodeProcess {
 public:
    explicit NodeProcess(const std::string& home);
    ~NodeProcess() { stop(); }
    NodeProcess(const NodeProcess&) = delete;
    NodeProcess& operator=(const NodeProcess&) = delete;
    /// Asks it to end and waits.
    void stop();
    [[nodiscard]] int pid() const noexcept { return pid_; }
    io::SocketAddress address;
    base::Digest public_key{};
    double start_seconds = 0;  ///< From its start until it served.

 private:
    pid_t pid_ = -1;
};

/// One phase: transactions that are due at a fixed rate. Lives on the client's reactor while it runs.
struct Phase {
    std::vector<v1::Transaction> txs;
    std::unordered_map<std::uint64_t, std::size_t> index_of;  ///< First bytes of the id.
    std::vector<std::uint64_t> due_ns;
    std::vector<std::uint64_t> final_ns;
    std::size_t sent = 0;
    std::size_t answered = 0;
    std::size_t refused = 0;
    std::string refusal;
    std::size_t final_count = 0;

    void prepare(std::size_t count);
    void sign(std::size_t i, const Wallet& from, std::uint64_t nonce, std::vector<ledger::Msg> msgs,
              std::uint64_t gas_room, const ledger::ChainBinding& chain);
    [[nodiscard]] std::vector<double> latencies_ms() const;
    /// Final in [from, to).
    [[nodiscard]] std::size_t final_between(std::uint64_t from, std::uint64_t to) const;
};

class Client {
 public:
    Client(const NodeProcess& node, const zquic::Identity& identity);
    ~Client();

    struct Window {
        std::uint64_t begin_ns = 0;
        std::uint64_t end_ns = 0;
    };
    /// Sends everything in `phase` at `per_second`, waits until all is final (at most `drain_s` longer).
    Window run(Phase& phase, double per_second, double drain_s);

    ledger::ChainBinding chain;

 private:
    void submit(rpc::Channel& channel, Phase& phase, std::size_t index);
    void on_block(const v1::Block& block);

    std::unique_ptr<rpc::BlockingClient> client_;
    rpc::ClientStream<v1::StreamBlocksRequest, v1::Block> blocks_;
    std::unique_ptr<io::Timer> timer_;
    Phase* phase_ = nullptr;
};

/// What a phase came to.
struct Outcome {
    double tps = 0;
    std::vector<double> latencies_ms;
    std::size_t final_count = 0;
    double lost_share = 0;
};
/// Runs a signed phase to its end.
Outcome run_phase(Client& client, Phase& phase, double per_second, double drain_s);

}  // namespace chain_bench
