#include "load.hpp"

#include <utility>

namespace durability {

namespace methods = ghostd::methods;

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
/// Calls under way for one wallet: enough to keep several transactions of a sender in one block.
constexpr int kWindow = 8;
/// How often a lane asks for its nonce again after a refusal before it gives up.
constexpr int kResumes = 200;

}  // namespace

struct Load::Lane {
    std::size_t wallet = 0;
    std::uint64_t nonce = 0;
    bool paused = false;  ///< After a refusal: no more calls until the answers to those under way are in.
    bool ended = false;
    int resumes = 0;
    std::map<std::uint64_t, rpc::CallHandle> calls;
    rpc::CallHandle asking;
};

ledger::SignedTx transfer(const ledger::ChainBinding& chain, const Wallet& from, const ledger::Address& to,
                          std::uint64_t nonce) {
    ledger::SignedTx out;
    out.tx.genesis_hash = chain.genesis_hash;
    out.tx.sender = from.address;
    out.tx.nonce = nonce;
    out.tx.valid_until_height = 1'000'000'000;
    out.tx.msgs.emplace_back(ledger::Transfer{.to = to, .asset = ledger::kGcc, .amount = 1});
    out.tx.gas_limit = ledger::gas_bound(out.tx, ledger::rules_of(ledger::Params{}));
    out.tx.max_fee_per_gas = 20'000'000'000;
    out.tx.tip_per_gas = 1'000'000;
    out.auth.public_key = from.key.public_key().bytes;
    out.auth.signature = from.key.sign(ledger::sign_bytes(out.tx, chain.chain_id)).bytes;
    return out;
}

bool Load::start(rpc::BlockingClient& client) {
    const auto status = client.call(methods::kGetStatus, {}, {.timeout_ns = 20 * kSecond, .wait_for_ready = true});
    if (!status) return false;
    chain_.chain_id = status->chain_id();
    chain_.genesis_hash = *base::to_fixed<32>(base::as_bytes(status->genesis_hash()));
    std::vector<std::uint64_t> nonces;
    for (const auto& wallet : wallets_) {
        v1::AccountRequest request;
        request.set_address(wallet.address.to_text());
        const auto account = client.call(methods::kGetAccount, request, {.timeout_ns = 20 * kSecond});
        if (!account) return false;
        nonces.push_back(account->pending_nonce());
    }
    client.run([&](rpc::Channel& channel) {
        channel_ = &channel;
        v1::StreamBlocksRequest request;
        request.set_include_transactions(true);
        blocks_ = channel.open(methods::kStreamBlocks, request);
        blocks_.for_each(
            [this](const v1::Block& block) {
                record_.highest = std::max(record_.highest, block.header().height());
                for (const auto& tx : block.transactions()) record_.final_height[tx.tx_id()] = block.header().height();
            },
            [](const rpc::Status&) {});
        for (std::size_t i = 0; i < wallets_.size(); ++i) {
            lanes_.push_back(std::make_shared<Lane>(Lane{.wallet = i, .nonce = nonces[i]}));
            for (int k = 0; k < kWindow; ++k) submit(*lanes_.back());
        }
    });
    return true;
}

void Load::submit(Lane& lane) {
    if (lane.ended || lane.paused) return;
    const auto nonce = lane.nonce++;
    const auto& from = wallets_[lane.wallet];
    const auto& to = wallets_[(lane.wallet + 1) % wallets_.size()].address;
    v1::Transaction request;
    request.set_raw(std::string{base::as_text(ledger::encode(transfer(chain_, from, to, nonce)))});
    ++record_.submitted;
    lane.calls[nonce] = channel_->call(methods::kSubmitTransaction, request, {.timeout_ns = 20 * kSecond},
                                       [this, &lane, nonce](const rpc::StatusOr<v1::TransactionReceipt>& answer) {
                                           auto done = lane.calls.extract(nonce);  // dies after this callback
                                           if (!answer) refused(lane, answer.error());
                                           if (lane.paused && lane.calls.empty()) return resume(lane);
                                           submit(lane);
                                       });
}

void Load::refused(Lane& lane, const rpc::Status& why) {
    ++record_.refusals[why.to_string()];
    // The node, or the way to it, is gone: the test knows why.
    if (why.code == rpc::StatusCode::unavailable) lane.ended = true;
    lane.paused = true;
}

void Load::resume(Lane& lane) {
    if (lane.ended || ++lane.resumes > kResumes) return;
    v1::AccountRequest request;
    request.set_address(wallets_[lane.wallet].address.to_text());
    lane.asking = channel_->call(methods::kGetAccount, request, {.timeout_ns = 20 * kSecond},
                                 [this, &lane](const rpc::StatusOr<v1::Account>& account) {
                                     const auto done = std::exchange(lane.asking, {});
                                     if (!account) return refused(lane, account.error());
                                     lane.nonce = account->pending_nonce();
                                     lane.paused = false;
                                     for (int k = 0; k < kWindow; ++k) submit(lane);
                                 });
}

void Load::stop(rpc::BlockingClient& client) {
    client.run([this](rpc::Channel&) {
        for (const auto& lane : lanes_) lane->ended = true;
        lanes_.clear();
        blocks_ = {};
    });
}

}  // namespace durability
