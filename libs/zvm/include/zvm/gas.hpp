#pragma once
// The gas schedule of Wasm instructions and of what the engine does for them. One gas is about one nanosecond of the
// interpreter on the reference machine. Costs belong to Wasm instructions, never to what they are lowered to, so both
// tiers and every cache state charge the same. Consensus: a change needs a new kGasVersion, and a chain keeps the
// prices that it began with: what differs between versions is a field of StatePrices.

#include <cstddef>
#include <cstdint>

namespace zvm::gas {

inline constexpr std::uint32_t kGasVersion = 4;

inline constexpr std::uint32_t kSimple = 1;         ///< Constants, locals, arithmetic, comparisons, return.
inline constexpr std::uint32_t kLoop = 1;           ///< Entering a loop from above; going round costs its branch.
inline constexpr std::uint32_t kBranch = 2;         ///< br, br_if, if: also when the processor guesses wrongly.
inline constexpr std::uint32_t kMemory = 2;         ///< Loads, stores, globals.
inline constexpr std::uint32_t kPopcount = 2;       ///< Not an instruction of every processor.
inline constexpr std::uint32_t kDivide = 5;         ///< Integer division and remainder.
inline constexpr std::uint32_t kFloat = 3;          ///< Spec profile only.
inline constexpr std::uint32_t kFloatSlow = 10;     ///< Division, square root.
inline constexpr std::uint32_t kCall = 6;           ///< call; the callee's locals come on top.
inline constexpr std::uint32_t kCallIndirect = 10;  ///< call_indirect.
inline constexpr std::uint32_t kHostCall = 20;      ///< Leaving the interpreter; the host function adds its own.
inline constexpr std::uint32_t kBrTable = 6;
inline constexpr std::uint32_t kTable = 4;          ///< table.get, table.set, table.size, ref.func.
inline constexpr std::uint32_t kBulk = 15;          ///< Base of memory and table bulk instructions.
inline constexpr std::uint32_t kGrow = 100;         ///< Base of memory.grow and table.grow.
inline constexpr std::uint32_t kGrowPage = 10'000;  ///< A page of 64 KiB: zeroing it, faulting it in, cleaning it up.

/// What must be there before a contract runs: its module, and an instance of it. A node may have both from before,
/// which is luck (whoever fills the caches makes everybody miss), so the price is that of making them. It counts what
/// the specification counts (bytes, instructions, values), never what they are lowered to. Calibrated like the rest
/// with `bench_zvm --calibrate`: contracts from C compilers load at 0.8 to 1 ns a gas, code made to be slow at up to 2.
namespace start {
inline constexpr std::uint32_t kLoad = 2'000;
inline constexpr std::uint32_t kLoadByte = 1;            ///< Of the whole module, custom sections too: read and copied.
inline constexpr std::uint32_t kLoadStructureByte = 20;  ///< Outside function bodies, data and custom sections, on top.
inline constexpr std::uint32_t kLoadFunction = 100;
inline constexpr std::uint32_t kLoadOp = 16;       ///< A Wasm instruction: decoded, validated, lowered.
inline constexpr std::uint32_t kLoadValue = 6;     ///< What blocks, branches and calls take and give.
inline constexpr std::uint32_t kLoadBlock = 24;    ///< block, loop, if, on top.
inline constexpr std::uint32_t kLoadTarget = 12;   ///< Of a br_table, and kLoadValue for each value it takes.
inline constexpr std::uint32_t kInstance = 5'000;  ///< Address space, taken and given back.
inline constexpr std::uint32_t kInstancePage = kGrowPage;
inline constexpr std::uint32_t kInstanceFunction = 20;
inline constexpr std::uint32_t kInstanceGlobal = 100;
inline constexpr std::uint32_t kInstanceItem =
    10;  ///< An element of a table or segment, an op of a constant expression.
inline constexpr std::uint32_t kInstanceSegment = 50;
inline constexpr std::uint32_t kInstanceDataByte = 1;  ///< Of active segments: copied into the memory and its image.
}  // namespace start

/// A host function of `zvm1`: `base`, and `per_byte_num / per_byte_den` for each byte that it reads or writes.
struct HostPrice {
    std::uint32_t base = 0;
    std::uint32_t per_byte_num = 0;
    std::uint32_t per_byte_den = 1;

    [[nodiscard]] constexpr std::uint64_t of(std::uint64_t bytes) const noexcept {
        return base + (bytes * per_byte_num + per_byte_den - 1) / per_byte_den;
    }
};
namespace host {
inline constexpr HostPrice kCopy{50, 1, 8};  ///< input_len, input_read, ret, revert, ret_len, ret_copy.
inline constexpr HostPrice kContext{50};     ///< caller, self, origin, value, block, gas_left.
// What is stored stays for ever, and events stay in receipts: their prices are mostly that.
inline constexpr std::uint32_t kRecordNew = 15'000;  ///< A record that did not exist: its place in the tree.
inline constexpr std::uint32_t kGrowthByte = 100;    ///< Key and value of a new slot; what a value grows by.
inline constexpr std::uint32_t kReadByte = 1;  ///< Of a slot's value that is read, also to be replaced or deleted.
/// A new record of a key and a value of so many bytes.
constexpr std::uint32_t growth(std::uint32_t bytes) noexcept { return kRecordNew + kGrowthByte * bytes; }
inline constexpr HostPrice kEmit{400, 40};
inline constexpr std::uint32_t kEmitTopic = 1'280;

/// What touches the state: prices of keys that no cache has, whoever asked for them before. Measured with
/// `./ghost bench gas`: docs/gas.md.
struct StatePrices {
    HostPrice storage_get;
    HostPrice storage_set;
    HostPrice storage_delete;
    HostPrice call;  ///< And what the callee uses; at most 63/64 of what is left goes along.
    HostPrice transfer;
    HostPrice balance;
    HostPrice create;
    HostPrice upgrade;
    std::uint32_t call_value = 0;   ///< A call that moves GCC, on top.
    std::uint32_t balance_new = 0;  ///< A payment to whom had none of this asset, on top.
};
/// Of chains with rules 1 and 2.
inline constexpr StatePrices kState1{.storage_get = {2'000, 1},
                                     .storage_set = {5'000, 10},
                                     .storage_delete = {2'500, 1},
                                     .call = {5'000, 1},
                                     .transfer = {6'000},
                                     .balance = {2'000},
                                     .create = {30'000, 1},
                                     .upgrade = {30'000}};
/// Of chains with rules 3.
inline constexpr StatePrices kState2{.storage_get = {8'000, 1},
                                     .storage_set = {25'000, 10},
                                     .storage_delete = {25'000, 1},
                                     .call = {6'000, 1},
                                     .transfer = {25'000},
                                     .balance = {6'000},
                                     .create = {30'000, 1},
                                     .upgrade = {30'000},
                                     .call_value = 25'000,
                                     .balance_new = growth(64 + 16)};
inline constexpr const StatePrices& kStateLatest = kState2;
inline constexpr HostPrice kSha256{150, 4};
inline constexpr HostPrice kKeccak256{250, 6};
inline constexpr HostPrice kBlake3{100, 2};
inline constexpr HostPrice kEd25519Verify{70'000, 4};
inline constexpr HostPrice kSecp256k1Verify{90'000};
inline constexpr HostPrice kSecp256k1Recover{110'000};
inline constexpr HostPrice kName{3'000, 1};

/// The functions of `zvm1` by name, for documents and reports; `bytes` says which bytes count.
struct HostEntry {
    const char* name;
    HostPrice price;
    const char* bytes;
};
inline constexpr HostEntry kTable[] = {
    {"input_len", kCopy, ""},
    {"input_read", kCopy, "asked for"},
    {"ret", kCopy, "returned"},
    {"revert", kCopy, "returned"},
    {"storage_get", kStateLatest.storage_get, "key, and the whole value"},
    {"storage_set", kStateLatest.storage_set, "key and value; and what is stored, below"},
    {"storage_del", kStateLatest.storage_delete, "key, and the value that was there"},
    {"caller", kContext, ""},
    {"self", kContext, ""},
    {"origin", kContext, ""},
    {"value", kContext, ""},
    {"block", kContext, ""},
    {"gas_left", kContext, ""},
    {"emit", kEmit, "data; and 1,280 for each topic"},
    {"call", kStateLatest.call, "input; and what the callee uses"},
    {"ret_len", kCopy, ""},
    {"ret_copy", kCopy, "asked for"},
    {"transfer", kStateLatest.transfer, ""},
    {"balance", kStateLatest.balance, ""},
    {"create", kStateLatest.create, "input; and what the new contract uses"},
    {"upgrade", kStateLatest.upgrade, ""},
    {"sha256", kSha256, "hashed"},
    {"keccak256", kKeccak256, "hashed"},
    {"blake3", kBlake3, "hashed"},
    {"ed25519_verify", kEd25519Verify, "message"},
    {"secp256k1_verify", kSecp256k1Verify, ""},
    {"secp256k1_recover", kSecp256k1Recover, ""},
    {"name_resolve", kName, "name, and what is copied"},
    {"name_owner", kName, "name"},
    {"identity_check", kName, "claim"},
};
}  // namespace host

/// Locals that a function declares beyond its parameters are zeroed on entry.
constexpr std::uint32_t locals(std::uint32_t count) noexcept { return (count + 3) / 4; }
constexpr std::uint64_t bulk_bytes(std::uint64_t bytes) noexcept { return (bytes + 7) / 8; }
constexpr std::uint64_t bulk_elements(std::uint64_t elements) noexcept { return 2 * elements; }

/// A branch, a return or the end of a function moves as many values as its label or type has; the first is part of it.
constexpr std::uint32_t carried(std::size_t values) noexcept {
    return values > 1 ? static_cast<std::uint32_t>(values / 2) : 0;
}

/// Static cost of a one-byte opcode. block, else, end and nop only shape the code and cost nothing.
constexpr std::uint32_t opcode(std::uint8_t op) noexcept {
    switch (op) {
        case 0x01:
        case 0x02:
        case 0x05:
        case 0x0b: return 0;
        case 0x03: return kLoop;
        case 0x04:
        case 0x0c:
        case 0x0d: return kBranch;
        case 0x0e: return kBrTable;
        case 0x10: return kCall;
        case 0x11: return kCallIndirect;
        case 0x23:
        case 0x24: return kMemory;
        case 0x25:
        case 0x26:
        case 0xd2: return kTable;
        case 0x40: return kGrow;
        case 0x69:
        case 0x7b: return kPopcount;
        case 0x6d:
        case 0x6e:
        case 0x6f:
        case 0x70:
        case 0x7f:
        case 0x80:
        case 0x81:
        case 0x82: return kDivide;
        case 0x91:
        case 0x95:
        case 0x9f:
        case 0xa3: return kFloatSlow;
        default: break;
    }
    if (op >= 0x28 && op <= 0x3e) return kMemory;
    if ((op >= 0x5b && op <= 0x66) || (op >= 0x8b && op <= 0xa6) || (op >= 0xa8 && op <= 0xab) ||
        (op >= 0xae && op <= 0xbf))
        return kFloat;
    return kSimple;
}

}  // namespace zvm::gas
