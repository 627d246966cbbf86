// ./ghost bench wallet: signatures that walletd gives, beside libsodium's bare signing and verifying of the same bytes.
// walletd decodes each transaction, checks it, signs, verifies its signature and encodes the result. One caller, one
// request at a time; a core's rate counts all CPU time of walletd's threads, the caller's own is not in it.
#include <fmt/format.h>
#include <sodium.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "base/bcs.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "bench_report.hpp"
#include "gcrypt/address.hpp"
#include "ghost/wallet/v1/local.pb.h"
#include "ledger/codec.hpp"
#include "ledger/signing.hpp"
#include "wallet_local/client.hpp"
#include "walletd/journal.hpp"
#include "walletd/walletd.hpp"

namespace {

namespace pb = ghost::wallet::v1;

constexpr const char* kPeer = "libsodium sign+verify";
const ledger::ChainBinding kChain{.chain_id = "ghostchain-bench-1", .genesis_hash = {std::byte{7}}};

[[noreturn]] void give_up(const std::string& why) {
    fmt::print(stderr, "bench_wallet: {}\n", why);
    std::exit(1);
}
template <typename T>
T must(base::Checked<T> value) {
    if (!value) give_up(value.error().text);
    if constexpr (!std::is_void_v<T>) return std::move(*value);
}

double seconds_of(clockid_t clock) {
    timespec at{};
    clock_gettime(clock, &at);
    return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) / 1e9;
}

ledger::Tx transfer(const ledger::Address& sender, std::uint64_t nonce) {
    return {.version = ledger::kTxVersion,
            .genesis_hash = kChain.genesis_hash,
            .sender = sender,
            .nonce = nonce,
            .valid_until_height = 1'000'000,
            .gas_limit = 100'000,
            .max_fee_per_gas = 2'000'000'000,
            .tip_per_gas = 10'000'000,
            .msgs = {ledger::Transfer{.to = sender, .asset = ledger::kGcc, .amount = 1000}},
            .memo = {}};
}

/// An unlocked walletd without a bridge, in a folder that goes with it, and one caller on its unix socket.
class Wallet {
 public:
    Wallet() {
        char name[] = "/tmp/bench_wallet_XXXXXX";
        if (!mkdtemp(name)) give_up("no temporary folder");
        home_ = name;
        know_chain();
        walletd::Config config;
        config.home = home_;
        config.listen = "127.0.0.1:0";
        config.metrics = "";
        config.bridge = "";
        config.kdf = {.calibrate = false, .passes = 2, .memory_kib = 19 * 1024};
        daemon_ = must(walletd::Walletd::start(config));
        client_ = must(wallet_local::Client::connect({.path = daemon_->socket_path()}));
        pb::LocalRequest init;
        init.mutable_init()->set_password("correct horse");
        sender_ = must(gcrypt::Address::parse_checked(ask(init).init().account().address()));
    }
    ~Wallet() {
        client_.reset();
        daemon_->stop();
        std::error_code ignored;
        std::filesystem::remove_all(home_, ignored);
    }
    Wallet(const Wallet&) = delete;
    Wallet& operator=(const Wallet&) = delete;

    void sign_next() {
        pb::LocalRequest request;
        const auto raw = ledger::encode(transfer(sender_, nonce_++));
        request.mutable_sign()->set_unsigned_tx(std::string{base::as_text(raw)});
        if (!ask(request).has_signature()) give_up("walletd did not sign");
    }

 private:
    /// As if the wallet had met its chain: without one it signs nothing.
    void know_chain() const {
        walletd::Journal journal{must(walletd::WalletFile::open(home_ + "/wallet.db"))};
        base::BcsWriter fact;
        fact.string(kChain.chain_id);
        fact.fixed(kChain.genesis_hash);
        if (!journal.set_fact("chain", fact.view())) give_up("the journal could not be written");
    }
    pb::LocalResponse ask(const pb::LocalRequest& request) { return must(client_->call(request)); }

    std::string home_;
    std::unique_ptr<walletd::Walletd> daemon_;
    std::unique_ptr<wallet_local::Client> client_;
    ledger::Address sender_;
    std::uint64_t nonce_ = 0;
};

struct Measured {
    double per_s_core = 0;
    double p99_ms = 0;
};

Measured measure_wallet(Wallet& wallet, double seconds) {
    std::vector<double> took_ms;
    const auto end = seconds_of(CLOCK_MONOTONIC) + seconds;
    const auto all = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    const auto own = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    double now = seconds_of(CLOCK_MONOTONIC);
    while (now < end) {
        wallet.sign_next();
        const auto then = std::exchange(now, seconds_of(CLOCK_MONOTONIC));
        took_ms.push_back((now - then) * 1000);
    }
    const auto cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - all - (seconds_of(CLOCK_THREAD_CPUTIME_ID) - own);
    return {.per_s_core = static_cast<double>(took_ms.size()) / cpu, .p99_ms = benchkit::percentile(took_ms, 0.99)};
}

double measure_sodium(double seconds) {
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES];
    crypto_sign_keypair(public_key, secret_key);
    const auto message = ledger::sign_bytes(transfer({}, 0), kChain.chain_id);
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    std::uint64_t count = 0;
    const auto end = seconds_of(CLOCK_MONOTONIC) + seconds;
    const auto begin = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    while (seconds_of(CLOCK_MONOTONIC) < end) {
        ++count;
        unsigned char signature[crypto_sign_BYTES];
        crypto_sign_detached(signature, nullptr, bytes, message.size(), secret_key);
        if (crypto_sign_verify_detached(signature, bytes, message.size(), public_key) != 0) give_up("libsodium");
    }
    return static_cast<double>(count) / (seconds_of(CLOCK_THREAD_CPUTIME_ID) - begin);
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = benchkit::Options::parse(argc, argv, "wallet");
    if (sodium_init() < 0) give_up("libsodium");
    must(base::configure_logging({.level = base::LogLevel::off, .format = base::LogFormat::text, .file = {}}));
    const auto seconds = options.seconds_or(1);
    Wallet wallet;
    wallet.sign_next();
    benchkit::progress("wallet_sign");
    std::vector<double> p99_ms;
    const auto pair = benchkit::alternate(
        options.runs_or(5),
        [&] {
            const auto measured = measure_wallet(wallet, seconds);
            p99_ms.push_back(measured.p99_ms);
            return measured.per_s_core;
        },
        [&] { return measure_sodium(seconds); });
    benchkit::Report report{"wallet"};
    if (options.wants("wallet_sign_per_s_core")) {
        report.add({.name = "wallet_sign_per_s_core",
                    .value = benchkit::median(pair.ours),
                    .unit = "1/s",
                    .peer = kPeer,
                    .peer_value = benchkit::median(pair.theirs),
                    .runs = pair.ours});
    }
    if (options.wants("wallet_sign_p99")) {
        report.add({.name = "wallet_sign_p99",
                    .value = benchkit::median(p99_ms),
                    .unit = "ms",
                    .peer = std::nullopt,
                    .peer_value = std::nullopt,
                    .better = benchkit::Better::lower,
                    .runs = p99_ms});
    }
    report.note("over the unix socket, one request at a time; CPU time of walletd's threads, not the caller's");
    return report.finish(options);
}
