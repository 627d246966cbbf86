// What the C test cannot reach: bounds of events, and memory that runs out at every place where it can.
#include "../src/vm.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "modules.h"
#include "zvm/contract.hpp"

namespace {

/// Allocations until one fails; negative: none does.
long allocations_left = -1;

/// Not inlined, like release(): otherwise g++ sees malloc paired with delete, and new with free, in one function.
[[gnu::noinline]] void* allocate(std::size_t size) {
    if (allocations_left == 0) throw std::bad_alloc{};
    if (allocations_left > 0) --allocations_left;
    if (void* const memory = std::malloc(size ? size : 1)) return memory;
    throw std::bad_alloc{};
}

[[gnu::noinline]] void release(void* memory) noexcept { std::free(memory); }

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
// NOLINTBEGIN(clang-analyzer-cplusplus.NewDelete): these are the operators; the analyser takes their free for a second
// one.
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
// NOLINTEND(clang-analyzer-cplusplus.NewDelete)

namespace capi::zvm_local {
namespace {

base::ByteView bytes(std::string_view text) { return base::as_bytes(text); }

std::string last_of(Vm& vm) {
    const auto value = vm.host.storage_get(bytes("last"));
    return value ? std::string{base::as_text(*value)} : "";
}

TEST(LocalHost, EventsEndWhereTheChainEndsThem) {
    LocalHost host;
    const LocalHost::Call call{host, {}};
    for (std::size_t i = 0; i < zvm::kEventsMax; ++i) ASSERT_TRUE(host.emit({}, {}));
    EXPECT_FALSE(host.emit({}, {}));

    const LocalHost::Call next{host, {}};
    const base::Bytes block(16 * 1024 - sizeof(base::Digest));
    const base::Digest topic{};
    for (std::size_t i = 0; i < zvm::kEventBytesTotalMax / (16 * 1024); ++i) ASSERT_TRUE(host.emit({&topic, 1}, block));
    EXPECT_FALSE(host.emit({}, bytes("x")));
    EXPECT_TRUE(host.emit({}, {}));
    EXPECT_FALSE(host.out_of_memory);
}

TEST(LocalHost, ACallThatIsNotKeptLeavesNothing) {
    LocalHost host;
    host.set_state(bytes("a"), bytes("1"));
    {
        LocalHost::Call call{host, {}};
        host.storage_set(bytes("a"), bytes("2"));
        host.storage_delete(bytes("a"));
        host.storage_set(bytes("b"), bytes("3"));
        EXPECT_FALSE(host.storage_get(bytes("a")));
        EXPECT_TRUE(host.storage_get(bytes("b")));
    }
    EXPECT_EQ(base::as_text(*host.storage_get(bytes("a"))), "1");
    EXPECT_FALSE(host.storage_get(bytes("b")));
    {
        LocalHost::Call call{host, {}};
        host.storage_delete(bytes("a"));
        host.storage_delete(bytes("never there"));
        host.storage_set(bytes("b"), {});
        call.keep();
    }
    EXPECT_FALSE(host.storage_get(bytes("a")));
    EXPECT_TRUE(host.storage_get(bytes("b"))) << "a value of no bytes is a value";
}

TEST(Vm, MemoryMayRunOutAnywhereAndACallIsWholeOrNothing) {
    const std::string old(200, 'o');
    const std::string fresh(300, 'n');
    const auto made = Vm::make({reinterpret_cast<const std::byte*>(kEcho), sizeof kEcho}, 0);
    ASSERT_TRUE(made);
    auto* const vm = made->get();
    std::size_t failures = 0;
    for (long allowed = 0; allowed < 1000; ++allowed) {
        vm->host.set_state(bytes("last"), bytes(old));
        int status = GHOST_ERR_OUT_OF_MEMORY;
        allocations_left = allowed;
        try {
            status = vm->execute("call", bytes(fresh)).status;
        } catch (const std::bad_alloc&) {
        }
        allocations_left = -1;
        if (status == GHOST_OK) {
            EXPECT_EQ(last_of(*vm), fresh);
            EXPECT_GT(failures, 4u);
            return;
        }
        ++failures;
        EXPECT_EQ(status, GHOST_ERR_OUT_OF_MEMORY);
        EXPECT_EQ(last_of(*vm), old) << "after " << allowed;
    }
    FAIL() << "it never succeeds";
}

}  // namespace
}  // namespace capi::zvm_local
