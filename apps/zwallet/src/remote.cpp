#include "remote.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "base/bytes.hpp"
#include "base/file.hpp"
#include "bridge_client/fields.hpp"
#include "rpc/quic.hpp"
#include "zquic/tls.hpp"

namespace zwallet {
namespace {

Outcome<zquic::Identity> identity_of(const Config& config) {
    if (auto made = base::make_private_dir(config.home); !made) return give_up(ExitCode::failure, made.error());
    const auto path = config.home + "/identity.pem";
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        const auto fresh = zquic::Identity::generate();
        if (!fresh) return give_up(ExitCode::failure, base::to_string(fresh.error()));
        // Another zwallet may have been faster; then its key is the one.
        if (auto saved = fresh->save(path); !saved && !saved.error().error.is(base::Errc::already_exists)) {
            return give_up(ExitCode::failure, saved.error());
        }
    }
    auto identity = zquic::Identity::load(path);
    if (!identity) {
        return give_up(ExitCode::failure, identity.error(),
                       fmt::format("move {} away to get a new identity, then list its key in the bridge", path));
    }
    if (!identity->public_key()) {
        return give_up(ExitCode::failure, fmt::format("{} holds no Ed25519 key", path));
    }
    return std::move(*identity);
}

}  // namespace

Outcome<std::string> own_public_key(const Config& config) {
    GC_TRY(const auto identity, identity_of(config));
    return base::to_hex(*identity.public_key());
}

Outcome<std::unique_ptr<Remote>> Remote::make(const Config& config, std::string wallet_key) {
    if (config.bridge_key.empty()) {
        return give_up(ExitCode::usage, fmt::format("the public key of the bridge at {} is not known", config.bridge),
                       fmt::format("add bridge_key = \"…\" to {}/zwallet.toml or use --bridge-key", config.home));
    }
    const auto address = io::SocketAddress::parse(config.bridge);
    const auto key = base::fixed_from_hex<32>(config.bridge_key);
    if (!address || !key) return give_up(ExitCode::usage, "the bridge's address or key is malformed");
    GC_TRY(auto identity, identity_of(config));

    std::unique_ptr<Remote> remote{new Remote};
    remote->own_key_ = base::to_hex(*identity.public_key());
    remote->wallet_key_ = std::move(wallet_key);
    remote->endpoint_ = config.bridge;
    remote->timeout_ns_ = config.timeout_ms * 1'000'000;
    auto client = rpc::BlockingClient::make(
        [&](io::Reactor& reactor) {
            return rpc::make_quic_connector(reactor, {.server = *address, .server_keys = {*key}, .identity = identity});
        },
        {.name = "ghostbridge"});
    if (!client) return give_up(ExitCode::failure, base::to_string(client.error()));
    remote->client_ = std::move(*client);
    if (const auto wallet = base::fixed_from_hex<32>(remote->wallet_key_)) {
        auto signing_key = call_proof::signing_key_of(identity);
        if (!signing_key) return give_up(ExitCode::failure, base::to_string(signing_key.error()));
        remote->caller_ = std::make_unique<call_proof::Caller>(std::move(*signing_key),
                                                               call_proof::CallerOptions{.audience = *wallet});
    }
    return remote;
}

Outcome<void> Remote::reachable(std::string_view path) const {
    if (caller_ || !is_wallet(path)) return {};
    return give_up(ExitCode::network, "the key of the walletd to ask is not known: none answers on this machine",
                   "walletd start, or wallet_key = \"…\" in zwallet.toml for one elsewhere");
}

rpc::CallOptions Remote::options(std::string_view path, std::uint64_t timeout_ns) const {
    rpc::CallOptions out{.timeout_ns = timeout_ns};
    if (is_wallet(path)) out.metadata = {{std::string{bridge_client::kInstanceKeyField}, wallet_key_}};
    return out;
}

Failure Remote::denied(std::string text) const {
    return {ExitCode::denied, std::move(text),
            fmt::format("have this key listed as a client in walletd.toml and ghostbridge.toml: {}", own_key_)};
}

Failure Remote::explain(const rpc::Status& status) const {
    const auto text = status.message.empty() ? std::string{rpc::to_string(status.code)} : status.message;
    const auto after_reason = [&text](std::string_view reason) { return text.starts_with(reason); };
    switch (status.code) {
        case rpc::StatusCode::failed_precondition:
            if (after_reason("locked:")) return {ExitCode::locked, text, "zwallet unlock"};
            if (after_reason("not_initialised:")) return {ExitCode::locked, text, "zwallet init"};
            if (after_reason("insufficient_funds:")) return {ExitCode::insufficient, text, "zwallet balance"};
            if (after_reason("out_of_scope:")) {
                return {ExitCode::denied, text,
                        fmt::format("zwallet unlock --client {} --account ACCOUNT --limit AMOUNT", own_key_)};
            }
            if (after_reason("look_alike:")) {
                return {ExitCode::denied, text,
                        "compare the addresses in full; --accept-look-alike sends all the same"};
            }
            if (after_reason("uncertain:")) return {ExitCode::uncertain, text, "zwallet history"};
            return {ExitCode::rejected, text, {}};
        case rpc::StatusCode::permission_denied:
        case rpc::StatusCode::unauthenticated: return denied(text);
        case rpc::StatusCode::unavailable:
            // The bridge ends the handshake with a key that it does not list; no call of ours gets an answer then.
            if (text.find("refuses our key") != std::string::npos) return denied(text);
            return {ExitCode::network, text, "zwallet doctor"};
        case rpc::StatusCode::deadline_exceeded:
        case rpc::StatusCode::cancelled: return {ExitCode::network, text, "zwallet doctor"};
        case rpc::StatusCode::unimplemented:
            return {ExitCode::network, fmt::format("no such service at {}: {}", endpoint_, text), "zwallet doctor"};
        case rpc::StatusCode::resource_exhausted:
        case rpc::StatusCode::already_exists:
        case rpc::StatusCode::aborted: return {ExitCode::rejected, text, "try again"};
        case rpc::StatusCode::invalid_argument:
        case rpc::StatusCode::out_of_range: return {ExitCode::usage, text, {}};
        case rpc::StatusCode::data_loss:
            if (after_reason("the answer is not signed"))
                return {ExitCode::failure, text,
                        "do not trust this bridge; what was asked for may have happened: zwallet history"};
            return {ExitCode::failure, text, "do not trust this node; point walletd's bridge to another"};
        case rpc::StatusCode::ok:
        case rpc::StatusCode::unknown:
        case rpc::StatusCode::not_found:
        case rpc::StatusCode::internal: break;
    }
    return {ExitCode::failure, text, {}};
}

}  // namespace zwallet
