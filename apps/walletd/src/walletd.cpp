#include "walletd/walletd.hpp"

#include <fmt/format.h>

#include <atomic>
#include <filesystem>

#include "base/bcs.hpp"
#include "base/file.hpp"
#include "base/metrics.hpp"
#include "bridge_client/registration.hpp"
#include "call_proof/client.hpp"
#include "core.hpp"
#include "io/ops_server.hpp"
#include "io/thread.hpp"
#include "io/timer.hpp"
#include "ledger/genesis.hpp"
#include "local_server.hpp"
#include "rpc/health.hpp"
#include "rpc/quic.hpp"
#include "service.hpp"
#include "zcrypto/secret.hpp"

namespace walletd {
namespace {

constexpr std::uint64_t kDrainNs = 3'000'000'000;
constexpr std::uint64_t kLockCheckNs = 1'000'000'000;

base::Checked<zquic::Identity> load_identity(const std::string& home) {
    GC_CHECK(base::make_private_dir(home));
    const auto path = home + "/identity.pem";
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        const auto fresh = zquic::Identity::generate();
        if (!fresh) return explained(fresh.error());
        GC_CHECK(fresh->save(path));
    }
    GC_TRY(auto identity, zquic::Identity::load(path));
    if (!identity.public_key()) {
        return base::explain(base::Errc::invalid_argument, fmt::format("{} holds no Ed25519 key", path));
    }
    return identity;
}

/// What the configuration and earlier contacts say about the chain.
base::Checked<Trust> load_trust(const Config& config, Journal& journal) {
    Trust trust;
    if (!config.genesis.empty()) {
        GC_TRY(const auto genesis, ledger::load_genesis(config.genesis));
        trust.chain = ledger::ChainBinding{.chain_id = genesis.chain_id, .genesis_hash = ledger::genesis_hash(genesis)};
        for (const auto& validator : genesis.validators) {
            trust.validators.push_back(validator);
        }
        return trust;
    }
    for (const auto& key : config.validators) {
        if (const auto bytes = base::fixed_from_hex<32>(key))
            trust.validators.push_back({.name = {}, .public_key = *bytes, .address = {}, .stake = 1});
    }
    const auto pinned = journal.fact("chain");
    if (!pinned) return explained(pinned.error());
    if (!*pinned) return trust;
    base::BcsReader in{**pinned};
    ledger::ChainBinding chain;
    chain.chain_id = in.string(ledger::kChainIdBytesMax);
    chain.genesis_hash = in.fixed<32>();
    if (!in.finish()) return base::explain(Errc::damaged, "the wallet's record of its chain is damaged");
    // An explicit setting is a decision; what was met first is only a memory.
    if (config.genesis_hash.empty() || config.genesis_hash == base::to_hex(chain.genesis_hash)) trust.chain = chain;
    return trust;
}

}  // namespace

struct Walletd::State {
    Config config;
    base::Log log{"walletd"};
    std::unique_ptr<base::MetricsRegistry> own_registry;
    std::shared_ptr<WalletFile> file;
    std::unique_ptr<Keystore> keystore;
    std::unique_ptr<Journal> journal;
    std::unique_ptr<Signer> signer;
    std::string socket_path;
    base::Digest public_key{};
    std::uint16_t port = 0;
    std::atomic<bool> registered{false};
    std::atomic<bool> stopping{false};

    std::unique_ptr<io::ReactorThread> thread;
    std::unique_ptr<io::Offload> offload;
    // On the reactor, in order of construction.
    std::unique_ptr<rpc::Channel> channel;
    std::unique_ptr<Core> core;
    std::unique_ptr<Access> access;
    std::unique_ptr<rpc::Server> server;
    std::unique_ptr<rpc::QuicListener> listener;
    std::unique_ptr<LocalServer> local;
    std::unique_ptr<io::Timer> lock_timer;
    std::unique_ptr<bridge_client::Registration> registration;

    std::unique_ptr<io::OpsServer> ops;

    base::Checked<void> open_wallet();
    base::Checked<void> serve(const zquic::Identity& identity, Trust trust);
    base::Checked<void> start_metrics();
    [[nodiscard]] std::unique_ptr<rpc::Channel> make_channel(const zquic::Identity& identity);
    void register_with_bridge(const zquic::Identity& identity);
    void arm_lock_timer();
    void stop();
};

base::Checked<void> Walletd::State::open_wallet() {
    GC_TRY(file, WalletFile::open(config.home + "/wallet.db"));
    GC_TRY(keystore, Keystore::open(file, {.kdf = config.kdf, .unlock_timeout_ms = config.unlock_timeout_s * 1000}));
    journal = std::make_unique<Journal>(file);
    signer = std::make_unique<Signer>(*keystore, *journal, config);
    return {};
}

std::unique_ptr<rpc::Channel> Walletd::State::make_channel(const zquic::Identity& identity) {
    const auto address = io::SocketAddress::parse(config.bridge);
    const auto key = base::fixed_from_hex<32>(config.bridge_key);
    if (!address || !key) return nullptr;
    auto& reactor = thread->reactor();
    return rpc::Channel::make(
        reactor, rpc::make_quic_connector(reactor, {.server = *address, .server_keys = {*key}, .identity = identity}),
        {.name = "ghostbridge"});
}

void Walletd::State::register_with_bridge(const zquic::Identity& identity) {
    auto own_channel = make_channel(identity);
    if (!own_channel) {
        log.warn("no bridge is configured: set bridge and bridge_key to reach the chain");
        return;
    }
    bridge_client::RegistrationOptions options;
    options.services = {"ghost.wallet.v1.WalletService"};
    options.endpoint = config.advertise.empty() ? fmt::format("[::1]:{}", port) : config.advertise;
    // An IPv4-only listener is not reachable through [::1].
    if (const auto bound = io::SocketAddress::parse(config.listen);
        config.advertise.empty() && bound && bound->is_v4()) {
        options.endpoint = fmt::format("127.0.0.1:{}", port);
    }
    registration = bridge_client::Registration::start(
        std::move(own_channel), std::move(options), [this](bool is_registered, const std::string& reason) {
            if (registered.exchange(is_registered) == is_registered) return;
            if (is_registered) {
                log.info("registered with the bridge", {{"bridge", config.bridge}});
            } else {
                log.warn("not registered with the bridge", {{"bridge", config.bridge}, {"reason", reason}});
            }
        });
}

void Walletd::State::arm_lock_timer() {
    lock_timer->arm_after(kLockCheckNs);
    core->offload_call<bool>(
        kWalletLane, [this]() -> base::Checked<bool> { return keystore->lock_if_due(); },
        [this](base::Checked<bool> locked) {
            if (locked && *locked) log.info("locked: the time is over");
        });
}

base::Checked<void> Walletd::State::serve(const zquic::Identity& identity, Trust trust) {
    GC_TRY(const auto verified_height, load_verified_height(*journal, trust));
    auto& reactor = thread->reactor();
    channel = make_channel(identity);
    core = std::unique_ptr<Core>{new Core{.config = config,
                                          .reactor = reactor,
                                          .offload = *offload,
                                          .keystore = *keystore,
                                          .journal = *journal,
                                          .signer = *signer,
                                          .node = ChainClient{channel.get(), config.call_timeout_ms},
                                          .log = log,
                                          .identity_key = public_key,
                                          .trust = std::move(trust),
                                          .verified_height = verified_height,
                                          .writing_height = false,
                                          .sends = 0,
                                          .turns = AccountTurns{reactor},
                                          .finalized_nonces = {}}};
    auto signing_key = call_proof::signing_key_of(identity);
    if (!signing_key) return explained(signing_key.error());
    access = std::make_unique<Access>(Access::Options{.config = config, .key = std::move(*signing_key)});
    server = rpc::Server::make(reactor, {.metrics = config.registry});
    server->set_authorizer([access = access.get()](const rpc::CallInfo& info) { return access->may_call(info); });
    add_wallet_service(*server, *core, *access);
    server->enable_health().set("ghost.wallet.v1.WalletService", rpc::Serving::serving);
    server->enable_reflection();
    const auto address = io::SocketAddress::parse(config.listen);
    GC_TRY(listener,
           rpc::QuicListener::start(*server, {.address = *address,
                                              .identity = identity,
                                              .accept_key = [access = access.get()](const zquic::PublicKey& key) {
                                                  return access->may_connect(key);
                                              }}));
    port = listener->bound_address().port();
    GC_TRY(local, LocalServer::start(*core, socket_path));
    lock_timer = std::make_unique<io::Timer>(reactor, [this] { arm_lock_timer(); });
    lock_timer->arm_after(kLockCheckNs);
    register_with_bridge(identity);
    return {};
}

base::Checked<void> Walletd::State::start_metrics() {
    auto& registry = *config.registry;
    registry.gauge_from("walletd_unlocked", "1 while the wallet is unlocked.", {},
                        [this] { return keystore->status().locked ? 0.0 : 1.0; });
    registry.gauge_from("walletd_accounts", "Accounts of the wallet.", {},
                        [this] { return static_cast<double>(keystore->status().accounts); });
    registry.gauge_from("walletd_registered", "1 while GhostBridge knows this walletd.", {},
                        [this] { return registered.load() ? 1.0 : 0.0; });
    if (config.metrics.empty()) return {};
    const auto address = io::SocketAddress::parse(config.metrics);
    GC_TRY(ops, io::OpsServer::start({.address = *address}, registry, [this]() -> io::Readiness {
               if (stopping.load()) return {.ready = false, .reason = "stopping"};
               if (!registered.load()) return {.ready = false, .reason = "not registered with ghostbridge"};
               return {.ready = true, .reason = "serving"};
           }));
    return {};
}

void Walletd::State::stop() {
    if (stopping.exchange(true)) return;
    ops.reset();
    if (thread) {
        // Two steps: drain while everything still works, then take apart.
        auto drained = std::make_shared<std::atomic<bool>>(false);
        thread->run_and_wait([&] {
            if (registration) registration->set_state(bridge_client::InstanceState::draining);
            local.reset();
            if (!listener) return drained->store(true);
            listener->drain(kDrainNs, [drained] {
                drained->store(true);
                drained->notify_all();
            });
        });
        drained->wait(false);
        thread->run_and_wait([&] {
            registration.reset();
            lock_timer.reset();
            listener.reset();
            server.reset();
            channel.reset();
        });
        offload.reset();  // finishes its work; the completions are posted to the reactor …
        thread->run_and_wait([] {});
        thread->run_and_wait([] {});  // … and have run, with what they deferred.
        thread->run_and_wait([&] {
            access.reset();
            if (core) save_verified_height(*core);
            core.reset();
        });
        thread.reset();
    }
    if (keystore) keystore->lock();
}

base::Checked<std::unique_ptr<Walletd>> Walletd::start(Config config) {
    GC_TRY(config.home, resolve_home(config.home));
    GC_CHECK(validate(config));
    auto state = std::make_unique<State>();
    if (!config.registry) {
        state->own_registry = std::make_unique<base::MetricsRegistry>();
        state->own_registry->add_process_metrics();
        config.registry = state->own_registry.get();
    }
    state->socket_path = config.socket.empty() ? config.home + "/walletd.sock" : config.socket;
    state->config = std::move(config);
    GC_TRY(const auto identity, load_identity(state->config.home));
    state->public_key = *identity.public_key();
    GC_CHECK(state->open_wallet());
    GC_TRY(auto trust, load_trust(state->config, *state->journal));
    if (zcrypto::secret_memory() == zcrypto::SecretMemory::unlocked) {
        state->log.warn("keys cannot be locked into memory: raise RLIMIT_MEMLOCK");
    }
    auto thread = io::ReactorThread::start("walletd");
    if (!thread) return explained(thread.error());
    state->thread = std::move(*thread);
    auto offload = io::Offload::make({{.name = std::string{kPasswordLane}, .threads = 1, .queue_max = 16},
                                      {.name = std::string{kWalletLane}, .threads = 1, .queue_max = 4096},
                                      {.name = std::string{kRunLane}, .threads = 1, .queue_max = 64}});
    if (!offload) return explained(offload.error());
    state->offload = std::move(*offload);
    std::unique_ptr<Walletd> daemon{new Walletd{std::move(state)}};  // from here on, stop() takes apart what there is
    auto& s = *daemon->state_;
    base::Checked<void> serving;
    s.thread->run_and_wait([&] { serving = s.serve(identity, std::move(trust)); });
    GC_CHECK(std::move(serving));
    GC_CHECK(s.start_metrics());
    s.log.info("serving", {{"port", s.port},
                           {"socket", s.socket_path},
                           {"key", base::to_hex(s.public_key)},
                           {"initialised", s.keystore->status().initialised}});
    return daemon;
}

Walletd::Walletd(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}
Walletd::~Walletd() { stop(); }
void Walletd::stop() { state_->stop(); }
std::uint16_t Walletd::port() const noexcept { return state_->port; }
std::uint16_t Walletd::metrics_port() const noexcept { return state_->ops ? state_->ops->bound_port() : 0; }
const std::string& Walletd::socket_path() const noexcept { return state_->socket_path; }
const base::Digest& Walletd::public_key() const noexcept { return state_->public_key; }
bool Walletd::registered() const noexcept { return state_->registered.load(); }
bool Walletd::initialised() const { return state_->keystore->status().initialised; }

base::Checked<base::Digest> init_identity(const std::string& home) {
    GC_TRY(const auto identity, load_identity(home));
    return *identity.public_key();
}

base::Checked<std::string> resolve_home(const std::string& home) {
    if (!home.empty()) return home;
    GC_TRY(auto found, base::ghost_home());
    return found + "/walletd";
}

}  // namespace walletd
