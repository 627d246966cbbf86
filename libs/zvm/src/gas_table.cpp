#include "zvm/gas_table.hpp"

#include <cstdint>
#include <map>
#include <vector>

#include "zvm/gas.hpp"
#include "zvm/limits.hpp"
#include "zvm/opcode_names.hpp"

namespace zvm {
namespace {

std::string number(std::uint64_t value) {
    auto text = std::to_string(value);
    for (auto at = static_cast<int>(text.size()) - 3; at > 0; at -= 3) text.insert(static_cast<std::size_t>(at), ",");
    return text;
}

/// "`i32.add` `i32.sub`": instructions of one price, in order of their codes.
std::map<std::uint32_t, std::string> instructions_by_price() {
    std::map<std::uint32_t, std::string> out;
    const auto add = [&](std::uint32_t price, const char* name) {
        auto& line = out[price];
        const auto item = "`" + std::string{name} + "`";
        if (line.find(item) != line.npos) return;  // select has two codes
        line += (line.empty() ? "" : " ") + item;
    };
    for (std::uint32_t op = 0; op < 256; ++op) {
        const auto byte = static_cast<std::uint8_t>(op);
        if (const auto* const name = opcode_name(byte)) add(gas::opcode(byte), name);
    }
    for (std::uint32_t op = 0; op < kBulkOpcodes; ++op) add(op < 8 ? gas::kFloat : gas::kBulk, bulk_opcode_name(op));
    return out;
}

std::string host_price(const gas::host::HostEntry& entry) {
    std::string line = "| `" + std::string{entry.name} + "` | " + number(entry.price.base) + " | ";
    if (entry.price.per_byte_num == 0) return line + " | |\n";
    line += number(entry.price.per_byte_num);
    if (entry.price.per_byte_den != 1) line += "/" + number(entry.price.per_byte_den);
    return line + " | " + entry.bytes + " |\n";
}

}  // namespace

std::string gas_table_markdown() {
    std::string out =
        "# Gas\n\n"
        "<!-- Made by `zvm gas --table` from libs/zvm/include/zvm/gas.hpp; a test compares the two. -->\n\n"
        "Version " +
        number(gas::kGasVersion) +
        " of the prices. One gas stands for at most a nanosecond of the interpreter on the\n"
        "reference machine. `bench_zvm --calibrate` measures it: every class of instruction stays below, most between "
        "a fifth\n"
        "and a half. One thing does not: loads whose address is what the load before gave, scattered over megabytes, "
        "wait for\n"
        "the memory and take up to ten nanoseconds a gas; within a memory that the processor's caches hold they do "
        "not.\n\n"
        "Prices belong to WebAssembly instructions. They are added up over each straight stretch of code and charged "
        "when it is\n"
        "entered, so a run that cannot pay for a stretch does nothing of it. What an instruction is compiled to, "
        "whether a module\n"
        "was cached and whether an instance was fresh changes nothing.\n\n"
        "## Instructions\n| gas | instructions |\n|---|---|\n";
    for (const auto& [price, names] : instructions_by_price()) out += "| " + number(price) + " | " + names + " |\n";
    out +=
        "\nOn top of these:\n\n| what | gas |\n|---|---|\n"
        "| locals of a function, beyond its parameters | a quarter of their number, rounded up |\n"
        "| a branch or return that carries n > 1 values | n / 2 |\n"
        "| leaving for a host function | " +
        number(gas::kHostCall) +
        " |\n"
        "| `memory.grow`, each page that is given | " +
        number(gas::kGrowPage) +
        " |\n"
        "| `memory.init` `memory.copy` `memory.fill`, each 8 bytes begun | 1 |\n"
        "| `table.init` `table.copy` `table.fill` `table.grow`, each element | " +
        number(gas::bulk_elements(1)) +
        " |\n\n"
        "`block`, `else`, `end` and `nop` only give code its shape. Floating-point instructions have prices for tests; "
        "contracts\n"
        "cannot contain them.\n\n"
        "## Functions of `zvm1`\nCharged before the work, in addition to the call.\n\n"
        "| function | gas | a byte | which bytes |\n|---|---|---|---|\n";
    for (const auto& entry : gas::host::kTable) out += host_price(entry);
    out +=
        "\nA call hands over at most 63/64 of what is left. What is stored stays, and `storage_set`, `transfer` and "
        "`call` pay for\nthat:\n\n"
        "| stored | gas |\n|---|---|\n";
    const auto row = [&out](const char* what, std::uint64_t gas) {
        out += "| " + std::string{what} + " | " + number(gas) + " |\n";
    };
    row("a slot that did not exist", gas::host::kRecordNew);
    row("each byte of its key and value, and each that a value grows by", gas::host::kGrowthByte);
    row("each byte that a value shrinks by, for reading it", gas::host::kReadByte);
    row("a balance that was zero, when it is paid to", gas::host::kStateLatest.balance_new);
    row("the value of a call, when there is one", gas::host::kStateLatest.call_value);
    out +=
        "\n## Starting a contract\n"
        "A chain charges for a contract's code once a transaction, and for an instance with each call, whether it has "
        "them at\n"
        "hand or not. Both prices are functions of the module, kept with it when it is deployed; `zvm inspect` shows "
        "them.\n\n"
        "| loading the code | gas |\n|---|---|\n";
    row("a module", gas::start::kLoad);
    row("each byte of it", gas::start::kLoadByte);
    row("each byte outside function bodies, data and custom sections, on top", gas::start::kLoadStructureByte);
    row("each function", gas::start::kLoadFunction);
    row("each instruction", gas::start::kLoadOp);
    row("each value that a block, a branch, each target of a `br_table` or a call takes or gives",
        gas::start::kLoadValue);
    row("each block, loop and if, on top", gas::start::kLoadBlock);
    row("each target of a `br_table`", gas::start::kLoadTarget);
    out += "\n| an instance | gas |\n|---|---|\n";
    row("an instance", gas::start::kInstance);
    row("each page of its initial memory", gas::start::kInstancePage);
    row("each function, imported ones too", gas::start::kInstanceFunction);
    row("each global", gas::start::kInstanceGlobal);
    row("each element of a table or an active segment, each instruction of a constant expression",
        gas::start::kInstanceItem);
    row("each segment", gas::start::kInstanceSegment);
    row("each byte of active data", gas::start::kInstanceDataByte);
    out +=
        "\nFor transactions, messages and deployed bytes the ledger has prices of its own, "
        "below.\n\n"
        "## Bounds that are not gas\n" +
        number(kStackSlots) + " stack slots and " + number(kCallDepth) + " calls within a contract; " +
        number(kContractDepth) + " contracts deep.\n";
    return out;
}

}  // namespace zvm
