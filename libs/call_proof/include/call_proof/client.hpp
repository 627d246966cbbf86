#pragma once
// The caller's side: calls that carry a proof and whose answers are checked.

#include <mutex>
#include <optional>

#include "base/clock.hpp"
#include "call_proof/answer.hpp"
#include "rpc/blocking.hpp"

namespace zquic {
class Identity;
}

namespace call_proof {

/// The key of a TLS identity, for signing calls or answers. zquic's `bad_key` unless it is an Ed25519 one.
base::Result<zcrypto::ed25519::SigningKey> signing_key_of(const zquic::Identity& identity);

struct CallerOptions {
    base::Digest audience{};  ///< The identity key of the service that shall act; pinned.
    const base::Clock* clock = &base::system_clock();
    base::Random* random = &base::system_random();
};

/// Signs calls for one service. Thread-safe.
///
/// An answer that the service did not sign is not believed: a success becomes DATA_LOSS, a failure keeps its code (it
/// may be the relay's own, honest one) and its message ends in kUnsigned. In both cases the service may or may not have
/// acted. Of a stream the signature comes last: what `each` was given before is not proved yet.
class Caller {
 public:
    Caller(zcrypto::ed25519::SigningKey key, const CallerOptions& options) : key_{std::move(key)}, options_{options} {}

    template <typename Req, typename Res>
    rpc::StatusOr<Res> call(rpc::BlockingClient& client, const rpc::UnaryMethod<Req, Res>& method,
                            const std::type_identity_t<Req>& request, rpc::CallOptions options = {}) {
        for (bool again = false;; again = true) {
            Attempt attempt{*this, method.path, rpc::serialize(request)};
            auto result = client.call(method, request, attempt.with(options));
            auto status = result ? rpc::Status{} : result.error();
            if (!again && attempt.learnt(status)) continue;
            if (auto judged = attempt.judge(std::move(status)); !judged.ok()) return std::unexpected{std::move(judged)};
            return result;
        }
    }
    /// `each` answers false to leave early: then nothing is checked.
    template <typename Req, typename Res>
    rpc::Status stream(rpc::BlockingClient& client, const rpc::ServerStreamMethod<Req, Res>& method,
                       const std::type_identity_t<Req>& request, rpc::CallOptions options,
                       std::type_identity_t<std::move_only_function<bool(Res)>> each) {
        for (bool again = false;; again = true) {
            Attempt attempt{*this, method.path, rpc::serialize(request)};
            bool left = false;
            auto status = client.stream(method, request, attempt.with(options), [&](Res response) {
                left = !each(std::move(response));
                return !left;
            });
            if (left) return status;
            if (!again && attempt.learnt(status)) continue;
            return attempt.judge(std::move(status));
        }
    }

 private:
    /// One call with one proof.
    class Attempt {
     public:
        Attempt(Caller& caller, std::string_view path, const base::Bytes& request);
        /// `options` with the proof and the hooks, which borrow this.
        rpc::CallOptions with(rpc::CallOptions options);
        /// The service is another run than the proof was for: true when another try makes sense.
        bool learnt(const rpc::Status& status);
        rpc::Status judge(rpc::Status status) const;

     private:
        Caller& caller_;
        Proof proof_;
        Answer answer_;
        rpc::Metadata trailing_;
    };
    Proof prove(const Call& call);

    zcrypto::ed25519::SigningKey key_;
    CallerOptions options_;
    std::mutex mutex_;
    Challenge challenge_{};  ///< Under the mutex; learnt from the service's first refusal.
};

inline constexpr std::string_view kUnsigned = " (not signed by the service: it may have acted all the same)";

}  // namespace call_proof
