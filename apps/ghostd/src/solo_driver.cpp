#include "ghostd/solo_driver.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "consensus/certificate.hpp"

namespace ghostd {
namespace {

const base::Log& logger() {
    static const base::Log log{"ghostd"};
    return log;
}

constexpr std::uint64_t kMillisecond = 1'000'000;
/// From so many transactions in one block on, the next block waits for company: its fixed cost (one sync) is shared.
constexpr std::size_t kCrowd = 16;

}  // namespace

SoloDriver::SoloDriver(io::Reactor& reactor, zcrypto::ed25519::SigningKey key, Options options)
    : reactor_{reactor},
      key_{std::move(key)},
      options_{std::move(options)},
      block_timer_{reactor, [this] { make_block(); }},
      heartbeat_timer_{reactor, [this] { make_block(); }} {}

void SoloDriver::start(ConsensusHost& host) {
    host_ = &host;
    // Block 1 at once: it shows that the whole path to the disk works.
    make_block();
}

void SoloDriver::stop() {
    host_ = nullptr;
    block_timer_.cancel();
    heartbeat_timer_.cancel();
}

void SoloDriver::transactions_waiting() {
    if (!host_ || block_timer_.armed()) return;
    const auto window = busy_ ? options_.block.batch_window_ms * kMillisecond : 0;
    block_timer_.arm(std::max(reactor_.now_ns(), last_block_ns_ + window));
}

void SoloDriver::make_block() {
    if (!host_) return;
    block_timer_.cancel();
    const auto head = host_->head();
    const auto block = host_->propose({.epoch = head->header.epoch,
                                       .slot = head->header.slot + 1,
                                       .time_ms = std::max(reactor_.clock().unix_ms(), head->header.time_ms + 1),
                                       .proposer = options_.proposer,
                                       .parent_cert_hash = head->certificate_hash},
                                      nullptr);
    if (!block) {
        logger().error("cannot make a block; stopping",
                       {{"height", head->header.height + 1}, {"error", block.error()}});
        return stop();
    }
    if (const auto done = host_->finalized(*block, certify(**block)); !done) return stop();  // the host has said why
    last_block_ns_ = reactor_.refresh_now();
    busy_ = (*block)->txs().size() >= kCrowd;
    if (options_.block.heartbeat_ms) heartbeat_timer_.arm_after(options_.block.heartbeat_ms * kMillisecond);
    if (host_->transactions_wait()) transactions_waiting();
}

base::Bytes SoloDriver::certify(const ledger::ExecutedBlock& block) const {
    consensus::Certificate certificate{.vote = {.kind = consensus::VoteKind::finalize,
                                                .epoch = block.header().epoch,
                                                .slot = block.header().slot,
                                                .block_hash = block.hash()},
                                       .bitmap = {std::byte{1}},
                                       .signatures = {}};
    certificate.signatures.push_back(key_.sign(consensus::vote_hash(options_.chain, certificate.vote)));
    return consensus::encode(certificate);
}

}  // namespace ghostd
