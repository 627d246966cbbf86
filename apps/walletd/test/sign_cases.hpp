#pragma once
// What no door may sign, and what each must: the cases of the one policy. Each transport runs them all.
#include <gtest/gtest.h>

#include <functional>

#include "ghost/wallet/v1/wallet.pb.h"
#include "ledger/codec.hpp"

namespace walletd {

/// Another address with the first and last characters of `known`. The first ones are the first bytes; the last ones are
/// the checksum, found by trying.
inline gcrypt::Address look_alike_of(const gcrypt::Address& known) {
    const auto text = known.to_text();
    auto bytes = known.bytes;
    for (std::uint32_t i = 1; i != 0; ++i) {
        for (std::size_t at = 0; at < 4; ++at) bytes[16 + at] = static_cast<std::byte>(i >> (8 * at));
        if (bytes != known.bytes &&
            gcrypt::Address{bytes}.to_text().ends_with(std::string_view{text}.substr(text.size() - 4)))
            return {bytes};
    }
    return known;
}

/// "" when it was signed, else the text of the refusal.
using AskToSign = std::function<std::string(const ghost::wallet::v1::SignRequest&)>;

/// `sender` is an account of the wallet, `genesis_hash` that of its chain.
inline void expect_the_policy(const gcrypt::Address& sender, const ledger::Hash& genesis_hash, const AskToSign& ask) {
    const gcrypt::Address friendly{base::Digest{std::byte{77}}};
    const ledger::Tx good{.version = ledger::kTxVersion,
                          .genesis_hash = genesis_hash,
                          .sender = sender,
                          .nonce = 0,
                          .valid_until_height = 600,
                          .gas_limit = 10'000'000,
                          .max_fee_per_gas = 2'000'000'000,
                          .tip_per_gas = 1,
                          .msgs = {ledger::Transfer{.to = friendly, .asset = {}, .amount = 1000}},
                          .memo = {}};
    const auto try_it = [&](const ledger::Tx& tx,
                            const std::function<void(ghost::wallet::v1::SignRequest&)>& more = {}) {
        ghost::wallet::v1::SignRequest request;
        request.set_unsigned_tx(std::string{base::as_text(ledger::encode(tx))});
        if (more) more(request);
        return ask(request);
    };
    const auto refused = [&](std::string_view why, const std::function<void(ledger::Tx&)>& change) {
        auto tx = good;
        change(tx);
        const auto text = try_it(tx);
        EXPECT_NE(text.find(why), std::string::npos) << why << ": " << (text.empty() ? "it was signed" : text);
    };
    EXPECT_EQ(try_it(good), "");
    refused("tip_per_gas_max", [](ledger::Tx& tx) {
        tx.tip_per_gas = 100'000'000'001;
        tx.max_fee_per_gas = 200'000'000'000;
    });
    refused("fee_per_gas_max", [](ledger::Tx& tx) { tx.max_fee_per_gas = 10'000'000'000'001; });
    refused("never expire", [](ledger::Tx& tx) { tx.valid_until_height = std::uint64_t{1} << 63; });
    refused("never expire", [](ledger::Tx& tx) { tx.valid_until_height = ~std::uint64_t{0}; });

    const auto fee = base::u128{10'000'000} * 2'000'000'000;
    const auto with_fee_max = [&](const std::string& fee_max) {
        return try_it(good, [&](auto& request) { request.set_fee_max(fee_max); });
    };
    EXPECT_EQ(with_fee_max(base::to_string(fee)), "");
    EXPECT_NE(with_fee_max(base::to_string(fee - 1)).find("that are allowed"), std::string::npos);
    EXPECT_NE(with_fee_max("much").find("number of agcc"), std::string::npos);

    const auto imitation = look_alike_of(sender);
    const ledger::Transfer to_friend{.to = friendly, .asset = {}, .amount = 1};
    const ledger::Transfer to_imitation{.to = imitation, .asset = {}, .amount = 1};
    for (const auto& msg : std::initializer_list<ledger::Msg>{
             to_imitation, ledger::BatchTransfer{.transfers = {to_friend, to_imitation}},
             ledger::AssetMint{.asset = ledger::AssetId{base::Digest{std::byte{5}}}, .to = imitation, .amount = 1},
             ledger::ContractCall{.contract = imitation, .input = {}, .value = 0},
             ledger::ContractUpgrade{.contract = imitation, .code_hash = base::Digest{std::byte{6}}, .code = {}}}) {
        auto tx = good;
        tx.msgs = {to_friend, msg};
        const auto text = try_it(tx);
        EXPECT_NE(text.find("resembles " + sender.to_text()), std::string::npos) << msg.index() << ": " << text;
        EXPECT_EQ(try_it(tx, [](auto& request) { request.set_accept_look_alike(true); }), "") << msg.index();
    }
}

}  // namespace walletd
