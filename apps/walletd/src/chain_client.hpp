#pragma once
// The node's methods as walletd calls them, always through GhostBridge.

#include "ghost/chain/v1/chain.pb.h"
#include "rpc/client.hpp"

namespace walletd {

namespace chain = ghost::chain::v1;

inline constexpr rpc::UnaryMethod<chain::GetStatusRequest, chain::Status> kChainStatus{
    "/ghost.chain.v1.BlockchainService/GetStatus"};
inline constexpr rpc::UnaryMethod<chain::AccountRequest, chain::Account> kChainAccount{
    "/ghost.chain.v1.BlockchainService/GetAccount"};
inline constexpr rpc::UnaryMethod<chain::ProofRequest, chain::Proof> kChainProof{
    "/ghost.chain.v1.BlockchainService/GetProof"};
inline constexpr rpc::UnaryMethod<chain::EstimateFeeRequest, chain::FeeEstimate> kChainEstimate{
    "/ghost.chain.v1.BlockchainService/EstimateFee"};
inline constexpr rpc::UnaryMethod<chain::SimulateRequest, chain::SimulateResponse> kChainSimulate{
    "/ghost.chain.v1.BlockchainService/Simulate"};
inline constexpr rpc::UnaryMethod<chain::Transaction, chain::TransactionReceipt> kChainSubmit{
    "/ghost.chain.v1.BlockchainService/SubmitTransaction"};
inline constexpr rpc::UnaryMethod<chain::SearchTransactionsRequest, chain::SearchTransactionsResponse> kChainSearch{
    "/ghost.chain.v1.BlockchainService/SearchTransactions"};
inline constexpr rpc::UnaryMethod<chain::TransactionRequest, chain::TransactionReceipt> kChainTransaction{
    "/ghost.chain.v1.BlockchainService/GetTransaction"};
inline constexpr rpc::UnaryMethod<chain::CallContractRequest, chain::CallContractResponse> kChainCallContract{
    "/ghost.chain.v1.BlockchainService/CallContract"};
inline constexpr rpc::UnaryMethod<chain::CodeRequest, chain::Code> kChainCode{
    "/ghost.chain.v1.BlockchainService/GetCode"};
inline constexpr rpc::ServerStreamMethod<chain::TransactionRequest, chain::TransactionReceipt> kChainFollow{
    "/ghost.chain.v1.BlockchainService/StreamTxStatus"};

/// Calls with one timeout. Thread: the channel's reactor's.
class ChainClient {
 public:
    /// `channel` may be null: every call then fails with UNAVAILABLE. Borrowed.
    ChainClient(rpc::Channel* channel, std::uint64_t timeout_ms) noexcept
        : channel_{channel}, timeout_ns_{timeout_ms * 1'000'000} {}

    template <typename Req, typename Res>
    [[nodiscard]] rpc::CallHandle call(
        const rpc::UnaryMethod<Req, Res>& method, const std::type_identity_t<Req>& request,
        std::type_identity_t<std::move_only_function<void(rpc::StatusOr<Res>)>> callback) {
        if (!channel_) {
            callback(rpc::error(rpc::StatusCode::unavailable, "walletd has no bridge: set bridge and bridge_key"));
            return {};
        }
        return channel_->call(method, request, {.timeout_ns = timeout_ns_}, std::move(callback));
    }
    [[nodiscard]] rpc::ClientStream<chain::TransactionRequest, chain::TransactionReceipt> follow(
        const chain::TransactionRequest& request, std::uint64_t timeout_ns) {
        return channel_->open(kChainFollow, request, {.timeout_ns = timeout_ns});
    }
    [[nodiscard]] bool has_bridge() const noexcept { return channel_ != nullptr; }

 private:
    rpc::Channel* channel_;
    std::uint64_t timeout_ns_;
};

}  // namespace walletd
