// Hash tables are keyed anew in each process, so whatever they are walked through for comes in another order each time.
// Nothing that a chain says may show it.
#include <sys/wait.h>

#include "base/file.hpp"
#include "base/keyed_hash.hpp"
#include "recorder.hpp"

namespace ledger::test {
namespace {

constexpr const char* kOutput = "GHOST_HASH_ORDER_OUTPUT";

/// Blocks, proofs, answers of contracts, histories: one line each.
std::string everything() {
    Recorder recorder;
    std::string out;
    const auto line = [&](base::ByteView bytes) { out += base::to_hex(bytes) + "\n"; };
    for (const auto& block : recorder.record()) out += block + "\n";
    const auto view = recorder.chain().view();
    const auto height = view->head().header.height;
    const auto& users = recorder.world().users;
    const auto contract = contract_address(users[0].address, {}, code_hash(probe()));
    std::vector<std::string> keys{params_key(), contract_key(contract), asset_key(kGcc)};
    for (const auto* slot : {"k", "a", "absent"}) keys.push_back(slot_key(contract, base::as_bytes(slot)));
    for (const auto& user : users) {
        keys.push_back(account_key(user.address));
        keys.push_back(balance_key(user.address, kGcc));
        const auto history = view->history(user.address, std::nullopt, 100);
        const auto balances = view->balances(user.address, 100);
        EXPECT_TRUE(history && balances);
        for (const auto& entry : *history) line(entry.tx_id);
        for (const auto& balance : *balances) {
            line(balance.id.bytes);
            line(encode_amount(balance.amount));
        }
    }
    for (const auto& key : keys) {
        const auto proof = view->prove(key, height);
        EXPECT_TRUE(proof) << base::to_string(proof.error());
        line(proof->proof.encode());
        line(proof->value.value_or(base::Bytes{}));
    }
    ContractEngine engine;
    const ViewReader reader{*view};
    const BlockContext context{.height = height + 1,
                               .time_ms = view->head().header.time_ms + 1,
                               .proposer = {},
                               .base_fee = view->head().next_base_fee};
    const auto steps = Steps{}.get("k").set("new", "slot").balance(users[1].address, kGcc).emit(topic(2), "x").who();
    const auto ran = query_contract(reader, context, recorder.chain().binding().genesis_hash,
                                    {.call = {.contract = contract, .input = steps.bytes(), .value = 1},
                                     .caller = users[0].address,
                                     .gas_limit = 10'000'000},
                                    engine);
    EXPECT_TRUE(ran) << base::to_string(ran.error());
    out += std::to_string(ran->gas_used) + "\n";
    line(ran->output);
    for (const auto& key : ran->keys) line(base::as_bytes(key));
    return out;
}

TEST(HashOrder, WritesEverythingWhenAskedTo) {
    const char* target = std::getenv(kOutput);
    if (!target) GTEST_SKIP() << kOutput << " names no file";
    const auto text = everything();
    ASSERT_FALSE(HasFailure());
    // What shows that the key is another one, and not the key.
    const auto sign = base::siphash(base::as_bytes("sign of the key"), base::process_hash_key());
    ASSERT_TRUE(base::write_file_atomic(target, base::as_bytes(std::to_string(sign) + "\n" + text)));
}

/// What a process of its own says.
std::pair<std::string, std::string> ask_another_process(const std::filesystem::path& file) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::setenv(kOutput, file.c_str(), 1);
        ::execl("/proc/self/exe", "ledger_test", "--gtest_filter=HashOrder.WritesEverythingWhenAskedTo", nullptr);
        ::_exit(127);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    const auto bytes = base::read_file(file, 64U << 20U);
    EXPECT_TRUE(bytes) << bytes.error().text;
    const std::string text{base::as_text(*bytes)};
    const auto end = text.find('\n');
    return {text.substr(0, end), text.substr(end + 1)};
}

TEST(HashOrder, ProcessesWithOtherKeysMakeTheSameBlocksProofsAndAnswers) {
    TempFolder folder;
    const auto [first_key, first] = ask_another_process(folder.path / "first");
    const auto [second_key, second] = ask_another_process(folder.path / "second");
    EXPECT_NE(first_key, second_key) << "both drew one key";
    EXPECT_GT(first.size(), 10'000u);
    EXPECT_EQ(first, second);
}

}  // namespace
}  // namespace ledger::test
