#include "zcrypto/secret.hpp"

#include <pthread.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <mutex>
#include <new>
#include <vector>

namespace zcrypto {
namespace {

constexpr std::size_t kSlabSize = 64 * 1024;
constexpr std::size_t kSmallestClass = 32;
constexpr std::size_t kLinkSize = sizeof(void*);
constexpr std::size_t kClassCount = 8;  // 32, 64, … 4096; larger secrets get a mapping of their own.

constexpr std::size_t kPageSize = 4096;

struct Block {
    std::byte* at;
    std::uint32_t generation;
};

struct Pages {
    std::byte* at;
    std::size_t size;
};

/// Allocates the pages behind a fresh mapping. The kernel's own copy touches each: where there is no memory it answers
/// EFAULT, while a write of ours would be SIGBUS. (MADV_POPULATE_WRITE refuses memfd_secret's mappings.)
bool populate(std::byte* memory, std::size_t size) noexcept {
    for (std::size_t at = 0; at < size; at += kPageSize) {
        ssize_t got = 0;
        do got = getrandom(memory + at, 1, 0);
        while (got < 0 && errno == EINTR);
        if (got != 1) return false;
        memory[at] = std::byte{0};
    }
    return true;
}

std::byte* map_memfd_secret(std::size_t size) noexcept {
#ifdef SYS_memfd_secret
    const auto fd = static_cast<int>(syscall(SYS_memfd_secret, 0x80000u /* FD_CLOEXEC */));
    if (fd < 0) return nullptr;
    void* memory = MAP_FAILED;
    if (ftruncate(fd, static_cast<off_t>(size)) == 0) {
        memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    close(fd);
    if (memory == MAP_FAILED) return nullptr;
    if (populate(static_cast<std::byte*>(memory), size)) return static_cast<std::byte*>(memory);
    munmap(memory, size);
#endif
    return nullptr;
}

/// Maps pages that stay in RAM, out of core dumps and out of children. Sets `how` to what was possible.
std::byte* map_secret_pages(std::size_t size, SecretMemory& how) {
    auto* pages = map_memfd_secret(size);
    how = SecretMemory::memfd_secret;
    if (!pages) {
        auto* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc{};
        how = mlock(memory, size) == 0 ? SecretMemory::locked : SecretMemory::unlocked;
        pages = static_cast<std::byte*>(memory);
    }
    madvise(pages, size, MADV_DONTDUMP);
    madvise(pages, size, MADV_DONTFORK);
    return pages;
}

/// In a child: nothing else may ever lie where an inherited secret points to.
void reserve(const Pages& pages) noexcept {
    auto* const got =
        mmap(pages.at, pages.size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    // A kernel before 4.17 takes the address for a hint.
    if (got != MAP_FAILED && got != pages.at) munmap(got, pages.size);
}

// A free block holds the next one's address in its first bytes, the last one zeros.
std::byte* next_of(const std::byte* block) noexcept {
    std::byte* next = nullptr;
    std::memcpy(static_cast<void*>(&next), block, kLinkSize);
    return next;
}
void set_next(std::byte* block, const std::byte* next) noexcept {
    std::memcpy(block, static_cast<const void*>(&next), kLinkSize);
}

/// Size-class free lists over slabs. Slabs are never returned: their pages are few and hold nothing after a wipe.
class Arena {
 public:
    Block allocate(std::size_t size) {
        const auto index = class_of(size);
        const std::scoped_lock lock{mutex_};
        if (index == kClassCount) return {map_counted(page_round(size)), generation_};
        if (!free_[index]) refill(index);
        auto* const block = free_[index];
        free_[index] = next_of(block);
        std::memset(block, 0, kLinkSize);
        return {block, generation_};
    }

    void release(const Block& block, std::size_t size) noexcept {
        const auto index = class_of(size);
        const std::scoped_lock lock{mutex_};
        if (block.generation != generation_) return;  // Inherited: its pages are the parent's.
        sodium_memzero(block.at, size);
        if (index == kClassCount) {
            std::erase_if(mappings_, [&](const Pages& each) { return each.at == block.at; });
            munmap(block.at, page_round(size));
            return;
        }
        set_next(block.at, free_[index]);
        free_[index] = block.at;
    }

    // fork(): a child has none of these pages, so it must not hand out what was free in its parent, and no page of its
    // own may come to lie where its parent's secrets were.
    void before_fork() noexcept { mutex_.lock(); }
    void in_parent() noexcept { mutex_.unlock(); }
    void in_child() noexcept {
        for (const auto& each : mappings_) reserve(each);
        mappings_.clear();
        free_ = {};
        mapped_ = false;
        ++generation_;
        mutex_.unlock();
    }

    SecretMemory kind() {
        const std::scoped_lock lock{mutex_};
        if (!mapped_) refill(0);
        return kind_;
    }

 private:
    static std::size_t class_of(std::size_t size) noexcept {
        const auto rounded = std::bit_ceil(std::max(size, kSmallestClass));
        return std::min<std::size_t>(std::countr_zero(rounded) - std::countr_zero(kSmallestClass), kClassCount);
    }
    static std::size_t page_round(std::size_t size) noexcept { return (size + kPageSize - 1) / kPageSize * kPageSize; }

    std::byte* map_counted(std::size_t size) {
        mappings_.reserve(mappings_.size() + 1);  // What may fail comes first.
        SecretMemory how{};
        auto* const pages = map_secret_pages(size, how);
        mappings_.push_back({pages, size});
        kind_ = mapped_ ? std::max(kind_, how) : how;  // The weakest mapping decides.
        mapped_ = true;
        return pages;
    }

    void refill(std::size_t index) {
        auto* const slab = map_counted(kSlabSize);
        const auto block_size = kSmallestClass << index;
        for (std::size_t at = 0; at < kSlabSize; at += block_size) {
            set_next(slab + at, free_[index]);
            free_[index] = slab + at;
        }
    }

    std::mutex mutex_;
    std::array<std::byte*, kClassCount> free_{};
    std::vector<Pages> mappings_;   // Of this process; not those that it inherited.
    std::uint32_t generation_ = 0;  // Forks between the first process and this one.
    SecretMemory kind_ = SecretMemory::memfd_secret;
    bool mapped_ = false;
};

Arena& arena() {
    // Never destroyed: secrets in static objects are wiped during exit, in any order.
    static auto* const instance = new Arena;
    static const bool registered = [] {
        const auto code =
            pthread_atfork([] { arena().before_fork(); }, [] { arena().in_parent(); }, [] { arena().in_child(); });
        if (code != 0) throw std::bad_alloc{};
        return true;
    }();
    static_cast<void>(registered);
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

SecretMemory secret_memory() { return arena().kind(); }

SecretBytes::SecretBytes(std::size_t size) : size_{static_cast<std::uint32_t>(size)} {
    GC_ASSERT(size <= kMaxSize);
    if (size == 0) return;
    const auto block = arena().allocate(size);
    data_ = block.at;
    generation_ = block.generation;
}

SecretBytes SecretBytes::copy_of(base::ByteView bytes) {
    SecretBytes out{bytes.size()};
    if (out.data_) std::memcpy(out.data_, bytes.data(), bytes.size());
    return out;
}

SecretBytes::~SecretBytes() {
    if (data_) arena().release({data_, generation_}, size_);
}

}  // namespace zcrypto
