// Contracts that call, make and change contracts.

#include "contract_world.hpp"
#include "wasm_builder.hpp"
#include "zcrypto/hash.hpp"
#include "zcrypto/secp256k1.hpp"
#include "zvm/limits.hpp"

namespace ledger::test {
namespace {

constexpr auto kOk = std::byte{0};
constexpr auto kReverted = std::byte{1};
constexpr auto kTrapped = std::byte{2};
constexpr auto kRefused = std::byte{3};

class ContractRules : public ::testing::Test {
 protected:
    ContractWorld world_;
    const Address a_ = world_.deploy(probe());
    const Address b_ = world_.deploy(probe(), {}, 0, 1);

    /// A second code: the probe with a custom section.
    static base::Bytes other_code() {
        auto code = probe();
        for (const int byte : {0, 3, 1, 0x78, 0x79}) code.push_back(static_cast<std::byte>(byte));
        return code;
    }
};

TEST_F(ContractRules, ACallReturnsDataAndMovesValue) {
    const auto receipt = world_.call(a_, Steps{}.call(b_, Steps{}.set("k", "v").get("k"), 30).returned(), 100);
    EXPECT_EQ(receipt.status, ExecStatus::success);
    ASSERT_EQ(receipt.output.size(), 2u);
    EXPECT_EQ(receipt.output[0], kOk);
    EXPECT_EQ(text_of(receipt.output).substr(1), "v");
    EXPECT_EQ(world_.balance(a_), 70u);
    EXPECT_EQ(world_.balance(b_), 30u);
    EXPECT_EQ(world_.slot(b_, "k"), "v");
    EXPECT_EQ(world_.slot(a_, "k"), std::nullopt);
}

TEST_F(ContractRules, AFailedCallLeavesNothingAndItsCallerGoesOn) {
    const auto bad = Steps{}.set("k", "bad").emit(topic(3), "bad");
    const auto receipt = world_.call(a_,
                                     Steps{}
                                         .set("before", "1")
                                         .call(b_, Steps{bad}.revert("why"), 10)
                                         .returned()
                                         .call(b_, Steps{bad}.trap(), 10)
                                         .returned()
                                         .set("after", "2")
                                         .emit(topic(1), "good"),
                                     50);
    EXPECT_EQ(receipt.status, ExecStatus::success);
    EXPECT_EQ(text_of(receipt.output), std::string{"\x01why\x02"});
    EXPECT_EQ(world_.slot(b_, "k"), std::nullopt);
    EXPECT_EQ(world_.slot(a_, "before"), "1");
    EXPECT_EQ(world_.slot(a_, "after"), "2");
    EXPECT_EQ(world_.balance(a_), 50u);
    ASSERT_EQ(receipt.events.size(), 2u);  // The value that came in, and "good".
    EXPECT_EQ(receipt.events[1], Event(ContractEvent{a_, {topic(1)}, bytes_of("good")}));
}

TEST_F(ContractRules, ACalleeThatBurnsAllItsGasLeavesItsCallerOneIn64) {
    const auto receipt = world_.call(a_, Steps{}.call(b_, Steps{}.loop()).set("k", "v"), 0, 10'000'000);
    EXPECT_EQ(receipt.status, ExecStatus::success);
    EXPECT_EQ(receipt.output, base::Bytes{kTrapped});
    EXPECT_EQ(world_.slot(a_, "k"), "v");
    EXPECT_GT(receipt.gas_used, 9'800'000u);
}

TEST_F(ContractRules, CallsToNothingAreRefused) {
    const auto receipt =
        world_.call(a_, Steps{}.call(world_.users[1].address, Steps{}).call(b_, Steps{}, 1'000).set("k", "v"));
    EXPECT_EQ(receipt.output, (base::Bytes{kRefused, kRefused}));  // No code there; no coins here.
    EXPECT_EQ(world_.slot(a_, "k"), "v");
}

TEST_F(ContractRules, ReentryIsDeniedUnlessTheOneWhoIsReenteredAllowsIt) {
    const auto back = [&](bool asked_by_b) { return Steps{}.call(a_, Steps{}.set("again", "yes"), 0, asked_by_b); };
    // What B asks for about itself does not open A.
    for (const bool asked_by_b : {false, true}) {
        const auto denied = world_.call(a_, Steps{}.call(b_, back(asked_by_b)).returned());
        EXPECT_EQ(denied.output, (base::Bytes{kOk, kRefused}));
        EXPECT_EQ(world_.slot(a_, "again"), std::nullopt);
    }
    const auto allowed = world_.call(a_, Steps{}.call(b_, back(false), 0, true).returned());
    EXPECT_EQ(allowed.output, (base::Bytes{kOk, kOk}));
    EXPECT_EQ(world_.slot(a_, "again"), "yes");
    EXPECT_EQ(world_.call(a_, Steps{}.call(a_, Steps{})).output, base::Bytes{kRefused});
    EXPECT_EQ(world_.call(a_, Steps{}.call(a_, Steps{}, 0, true)).output, base::Bytes{kOk});
}

TEST_F(ContractRules, SelfCallsGo64Deep) {
    world_.let_one_transaction_fill_a_block();
    const auto deep = world_.call(a_, Steps{}.dive(true), 0, 200'000'000);
    EXPECT_EQ(deep.status, ExecStatus::success);
    ASSERT_EQ(deep.output.size(), 4u);
    EXPECT_EQ(base::load_le<std::uint32_t>(deep.output.data()), zvm::kContractDepth);
    const auto denied = world_.call(a_, Steps{}.dive(false));
    EXPECT_EQ(base::load_le<std::uint32_t>(denied.output.data()), 1u);
}

TEST_F(ContractRules, AContractMakesAContractThatItOwns) {
    const auto hash = code_hash(probe());
    const auto child = contract_address(a_, topic(5), hash);
    const auto receipt = world_.call(a_, Steps{}.create(hash, topic(5), Steps{}.set("born", "yes")));
    ASSERT_EQ(receipt.output.size(), 33u);
    EXPECT_EQ(receipt.output[0], kOk);
    EXPECT_TRUE(base::equal(base::ByteView{receipt.output}.subspan(1), child.bytes));
    EXPECT_EQ(world_.slot(child, "born"), "yes");
    ASSERT_EQ(receipt.events.size(), 1u);
    EXPECT_EQ(receipt.events[0], Event(ContractDeployedEvent{child, a_, hash}));
    // Again at the same place, code that nobody deployed, a constructor that fails.
    const auto refused = world_.call(
        a_,
        Steps{}.create(hash, topic(5), {}).create(topic(1), topic(6), {}).create(hash, topic(7), Steps{}.revert("")));
    ASSERT_EQ(refused.output.size(), 99u);
    EXPECT_EQ(refused.output[0], kRefused);
    EXPECT_EQ(refused.output[33], kRefused);
    EXPECT_EQ(refused.output[66], kReverted);
    EXPECT_FALSE(*world_.state.read(contract_key(contract_address(a_, topic(7), hash))));
}

TEST_F(ContractRules, OnlyTheOwnerUpgradesAndOnlyAfterTheDelay) {
    const auto code = other_code();
    const auto hash = code_hash(code);
    const auto record = [&] { return *decode_contract(**world_.state.read(contract_key(a_))); };
    const Msg bring = ContractUpgrade{.contract = a_, .code_hash = hash, .code = code};
    EXPECT_EQ(world_.run(world_.users[1], {bring}).status, ExecStatus::not_contract_owner);
    const Msg unknown = ContractUpgrade{.contract = a_, .code_hash = hash, .code = {}};
    EXPECT_EQ(world_.run(world_.users[0], {unknown}).status, ExecStatus::code_unknown);
    EXPECT_EQ(world_.run(world_.users[0], {bring}).status, ExecStatus::success);
    ASSERT_TRUE(record().upgrade);
    const auto ready = record().upgrade->ready_ms;
    EXPECT_EQ(record().code_at(ready - 1), code_hash(probe()));
    EXPECT_EQ(record().code_at(ready), hash);
    EXPECT_EQ(world_.call(a_, Steps{}.set("k", "kept")).status, ExecStatus::success);
    world_.skipped_ms = world_.genesis.params.contract_upgrade_delay_ms;
    EXPECT_EQ(text_of(world_.call(a_, Steps{}.get("k")).output), "kept");
    // Back again, and then not: an upgrade to what runs cancels the waiting one.
    const Msg old_code = ContractUpgrade{.contract = a_, .code_hash = code_hash(probe()), .code = {}};
    EXPECT_EQ(world_.run(world_.users[0], {old_code}).status, ExecStatus::success);
    EXPECT_EQ(record().code_hash, hash);
    EXPECT_TRUE(record().upgrade);
    EXPECT_EQ(world_.run(world_.users[0], {unknown}).status, ExecStatus::success);
    EXPECT_FALSE(record().upgrade);
}

TEST_F(ContractRules, AContractUpgradesItselfOnlyForItsOwner) {
    const auto hash = code_hash(other_code());
    ASSERT_NE(world_.deploy(other_code(), {}, 0, 3), a_);  // Puts the code there.
    const auto stranger =
        world_.run(world_.users[1], {ContractCall{.contract = a_, .input = Steps{}.upgrade(hash).bytes(), .value = 0}});
    EXPECT_EQ(stranger.output, base::Bytes{kRefused});
    EXPECT_EQ(world_.call(b_, Steps{}.call(a_, Steps{}.upgrade(hash)).returned()).output, (base::Bytes{kOk, kRefused}));
    EXPECT_EQ(world_.call(a_, Steps{}.upgrade(hash)).output, base::Bytes{kOk});
}

TEST_F(ContractRules, SignaturesAndHashesAreThoseOfZcrypto) {
    const auto key = zcrypto::secp256k1::SecretKey::generate(world_.random);
    const auto digest = zcrypto::sha256(base::as_bytes("message"));
    const auto signature = zcrypto::secp256k1::sign_recoverable(key, digest);
    const auto public_key = key.public_key();
    const auto text = [](base::ByteView bytes) { return base::as_text(bytes); };
    const auto good =
        Steps{}.op('V').raw(text(public_key.bytes())).raw(text(signature.signature.bytes)).raw(text(digest));
    EXPECT_EQ(world_.call(a_, good).output, base::Bytes{std::byte{1}});
    const auto bad =
        Steps{}.op('V').raw(text(public_key.bytes())).raw(text(signature.signature.bytes)).raw(text(topic(1)));
    EXPECT_EQ(world_.call(a_, bad).output, base::Bytes{std::byte{0}});
    const auto recovered = world_
                               .call(a_, Steps{}
                                             .op('v')
                                             .raw(text(signature.signature.bytes))
                                             .op(static_cast<char>(signature.id))
                                             .raw(text(digest)))
                               .output;
    ASSERT_EQ(recovered.size(), 34u);
    EXPECT_TRUE(base::equal(base::ByteView{recovered}.subspan(1), public_key.bytes()));
    const auto& user = world_.users[0];
    const auto signed_text = user.key.sign(base::as_bytes("text"));
    const auto ed25519 =
        Steps{}.op('e').raw(text(user.key.public_key().bytes)).raw(text(signed_text.bytes)).raw("text");
    EXPECT_EQ(world_.call(a_, ed25519).output, base::Bytes{std::byte{1}});
    EXPECT_TRUE(
        base::equal(world_.call(a_, Steps{}.op('K').raw("text")).output, zcrypto::keccak256(base::as_bytes("text"))));
}

TEST_F(ContractRules, ColdAndWarmModulesCostTheSame) {
    const auto steps = Steps{}.set("k", "v").call(b_, Steps{}.dive(true));
    auto body = world_.tx(world_.users[0], world_.nonces[world_.users[0].address],
                          {ContractCall{.contract = a_, .input = steps.bytes(), .value = 0}});
    body.gas_limit += ContractWorld::kRoom;
    const std::vector txs{world_.verified(world_.users[0], body)};
    const auto context = world_.context_now();
    const auto warm = execute_block(world_.state, context, txs, OnInvalid::refuse_block, &world_.engine);
    const auto again = execute_block(world_.state, context, txs, OnInvalid::refuse_block, &world_.engine);
    const auto cold = execute_block(world_.state, context, txs, OnInvalid::refuse_block);
    ContractEngine tiny{{.module_bytes_max = 0, .instances_max = 0, .runners_max = 0}};
    const auto never = execute_block(world_.state, context, txs, OnInvalid::refuse_block, &tiny);
    ASSERT_TRUE(warm && again && cold && never);
    EXPECT_EQ(warm->receipts[0].status, ExecStatus::success);
    for (const auto* other : {&*again, &*cold, &*never}) {
        EXPECT_EQ(other->receipts, warm->receipts);
        ASSERT_EQ(other->writes.size(), warm->writes.size());
        for (const auto& [key, change] : warm->writes) EXPECT_EQ(other->writes.at(key).after, change.after);
    }
    EXPECT_EQ(tiny.stats().modules, 0u);
}

/// The probe, made `bytes` long by a section that differs by `mark`.
base::Bytes padded_probe(std::size_t bytes, char mark) {
    using namespace zvm::test;
    auto code = probe();
    // id, four bytes of length, name "p"
    const auto content = bytes - code.size() - 5;
    const auto n = static_cast<std::uint32_t>(content);
    for (const auto byte : {std::uint32_t{0}, (n & 0x7f) | 0x80, (n >> 7 & 0x7f) | 0x80, (n >> 14 & 0x7f) | 0x80,
                            n >> 21, std::uint32_t{1}, std::uint32_t{'p'}})
        code.push_back(static_cast<std::byte>(byte));
    code.resize(bytes, static_cast<std::byte>(mark));
    return code;
}

TEST_F(ContractRules, ATransactionLoadsEachCodeOnceHoweverSmallTheCacheIs) {
    const auto other = world_.deploy(other_code(), {}, 0, 3);
    Steps steps;
    for (int i = 0; i < 40; ++i) steps.call(i % 2 ? other : b_, Steps{});
    auto body = world_.tx(world_.users[0], world_.nonces[world_.users[0].address],
                          {ContractCall{.contract = a_, .input = steps.bytes(), .value = 0}});
    body.gas_limit += ContractWorld::kRoom;
    const std::vector txs{world_.verified(world_.users[0], body)};
    ContractEngine tiny{{.module_bytes_max = 0, .instances_max = 0, .runners_max = 0}};
    const auto ran = execute_block(world_.state, world_.context_now(), txs, OnInvalid::refuse_block, &tiny);
    ASSERT_TRUE(ran);
    EXPECT_EQ(ran->receipts[0].status, ExecStatus::success);
    EXPECT_LE(tiny.stats().misses, 4u);  // Two codes, each looked for and then loaded.
}

TEST_F(ContractRules, ACallThatCannotPayForLoadingDoesNotMakeItFreeForTheNext) {
    using namespace zvm::test;
    // Input: an address, and 8 bytes of gas for the first of two calls of it.
    Builder b;
    const auto none = b.type({}, {});
    const auto copy = b.type({kI32, kI32, kI32}, {kI32});
    const auto call = b.type({kI32, kI32, kI64, kI32, kI32, kI32}, {kI32});
    b.import_function("zvm1", "input_read", copy);
    b.import_function("zvm1", "call", call);
    b.memory(1);
    const auto call_with = [](const Code& gas) {
        return join({i32_const(0), i32_const(64), gas, i32_const(0), i32_const(0), i32_const(0), {0x10, 1, 0x1a}});
    };
    b.function("call", none,
               join({i32_const(0),
                     i32_const(0),
                     i32_const(40),
                     {0x10, 0, 0x1a},
                     call_with(join({i32_const(32), {0x29, 3, 0}})),
                     call_with(i64_const(10'000'000))}));
    const auto caller = world_.deploy(b.bytes(), {}, 0, 4);
    const auto target = world_.deploy(other_code(), {}, 0, 3);
    const auto used = [&](std::uint64_t first_gas) {
        std::string input{base::as_text(target.bytes)};
        input.resize(40);
        base::store_le(reinterpret_cast<std::byte*>(input.data()) + 32, first_gas);
        const auto receipt = world_.call(caller, Steps{}.raw(input));
        EXPECT_EQ(receipt.status, ExecStatus::success);
        return receipt.gas_used;
    };
    // Paid for by the first call or, when that cannot, by the second: never by none.
    const auto info = *decode_code_info(**world_.state.read(code_info_key(code_hash(other_code()))));
    EXPECT_GT(info.load_gas, 20'000u);
    const auto enough = used(10'000'000);
    const auto nothing = used(0);
    EXPECT_GT(nothing + info.instance_gas + 15'000, enough);
    EXPECT_LT(nothing, enough);
}

TEST_F(ContractRules, ATransactionRunsABoundedAmountOfCode) {
    world_.let_one_transaction_fill_a_block();
    Steps steps;
    const auto codes = kTxCodeBytesMax / kCodeBytesMax;
    for (std::size_t i = 0; i < codes; ++i) {
        const auto code = padded_probe(kCodeBytesMax, static_cast<char>('a' + i));
        steps.call(world_.deploy(code, {}, 0, static_cast<std::uint8_t>(20 + i)), Steps{});
    }
    const auto receipt = world_.call(a_, steps);
    EXPECT_EQ(receipt.status, ExecStatus::success);
    base::Bytes expected(codes - 1, kOk);  // The caller's own code counts too: the last one does not fit.
    expected.push_back(kRefused);
    EXPECT_EQ(receipt.output, expected);
}

TEST_F(ContractRules, ATraceIsBoundedHoweverManyRunsTrap) {
    auto steps = Steps{}.recurse();  // a thousand functions deep
    for (int i = 0; i < 10; ++i) steps = Steps{}.call(i % 2 ? a_ : b_, steps, 0, true).trap();
    const auto asked = query_contract(
        world_.state, world_.context_now(), world_.binding.genesis_hash,
        {.call = {.contract = a_, .input = steps.bytes()}, .caller = {}, .gas_limit = 200'000'000}, world_.engine);
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->status, ExecStatus::contract_trapped);
    EXPECT_GT(asked->trace.size(), 70u);
    EXPECT_LE(asked->trace.size(), 256u);
    EXPECT_EQ(asked->trace.back().contract, a_);
    EXPECT_EQ(asked->trace.back().function, "call");
}

}  // namespace
}  // namespace ledger::test
