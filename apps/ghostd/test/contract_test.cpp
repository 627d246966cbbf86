// Contracts over gRPC: deploy, call, query with proofs, simulate, estimate, events.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>
#include <utility>

#include "ledger/chain_state.hpp"
#include "ledger/codec.hpp"
#include "store/jmt.hpp"
#include "test_node.hpp"
#include "wasm_builder.hpp"

namespace {

using namespace ghostd_test;
using rpc::StatusCode;
namespace v1 = ghost::chain::v1;
namespace methods = ghostd::methods;

/// Without input: returns what slot "\0" holds. Else stores the input there and emits it with the topic 0…0; traps when
/// it begins with X, runs for ever when it begins with L.
base::Bytes echo_code() {
    using namespace zvm::test;
    Builder b;
    const auto none = b.type({}, {});
    const auto length = b.type({}, {kI32});
    const auto copy = b.type({kI32, kI32, kI32}, {kI32});
    const auto pair = b.type({kI32, kI32}, {});
    const auto get = b.type({kI32, kI32, kI32, kI32}, {kI32});
    const auto four = b.type({kI32, kI32, kI32, kI32}, {});
    b.import_function("zvm1", "input_len", length);
    b.import_function("zvm1", "input_read", copy);
    b.import_function("zvm1", "ret", pair);
    b.import_function("zvm1", "storage_get", get);
    b.import_function("zvm1", "storage_set", four);
    b.import_function("zvm1", "emit", four);
    b.memory(1);
    const auto begins_with = [](char c) { return join({i32_const(64), {0x2d, 0, 0}, i32_const(c), {0x46}}); };
    b.function("call", none,
               join({{0x10, 0, 0x21, 0},
                     {0x20, 0, 0x45, 0x04, 0x40},
                     i32_const(64),
                     i32_const(0),
                     i32_const(1),
                     i32_const(64),
                     i32_const(1024),
                     {0x10, 3, 0x10, 2},
                     {0x0f, 0x0b},
                     i32_const(64),
                     i32_const(0),
                     i32_const(1024),
                     {0x10, 1, 0x1a},
                     begins_with('X'),
                     {0x04, 0x40, 0x00, 0x0b},
                     begins_with('L'),
                     {0x04, 0x40, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b},
                     i32_const(0),
                     i32_const(1),
                     i32_const(64),
                     {0x20, 0, 0x10, 4},
                     i32_const(2048),
                     i32_const(1),
                     i32_const(64),
                     {0x20, 0, 0x10, 5}}),
               {1, 1, kI32});
    return b.bytes();
}

/// Appends a custom section.
void add_section(base::Bytes& code, const std::string& name, const std::string& content) {
    using namespace zvm::test;
    const auto section = join({text(name), std::vector<std::uint8_t>(content.begin(), content.end())});
    for (const auto byte : join({{0}, uleb(section.size()), section})) code.push_back(static_cast<std::byte>(byte));
}

class ContractNode : public ::testing::Test {
 protected:
    void SetUp() override {
        node_.fund(wallet_.address, 1000);
        const auto receipt = send(ledger::ContractDeploy{.code = code_, .input = {}, .value = 0});
        ASSERT_EQ(receipt.execution(), v1::EXECUTION_STATUS_SUCCESS) << receipt.error();
    }
    ledger::SignedTx make(ledger::Msg msg, std::uint64_t room = 5'000'000) {
        auto tx = node_.transfer(wallet_, wallet_.address, 1, nonce_);
        tx.tx.msgs = {std::move(msg)};
        tx.tx.gas_limit = ledger::gas_bound(tx.tx, ledger::rules_of(ledger::Params{})) + room;
        node_.sign(tx, wallet_);
        return tx;
    }
    v1::TransactionReceipt send(ledger::Msg msg) {
        const auto sent = node_.submit(make(std::move(msg)));
        EXPECT_TRUE(sent) << sent.error().to_string();
        if (!sent) return {};
        ++nonce_;
        return node_.wait_final(sent->tx_id());
    }
    [[nodiscard]] ledger::Msg call(std::string_view input) const {
        return ledger::ContractCall{.contract = contract_, .input = base::to_bytes(base::as_bytes(input)), .value = 0};
    }
    [[nodiscard]] v1::CallContractRequest query(std::string input = {}) const {
        v1::CallContractRequest request;
        request.set_contract(contract_.to_text());
        request.set_input(std::move(input));
        return request;
    }
    /// Reads batches until `count` events came.
    std::vector<v1::ContractEvent> events(const v1::StreamEventsRequest& request, std::size_t count) {
        std::vector<v1::ContractEvent> out;
        const auto status = node_.client().stream(
            methods::kStreamEvents, request, {.timeout_ns = kTestTimeoutNs}, [&](const v1::EventBatch& batch) {
                out.insert(out.end(), batch.events().begin(), batch.events().end());
                return out.size() < count;
            });
        EXPECT_TRUE(out.size() >= count) << status.to_string();
        return out;
    }

    TestNode node_;
    Wallet wallet_;
    const base::Bytes code_ = echo_code();
    const ledger::Address contract_ = ledger::contract_address(wallet_.address, {}, ledger::code_hash(code_));
    std::uint64_t nonce_ = 0;
};

void expect_proves(const v1::Proof& proof) {
    const auto header = ledger::decode_header(base::as_bytes(proof.raw_header()));
    const auto decoded = store::JmtProof::decode(base::as_bytes(proof.proof()));
    ASSERT_TRUE(header && decoded);
    const auto value = proof.has_value() ? std::optional<base::ByteView>{base::as_bytes(proof.value())} : std::nullopt;
    EXPECT_TRUE(decoded->verify(ledger::state_hash_fn(), header->state_root, base::as_bytes(proof.key()), value));
}

TEST_F(ContractNode, IsDeployedCalledAskedAndProved) {
    EXPECT_EQ(send(call("hello")).execution(), v1::EXECUTION_STATUS_SUCCESS);
    auto request = query();
    request.set_prove(true);
    const auto answer = node_.call(methods::kCallContract, request);
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(answer->result(), v1::RUN_RESULT_OK);
    EXPECT_EQ(answer->output(), "hello");
    EXPECT_TRUE(answer->proofs_complete());
    EXPECT_GE(answer->proofs_size(), 2);  // The contract's record and the slot.
    for (const auto& proof : answer->proofs()) expect_proves(proof);
    // With these a wallet can run the query itself: the parameters were read, and the run saw a block time.
    EXPECT_TRUE(std::any_of(answer->proofs().begin(), answer->proofs().end(),
                            [](const v1::Proof& proof) { return proof.key() == ledger::params_key(); }));
    EXPECT_GT(answer->time_ms(), ledger::decode_header(base::as_bytes(answer->proofs(0).raw_header()))->time_ms);

    v1::ProofRequest slot;
    slot.mutable_slot()->set_contract(contract_.to_text());
    slot.mutable_slot()->set_key(std::string(1, '\0'));
    const auto proof = node_.call(methods::kGetProof, slot);
    ASSERT_TRUE(proof) << proof.error().to_string();
    EXPECT_EQ(proof->value(), "hello");
    expect_proves(*proof);

    v1::ContractRequest about;
    about.set_contract(contract_.to_text());
    const auto record = node_.call(methods::kGetContract, about);
    ASSERT_TRUE(record) << record.error().to_string();
    EXPECT_EQ(record->owner(), wallet_.address.to_text());
    EXPECT_EQ(record->code_bytes(), code_.size());
    v1::CodeRequest by_hash;
    by_hash.set_code_hash(record->code_hash());
    const auto code = node_.call(methods::kGetCode, by_hash);
    ASSERT_TRUE(code);
    EXPECT_EQ(code->code(), base::as_text(code_));
}

TEST_F(ContractNode, AQueryChangesNothing) {
    EXPECT_EQ(node_.call(methods::kCallContract, query("written"))->result(), v1::RUN_RESULT_OK);
    EXPECT_EQ(node_.call(methods::kCallContract, query())->output(), "");
}

TEST_F(ContractNode, ATrapIsAnAnswerWithAStackTraceAndALoopEndsByItsGas) {
    const auto trapped = node_.call(methods::kCallContract, query("X"));
    ASSERT_TRUE(trapped);
    EXPECT_EQ(trapped->result(), v1::RUN_RESULT_TRAPPED);
    ASSERT_GE(trapped->trace_size(), 1);
    EXPECT_EQ(trapped->trace(0).contract(), contract_.to_text());
    const auto looped = node_.call(methods::kCallContract, query("L"));
    ASSERT_TRUE(looped);
    EXPECT_EQ(looped->result(), v1::RUN_RESULT_OUT_OF_GAS);
    EXPECT_EQ(looped->gas_used(), node_.config().limits.call_gas_max);
    // In a block it is the same, and the node goes on.
    EXPECT_EQ(send(call("L")).execution(), v1::EXECUTION_STATUS_FAILED);
    EXPECT_EQ(send(call("after")).execution(), v1::EXECUTION_STATUS_SUCCESS);
}

TEST_F(ContractNode, SimulationAndEstimateAgreeWithTheBlock) {
    const auto tx = make(call("estimated"));
    v1::SimulateRequest simulation;
    simulation.set_raw(std::string{base::as_text(ledger::encode(tx))});
    const auto simulated = node_.call(methods::kSimulate, simulation);
    ASSERT_TRUE(simulated) << simulated.error().to_string();
    EXPECT_EQ(simulated->result(), v1::RUN_RESULT_OK);
    ASSERT_EQ(simulated->events_size(), 1);
    EXPECT_EQ(simulated->events(0).log().data(), "estimated");
    v1::EstimateFeeRequest fee;
    fee.set_raw(simulation.raw());
    const auto estimate = node_.call(methods::kEstimateFee, fee);
    ASSERT_TRUE(estimate) << estimate.error().to_string();
    EXPECT_EQ(estimate->gas_used(), simulated->gas_used());
    EXPECT_GE(estimate->gas_limit(), estimate->gas_used());
    auto exact = tx;
    exact.tx.gas_limit = estimate->gas_limit();
    node_.sign(exact, wallet_);
    const auto sent = node_.submit(exact);
    ASSERT_TRUE(sent) << sent.error().to_string();
    const auto receipt = node_.wait_final(sent->tx_id());
    EXPECT_EQ(receipt.execution(), v1::EXECUTION_STATUS_SUCCESS);
    EXPECT_EQ(receipt.gas_used(), simulated->gas_used());
}

TEST_F(ContractNode, AnEstimateIsNeverMoreThanOneTransactionMayHave) {
    node_.stop();
    node_.config().limits.call_gas_max = 10'000'000'000;
    node_.start();
    v1::EstimateFeeRequest request;
    request.set_raw(std::string{base::as_text(ledger::encode(make(call("L"))))});
    const auto estimate = node_.call(methods::kEstimateFee, request);
    ASSERT_TRUE(estimate) << estimate.error().to_string();
    const auto most = ledger::tx_gas_limit_max(ledger::Params{});
    EXPECT_EQ(estimate->gas_used(), most);
    EXPECT_EQ(estimate->gas_limit(), most);
    EXPECT_EQ(estimate->gas_limit_max(), most);
    EXPECT_NE(estimate->error().find("75000000"), std::string::npos) << estimate->error();
}

TEST_F(ContractNode, AnEstimateThatMayTryNoMoreIsItsBound) {
    constexpr std::uint64_t kGasMax = 1'000'000;
    node_.stop();
    node_.config().limits.call_gas_max = kGasMax;
    node_.start();
    // A deployment's own gas is so much more than its code may use that one run is all there is.
    auto code = code_;
    add_section(code, "padding", std::string(16'384, 'x'));
    const auto tx = make(ledger::ContractDeploy{.code = std::move(code), .input = {}});
    const auto native = ledger::gas_bound(tx.tx, ledger::rules_of(ledger::Params{}));
    ASSERT_GT(native, 3 * kGasMax);
    v1::EstimateFeeRequest request;
    request.set_raw(std::string{base::as_text(ledger::encode(tx))});
    const auto estimate = node_.call(methods::kEstimateFee, request);
    ASSERT_TRUE(estimate) << estimate.error().to_string();
    EXPECT_EQ(estimate->error(), "");
    EXPECT_LT(estimate->gas_used(), native + kGasMax / 2) << "another run would have had room to try less";
    EXPECT_EQ(estimate->gas_limit(), native + kGasMax);
}

TEST_F(ContractNode, EventsStreamFromAHeightResumeAndFilter) {
    for (const auto* text : {"one", "two", "three"}) send(call(text));
    v1::StreamEventsRequest request;
    request.add_contracts(contract_.to_text());
    request.set_from_height(0);
    const auto all = events(request, 3);
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].log().data(), "one");
    EXPECT_EQ(all[2].log().data(), "three");
    EXPECT_EQ(all[1].tx_id().size(), 32u);
    *request.mutable_after() = all[0].position();
    const auto rest = events(request, 2);
    ASSERT_EQ(rest.size(), 2u);
    EXPECT_EQ(rest[0].log().data(), "two");
    request.clear_contracts();
    request.add_topics()->add_any_of(std::string(32, '\0'));
    EXPECT_EQ(events(request, 2).size(), 2u);
    request.mutable_topics(0)->set_any_of(0, std::string(32, '\1'));
    bool live = false;  // Nothing matches: the one empty batch says that everything was looked at.
    static_cast<void>(node_.client().stream(methods::kStreamEvents, request, {.timeout_ns = kTestTimeoutNs},
                                            [&](const v1::EventBatch& batch) {
                                                live = batch.events_size() == 0;
                                                return false;
                                            }));
    EXPECT_TRUE(live);
}

TEST_F(ContractNode, EventsArriveAsTheyBecomeFinal) {
    v1::StreamEventsRequest request;
    request.add_contracts(contract_.to_text());
    std::vector<std::string> seen;
    std::promise<void> live;
    // The client's thread must not wait for itself: the transaction comes from another one.
    std::jthread submitting{[&] {
        live.get_future().wait();
        EXPECT_TRUE(node_.submit(make(call("news"))));
    }};
    bool is_live = false;
    static_cast<void>(node_.client().stream(methods::kStreamEvents, request, {.timeout_ns = kTestTimeoutNs},
                                            [&](const v1::EventBatch& batch) {
                                                for (const auto& event : batch.events())
                                                    seen.push_back(event.log().data());
                                                if (!std::exchange(is_live, true)) live.set_value();
                                                return seen.empty();
                                            }));
    if (!is_live) live.set_value();
    submitting.join();
    EXPECT_EQ(seen, std::vector<std::string>{"news"});
}

/// Keeps contract runs of a caller going, each until its gas is used up, from a thread and a connection of its own.
class Busy {
 public:
    Busy(const TestNode& node, v1::CallContractRequest endless, char caller)
        : thread_{[this, &node, endless = std::move(endless), caller] {
              const auto client = node.connect(node.bridge());
              while (!done_) static_cast<void>(client->call(methods::kCallContract, endless, as(caller)));
          }} {}
    ~Busy() {
        done_ = true;
        thread_.join();
    }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

    /// As a bridge relays for a listed caller whose key consists of this digit.
    static rpc::CallOptions as(char caller, std::uint64_t timeout_ns = kTestTimeoutNs) {
        rpc::CallOptions options{.timeout_ns = timeout_ns};
        EXPECT_TRUE(options.metadata.add("ghost-caller-class", "listed"));
        EXPECT_TRUE(options.metadata.add("ghost-caller-key", std::string(64, caller)));
        return options;
    }

 private:
    std::atomic<bool> done_{false};
    std::thread thread_;
};

constexpr std::uint64_t kLongRunGas = 200'000'000;

/// In time: a try may be quick where what it waits for is slow, so tries are not counted.
bool in_time(std::chrono::steady_clock::time_point begun) {
    return std::chrono::steady_clock::now() - begun < std::chrono::minutes{2};
}

TEST_F(ContractNode, OneCallerHoldsOnlyItsShareOfTheContractRuns) {
    node_.stop();
    node_.config().limits.call_queue_max = 4;  // A share is one.
    node_.config().limits.call_gas_max = kLongRunGas;
    node_.start();
    const auto bridge = node_.connect(node_.bridge());
    const auto ask = [&](char caller) {
        const auto answer = bridge->call(methods::kCallContract, query("short"), Busy::as(caller));
        return answer ? StatusCode::ok : answer.error().code;
    };
    {
        const Busy one{node_, query("L"), '1'};
        auto same = StatusCode::ok;
        for (const auto begun = std::chrono::steady_clock::now(); same == StatusCode::ok && in_time(begun);)
            same = ask('1');
        EXPECT_EQ(same, StatusCode::resource_exhausted);
        EXPECT_EQ(ask('2'), StatusCode::ok);
    }
    // Whoever has an answer has given its share back.
    for (int i = 0; i < 100; ++i) ASSERT_EQ(ask('1'), StatusCode::ok);
}

TEST_F(ContractNode, ARunWhoseCallerHasGoneIsNotBegun) {
    node_.stop();
    node_.config().limits.call_gas_max = kLongRunGas;
    node_.start();
    ASSERT_EQ(node_.metric("ghostd_contract_runs_skipped_total"), 0u);
    const auto bridge = node_.connect(node_.bridge());
    {
        // Whoever gives up after a moment gives up, sooner or later, while the lane is taken by somebody else.
        const Busy one{node_, query("L"), '1'};
        const Busy two{node_, query("L"), '2'};
        const auto begun = std::chrono::steady_clock::now();
        for (std::uint64_t i = 0; node_.metric("ghostd_contract_runs_skipped_total") == 0u && in_time(begun); ++i) {
            const auto patience_ns = 10'000'000 * (1 + i % 20);
            static_cast<void>(bridge->call(methods::kCallContract, query("short"), Busy::as('3', patience_ns)));
        }
    }
    EXPECT_GT(node_.metric("ghostd_contract_runs_skipped_total"), 0u);
    EXPECT_EQ(node_.call(methods::kCallContract, query("short"))->result(), v1::RUN_RESULT_OK);
}

/// What a block may use comes first.
constexpr std::uint64_t kEndlessGas = 10'000'000'000;

TEST_F(ContractNode, ARunEndsWhenItsProcessorTimeIsUsedUp) {
    node_.stop();
    node_.config().limits.call_gas_max = kEndlessGas;
    node_.config().limits.call_cpu_ms = 20;
    node_.start();
    const auto called = node_.call(methods::kCallContract, query("L"));
    ASSERT_FALSE(called);
    EXPECT_EQ(called.error().code, StatusCode::resource_exhausted) << called.error().to_string();
    EXPECT_NE(called.error().message.find("20 ms"), std::string::npos) << called.error().to_string();
    EXPECT_EQ(node_.call(methods::kCallContract, query("short"))->result(), v1::RUN_RESULT_OK);

    // What the chain lets one transaction use takes several milliseconds.
    node_.stop();
    node_.config().limits.call_cpu_ms = 1;
    node_.start();
    const auto tx = ledger::encode(make(call("L"), 60'000'000));
    v1::SimulateRequest simulated;
    simulated.set_raw(std::string{base::as_text(tx)});
    const auto run = node_.call(methods::kSimulate, simulated);
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().code, StatusCode::resource_exhausted) << run.error().to_string();
    v1::EstimateFeeRequest estimated;
    estimated.set_raw(std::string{base::as_text(tx)});
    const auto fee = node_.call(methods::kEstimateFee, estimated);
    ASSERT_FALSE(fee);
    EXPECT_EQ(fee.error().code, StatusCode::resource_exhausted) << fee.error().to_string();
    EXPECT_EQ(node_.metric("ghostd_contract_runs_stopped_total"), 2u);
}

TEST_F(ContractNode, ARunEndsWhenItsCallerHasGone) {
    node_.stop();
    node_.config().limits.call_gas_max = kEndlessGas;
    node_.config().limits.call_cpu_ms = 60'000;
    node_.config().limits.call_threads = 1;
    node_.start();
    const auto begun = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; node_.metric("ghostd_contract_runs_stopped_total") == 0u && in_time(begun); ++i) {
        const auto patience_ns = 2'000'000 * (1 + i % 20);
        static_cast<void>(node_.client().call(methods::kCallContract, query("L"), {.timeout_ns = patience_ns}));
    }
    EXPECT_GT(node_.metric("ghostd_contract_runs_stopped_total"), 0u);
    // The one thread is free again.
    EXPECT_EQ(node_.call(methods::kCallContract, query("short"))->result(), v1::RUN_RESULT_OK);
}

TEST_F(ContractNode, OneCallerHoldsOnlyItsShareOfTheEventStreams) {
    node_.stop();
    node_.config().limits.event_streams_max = 16;  // A share is two.
    node_.start();
    v1::StreamEventsRequest request;
    request.add_contracts(contract_.to_text());
    std::vector<StatusCode> ended;
    // Each opens the next while it is live, and ends when that one has ended.
    const std::function<void(int)> open = [&](int more) {
        const auto client = node_.connect(node_.admin());
        const auto status =
            client->stream(methods::kStreamEvents, request, {.timeout_ns = kTestTimeoutNs}, [&](const v1::EventBatch&) {
                if (more > 0) std::thread{open, more - 1}.join();
                return false;
            });
        ended.push_back(status.code);
    };
    open(2);
    ASSERT_EQ(ended.size(), 3u);
    EXPECT_EQ(ended[0], StatusCode::resource_exhausted);
    EXPECT_NE(ended[1], StatusCode::resource_exhausted);
}

TEST_F(ContractNode, StreamsThatReadHistoryTakeTurnsAndAllGetTheirEvents) {
    for (const auto* text : {"one", "two", "three"}) send(call(text));
    v1::StreamEventsRequest request;
    request.add_contracts(contract_.to_text());
    request.set_from_height(0);
    std::vector<std::future<std::size_t>> readers;
    for (int i = 0; i < 6; ++i) {
        readers.push_back(std::async(std::launch::async, [&] {
            std::size_t count = 0;
            const auto client = node_.connect(node_.admin());
            static_cast<void>(client->stream(methods::kStreamEvents, request, {.timeout_ns = kTestTimeoutNs},
                                             [&](const v1::EventBatch& batch) {
                                                 count += static_cast<std::size_t>(batch.events_size());
                                                 return count < 3;
                                             }));
            return count;
        }));
    }
    for (auto& reader : readers) EXPECT_EQ(reader.get(), 3u);
}

TEST_F(ContractNode, ShowsTheSchemaThatIsInTheCode) {
    const std::string schema = "{}";
    auto code = code_;
    add_section(code, "zvm.abi", schema);
    const auto address = ledger::contract_address(wallet_.address, {}, ledger::code_hash(code));
    ASSERT_EQ(send(ledger::ContractDeploy{.code = std::move(code), .input = {}}).execution(),
              v1::EXECUTION_STATUS_SUCCESS);
    v1::ContractRequest about;
    about.set_contract(address.to_text());
    const auto record = node_.call(methods::kGetContract, about);
    ASSERT_TRUE(record) << record.error().to_string();
    EXPECT_EQ(record->abi(), schema);
}

TEST_F(ContractNode, BadRequestsAreRefusedByName) {
    const auto code = [](const auto& answer) { return answer ? StatusCode::ok : answer.error().code; };
    auto request = query();
    request.set_contract("ghost1nonsense");
    EXPECT_EQ(code(node_.call(methods::kCallContract, request)), StatusCode::invalid_argument);
    request.set_contract(wallet_.address.to_text());
    EXPECT_EQ(code(node_.call(methods::kCallContract, request)), StatusCode::not_found);
    request = query(std::string(ledger::kContractInputMax + 1, 'x'));
    EXPECT_EQ(code(node_.call(methods::kCallContract, request)), StatusCode::invalid_argument);
    request = query();
    request.set_value("-1");
    EXPECT_EQ(code(node_.call(methods::kCallContract, request)), StatusCode::invalid_argument);
    EXPECT_EQ(code(node_.call(methods::kSimulate, v1::SimulateRequest{})), StatusCode::invalid_argument);
    v1::CodeRequest no_code;
    no_code.set_code_hash(std::string(32, 'x'));
    EXPECT_EQ(code(node_.call(methods::kGetCode, no_code)), StatusCode::not_found);
    v1::StreamEventsRequest topics;
    topics.add_topics()->add_any_of("short");
    const auto ended = node_.client().stream(methods::kStreamEvents, topics, {.timeout_ns = kTestTimeoutNs},
                                             [](const v1::EventBatch&) { return true; });
    EXPECT_EQ(ended.code, StatusCode::invalid_argument);
}

}  // namespace
