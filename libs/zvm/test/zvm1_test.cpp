// The guest's view of the host: pointers at and beyond every edge, prices, conventions. The host is a small real one.
#include <gtest/gtest.h>

#include <map>

#include "wasm_builder.hpp"
#include "zvm/contract_host.hpp"
#include "zvm/gas.hpp"
#include "zvm/pool.hpp"

namespace zvm {
namespace {

using namespace test;

class MemoryHost : public ContractHost {
 public:
    std::map<base::Bytes, base::Bytes> storage;
    base::Bytes input_bytes = base::to_bytes("input");
    base::Bytes returned;
    base::Bytes last_return = base::to_bytes("callee");
    CallOutcome next{CallStatus::ok, 700};
    std::vector<std::uint64_t> call_gas;
    bool read_only = false;
    int events = 0;
    int reads = 0;

    base::ByteView input() noexcept override { return input_bytes; }
    void set_return(base::ByteView data) noexcept override { returned = base::to_bytes(data); }
    void set_revert(base::ByteView data) noexcept override { returned = base::to_bytes(data); }
    std::optional<base::ByteView> storage_get(base::ByteView key) noexcept override {
        ++reads;
        const auto found = storage.find(base::to_bytes(key));
        return found == storage.end() ? std::nullopt : std::optional<base::ByteView>{found->second};
    }
    bool storage_set(base::ByteView key, base::ByteView value) noexcept override {
        if (!read_only) storage[base::to_bytes(key)] = base::to_bytes(value);
        return !read_only;
    }
    bool storage_delete(base::ByteView key) noexcept override { return storage.erase(base::to_bytes(key)), true; }
    Address caller() noexcept override { return filled(1); }
    Address self() noexcept override { return filled(2); }
    Address origin() noexcept override { return filled(3); }
    base::u128 value() noexcept override { return base::u128{0x0102}; }
    std::int64_t block(BlockField field) noexcept override { return 1'000 + static_cast<std::int64_t>(field); }
    bool emit(std::span<const base::Digest> topics, base::ByteView) noexcept override {
        events += 1 + static_cast<int>(topics.size());
        return true;
    }
    CallOutcome call(const CallRequest& request) noexcept override {
        call_gas.push_back(request.gas);
        return next;
    }
    base::ByteView return_data() noexcept override { return last_return; }
    CallOutcome create(const CreateRequest&, Address& created) noexcept override {
        created = filled(9);
        return next;
    }
    CallStatus upgrade(const base::Digest&) noexcept override { return CallStatus::refused; }
    CallStatus transfer(const Address&, const AssetId&, base::u128) noexcept override { return CallStatus::ok; }
    base::u128 balance(const Address&, const AssetId&) noexcept override { return base::u128{77}; }
    base::Digest sha256(base::ByteView) noexcept override { return filled(4); }
    base::Digest keccak256(base::ByteView) noexcept override { return filled(5); }
    base::Digest blake3(base::ByteView) noexcept override { return filled(6); }
    bool ed25519_verify(const base::FixedBytes<32>&, const base::FixedBytes<64>&, base::ByteView) noexcept override {
        return true;
    }
    bool secp256k1_verify(const base::FixedBytes<33>&, const base::FixedBytes<64>&,
                          const base::Digest&) noexcept override {
        return false;
    }
    std::optional<base::FixedBytes<33>> secp256k1_recover(const base::FixedBytes<65>&,
                                                          const base::Digest&) noexcept override {
        return std::nullopt;
    }

 private:
    static base::Digest filled(int byte) {
        base::Digest out;
        out.fill(static_cast<std::byte>(byte));
        return out;
    }
};

/// A module that imports every function of zvm1 and exports a wrapper of each under its name.
class Zvm1 : public testing::Test {
 protected:
    Zvm1() {
        Builder b;
        const auto bytes_of = [](const std::vector<ValType>& types) {
            Code out;
            for (const auto type : types) out.push_back(static_cast<std::uint8_t>(type));
            return out;
        };
        std::uint32_t index = 0;
        for (const auto& f : zvm1_functions()) {
            b.import_function(f.module, f.name, b.type(bytes_of(f.type.params), bytes_of(f.type.results)));
        }
        for (const auto& f : zvm1_functions()) {
            Code body;
            for (std::size_t i = 0; i < f.type.params.size(); ++i) append(body, join({{0x20}, uleb(i)}));
            append(body, join({{0x10}, uleb(index)}));
            b.function(f.name, index++, body);
        }
        b.memory(1);
        auto module = Module::load(b.bytes(), LoadOptions::contract());
        EXPECT_TRUE(module) << base::to_string(module.error());
        instance_ = std::move(*Instance::make(*module, zvm1_functions()));
    }
    Trap call(std::string_view name, std::vector<Slot> args, std::int64_t gas = 10'000'000) {
        const auto index = *instance_->module().find_function(name);
        std::vector<Slot> results(instance_->module().function_type(index).results.size());
        used_ = gas;
        const auto trap = machine_->run(*instance_->function(index), args, results, gas,
                                        {.context = static_cast<ContractHost*>(&host_)});
        used_ -= gas;
        result_ = results.empty() ? 0 : results[0];
        return trap;
    }
    std::string_view text(std::uint32_t at, std::uint32_t length) {
        return {reinterpret_cast<const char*>(instance_->memory()->view(at, length)), length};
    }
    void poke(std::uint32_t at, std::string_view data) {
        std::memcpy(instance_->memory()->writable(at, data.size()), data.data(), data.size());
    }

    MemoryHost host_;
    std::unique_ptr<Machine> machine_ = Machine::make();
    std::unique_ptr<Instance> instance_;
    std::int64_t used_ = 0;
    Slot result_ = 0;
};

TEST_F(Zvm1, PointersThatLeaveOrWrapAroundMemoryTrapInEveryFunction) {
    for (const auto& f : zvm1_functions()) {
        if (f.type.params.empty() || f.name == "block") continue;
        // Every argument huge: pointers beyond memory, lengths that wrap.
        std::vector<Slot> huge(f.type.params.size(), 0xffff'fff0);
        const auto trap = call(f.name, huge, std::int64_t{1} << 50);
        EXPECT_TRUE(trap == Trap::memory_bounds || trap == Trap::host_refused) << f.name << ": " << to_string(trap);
        // Every pointer just inside with its object hanging over the end.
        std::vector<Slot> edge(f.type.params.size(), 65'535);
        EXPECT_NE(call(f.name, edge, std::int64_t{1} << 50), Trap::none) << f.name;
    }
    EXPECT_TRUE(host_.storage.empty());
}

TEST_F(Zvm1, EveryFunctionStopsWithoutGasBeforeItWorks) {
    for (const auto& f : zvm1_functions()) {
        const std::vector<Slot> zeroes(f.type.params.size());
        EXPECT_EQ(call(f.name, zeroes, 60), Trap::out_of_gas) << f.name;
    }
    EXPECT_TRUE(host_.storage.empty());
    EXPECT_EQ(host_.events, 0);
}

TEST_F(Zvm1, InputIsReadInPieces) {
    EXPECT_EQ(call("input_len", {}), Trap::none);
    EXPECT_EQ(result_, 5u);
    EXPECT_EQ(call("input_read", {100, 1, 3}), Trap::none);
    EXPECT_EQ(result_, 3u);
    EXPECT_EQ(text(100, 3), "npu");
    EXPECT_EQ(call("input_read", {200, 4, 50}), Trap::none);
    EXPECT_EQ(result_, 1u);
    EXPECT_EQ(call("input_read", {200, 0xffff'ffff, 50}), Trap::none);
    EXPECT_EQ(result_, 0u);
}

TEST_F(Zvm1, StorageRoundTripsAndTellsAbsentFromEmpty) {
    poke(0, "keyvalue");
    EXPECT_EQ(call("storage_get", {0, 3, 100, 10}), Trap::none);
    EXPECT_EQ(result_, 0xffff'ffffu);
    EXPECT_EQ(call("storage_set", {0, 3, 3, 5}), Trap::none);
    EXPECT_EQ(call("storage_get", {0, 3, 100, 2}), Trap::none);
    EXPECT_EQ(result_, 5u);  // the full length, though two bytes were copied
    EXPECT_EQ(text(100, 3), std::string_view("va\0", 3));
    EXPECT_EQ(call("storage_set", {0, 3, 0, 0}), Trap::none);
    EXPECT_EQ(call("storage_get", {0, 3, 0, 0}), Trap::none);
    EXPECT_EQ(result_, 0u);
    EXPECT_EQ(call("storage_del", {0, 3}), Trap::none);
    EXPECT_TRUE(host_.storage.empty());
    EXPECT_EQ(call("storage_set", {0, kStorageKeyMax + 1, 0, 0}), Trap::host_refused);
    host_.read_only = true;
    EXPECT_EQ(call("storage_set", {0, 3, 0, 0}), Trap::host_refused);
}

TEST_F(Zvm1, StorageCostsWhatTheTableSays) {
    const auto entry = std::int64_t{4 + gas::kCall + gas::kHostCall};  // four local.get, call
    EXPECT_EQ(call("storage_set", {0, 10, 0, 20}), Trap::none);        // a new slot
    EXPECT_EQ(used_, entry + 25'000 + 10 * 30 + 15'000 + 100 * 30);
    EXPECT_EQ(call("storage_set", {0, 10, 0, 24}), Trap::none);  // grows
    EXPECT_EQ(used_, entry + 25'000 + 10 * 34 + 100 * 4);
    EXPECT_EQ(call("storage_set", {0, 10, 0, 4}), Trap::none);  // shrinks: what is read costs
    EXPECT_EQ(used_, entry + 25'000 + 10 * 14 + 20);
    EXPECT_EQ(call("storage_get", {0, 10, 0, 1}), Trap::none);  // all of it is read, whatever is copied
    EXPECT_EQ(used_, entry + 8'000 + 10 + 4);
    EXPECT_EQ(call("storage_del", {0, 10}), Trap::none);
    EXPECT_EQ(used_, entry - 2 + 25'000 + 10 + 4);
    EXPECT_EQ(call("emit", {0, 2, 0, 10}), Trap::none);
    EXPECT_EQ(used_, entry + 400 + 2 * 1'280 + 10 * 40);
}

TEST_F(Zvm1, ReadsNoSlotBeforeItsBasePriceIsPaid) {
    EXPECT_EQ(call("storage_set", {0, 3, 0, 20}), Trap::none);
    host_.reads = 0;
    EXPECT_EQ(call("storage_get", {0, 3, 0, 10}, 8'000), Trap::out_of_gas);
    EXPECT_EQ(call("storage_set", {0, 3, 0, 20}, 25'000), Trap::out_of_gas);
    EXPECT_EQ(call("storage_del", {0, 3}, 25'000), Trap::out_of_gas);
    EXPECT_EQ(host_.reads, 0);
}

TEST_F(Zvm1, ReturnAndRevertHandTheirDataToTheHost) {
    poke(0, "abc");
    EXPECT_EQ(call("ret", {0, 3}), Trap::none);
    EXPECT_EQ(base::as_text(host_.returned), "abc");
    EXPECT_EQ(call("revert", {1, 2}), Trap::reverted);
    EXPECT_EQ(base::as_text(host_.returned), "bc");
    EXPECT_EQ(call("ret", {0, kReturnMax}), Trap::none);
    EXPECT_EQ(call("ret", {0, kReturnMax + 1}), Trap::host_refused);
}

TEST_F(Zvm1, ACalleeGetsAtMostSixtyThreeSixtyFourthsAndIsCharged) {
    EXPECT_EQ(call("call", {0, 0, ~Slot{0}, 0, 0, 0}, 100'000), Trap::none);
    const auto left = 100'000 - (6 + gas::kCall + gas::kHostCall + 6'000);
    ASSERT_EQ(host_.call_gas.size(), 1u);
    EXPECT_EQ(host_.call_gas[0], static_cast<std::uint64_t>(left - left / 64));
    EXPECT_EQ(used_, 100'000 - left + 700);
    EXPECT_EQ(call("call", {0, 0, 500, 0, 0, 0}), Trap::none);
    EXPECT_EQ(host_.call_gas[1], 500u);
    EXPECT_EQ(call("call", {0, 0, 500, 0, 0, 2}), Trap::host_refused);  // an unknown flag
    EXPECT_EQ(call("ret_copy", {100, 1, 3}), Trap::none);
    EXPECT_EQ(text(100, 3), "all");
}

TEST_F(Zvm1, ContextValuesHaveTheirFixedWidths) {
    EXPECT_EQ(call("caller", {65'536 - 32}), Trap::none);
    EXPECT_EQ(call("caller", {65'536 - 31}), Trap::memory_bounds);
    EXPECT_EQ(call("value", {0}), Trap::none);
    EXPECT_EQ(text(0, 3), std::string_view("\x02\x01\0", 3));
    EXPECT_EQ(call("balance", {100, 200, 300}), Trap::none);
    EXPECT_EQ(text(300, 1)[0], 77);
    EXPECT_EQ(call("block", {1}), Trap::none);
    EXPECT_EQ(result_, 1'001u);
    EXPECT_EQ(call("block", {3}), Trap::host_refused);
    EXPECT_EQ(call("emit", {0, 4, 0, 10}), Trap::none);
    EXPECT_EQ(host_.events, 5);
    EXPECT_EQ(call("emit", {0, 5, 0, 10}), Trap::host_refused);
    EXPECT_EQ(call("name_owner", {0, 3, 0}), Trap::none);
    EXPECT_EQ(result_, 0xffff'ffffu);
}

}  // namespace
}  // namespace zvm
