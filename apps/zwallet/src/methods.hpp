#pragma once
// The methods that zwallet calls.

#include "ghost/chain/v1/chain.pb.h"
#include "ghost/wallet/v1/wallet.pb.h"
#include "rpc/method.hpp"

namespace zwallet {

namespace chain = ghost::chain::v1;
namespace wallet = ghost::wallet::v1;

inline constexpr rpc::UnaryMethod<chain::GetStatusRequest, chain::Status> kChainStatus{
    "/ghost.chain.v1.BlockchainService/GetStatus"};
inline constexpr rpc::UnaryMethod<chain::TransactionRequest, chain::TransactionReceipt> kGetTransaction{
    "/ghost.chain.v1.BlockchainService/GetTransaction"};

inline constexpr rpc::ServerStreamMethod<chain::TransactionRequest, chain::TransactionReceipt> kStreamTxStatus{
    "/ghost.chain.v1.BlockchainService/StreamTxStatus"};
inline constexpr rpc::UnaryMethod<chain::FaucetRequest, chain::TransactionReceipt> kFaucet{
    "/ghost.chain.v1.BlockchainService/Faucet"};

inline constexpr rpc::UnaryMethod<chain::CallContractRequest, chain::CallContractResponse> kCallContract{
    "/ghost.chain.v1.BlockchainService/CallContract"};
inline constexpr rpc::UnaryMethod<chain::ContractRequest, chain::Contract> kGetContract{
    "/ghost.chain.v1.BlockchainService/GetContract"};
inline constexpr rpc::ServerStreamMethod<chain::StreamEventsRequest, chain::EventBatch> kStreamEvents{
    "/ghost.chain.v1.BlockchainService/StreamEvents"};

inline constexpr rpc::UnaryMethod<wallet::BalanceRequest, wallet::Balance> kGetBalance{
    "/ghost.wallet.v1.WalletService/GetBalance"};
inline constexpr rpc::UnaryMethod<wallet::HistoryRequest, wallet::HistoryResponse> kGetHistory{
    "/ghost.wallet.v1.WalletService/GetHistory"};
inline constexpr rpc::UnaryMethod<wallet::OpenRequest, wallet::OpenTransactions> kGetOpen{
    "/ghost.wallet.v1.WalletService/GetOpenTransactions"};
inline constexpr rpc::UnaryMethod<wallet::WalletStatusRequest, wallet::WalletStatus> kWalletStatus{
    "/ghost.wallet.v1.WalletService/GetStatus"};
inline constexpr rpc::UnaryMethod<chain::CallContractRequest, wallet::ContractAnswer> kProvedQuery{
    "/ghost.wallet.v1.WalletService/QueryContract"};
inline constexpr rpc::UnaryMethod<chain::ContractRequest, wallet::ContractInfo> kProvedContract{
    "/ghost.wallet.v1.WalletService/GetContract"};
inline constexpr rpc::ServerStreamMethod<wallet::SendRequest, wallet::SendProgress> kSend{
    "/ghost.wallet.v1.WalletService/Send"};
inline constexpr rpc::ServerStreamMethod<wallet::SendContractRequest, wallet::SendProgress> kSendContract{
    "/ghost.wallet.v1.WalletService/SendContract"};

}  // namespace zwallet
