#pragma once
// One line a method of BlockchainService.

#include "ghost/chain/v1/chain.pb.h"
#include "rpc/method.hpp"

namespace ghostd::methods {

namespace v1 = ghost::chain::v1;

inline constexpr std::string_view kService = "ghost.chain.v1.BlockchainService";

inline constexpr rpc::UnaryMethod<v1::Transaction, v1::TransactionReceipt> kSubmitTransaction{
    "/ghost.chain.v1.BlockchainService/SubmitTransaction"};
inline constexpr rpc::UnaryMethod<v1::BlockRequest, v1::Block> kGetBlock{"/ghost.chain.v1.BlockchainService/GetBlock"};
inline constexpr rpc::ServerStreamMethod<v1::StreamBlocksRequest, v1::Block> kStreamBlocks{
    "/ghost.chain.v1.BlockchainService/StreamBlocks"};
inline constexpr rpc::UnaryMethod<v1::GetStatusRequest, v1::Status> kGetStatus{
    "/ghost.chain.v1.BlockchainService/GetStatus"};
inline constexpr rpc::UnaryMethod<v1::TransactionRequest, v1::TransactionReceipt> kGetTransaction{
    "/ghost.chain.v1.BlockchainService/GetTransaction"};
inline constexpr rpc::ServerStreamMethod<v1::TransactionRequest, v1::TransactionReceipt> kStreamTxStatus{
    "/ghost.chain.v1.BlockchainService/StreamTxStatus"};
inline constexpr rpc::UnaryMethod<v1::AccountRequest, v1::Account> kGetAccount{
    "/ghost.chain.v1.BlockchainService/GetAccount"};
inline constexpr rpc::UnaryMethod<v1::ProofRequest, v1::Proof> kGetProof{"/ghost.chain.v1.BlockchainService/GetProof"};
inline constexpr rpc::UnaryMethod<v1::EstimateFeeRequest, v1::FeeEstimate> kEstimateFee{
    "/ghost.chain.v1.BlockchainService/EstimateFee"};
inline constexpr rpc::UnaryMethod<v1::SearchTransactionsRequest, v1::SearchTransactionsResponse> kSearchTransactions{
    "/ghost.chain.v1.BlockchainService/SearchTransactions"};
inline constexpr rpc::UnaryMethod<v1::CallContractRequest, v1::CallContractResponse> kCallContract{
    "/ghost.chain.v1.BlockchainService/CallContract"};
inline constexpr rpc::UnaryMethod<v1::SimulateRequest, v1::SimulateResponse> kSimulate{
    "/ghost.chain.v1.BlockchainService/Simulate"};
inline constexpr rpc::ServerStreamMethod<v1::StreamEventsRequest, v1::EventBatch> kStreamEvents{
    "/ghost.chain.v1.BlockchainService/StreamEvents"};
inline constexpr rpc::UnaryMethod<v1::ContractRequest, v1::Contract> kGetContract{
    "/ghost.chain.v1.BlockchainService/GetContract"};
inline constexpr rpc::UnaryMethod<v1::CodeRequest, v1::Code> kGetCode{"/ghost.chain.v1.BlockchainService/GetCode"};
inline constexpr rpc::UnaryMethod<v1::FaucetRequest, v1::TransactionReceipt> kFaucet{
    "/ghost.chain.v1.BlockchainService/Faucet"};

}  // namespace ghostd::methods
