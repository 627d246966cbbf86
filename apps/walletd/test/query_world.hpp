#pragma once
// A node's side of a query, from a real chain: honest answers, which tests then change.

#include <gtest/gtest.h>

#include "certificate.hpp"
#include "contract_world.hpp"
#include "ghost/chain/v1/chain.pb.h"
#include "walletd/trust.hpp"

namespace walletd {

namespace chain = ghost::chain::v1;

inline std::string wire(base::ByteView bytes) { return std::string{base::as_text(bytes)}; }

/// A chain with one validator, a probe contract with the slot "k", and a second one.
class QueryWorld {
 public:
    QueryWorld() {
        world.genesis.validators[0].public_key = validator.public_key().bytes;
        world.binding.genesis_hash = ledger::genesis_hash(world.genesis);
        trust.chain = world.binding;
        trust.validators = world.genesis.validators;
        blocks = ledger::test::open_chain(world, folder.path);
        add(ledger::ContractDeploy{.code = ledger::test::probe(), .input = {}, .value = 0, .salt = {}});
        add(ledger::ContractDeploy{
            .code = ledger::test::probe(), .input = {}, .value = 0, .salt = ledger::test::topic(1)});
        add(ledger::ContractCall{
            .contract = contract, .input = ledger::test::Steps{}.set("k", "old").bytes(), .value = 0});
        add(ledger::ContractCall{
            .contract = contract, .input = ledger::test::Steps{}.set("k", "new").bytes(), .value = 7});
    }

    void add(ledger::Msg msg) {
        auto body = world.tx(world.users[0], nonce++, {std::move(msg)});
        body.gas_limit += ledger::test::ContractWorld::kRoom;
        ledger::test::add_block(*blocks, world, {world.verified(world.users[0], std::move(body))});
    }
    [[nodiscard]] ledger::CallQuery ask(const ledger::test::Steps& steps, ledger::Amount value = 0) const {
        return {.call = {.contract = contract, .input = steps.bytes(), .value = value},
                .caller = world.users[1].address,
                .gas_limit = 10'000'000};
    }
    [[nodiscard]] ledger::BlockHeader head() const { return blocks->head()->header; }

    [[nodiscard]] chain::Proof prove(const std::string& key, std::uint64_t height) const {
        const auto proved = blocks->view()->prove(key, height);
        EXPECT_TRUE(proved);
        chain::Proof out;
        out.set_key(key);
        if (proved->value) out.set_value(wire(*proved->value));
        out.set_proof(wire(proved->proof.encode()));
        out.set_raw_header(wire(ledger::encode(proved->header)));
        out.set_certificate(wire(certificate_of(validator, world.binding, proved->header)));
        return out;
    }

    /// What an honest node says.
    [[nodiscard]] chain::CallContractResponse honest(const ledger::CallQuery& query, std::uint64_t time_ms) const {
        const auto view = blocks->view();
        const ledger::ViewReader reader{*view};
        const auto height = head().height;
        const auto ran =
            ledger::query_contract(reader, {.height = height + 1, .time_ms = time_ms, .proposer = {}, .base_fee = {}},
                                   world.binding.genesis_hash, query, blocks->contracts());
        EXPECT_TRUE(ran);
        chain::CallContractResponse out;
        out.set_result(ran->status == ledger::ExecStatus::success             ? chain::RUN_RESULT_OK
                       : ran->status == ledger::ExecStatus::contract_reverted ? chain::RUN_RESULT_REVERTED
                                                                              : chain::RUN_RESULT_TRAPPED);
        out.set_output(wire(ran->output));
        out.set_gas_used(ran->gas_used);
        out.set_height(height);
        out.set_block_hash(wire(blocks->head()->hash));
        out.set_time_ms(time_ms);
        out.set_proofs_complete(true);
        for (const auto& key : ran->keys) {
            if (!key.starts_with("w/")) *out.add_proofs() = prove(key, height);
        }
        return out;
    }

    ledger::test::World world;
    ledger::test::TempFolder folder;
    zcrypto::ed25519::SigningKey validator = zcrypto::ed25519::SigningKey::generate(world.random);
    Trust trust;
    std::unique_ptr<ledger::ChainState> blocks;
    std::uint64_t nonce = 0;
    const ledger::Address contract =
        ledger::contract_address(world.users[0].address, {}, ledger::code_hash(ledger::test::probe()));
    const ledger::Address second = ledger::contract_address(world.users[0].address, ledger::test::topic(1),
                                                            ledger::code_hash(ledger::test::probe()));
};

}  // namespace walletd
