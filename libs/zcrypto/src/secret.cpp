#include "zcrypto/secret.hpp"

#include <pthread.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <mutex>

namespace zcrypto {
namespace {

constexpr std::size_t kSlabSize = 64 * 1024;
constexpr std::size_t kSmallestClass = 32;
constexpr std::size_t kLinkSize = sizeof(void*);
constexpr std::size_t kClassCount = 8;  // 32, 64, … 4096; larger secrets get a mapping of their own.

/// Maps pages that stay in RAM, out of core dumps and out of children. Sets `how` to what was possible.
std::byte* map_secret_pages(std::size_t size, SecretMemory& how) noexcept {
    void* memory = MAP_FAILED;
    how = SecretMemory::memfd_secret;
#ifdef SYS_memfd_secret
    if (const auto fd = static_cast<int>(syscall(SYS_memfd_secret, 0x80000u /* FD_CLOEXEC */)); fd >= 0) {
        if (ftruncate(fd, static_cast<off_t>(size)) == 0) {
            memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        }
        close(fd);
        // Its pages are allocated on first touch; a machine out of memory must fail here, not with SIGBUS later.
        if (memory != MAP_FAILED && madvise(memory, size, MADV_POPULATE_WRITE) != 0) {
            munmap(memory, size);
            memory = MAP_FAILED;
        }
    }
#endif
    if (memory == MAP_FAILED) {
        memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        GC_ASSERT(memory != MAP_FAILED);
        how = mlock(memory, size) == 0 ? SecretMemory::locked : SecretMemory::unlocked;
    }
    madvise(memory, size, MADV_DONTDUMP);
    madvise(memory, size, MADV_DONTFORK);
    return static_cast<std::byte*>(memory);
}

/// Size-class free lists over slabs. Slabs are never returned: their pages are few and hold nothing after a wipe.
class Arena {
 public:
    std::byte* allocate(std::size_t size) noexcept {
        const auto index = class_of(size);
        const std::scoped_lock lock{mutex_};
        if (index == kClassCount) return map_counted(page_round(size));
        if (!free_[index]) refill(index);
        auto* const block = free_[index];
        std::memcpy(&free_[index], block, sizeof free_[index]);
        std::memset(block, 0, kLinkSize);
        return block;
    }

    void release(std::byte* block, std::size_t size) noexcept {
        sodium_memzero(block, size);
        const auto index = class_of(size);
        if (index == kClassCount) {
            munmap(block, page_round(size));
            return;
        }
        const std::scoped_lock lock{mutex_};
        std::memcpy(block, &free_[index], sizeof free_[index]);
        free_[index] = block;
    }

    // fork(): a child has none of these pages, so it must not hand out what was free in its parent.
    void before_fork() noexcept { mutex_.lock(); }
    void in_parent() noexcept { mutex_.unlock(); }
    void in_child() noexcept {
        free_ = {};
        mapped_ = false;
        mutex_.unlock();
    }

    SecretMemory kind() noexcept {
        const std::scoped_lock lock{mutex_};
        if (!mapped_) refill(0);
        return kind_;
    }

 private:
    static std::size_t class_of(std::size_t size) noexcept {
        const auto rounded = std::bit_ceil(std::max(size, kSmallestClass));
        return std::min<std::size_t>(std::countr_zero(rounded) - std::countr_zero(kSmallestClass), kClassCount);
    }
    static std::size_t page_round(std::size_t size) noexcept { return (size + 4095) / 4096 * 4096; }

    std::byte* map_counted(std::size_t size) noexcept {
        SecretMemory how;
        auto* const pages = map_secret_pages(size, how);
        kind_ = mapped_ ? std::max(kind_, how) : how;  // The weakest mapping decides.
        mapped_ = true;
        return pages;
    }

    void refill(std::size_t index) noexcept {
        auto* const slab = map_counted(kSlabSize);
        const auto block_size = kSmallestClass << index;
        for (std::size_t at = 0; at < kSlabSize; at += block_size) {
            std::memcpy(slab + at, &free_[index], sizeof free_[index]);
            free_[index] = slab + at;
        }
    }

    std::mutex mutex_;
    std::array<std::byte*, kClassCount> free_{};  // A free block holds the next one's address, else zeros.
    SecretMemory kind_ = SecretMemory::memfd_secret;
    bool mapped_ = false;
};

Arena& arena() noexcept {
    // Never destroyed: secrets in static objects are wiped during exit, in any order.
    static auto* const instance = new Arena;
    static const int registered =
        pthread_atfork([] { arena().before_fork(); }, [] { arena().in_parent(); }, [] { arena().in_child(); });
    GC_ASSERT(registered == 0);
    return *instance;
}

}  // namespace

void secure_wipe(base::MutableBytes bytes) noexcept {
    if (!bytes.empty()) sodium_memzero(bytes.data(), bytes.size());
}

bool equal_constant_time(base::ByteView a, base::ByteView b) noexcept {
    if (a.size() != b.size()) return false;
    return a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

SecretMemory secret_memory() noexcept { return arena().kind(); }

SecretBytes::SecretBytes(std::size_t size) noexcept : size_{size} {
    GC_ASSERT(size <= kMaxSize);
    if (size > 0) data_ = arena().allocate(size);
}

SecretBytes SecretBytes::copy_of(base::ByteView bytes) noexcept {
    SecretBytes out{bytes.size()};
    if (!bytes.empty()) std::memcpy(out.data_, bytes.data(), bytes.size());
    return out;
}

SecretBytes::~SecretBytes() {
    if (data_) arena().release(data_, size_);
}

}  // namespace zcrypto
