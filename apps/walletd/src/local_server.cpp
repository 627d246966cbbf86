#include "local_server.hpp"

#include <unistd.h>

#include "ghost/wallet/v1/local.pb.h"
#include "operations.hpp"
#include "wallet_local/frame.hpp"

namespace walletd {
namespace {

namespace pb = ghost::wallet::v1;

pb::LocalError::Code local_code(const base::Error& error) noexcept {
    if (error.domain != &error_domain(Errc::locked)) {
        return error.is(base::Errc::invalid_argument) ? pb::LocalError::INVALID : pb::LocalError::INTERNAL;
    }
    switch (static_cast<Errc>(error.code)) {
        case Errc::locked: return pb::LocalError::LOCKED;
        case Errc::wrong_password: return pb::LocalError::WRONG_PASSWORD;
        case Errc::back_off: return pb::LocalError::BACK_OFF;
        case Errc::not_initialised: return pb::LocalError::NOT_INITIALISED;
        case Errc::already_initialised: return pb::LocalError::ALREADY_INITIALISED;
        case Errc::bad_words:
        case Errc::weak_password:
        case Errc::unknown_account:
        case Errc::label_taken:
        case Errc::bad_transaction:
        case Errc::wrong_chain:
        case Errc::over_bound:
        case Errc::insufficient_funds: return pb::LocalError::INVALID;
        case Errc::not_ours:
        case Errc::look_alike:
        case Errc::out_of_scope:
        case Errc::denied: return pb::LocalError::DENIED;
        case Errc::not_a_wallet:
        case Errc::newer_version:
        case Errc::damaged:
        case Errc::in_use:
        case Errc::storage:
        case Errc::bad_proof:
        case Errc::node_behind: break;
    }
    return pb::LocalError::INTERNAL;
}

void set_error(pb::LocalResponse& response, pb::LocalError::Code code, std::string text) {
    auto* error = response.mutable_error();
    error->set_code(code);
    error->set_message(std::move(text));
}

base::Checked<void> fill_response(Keystore& keystore, Signer& signer, const std::optional<ledger::ChainBinding>& chain,
                                  const pb::LocalRequest& request, pb::LocalResponse& response) {
    switch (request.request_case()) {
        case pb::LocalRequest::kInit: {
            const auto& init = request.init();
            GC_TRY(const auto scope, scope_of(keystore, {.client = init.client(), .account = {}, .limit = {}}));
            GC_TRY(const auto made, keystore.init({.words = init.words(),
                                                   .passphrase = init.passphrase(),
                                                   .password = base::as_bytes(init.password()),
                                                   .scope = scope}));
            response.mutable_init()->set_words(std::string{base::as_text(made.words.expose())});
            *response.mutable_init()->mutable_account() = account_message(made.account);
            return {};
        }
        case pb::LocalRequest::kUnlock: {
            const auto& unlock = request.unlock();
            GC_TRY(
                const auto scope,
                scope_of(keystore, {.client = unlock.client(), .account = unlock.account(), .limit = unlock.limit()}));
            GC_CHECK(
                keystore.unlock(base::as_bytes(unlock.password()), std::uint64_t{unlock.timeout_s()} * 1000, scope));
            *response.mutable_status() = status_message(keystore);
            return {};
        }
        case pb::LocalRequest::kLock:
            keystore.lock();
            *response.mutable_status() = status_message(keystore);
            return {};
        case pb::LocalRequest::kChangePassword:
            GC_CHECK(
                keystore.change_password({.old_password = base::as_bytes(request.change_password().old_password()),
                                          .new_password = base::as_bytes(request.change_password().new_password())}));
            response.mutable_done();
            return {};
        case pb::LocalRequest::kExportWords: {
            GC_TRY(const auto words, keystore.export_words(base::as_bytes(request.export_words().password())));
            response.mutable_export_words()->set_words(std::string{base::as_text(words.expose())});
            return {};
        }
        case pb::LocalRequest::kCreateAccount: {
            GC_TRY(const auto account, keystore.create_account(request.create_account().label()));
            *response.mutable_account() = account_message(account);
            return {};
        }
        case pb::LocalRequest::kListAccounts:
            response.mutable_accounts();
            for (const auto& account : keystore.accounts()) {
                *response.mutable_accounts()->add_accounts() = account_message(account);
            }
            return {};
        case pb::LocalRequest::kStatus: *response.mutable_status() = status_message(keystore); return {};
        case pb::LocalRequest::kSign: {
            if (!chain) {
                return base::explain(Errc::wrong_chain,
                                     "this wallet does not know its chain yet; connect it to a node first");
            }
            GC_TRY(auto signature, sign_message(signer, request.sign(), *chain, {}));
            *response.mutable_signature() = std::move(signature);
            return {};
        }
        case pb::LocalRequest::REQUEST_NOT_SET: break;
    }
    return base::explain(base::Errc::invalid_argument, "this walletd does not know that request");
}

bool takes_password(const pb::LocalRequest& request) noexcept {
    return request.has_init() || request.has_unlock() || request.has_change_password() || request.has_export_words();
}

/// The secrets of messages that are about to go.
void wipe_secrets(pb::LocalRequest& request) {
    if (request.has_init()) {
        wallet_local::wipe(*request.mutable_init()->mutable_password());
        wallet_local::wipe(*request.mutable_init()->mutable_words());
        wallet_local::wipe(*request.mutable_init()->mutable_passphrase());
    }
    if (request.has_unlock()) wallet_local::wipe(*request.mutable_unlock()->mutable_password());
    if (request.has_change_password()) {
        wallet_local::wipe(*request.mutable_change_password()->mutable_old_password());
        wallet_local::wipe(*request.mutable_change_password()->mutable_new_password());
    }
    if (request.has_export_words()) wallet_local::wipe(*request.mutable_export_words()->mutable_password());
}
void wipe_secrets(pb::LocalResponse& response) {
    if (response.has_init()) wallet_local::wipe(*response.mutable_init()->mutable_words());
    if (response.has_export_words()) wallet_local::wipe(*response.mutable_export_words()->mutable_words());
}

base::Bytes encode_response(const pb::LocalResponse& response) {
    base::Bytes payload(response.ByteSizeLong());
    response.SerializeToArray(payload.data(), static_cast<int>(payload.size()));
    auto wire = wallet_local::encode_frame(payload);
    wallet_local::wipe(base::MutableBytes{payload});
    return wire ? std::move(*wire) : base::Bytes{};
}

}  // namespace

pb::LocalResponse handle_local(Keystore& keystore, Signer& signer, const std::optional<ledger::ChainBinding>& chain,
                               const pb::LocalRequest& request) {
    pb::LocalResponse response;
    if (auto done = fill_response(keystore, signer, chain, request, response); !done) {
        set_error(response, local_code(done.error().error), done.error().text);
        response.mutable_error()->set_retry_after_ms(keystore.status().back_off_ms);
    }
    return response;
}

class LocalServer::Connection : public std::enable_shared_from_this<Connection> {
 public:
    Connection(LocalServer& server, std::unique_ptr<io::StreamSocket> socket)
        : server_{server}, socket_{std::move(socket)} {}
    ~Connection() { wallet_local::wipe(base::MutableBytes{buffer_}); }

    base::Result<void> start() {
        return socket_->start({.on_connected = {},
                               .on_data = [this](base::ByteView bytes) { on_data(bytes); },
                               .on_end = [this] { end(); },
                               .on_drained = {},
                               .on_closed = [this](base::Error) { close(); }});
    }
    void detach() noexcept {
        closed_ = true;
        socket_.reset();
    }

 private:
    void on_data(base::ByteView bytes) {
        // Reading stops while a request is worked on, so this is bounded by a frame and one chunk.
        base::Bytes grown;
        grown.reserve(buffer_.size() + bytes.size());
        grown.insert(grown.end(), buffer_.begin(), buffer_.end());
        grown.insert(grown.end(), bytes.begin(), bytes.end());
        wallet_local::wipe(base::MutableBytes{buffer_});
        buffer_ = std::move(grown);
        next();
    }

    void next() {
        while (!busy_ && !closed_ && take_request()) {
        }
    }

    /// Handles the frame at the front of the buffer. False when there is none, or when its answer comes later.
    bool take_request() {
        const auto frame = wallet_local::decode_frame(buffer_);
        if (!frame) {
            if (!frame.error().is(base::Errc::truncated)) {
                server_.core_.log.limited(server_.log_limit_, base::LogLevel::warn, "bad frame on the local socket",
                                          {{"error", frame.error()}});
                close();
            } else if (ended_) {
                socket_->shutdown_write();  // what is queued still leaves; on_closed follows
            } else {
                socket_->set_reading(true);
            }
            return false;
        }
        auto request = std::make_shared<pb::LocalRequest>();
        const bool parsed = request->ParseFromArray(frame->payload.data(), static_cast<int>(frame->payload.size()));
        drop_front(frame->size);
        if (!parsed) {
            pb::LocalResponse refusal;
            set_error(refusal, pb::LocalError::INVALID, "not a LocalRequest");
            return answer(refusal);
        }
        work(request);
        return false;
    }

    void work(const std::shared_ptr<pb::LocalRequest>& request) {
        busy_ = true;
        socket_->set_reading(false);
        auto& core = server_.core_;
        core.offload_call<pb::LocalResponse>(
            takes_password(*request) ? kPasswordLane : kWalletLane,
            [&core, request, chain = core.trust.chain]() -> base::Checked<pb::LocalResponse> {
                auto response = handle_local(core.keystore, core.signer, chain, *request);
                wipe_secrets(*request);
                return response;
            },
            [self = shared_from_this(), &core](base::Checked<pb::LocalResponse> response) {
                self->busy_ = false;
                pb::LocalResponse out;
                if (response) {
                    out = std::move(*response);
                    if (out.has_status())
                        out.mutable_status()->set_identity_key(std::string{base::as_text(core.identity_key)});
                } else {
                    set_error(out, pb::LocalError::INTERNAL, response.error().text);
                }
                if (!self->closed_ && self->answer(out)) self->next();
                wipe_secrets(out);
            });
    }

    /// False when the connection is over.
    bool answer(const pb::LocalResponse& response) {
        auto wire = encode_response(response);
        const auto sent =
            wire.empty() ? base::Result<void>{base::fail(base::Errc::out_of_range, "response")} : socket_->write(wire);
        wallet_local::wipe(base::MutableBytes{wire});
        if (!sent) close();
        return sent.has_value();
    }

    void drop_front(std::size_t count) {
        base::Bytes rest{buffer_.begin() + static_cast<std::ptrdiff_t>(count), buffer_.end()};
        wallet_local::wipe(base::MutableBytes{buffer_});
        buffer_ = std::move(rest);
    }

    void end() {
        ended_ = true;
        next();
    }
    void close() {
        if (std::exchange(closed_, true)) return;
        server_.remove(*this);
    }

    LocalServer& server_;
    std::unique_ptr<io::StreamSocket> socket_;
    base::Bytes buffer_;
    bool busy_ = false;
    bool ended_ = false;
    bool closed_ = false;
};

base::Checked<std::unique_ptr<LocalServer>> LocalServer::start(Core& core, const std::string& path) {
    std::unique_ptr<LocalServer> server{new LocalServer{core}};
    GC_TRY(server->listener_, io::Listener::listen_unix(core.reactor, path, io::Listener::Options{},
                                                        [raw = server.get()](std::unique_ptr<io::StreamSocket> socket) {
                                                            raw->accept(std::move(socket));
                                                        }));
    return server;
}

LocalServer::~LocalServer() {
    for (const auto& connection : connections_) connection->detach();
}

void LocalServer::accept(std::unique_ptr<io::StreamSocket> socket) {
    const auto peer = socket->peer_credentials();
    // The mode of the file says the same; this holds also when somebody opens up the file or the folder.
    if (!peer || (peer->uid != geteuid() && peer->uid != 0)) {
        core_.log.limited(log_limit_, base::LogLevel::warn, "refused a local connection of another user",
                          {{"uid", peer ? peer->uid : 0u}});
        return;
    }
    if (connections_.size() >= kLocalConnectionsMax) {
        core_.log.limited(log_limit_, base::LogLevel::warn, "too many local connections",
                          {{"max", kLocalConnectionsMax}});
        return;
    }
    auto connection = std::make_shared<Connection>(*this, std::move(socket));
    connections_.push_back(connection);
    if (!connection->start()) remove(*connection);
}

void LocalServer::remove(const Connection& connection) {
    // Kept until the end of the turn: the caller may be one of the connection's own callbacks.
    for (auto at = connections_.begin(); at != connections_.end(); ++at) {
        if (at->get() != &connection) continue;
        auto gone = std::move(*at);
        connections_.erase(at);
        gone->detach();
        core_.reactor.defer([gone = std::move(gone)] {});
        return;
    }
}

}  // namespace walletd
