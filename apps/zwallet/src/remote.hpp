#pragma once
// The bridge as zwallet sees it: calls to the wallet service and to the node, with errors turned into exit codes.

#include <memory>
#include <string>

#include "call_proof/client.hpp"
#include "zwallet/config.hpp"
#include "zwallet/outcome.hpp"

namespace zwallet {

class Remote {
 public:
    /// Makes the identity ($GHOST_HOME/zwallet/identity.pem) at first use. Connects with the first call.
    /// Calls of the wallet service go to the walletd whose key is `wallet_key` (64 hexadecimal digits), signed for it
    /// with our identity; its answers are checked with that key. Empty: such calls fail.
    static Outcome<std::unique_ptr<Remote>> make(const Config& config, std::string wallet_key);

    template <typename Req, typename Res>
    Outcome<Res> call(const rpc::UnaryMethod<Req, Res>& method, const Req& request) {
        GC_CHECK(reachable(method.path));
        auto result = is_wallet(method.path)
                          ? caller_->call(*client_, method, request, options(method.path, timeout_ns_))
                          : client_->call(method, request, options(method.path, timeout_ns_));
        if (!result) return std::unexpected{explain(result.error())};
        return std::move(*result);
    }
    /// Calls `each` until it answers false or the stream ends.
    template <typename Req, typename Res>
    Outcome<void> stream(const rpc::ServerStreamMethod<Req, Res>& method, const Req& request, std::uint64_t timeout_ns,
                         std::move_only_function<bool(Res)> each) {
        GC_CHECK(reachable(method.path));
        const auto status =
            is_wallet(method.path)
                ? caller_->stream(*client_, method, request, options(method.path, timeout_ns), std::move(each))
                : client_->stream(method, request, options(method.path, timeout_ns), std::move(each));
        if (!status.ok()) return std::unexpected{explain(status)};
        return {};
    }
    /// This command line's public key, 64 hexadecimal digits.
    [[nodiscard]] const std::string& own_key() const noexcept { return own_key_; }

 private:
    Remote() = default;
    [[nodiscard]] static bool is_wallet(std::string_view path) noexcept {
        return rpc::service_of(path) == "ghost.wallet.v1.WalletService";
    }
    [[nodiscard]] Outcome<void> reachable(std::string_view path) const;
    [[nodiscard]] rpc::CallOptions options(std::string_view path, std::uint64_t timeout_ns) const;
    [[nodiscard]] Failure explain(const rpc::Status& status) const;
    [[nodiscard]] Failure denied(std::string text) const;
    std::unique_ptr<rpc::BlockingClient> client_;
    std::unique_ptr<call_proof::Caller> caller_;  ///< Null when the wallet's key is not known.
    std::uint64_t timeout_ns_ = 0;
    std::string own_key_;
    std::string wallet_key_;
    std::string endpoint_;
};

/// Makes the identity unless it is there; returns its public key in hexadecimal.
Outcome<std::string> own_public_key(const Config& config);

}  // namespace zwallet
