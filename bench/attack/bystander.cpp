#include "bystander.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>

#include "ghostd/methods.hpp"
#include "io/timer.hpp"
#include "rpc/blocking.hpp"
#include "rpc/quic.hpp"

namespace attack {
namespace {

namespace methods = ghostd::methods;

constexpr std::uint64_t kTimeoutNs = 5'000'000'000;
constexpr std::size_t kLargeRequest = 64u << 10;
/// Every how many calls one is large.
constexpr std::uint64_t kLargeEvery = 10;

/// Lives on the client's reactor.
class Caller {
 public:
    Caller(rpc::Channel& channel, double seconds, double calls_per_s, std::string account)
        : channel_{channel},
          step_ns_{static_cast<std::uint64_t>(1e9 / calls_per_s)},
          count_{static_cast<std::uint64_t>(seconds * calls_per_s)},
          first_ns_{channel.reactor().now_ns() + step_ns_},
          timer_{channel.reactor(), [this] { tick(); }} {
        account_.set_address(std::move(account));
        large_.set_raw(std::string(kLargeRequest, '\xff'));
        timer_.arm(first_ns_);
    }

    std::mutex mutex;
    std::condition_variable changed;
    bool finished = false;
    Seen seen;

 private:
    void tick() {
        const auto now = channel_.reactor().now_ns();
        for (; next_ < count_ && first_ns_ + next_ * step_ns_ <= now; ++next_) call(first_ns_ + next_ * step_ns_);
        if (next_ < count_) timer_.arm(first_ns_ + next_ * step_ns_);
    }
    void call(std::uint64_t due_ns) {
        if (next_ % kLargeEvery == 0) {
            channel_
                .call(methods::kSubmitTransaction, large_, {.timeout_ns = kTimeoutNs},
                      [this, due_ns](const rpc::StatusOr<methods::v1::TransactionReceipt>& answer) {
                          const bool right = !answer && answer.error().code == rpc::StatusCode::invalid_argument;
                          done(due_ns, right
                                           ? std::nullopt
                                           : std::optional{answer ? "accepted nonsense" : answer.error().to_string()});
                      })
                .detach();
        } else {
            channel_
                .call(methods::kGetAccount, account_, {.timeout_ns = kTimeoutNs},
                      [this, due_ns](const rpc::StatusOr<methods::v1::Account>& answer) {
                          done(due_ns, answer ? std::nullopt : std::optional{answer.error().to_string()});
                      })
                .detach();
        }
    }
    void done(std::uint64_t due_ns, const std::optional<std::string>& failure) {
        const std::lock_guard lock{mutex};
        if (failure) ++seen.failed[*failure];
        seen.latencies_us.push_back(static_cast<double>(channel_.reactor().clock().now_ns() - due_ns) / 1e3);
        if (++answered_ < count_) return;
        finished = true;
        changed.notify_all();
    }

    rpc::Channel& channel_;
    std::uint64_t step_ns_, count_, first_ns_;
    std::uint64_t next_ = 0;
    std::uint64_t answered_ = 0;
    methods::v1::AccountRequest account_;
    methods::v1::Transaction large_;
    io::Timer timer_;
};

}  // namespace

std::uint64_t Seen::failures() const {
    std::uint64_t sum = 0;
    for (const auto& [why, count] : failed) sum += count;
    return sum;
}

Seen watch(const World& world, double seconds, double calls_per_s) {
    const auto& doors = world.doors();
    auto client = rpc::BlockingClient::make(
        [&](io::Reactor& reactor) {
            return rpc::make_quic_connector(
                reactor, {.server = doors.bridge_quic, .server_keys = {doors.bridge_key}, .identity = world.listed()});
        },
        {.name = "ghostbridge"});
    if (!client) die("no client");
    // Connected before the clock starts.
    const auto status = (*client)->call(methods::kGetStatus, {}, {.timeout_ns = kTimeoutNs, .wait_for_ready = true});
    if (!status) die("the listed caller is not served: " + status.error().to_string());
    methods::v1::BlockRequest request;
    request.set_height(1);
    const auto block = (*client)->call(methods::kGetBlock, request, {.timeout_ns = kTimeoutNs});
    if (!block) die("no block to read an address from: " + block.error().to_string());
    const auto& account = block->header().proposer();
    std::optional<Caller> caller;
    (*client)->run([&](rpc::Channel& channel) { caller.emplace(channel, seconds, calls_per_s, account); });
    {
        std::unique_lock lock{caller->mutex};
        caller->changed.wait(lock, [&] { return caller->finished; });
    }
    Seen seen;
    (*client)->run([&](rpc::Channel&) {
        seen = std::move(caller->seen);
        caller.reset();
    });
    return seen;
}

}  // namespace attack
