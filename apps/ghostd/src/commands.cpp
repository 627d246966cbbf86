#include "commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/printable.hpp"
#include "ghostd/key_file.hpp"
#include "ghostd/methods.hpp"
#include "ledger/chain_state.hpp"
#include "rpc/blocking.hpp"
#include "rpc/quic.hpp"

namespace ghostd::commands {
namespace {

constexpr int kUnreachable = 3;
constexpr std::uint64_t kStatusTimeoutNs = 5'000'000'000;

std::string genesis_path(const std::string& home, const GenesisFlags& flags) {
    return flags.file.empty() ? HomeLayout{home}.genesis : flags.file;
}

/// Where a node that listens on `listen` is asked from the same machine.
io::SocketAddress local_target(const io::SocketAddress& listen) {
    if (!listen.is_any()) return listen;
    return listen.is_v4() ? io::SocketAddress::loopback_v4(listen.port())
                          : io::SocketAddress::loopback_v6(listen.port());
}

base::Checked<void> refuse_started(const std::string& home) {
    std::error_code ignored;
    if (std::filesystem::exists(HomeLayout{home}.data, ignored))
        return base::explain(base::Errc::already_exists,
                             fmt::format("{} has a chain that was started with its genesis; a genesis cannot change "
                                         "afterwards. Use another --home or --file",
                                         home));
    return {};
}

base::Checked<void> print_status(const GhostdConfig& config, const std::string& address, bool json) {
    GC_TRY(const auto identity, zquic::Identity::load(HomeLayout{config.home}.node_key));
    const auto text = address.empty() ? config.listen : address;
    const auto listen = io::SocketAddress::parse(text);
    if (!listen || listen->port() == 0)
        return base::explain(
            base::Errc::invalid_argument,
            fmt::format("\"{}\" is no address to ask; give the node's with --address [::1]:PORT", text));
    auto client = rpc::BlockingClient::make(
        [&](io::Reactor& reactor) {
            return rpc::make_quic_connector(
                reactor,
                {.server = local_target(*listen), .server_keys = {*identity.public_key()}, .identity = identity});
        },
        {.name = "ghostd"});
    if (!client) return std::unexpected{base::Diagnostic{client.error(), base::to_string(client.error())}};
    const auto answer = (*client)->call(methods::kGetStatus, {}, {.timeout_ns = kStatusTimeoutNs});
    if (!answer)
        return base::explain(base::Errc::unavailable,
                             fmt::format("{}. Is it running? Start it with `ghostd start --home {}`",
                                         answer.error().message, config.home));
    const auto& status = *answer;
    if (json) {
        const nlohmann::ordered_json out{{"chain_id", status.chain_id()},
                                         {"genesis_hash", base::to_hex(base::as_bytes(status.genesis_hash()))},
                                         {"version", status.version()},
                                         {"finalized_height", status.finalized_height()},
                                         {"finalized_hash", base::to_hex(base::as_bytes(status.finalized_hash()))},
                                         {"finalized_time_ms", status.finalized_time_ms()},
                                         {"finality_age_ms", status.finality_age_ms()},
                                         {"certified_height", status.certified_height()},
                                         {"mempool_txs", status.mempool_txs()},
                                         {"mempool_bytes", status.mempool_bytes()},
                                         {"base_fee", status.base_fee()},
                                         {"accepting", status.accepting()},
                                         {"not_accepting_reason", status.not_accepting_reason()},
                                         {"node_address", status.node_address()},
                                         {"faucet", status.faucet()}};
        fmt::print("{}\n", base::printable_json(out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)));
        return {};
    }
    fmt::print("chain        {}  ({})\n", base::printable(status.chain_id()),
               base::to_hex(base::as_bytes(status.genesis_hash())));
    fmt::print("finalized    height {}, {} ms ago; certified {} ahead\n", status.finalized_height(),
               status.finality_age_ms(), status.certified_height() - status.finalized_height());
    fmt::print("mempool      {} transactions, {} bytes\n", status.mempool_txs(), status.mempool_bytes());
    fmt::print("base fee     {} agcc per gas\n", base::printable(status.base_fee()));
    fmt::print("accepting    {}\n",
               status.accepting() ? "yes" : "no: " + base::printable(status.not_accepting_reason()));
    fmt::print("address      {}\n", base::printable(status.node_address()));
    return {};
}

}  // namespace

base::Checked<base::LogOptions> log_options(const LogConfig& config) {
    const auto level = base::log_level_from_string(config.level);
    const auto format = base::log_format_from_string(config.format);
    if (!level || !format)
        return base::explain(
            base::Errc::invalid_argument,
            fmt::format("log.level \"{}\" or log.format \"{}\" is unknown", config.level, config.format));
    return base::LogOptions{.level = *level, .format = *format, .file = config.file};
}

int status(const GhostdConfig& config, const std::string& address, bool json) {
    const auto printed = print_status(config, address, json);
    if (printed) return 0;
    fmt::print(stderr, "ghostd: {}\n", printed.error().text);
    return printed.error().error.is(base::Errc::unavailable) ? kUnreachable : 1;
}

base::Checked<void> genesis_new(const std::string& home, const GenesisFlags& flags) {
    const auto path = genesis_path(home, flags);
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored))
        return base::explain(base::Errc::already_exists, fmt::format("{} exists; remove it first", path));
    if (flags.file.empty()) GC_CHECK(base::make_private_dir(home));
    zcrypto::ed25519::PublicKey key;
    if (flags.validator.empty()) {
        GC_TRY(const auto own, load_key(HomeLayout{home}.validator_key));
        key = own.public_key();
    } else {
        const auto given = base::fixed_from_hex<32>(flags.validator);
        if (!given)
            return base::explain(base::Errc::invalid_argument,
                                 fmt::format("--validator \"{}\" is not 64 hex digits", flags.validator));
        key = {*given};
    }
    ledger::Genesis genesis;
    genesis.chain_id = flags.chain_id;
    genesis.time_ms = base::system_clock().unix_ms();
    genesis.validators.push_back(
        {.name = "solo", .public_key = key.bytes, .address = gcrypt::address_of(key), .stake = 1});
    GC_CHECK(ledger::validate(genesis));
    GC_CHECK(ledger::save_genesis(genesis, path));
    fmt::print("{}\n", path);
    return {};
}

base::Checked<void> genesis_add_account(const std::string& home, const GenesisFlags& flags) {
    const auto path = genesis_path(home, flags);
    if (flags.file.empty()) GC_CHECK(refuse_started(home));
    GC_TRY(auto genesis, ledger::load_genesis(path));
    GC_TRY(const auto address, ledger::Address::parse_checked(flags.address));
    const auto amount = base::units_from_decimal(flags.amount, ledger::kGccDecimals);
    if (!amount || *amount == 0)
        return base::explain(base::Errc::invalid_argument,
                             fmt::format("\"{}\" is not an amount of GCC such as 1000 or 0.5", flags.amount));
    const auto at = std::lower_bound(genesis.allocations.begin(), genesis.allocations.end(), address,
                                     [](const auto& one, const auto& other) { return one.address < other; });
    if (at != genesis.allocations.end() && at->address == address)
        return base::explain(base::Errc::already_exists,
                             fmt::format("{} has coins in {} already", flags.address, path));
    genesis.allocations.insert(at, {address, *amount});
    GC_CHECK(ledger::validate(genesis));
    return ledger::save_genesis(genesis, path);
}

base::Checked<void> genesis_validate(const std::string& home, const GenesisFlags& flags) {
    const auto path = genesis_path(home, flags);
    GC_TRY(const auto genesis, ledger::load_genesis(path));
    GC_CHECK(ledger::validate(genesis));
    fmt::print("{} is valid: chain {}, {} accounts, {} GCC, {} validators\n", path, genesis.chain_id,
               genesis.allocations.size(), base::units_to_decimal(ledger::total_supply(genesis), ledger::kGccDecimals),
               genesis.validators.size());
    return {};
}

base::Checked<void> genesis_hash(const std::string& home, const GenesisFlags& flags) {
    GC_TRY(const auto genesis, ledger::load_genesis(genesis_path(home, flags)));
    fmt::print("{}\n", base::to_hex(ledger::genesis_hash(genesis)));
    return {};
}

base::Checked<void> export_state(const GhostdConfig& config, bool verify) {
    const HomeLayout home{config.home};
    GC_TRY(const auto genesis, ledger::load_genesis(home.genesis));
    GC_TRY(const auto lock, base::FileLock::acquire(home.lock));
    GC_TRY(const auto chain,
           ledger::ChainState::open(
               {.path = home.data, .history_heights = config.storage.history_heights, .create_if_missing = false},
               genesis));
    if (verify) {
        GC_TRY(const auto checked, chain->verify());
        fmt::print(stderr, "sound: {} blocks, {} transactions, {} state records, state root {}\n", checked.blocks,
                   checked.txs, checked.keys, base::to_hex(checked.state_root));
    }
    const auto head = chain->head();
    // Written as it is read: a state may be larger than memory. Hex, numbers and bech32m need no escaping.
    fmt::print(
        "{{\n  \"chain_id\": \"{}\",\n  \"genesis_hash\": \"{}\",\n  \"height\": {},\n  \"block_hash\": \"{}\",\n"
        "  \"state_root\": \"{}\",\n  \"verified\": {},\n  \"state\": [",
        genesis.chain_id, base::to_hex(ledger::genesis_hash(genesis)), head->header.height, base::to_hex(head->hash),
        base::to_hex(head->header.state_root), verify);
    const char* separator = "\n";
    const auto walked = chain->for_each_state([&](std::string_view key, base::ByteView value) {
        fmt::print("{}    {{", separator);
        separator = ",\n";
        const auto raw = base::as_bytes(key);
        const auto address_at = [&](std::size_t at) {
            ledger::Address address;
            std::copy_n(raw.begin() + static_cast<std::ptrdiff_t>(at), 32, address.bytes.begin());
            return address.to_text();
        };
        if (key.starts_with("a/") && key.size() == 34) {
            const auto account = ledger::decode_account(value);
            fmt::print("\"kind\": \"account\", \"address\": \"{}\", \"nonce\": {}", address_at(2),
                       account ? account->nonce : 0);
        } else if (key.starts_with("b/") && key.size() == 66) {
            const auto amount = ledger::decode_amount(value);
            fmt::print("\"kind\": \"balance\", \"address\": \"{}\", \"asset\": \"{}\", \"amount\": \"{}\"",
                       address_at(2), base::to_hex(raw.subspan(34)), base::to_string(amount.value_or(0)));
        } else if (key.starts_with("s/") && key.size() == 34) {
            const auto asset = ledger::decode_asset(value);
            fmt::print("\"kind\": \"asset\", \"asset\": \"{}\", \"symbol\": \"{}\", \"supply\": \"{}\"",
                       base::to_hex(raw.subspan(2)), asset ? asset->symbol : "",
                       base::to_string(asset ? asset->supply : 0));
        } else {
            fmt::print("\"kind\": \"other\", \"key\": \"{}\", \"value\": \"{}\"", base::to_hex(raw),
                       base::to_hex(value));
        }
        fmt::print("}}");
        return std::ferror(stdout) == 0;
    });
    if (!walked)
        return std::unexpected{
            base::Diagnostic{walked.error(), "reading " + home.data + ": " + base::to_string(walked.error())}};
    fmt::print("\n  ]\n}}\n");
    if (std::fflush(stdout) != 0 || std::ferror(stdout))
        return base::explain(base::Errc::io_error, "the state could not be written out completely");
    return {};
}

int completion(const std::string& shell) {
    constexpr const char* kCommands = "init start status genesis export keys completion";
    constexpr const char* kFlags = "--home --config --dev --chain-id --json --verify --file --help --version";
    if (shell == "bash") {
        fmt::print("complete -W '{} {}' ghostd\n", kCommands, kFlags);
    } else if (shell == "zsh") {
        fmt::print("#compdef ghostd\n_arguments '1:command:({})' '*:option:({})'\n", kCommands, kFlags);
    } else {
        fmt::print("complete -c ghostd -f -n __fish_use_subcommand -a '{}'\ncomplete -c ghostd -a '{}'\n", kCommands,
                   kFlags);
    }
    return 0;
}

}  // namespace ghostd::commands
