#pragma once
// Who calls, and whether that key may.

#include <map>

#include "base/clock.hpp"
#include "call_proof/guard.hpp"
#include "rpc/server.hpp"
#include "walletd/config.hpp"

namespace walletd {

/// Thread: the reactor's.
class Access {
 public:
    struct Options {
        const Config& config;
        zcrypto::ed25519::SigningKey key;  ///< walletd's identity: the audience of proofs, the signer of answers.
        const base::Clock& clock = base::system_clock();
    };
    explicit Access(Options options);

    /// Whether a connection with this key is let in at all.
    [[nodiscard]] bool may_connect(const base::Digest& key) const noexcept { return roles_.contains(key); }
    /// At a call's headers. Methods of WalletService are decided by admit(), when the request is there; health and
    /// reflection, which say nothing about the wallet, are open to listed keys, and to a bridge for itself and for
    /// callers that it says are listed.
    [[nodiscard]] rpc::Status may_call(const rpc::CallInfo& info) const;
    /// The key that proved itself for this call and has the role that the method's rule wants. `request` are the bytes
    /// of its one message. A call with a proof has its answer signed from here on. UNAUTHENTICATED (with the challenge
    /// in the trailing metadata), PERMISSION_DENIED or RESOURCE_EXHAUSTED say what is missing.
    rpc::StatusOr<base::Digest> admit(const rpc::CallContext& call, base::ByteView request);

 private:
    static constexpr unsigned kService = 1, kClient = 2, kAdmin = 4;
    [[nodiscard]] unsigned roles_of(const base::Digest& key) const noexcept;
    rpc::StatusOr<base::Digest> prove(const rpc::CallContext& call, base::ByteView request);

    std::map<base::Digest, unsigned> roles_;
    zcrypto::ed25519::SigningKey key_;
    const base::Clock& clock_;
    call_proof::Guard guard_;
};

/// Registers methods whose handlers are given the proved caller: (CallContext&, const base::Digest& caller, Req,
/// Responder or ServerStream). Only methods with one request message: a proof binds no later ones.
class ProvenMethods {
 public:
    ProvenMethods(rpc::Server& server, Access& access) noexcept : server_{server}, access_{access} {}

    template <typename Req, typename Res, typename Handler>
    void add(const rpc::UnaryMethod<Req, Res>& method, Handler handler) {
        add_as<Req, rpc::Responder<Res>>(method.path, false, std::move(handler));
    }
    template <typename Req, typename Res, typename Handler>
    void add(const rpc::ServerStreamMethod<Req, Res>& method, Handler handler) {
        add_as<Req, rpc::ServerStream<Res>>(method.path, true, std::move(handler));
    }

 private:
    template <typename Req, typename Out, typename Handler>
    void add_as(std::string_view path, bool response_stream, Handler handler) {
        server_.add_method(path, {.request_stream = false,
                                  .response_stream = response_stream,
                                  .run = [&access = access_, handler = std::move(handler)](
                                             const rpc::ServerCallPtr& call, base::ByteView bytes) mutable {
                                      rpc::CallContext context{call};
                                      const auto caller = access.admit(context, bytes);
                                      if (!caller) return rpc::detail::CallDuty{call}.finish(caller.error());
                                      Req request;
                                      if (!rpc::parse_message(bytes, request)) return rpc::detail::reject_request(call);
                                      handler(context, *caller, std::move(request), Out{call});
                                  }});
    }
    rpc::Server& server_;
    Access& access_;
};

}  // namespace walletd
