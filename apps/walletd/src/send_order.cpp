#include "send_order.hpp"

#include <fmt/format.h>

#include "base/random.hpp"
#include "ledger/codec.hpp"

namespace walletd {
namespace {

std::unexpected<rpc::Status> bad(std::string text) {
    return rpc::error(rpc::StatusCode::invalid_argument, std::move(text));
}

rpc::StatusOr<ledger::Address> address_of(const std::string& text, std::string_view what) {
    const auto address = gcrypt::Address::parse_checked(text);
    if (!address) return bad(fmt::format("{} is not an address: {}", what, address.error().text));
    return *address;
}

/// Memo, tip and bounds: what every order may have.
template <typename Request>
rpc::StatusOr<SendOrder> start_order(const Request& request) {
    SendOrder order;
    order.from = request.from();
    order.dry_run = request.dry_run();
    order.sign = request.sign();
    if (order.sign && !order.dry_run) return bad("sign belongs to dry_run: what is sent is signed anyway");
    order.accept_look_alike = request.accept_look_alike();
    if (request.memo().size() > ledger::kMemoBytesMax) {
        return bad(fmt::format("the memo has {} bytes, at most {} fit", request.memo().size(), ledger::kMemoBytesMax));
    }
    order.memo = request.memo();
    if (request.has_tip_per_gas()) {
        const auto tip = base::u128_from_string(request.tip_per_gas());
        if (!tip) return bad("the tip is a number of agcc per gas");
        order.tip_per_gas = *tip;
    }
    if (!request.fee_max().empty()) {
        const auto fee_max = base::u128_from_string(request.fee_max());
        if (!fee_max) return bad("the highest fee is a number of agcc");
        order.fee_max = *fee_max;
    }
    return order;
}

rpc::StatusOr<ledger::Amount> value_of(const std::string& text) {
    if (text.empty()) return ledger::Amount{};
    const auto value = base::u128_from_string(text);
    if (!value) return bad("the value is a number of agcc");
    return *value;
}

rpc::StatusOr<base::Bytes> bytes_of(const std::string& raw, std::string_view what, std::size_t size_max) {
    if (raw.size() > size_max) {
        return bad(fmt::format("the {} has {} bytes, at most {} fit", what, raw.size(), size_max));
    }
    return base::to_bytes(base::as_bytes(raw));
}

rpc::StatusOr<ledger::ContractDeploy> message_of(const wallet::ContractDeploy& deploy) {
    ledger::ContractDeploy msg;
    if (deploy.code().empty()) return bad("a deploy brings code");
    GC_TRY(msg.code, bytes_of(deploy.code(), "code", ledger::kCodeBytesMax));
    GC_TRY(msg.input, bytes_of(deploy.input(), "input", ledger::kContractInputMax));
    GC_TRY(msg.value, value_of(deploy.value()));
    if (deploy.salt().empty()) {
        base::system_random().fill(msg.salt);
        return msg;
    }
    const auto salt = base::to_fixed<32>(base::as_bytes(deploy.salt()));
    if (!salt) return bad("a salt has 32 bytes");
    msg.salt = *salt;
    return msg;
}

rpc::StatusOr<ledger::ContractCall> message_of(const wallet::ContractCall& call) {
    ledger::ContractCall msg;
    GC_TRY(msg.contract, address_of(call.contract(), "the contract"));
    GC_TRY(msg.input, bytes_of(call.input(), "input", ledger::kContractInputMax));
    GC_TRY(msg.value, value_of(call.value()));
    return msg;
}

rpc::StatusOr<ledger::ContractUpgrade> message_of(const wallet::ContractUpgrade& upgrade) {
    ledger::ContractUpgrade msg;
    GC_TRY(msg.contract, address_of(upgrade.contract(), "the contract"));
    GC_TRY(msg.code, bytes_of(upgrade.code(), "code", ledger::kCodeBytesMax));
    if (!msg.code.empty()) msg.code_hash = ledger::code_hash(msg.code);
    if (upgrade.code_hash().empty()) {
        if (msg.code.empty()) return bad("an upgrade names code, or brings it");
        return msg;
    }
    const auto hash = base::to_fixed<32>(base::as_bytes(upgrade.code_hash()));
    if (!hash) return bad("a code hash has 32 bytes");
    if (!msg.code.empty() && msg.code_hash != *hash) return bad("the code has another hash than the one named");
    msg.code_hash = *hash;
    return msg;
}

}  // namespace

rpc::StatusOr<SendOrder> order_of(const wallet::SendRequest& request) {
    GC_TRY(auto order, start_order(request));
    GC_TRY(const auto to, address_of(request.to(), "the recipient"));
    const auto amount = base::u128_from_string(request.amount());
    if (!amount || *amount == 0) return bad("the amount is a positive number of atomic units");
    if (!request.asset_id().empty()) {
        const auto asset = base::to_fixed<32>(base::as_bytes(request.asset_id()));
        if (!asset) return bad("an asset id has 32 bytes");
        order.asset.bytes = *asset;
    }
    order.amount = *amount;
    order.recipient = to.to_text();
    order.msgs = {ledger::Transfer{.to = to, .asset = order.asset, .amount = order.amount}};
    return order;
}

rpc::StatusOr<SendOrder> order_of(const wallet::SendContractRequest& request) {
    GC_TRY(auto order, start_order(request));
    order.is_contract = true;
    order.gas_max = request.gas_max();
    order.accept_failure = request.accept_failure();
    switch (request.what_case()) {
        case wallet::SendContractRequest::kDeploy: {
            GC_TRY(auto msg, message_of(request.deploy()));
            order.amount = msg.value;
            order.msgs.emplace_back(std::move(msg));
            return order;
        }
        case wallet::SendContractRequest::kCall: {
            GC_TRY(auto msg, message_of(request.call()));
            order.amount = msg.value;
            order.recipient = msg.contract.to_text();
            order.msgs.emplace_back(std::move(msg));
            return order;
        }
        case wallet::SendContractRequest::kUpgrade: {
            GC_TRY(auto msg, message_of(request.upgrade()));
            order.recipient = msg.contract.to_text();
            order.msgs.emplace_back(std::move(msg));
            return order;
        }
        case wallet::SendContractRequest::WHAT_NOT_SET: break;
    }
    return bad("nothing to send: name a deploy, a call or an upgrade");
}

}  // namespace walletd
