#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "zvm/instance.hpp"

namespace zvm {
namespace {

constexpr std::uint64_t kSystemPage = 4'096;
constexpr std::uint64_t kDirtyPage = 4'096;
constexpr std::uint64_t kWidestStore = 8;

constexpr std::uint64_t round_up(std::uint64_t n) noexcept { return (n + kSystemPage - 1) / kSystemPage * kSystemPage; }

}  // namespace

base::Result<std::shared_ptr<Memory>> Memory::make(const MemoryType& type, std::uint32_t cap_pages) noexcept {
    std::shared_ptr<Memory> memory{new Memory};
    memory->type_ = type;
    memory->initial_pages_ = type.pages.min;
    memory->max_pages_ = std::max(type.pages.min, std::min(type.pages.max.value_or(cap_pages), cap_pages));
    memory->size_ = std::uint64_t{type.pages.min} * kPageBytes;
    memory->peak_ = memory->size_;
    memory->reserved_ = std::uint64_t{memory->max_pages_} * kPageBytes;
    // The dirty bytes in front, then the memory, then room for a store's overhang when a page is cleaned.
    const auto dirty_bytes = round_up(memory->reserved_ / kDirtyPage + 1);
    memory->mapping_bytes_ = dirty_bytes + memory->reserved_ + kSystemPage;
    auto* const at = mmap(nullptr, memory->mapping_bytes_, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        memory->mapping_bytes_ = 0;
        return base::fail(Errc::out_of_memory, "memory");
    }
    memory->mapping_ = static_cast<std::uint8_t*>(at);
    memory->base_ = memory->mapping_ + dirty_bytes;
    return memory;
}

Memory::~Memory() {
    if (mapping_) munmap(mapping_, mapping_bytes_);
}

std::int32_t Memory::grow(std::uint32_t count) noexcept {
    const auto old = pages();
    if (count > max_pages_ - old) return -1;
    size_ += std::uint64_t{count} * kPageBytes;
    peak_ = std::max(peak_, size_);
    type_.pages.min = pages();
    return static_cast<std::int32_t>(old);
}

void Memory::mark(std::uint64_t at, std::uint64_t length) noexcept {
    if (length == 0) return;
    const auto first = at / kDirtyPage;
    const auto last = (at + length - 1) / kDirtyPage;
    std::memset(base_ - 1 - last, 1, last - first + 1);
}

std::uint8_t* Memory::writable(std::uint64_t at, std::uint64_t length) noexcept {
    if (!in_bounds(at, length)) return nullptr;
    mark(at, length);
    return base_ + at;
}

void Memory::take_image() noexcept {
    initial_pages_ = pages();
    image_.clear();
    image_places_.clear();
    const auto page_count = size_ / kDirtyPage;
    const auto is_dirty = [this](std::uint64_t page) { return base_[-1 - static_cast<std::int64_t>(page)] != 0; };
    for (std::uint64_t page = 0; page < page_count; ++page) {
        // A store at the end of a page writes into the next one and marks only its own.
        if (!is_dirty(page) && (page == 0 || !is_dirty(page - 1))) continue;
        image_places_.resize(page + 1, 0);
        image_.insert(image_.end(), base_ + page * kDirtyPage, base_ + (page + 1) * kDirtyPage);
        image_places_[page] = static_cast<std::uint32_t>(image_.size() / kDirtyPage);
    }
    std::memset(base_ - page_count, 0, page_count);
}

std::uint64_t Memory::held_bytes() const noexcept {
    return 2 * image_.size() + image_places_.size() * sizeof(std::uint32_t) + std::min(peak_, kKeptBytes);
}

/// Puts the first `length` bytes of a page back to what the image says.
void Memory::restore(std::uint64_t page, std::uint64_t length) noexcept {
    auto* const to = base_ + page * kDirtyPage;
    const auto place = page < image_places_.size() ? image_places_[page] : 0;
    if (place) {
        std::memcpy(to, image_.data() + (place - 1) * kDirtyPage, length);
    } else {
        std::memset(to, 0, length);
    }
}

void Memory::reset() noexcept {
    const auto clean = [this](std::uint64_t page) {
        restore(page, kDirtyPage);
        restore(page + 1, kWidestStore);
        base_[-1 - static_cast<std::int64_t>(page)] = 0;
    };
    const auto all_pages = size_ / kDirtyPage;  // a multiple of 16
    constexpr auto kKeptPages = kKeptBytes / kDirtyPage;
    if (all_pages > kKeptPages) {
        // Many pages: cheaper to have the system forget them than to clean them, and an idle instance stays small.
        auto* const first_dirty = base_ - all_pages;
        const auto count = all_pages - kKeptPages;
        if (std::find(first_dirty, first_dirty + count, 1) != first_dirty + count) {
            madvise(base_ + kKeptBytes, count * kDirtyPage, MADV_DONTNEED);
            std::memset(first_dirty, 0, count);
            for (auto page = kKeptPages; page < image_places_.size(); ++page) {
                if (image_places_[page]) restore(page, kDirtyPage);
            }
        }
    }
    // Pages 8 at a time: the dirty bytes of pages [page, page+8) lie at base_ - 8 - page.
    for (std::uint64_t page = 0; page < std::min(all_pages, kKeptPages); page += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, base_ - 8 - page, sizeof word);
        if (word == 0) continue;
        for (std::uint64_t i = 0; i < 8; ++i) {
            if (base_[-1 - static_cast<std::int64_t>(page + i)]) clean(page + i);
        }
    }
    size_ = std::uint64_t{initial_pages_} * kPageBytes;
    type_.pages.min = initial_pages_;
}

base::Result<std::shared_ptr<Table>> Table::make(const TableType& type, std::uint32_t cap) noexcept {
    auto table = std::make_shared<Table>();
    table->type_ = type;
    table->cap_ = std::max(type.range.min, std::min(type.range.max.value_or(cap), cap));
    table->slots_.resize(type.range.min);
    return table;
}

std::int32_t Table::grow(std::uint32_t count, Slot value) noexcept {
    const auto old = size();
    if (count > cap_ - old) return -1;
    slots_.resize(old + count, value);
    type_.range.min = size();
    dirty_ = true;
    return static_cast<std::int32_t>(old);
}

void Table::take_image() noexcept {
    image_ = slots_;
    dirty_ = false;
}

void Table::reset() noexcept {
    if (!dirty_) return;
    slots_ = image_;
    type_.range.min = size();
    dirty_ = false;
}

}  // namespace zvm
