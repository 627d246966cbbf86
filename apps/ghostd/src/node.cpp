#include "ghostd/node.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>

#include "base/file.hpp"
#include "base/log.hpp"
#include "blockchain_service.hpp"
#include "bridge_client/caller.hpp"
#include "bridge_client/registration.hpp"
#include "ghostd/key_file.hpp"
#include "ghostd/methods.hpp"
#include "ghostd/solo_driver.hpp"
#include "io/ops_server.hpp"
#include "io/thread.hpp"
#include "rpc/health.hpp"
#include "rpc/quic.hpp"

#ifndef GHOST_VERSION
#define GHOST_VERSION "unversioned"
#endif

namespace ghostd {
namespace {

constexpr std::uint64_t kDrainNs = 2'000'000'000;
/// Wake-ups, answers and reads of everything that is open may wait at once.
constexpr std::size_t kRpcInboxMax = 1u << 18;
constexpr unsigned kReadThreads = 2;
constexpr std::string_view kBridgeRole = "service";

base::Checked<ledger::Genesis> load_chain(const HomeLayout& home) {
    std::error_code ignored;
    if (!std::filesystem::exists(home.genesis, ignored))
        return base::explain(
            base::Errc::not_found,
            fmt::format("{} is missing: {} is not a node's home yet. Make one with `ghostd init --home "
                        "{}`, or name another with --home",
                        home.genesis, home.folder, home.folder));
    return ledger::load_genesis(home.genesis);
}

base::Checked<zcrypto::ed25519::SigningKey> load_validator(const HomeLayout& home, const ledger::Genesis& genesis) {
    GC_TRY(auto key, load_key(home.validator_key));
    if (genesis.validators.size() != 1)
        return base::explain(base::Errc::invalid_argument,
                             fmt::format("{} names {} validators; this version runs chains of exactly one",
                                         home.genesis, genesis.validators.size()));
    if (genesis.validators[0].public_key != key.public_key().bytes)
        return base::explain(
            base::Errc::permission_denied,
            fmt::format("{} is not the key of this chain's validator ({} names {}): restore the right "
                        "key",
                        home.validator_key, home.genesis, base::to_hex(genesis.validators[0].public_key)));
    return key;
}

std::uint64_t store_memory_bytes(const StorageConfig& storage) {
    return storage.memory_mb ? storage.memory_mb << 20U : store::default_memory_bytes();
}

std::string reachable(const io::SocketAddress& bound, const std::string& advertise) {
    if (!advertise.empty()) return advertise;
    if (!bound.is_any()) return bound.to_string();
    return (bound.is_v4() ? io::SocketAddress::loopback_v4(bound.port()) : io::SocketAddress::loopback_v6(bound.port()))
        .to_string();
}

}  // namespace

struct Node::State {
    explicit State(GhostdConfig given) : config{std::move(given)}, home{config.home} {}

    base::Checked<void> open();
    base::Checked<void> serve();
    void register_with_bridge();
    [[nodiscard]] Chain::Listener listener_for_chain();
    [[nodiscard]] rpc::Status authorize(const rpc::CallInfo& call) const;
    void stop();

    const base::Log log{"ghostd"};
    GhostdConfig config;
    HomeLayout home;
    base::MetricsRegistry metrics;
    std::map<base::Digest, std::string> roles;  ///< By public key. Fixed once the node runs.
    std::optional<base::FileLock> lock;
    ledger::Genesis genesis;  ///< Without its allocations once the chain is open.
    base::Digest genesis_hash{};
    std::optional<zquic::Identity> identity;
    base::Digest public_key{};
    io::SocketAddress address;

    // Destroyed in reverse: what runs on a thread goes before the thread, see stop().
    std::unique_ptr<io::ReactorThread> chain_thread;
    std::unique_ptr<io::ReactorThread> rpc_thread;
    std::unique_ptr<Chain> chain;
    std::unique_ptr<io::Offload> offload;
    std::unique_ptr<Admission> admission;
    std::unique_ptr<Faucet> faucet;
    std::unique_ptr<rpc::Server> server;
    std::unique_ptr<BlockchainService> service;
    rpc::Health* health = nullptr;
    std::unique_ptr<rpc::QuicListener> listener;
    std::unique_ptr<bridge_client::Registration> registration;
    std::unique_ptr<io::OpsServer> ops;
    std::vector<FinalizedBlockPtr> unsent;  ///< Chain thread: blocks that the RPC reactor's inbox had no room for.
    bool stopped = false;
    std::uint64_t last_height = 0;  ///< Set by stop().
};

base::Checked<void> Node::State::open() {
    GC_CHECK(check_config(config, home.config));
    GC_TRY(genesis, load_chain(home));
    genesis_hash = ledger::genesis_hash(genesis);
    GC_TRY(auto held, base::FileLock::acquire(home.lock));
    lock.emplace(std::move(held));
    GC_TRY(auto own, zquic::Identity::load(home.node_key));
    if (!own.public_key())
        return base::explain(base::Errc::invalid_argument, fmt::format("{} is not an Ed25519 key", home.node_key));
    public_key = *own.public_key();
    identity.emplace(std::move(own));
    for (const auto& peer : config.peers) roles[*base::fixed_from_hex<32>(peer.key)] = peer.role;
    roles[public_key] = "admin";  // `ghostd status` on this machine
    GC_TRY(auto validator_key, load_validator(home, genesis));

    GC_TRY(auto state, ledger::ChainState::open({.path = home.data,
                                                 .history_heights = config.storage.history_heights,
                                                 .read_only_when_full = true,
                                                 .memory_bytes = store_memory_bytes(config.storage)},
                                                genesis));
    genesis.allocations = {};  // They are in the state now; of millions nobody needs a second copy.
    const bool read_only = state->read_only();
    const auto started = [](auto result, const char* what) -> base::Checked<typename decltype(result)::value_type> {
        if (result) return std::move(*result);
        return std::unexpected{base::Diagnostic{
            result.error(), fmt::format("cannot start the {}: {}", what, base::to_string(result.error()))}};
    };
    GC_TRY(chain_thread, started(io::ReactorThread::start("ghostd-chain"), "chain thread"));
    GC_TRY(rpc_thread, started(io::ReactorThread::start("ghostd-rpc", {.inbox_max = kRpcInboxMax}), "network thread"));
    chain = std::make_unique<Chain>(std::move(state), chain_thread->reactor(), config, metrics, listener_for_chain());
    GC_TRY(
        offload,
        started(io::Offload::make({{.name = "read", .threads = kReadThreads, .queue_max = config.limits.read_queue_max},
                                   {.name = "run",
                                    .threads = static_cast<unsigned>(config.limits.call_threads),
                                    .queue_max = config.limits.call_queue_max}}),
                "database readers"));
    GC_TRY(admission, started(Admission::start(*chain,
                                               {.queue_max = config.limits.submit_queue_max,
                                                .batch_max = config.limits.verify_batch_max},
                                               metrics),
                              "signature checker"));
    if (genesis.faucet) {
        std::error_code ignored;
        if (std::filesystem::exists(home.faucet_key, ignored)) {
            GC_TRY(auto key, load_key(home.faucet_key));
            faucet = std::make_unique<Faucet>(
                *chain, *admission, std::move(key),
                Faucet::Options{
                    .amount = *base::units_from_decimal(config.faucet.amount, ledger::kGccDecimals),
                    .amount_max = *base::units_from_decimal(config.faucet.amount_max, ledger::kGccDecimals)});
        }
    }

    base::Checked<void> served;
    rpc_thread->run_and_wait([&] { served = serve(); });
    GC_CHECK(std::move(served));
    if (read_only) log.error("read-only", {{"reason", chain->not_accepting()}});
    chain_thread->run_and_wait([&, key = std::move(validator_key)]() mutable {
        if (read_only) return;
        const auto proposer = genesis.validators[0].address;
        chain->start(std::make_unique<SoloDriver>(
            chain_thread->reactor(), std::move(key),
            SoloDriver::Options{.block = config.block, .chain = chain->binding(), .proposer = proposer}));
    });
    rpc_thread->run_and_wait([&] { register_with_bridge(); });

    metrics.add_process_metrics();
    GC_TRY(ops, io::OpsServer::start({.address = *io::SocketAddress::parse(config.ops_listen)}, metrics, [this] {
               const auto reason = chain->not_accepting();
               return io::Readiness{
                   .ready = reason.empty(),
                   .reason = reason.empty() ? fmt::format("height {}", chain->head()->header.height) : reason};
           }));
    log.info("serving", {{"chain", genesis.chain_id},
                         {"listen", address.to_string()},
                         {"ops_port", ops->bound_port()},
                         {"height", chain->head()->header.height},
                         {"key", public_key}});
    return {};
}

/// On the RPC reactor.
base::Checked<void> Node::State::serve() {
    auto& reactor = rpc_thread->reactor();
    server = rpc::Server::make(reactor, {.metrics = &metrics});
    server->set_authorizer([this](const rpc::CallInfo& call) { return authorize(call); });
    GC_TRY(listener, rpc::QuicListener::start(
                         *server, {.address = *io::SocketAddress::parse(config.listen),
                                   .identity = *identity,
                                   .accept_key = [this](const zquic::PublicKey& key) { return roles.contains(key); }}));
    address = listener->bound_address();
    service = std::make_unique<BlockchainService>(
        *server, *chain, *admission, faucet.get(), *offload, metrics,
        BlockchainService::Options{
            .limits = config.limits, .node_address = reachable(address, config.advertise), .version = GHOST_VERSION});
    health = &server->enable_health();
    health->set(std::string{methods::kService}, rpc::Serving::serving);
    server->enable_reflection();
    return {};
}

rpc::Status Node::State::authorize(const rpc::CallInfo& call) const {
    if (!call.peer.public_key) return {rpc::StatusCode::unauthenticated, "show a key that this node knows"};
    if (!roles.contains(*call.peer.public_key))
        return {rpc::StatusCode::permission_denied, "this key is not listed among the node's peers"};
    call.grant.caller = bridge_client::caller_of(call, roles.at(*call.peer.public_key) == kBridgeRole);
    return {};
}

/// On the RPC reactor.
void Node::State::register_with_bridge() {
    if (config.bridge.endpoint.empty() || config.bridge.key.empty()) return;
    auto& reactor = rpc_thread->reactor();
    auto connector = rpc::make_quic_connector(reactor, {.server = *io::SocketAddress::parse(config.bridge.endpoint),
                                                        .server_keys = {*base::fixed_from_hex<32>(config.bridge.key)},
                                                        .identity = identity});
    registration = bridge_client::Registration::start(
        rpc::Channel::make(reactor, std::move(connector), {.name = "ghostbridge"}),
        {.services = {std::string{methods::kService}},
         .endpoint = reachable(address, config.advertise),
         .labels = {{"chain", genesis.chain_id}}},
        [this](bool registered, const std::string& reason) {
            if (registered) {
                log.info("registered with ghostbridge", {{"bridge", config.bridge.endpoint}});
            } else {
                log.warn("not registered with ghostbridge", {{"bridge", config.bridge.endpoint}, {"reason", reason}});
            }
        });
}

Chain::Listener Node::State::listener_for_chain() {
    auto& reactor = rpc_thread->reactor();
    return {.finalized =
                [this, &reactor](const FinalizedBlockPtr& block) {
                    // Subscribers must not miss a block: what the inbox has no room for goes with the next one.
                    unsent.push_back(block);
                    const bool posted = reactor.post([this, blocks = unsent] {
                        for (const auto& each : blocks) service->finalized(each);
                    });
                    if (posted) unsent.clear();
                },
            .notarized =
                [this, &reactor](const ledger::ExecutedBlockPtr& block) {
                    static_cast<void>(reactor.post([this, block] { service->notarized(block); }));
                },
            .dropped =
                [this, &reactor](std::vector<PoolDrop> drops) {
                    if (!reactor.post([this, drops = std::move(drops)] { service->dropped(drops); }))
                        log.warn("clients not told of dropped transactions: too much waits for the network thread");
                }};
}

void Node::State::stop() {
    if (stopped) return;
    stopped = true;
    if (registration)
        rpc_thread->run_and_wait([&] { registration->set_state(bridge_client::InstanceState::draining); });
    if (admission) admission->stop();
    if (chain && chain_thread) chain_thread->run_and_wait([&] { chain->stop(); });
    if (rpc_thread && listener) {
        std::mutex mutex;
        std::condition_variable ended;
        bool drained = false;
        rpc_thread->run_and_wait([&] {
            if (health) health->shut_down();
            if (service) service->close();
            listener->drain(kDrainNs, [&] {
                const std::lock_guard guard{mutex};
                drained = true;
                ended.notify_one();
            });
        });
        std::unique_lock guard{mutex};
        ended.wait(guard, [&] { return drained; });
    }
    ops.reset();
    if (rpc_thread) {
        rpc_thread->run_and_wait([&] {
            registration.reset();
            listener.reset();
            server.reset();
        });
    }
    // The readers' last completions go to the reactor, which runs them before what is posted after.
    offload.reset();
    if (rpc_thread) rpc_thread->run_and_wait([&] { service.reset(); });
    faucet.reset();
    admission.reset();
    rpc_thread.reset();
    chain_thread.reset();
    if (chain) {
        last_height = chain->head()->header.height;
        log.info("stopped", {{"height", last_height}});
    }
    chain.reset();
    lock.reset();
}

Node::Node(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}
Node::~Node() { stop(); }

base::Checked<std::unique_ptr<Node>> Node::start(GhostdConfig config) {
    std::unique_ptr<Node> node{new Node{std::make_unique<State>(std::move(config))}};
    GC_CHECK(node->state_->open());  // a failure takes down what had started
    return node;
}

void Node::stop() { state_->stop(); }

bool Node::should_restart() const { return state_->chain && state_->chain->has_space_again(); }

const io::SocketAddress& Node::address() const noexcept { return state_->address; }
std::uint16_t Node::ops_port() const noexcept { return state_->ops ? state_->ops->bound_port() : 0; }
const base::Digest& Node::public_key() const noexcept { return state_->public_key; }
const base::Digest& Node::genesis_hash() const noexcept { return state_->genesis_hash; }
const std::string& Node::chain_id() const noexcept { return state_->genesis.chain_id; }
std::uint64_t Node::finalized_height() const noexcept {
    return state_->chain ? state_->chain->head()->header.height : state_->last_height;
}

}  // namespace ghostd
