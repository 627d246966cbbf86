#pragma once
// A module with its memory, tables and globals. Belongs to one thread at a time.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "zvm/host.hpp"
#include "zvm/module.hpp"

namespace zvm {

class Machine;

/// Linear memory. The maximum is reserved once, so growing never fails for the host's reasons and never moves it.
/// Every write marks its 4 KiB page dirty; cleaning a pooled instance touches those pages only.
class Memory {
 public:
    /// `cap_pages` is what an undeclared maximum means.
    static base::Result<std::shared_ptr<Memory>> make(const MemoryType& type, std::uint32_t cap_pages) noexcept;
    ~Memory();
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    [[nodiscard]] std::uint8_t* base() const noexcept { return base_; }
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] std::uint32_t pages() const noexcept { return static_cast<std::uint32_t>(size_ / kPageBytes); }
    [[nodiscard]] const MemoryType& type() const noexcept { return type_; }
    /// Pages that grow() can still give.
    [[nodiscard]] std::uint32_t room() const noexcept { return max_pages_ - pages(); }
    /// The old size in pages, or -1 beyond the maximum.
    std::int32_t grow(std::uint32_t pages) noexcept;

    [[nodiscard]] bool in_bounds(std::uint64_t at, std::uint64_t length) const noexcept {
        return at <= size_ && length <= size_ - at;
    }
    /// Null when [at, at+length) is not inside. Empty ranges may end at the end.
    [[nodiscard]] const std::uint8_t* view(std::uint64_t at, std::uint64_t length) const noexcept {
        return in_bounds(at, length) ? base_ + at : nullptr;
    }
    /// Like view(), for writing: marks the pages.
    [[nodiscard]] std::uint8_t* writable(std::uint64_t at, std::uint64_t length) noexcept;

    /// Remembers the current content as what reset() restores. Once, after the data segments are in place.
    void take_image() noexcept;
    /// Gives what was grown beyond kKeptBytes back to the system; the rest is cleaned and stays.
    void reset() noexcept;
    static constexpr std::uint64_t kKeptBytes = 1U << 20U;
    /// What it may occupy when it is clean.
    [[nodiscard]] std::uint64_t held_bytes() const noexcept;

 private:
    friend class Instance;
    Memory() noexcept = default;
    void mark(std::uint64_t at, std::uint64_t length) noexcept;
    void restore(std::uint64_t page, std::uint64_t length) noexcept;

    std::uint8_t* base_ = nullptr;  ///< The dirty byte of page p lies at base_[-1 - p].
    std::uint64_t size_ = 0;
    std::uint64_t reserved_ = 0;
    std::uint64_t peak_ = 0;  ///< The largest size since it was made.
    std::uint8_t* mapping_ = nullptr;
    std::uint64_t mapping_bytes_ = 0;
    std::uint32_t max_pages_ = 0;
    std::uint32_t initial_pages_ = 0;
    MemoryType type_;
    std::vector<std::uint8_t> image_;          ///< The pages that are not all zero, one after the other.
    std::vector<std::uint32_t> image_places_;  ///< A page: where it lies in image_, counted in pages from 1; 0: zeros.
};

class Table {
 public:
    static base::Result<std::shared_ptr<Table>> make(const TableType& type, std::uint32_t cap) noexcept;
    [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(slots_.size()); }
    [[nodiscard]] const TableType& type() const noexcept { return type_; }
    [[nodiscard]] Slot get(std::uint32_t index) const noexcept { return slots_[index]; }
    void set(std::uint32_t index, Slot value) noexcept {
        slots_[index] = value;
        dirty_ = true;
    }
    [[nodiscard]] std::uint32_t room() const noexcept { return cap_ - size(); }
    [[nodiscard]] std::uint64_t held_bytes() const noexcept {
        return (slots_.capacity() + image_.capacity()) * sizeof(Slot);
    }
    /// The old size, or -1.
    std::int32_t grow(std::uint32_t count, Slot value) noexcept;
    void take_image() noexcept;
    void reset() noexcept;

 private:
    friend class Instance;
    std::vector<Slot> slots_;
    std::vector<Slot> image_;
    TableType type_;
    std::uint32_t cap_ = 0;
    bool dirty_ = false;
};

struct Global {
    Slot value = 0;
    GlobalType type;
};

/// A function that can be called or referred to: of an instance, or of the host. Its address is its identity.
struct Function {
    const FuncType* type = nullptr;
    Instance* instance = nullptr;
    const FuncCode* code = nullptr;      ///< Null for a host function.
    const HostFunction* host = nullptr;  ///< Null for a Wasm function.
};

/// What an import is given, or an export yields. The one of the kind is set.
struct Extern {
    ExternKind kind = ExternKind::function;
    const Function* function = nullptr;
    std::shared_ptr<Table> table;
    std::shared_ptr<Memory> memory;
    std::shared_ptr<Global> global;
};

class Instance {
 public:
    /// Links `module` with one Extern for each import, in order. Functions given must outlive the instance.
    static base::Result<std::unique_ptr<Instance>> make(std::shared_ptr<const Module> module,
                                                        std::span<const Extern> imports) noexcept;
    /// Links the function imports by name with `functions`, which must outlive the instance. Other kinds of import are
    /// `unknown_import`.
    static base::Result<std::unique_ptr<Instance>> make(std::shared_ptr<const Module> module,
                                                        std::span<const HostFunction> functions) noexcept;
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    /// Places the active segments and runs the start function, if any. Call once before anything else. What was
    /// written before a trap stays written, as the specification wants; a contract's host throws the instance away.
    Trap initialise(Machine& machine, std::int64_t& gas) noexcept;
    /// Makes the present state the one that reset() returns to.
    void take_image() noexcept;
    /// Back to the image: memory, globals, tables, dropped segments. Cost follows what was touched.
    void reset() noexcept;

    [[nodiscard]] const Module& module() const noexcept { return *module_; }
    [[nodiscard]] const std::shared_ptr<const Module>& module_pointer() const noexcept { return module_; }
    [[nodiscard]] Memory* memory() const noexcept { return memory_.get(); }
    [[nodiscard]] const Function* function(std::uint32_t index) const noexcept { return functions_[index]; }
    [[nodiscard]] base::Result<Extern> find_export(std::string_view name) const noexcept;
    /// What it may occupy between runs, with its module.
    [[nodiscard]] std::uint64_t held_bytes() const noexcept;

 private:
    friend struct Interpreter;
    friend class Machine;
    Instance() noexcept = default;
    [[nodiscard]] Slot evaluate(const ConstOp& op) const noexcept;
    [[nodiscard]] Slot evaluate(const ConstExpr& expr) const noexcept;
    Trap memory_init(std::uint32_t segment, std::uint32_t at, std::uint32_t from, std::uint32_t count) noexcept;
    Trap memory_copy(std::uint32_t to, std::uint32_t from, std::uint32_t count) noexcept;
    Trap memory_fill(std::uint32_t at, std::uint8_t value, std::uint32_t count) noexcept;
    Trap table_init(std::uint32_t segment, std::uint32_t table, std::uint32_t at, std::uint32_t from,
                    std::uint32_t count) noexcept;
    Trap table_copy(std::uint32_t target, std::uint32_t source, std::uint32_t to, std::uint32_t from,
                    std::uint32_t count) noexcept;
    Trap table_fill(std::uint32_t table, std::uint32_t at, Slot value, std::uint32_t count) noexcept;

    std::shared_ptr<const Module> module_;
    std::shared_ptr<Memory> memory_;
    std::vector<std::shared_ptr<Table>> tables_;
    std::vector<std::shared_ptr<Global>> shared_globals_;  ///< Imported and exported ones live elsewhere too.
    std::vector<Global*> globals_;
    std::vector<Slot> global_image_;
    std::vector<Function> own_functions_;
    std::vector<Function> host_functions_;
    std::vector<const Function*> functions_;
    std::vector<std::uint8_t> data_dropped_;
    std::vector<std::uint8_t> elements_dropped_;
    std::vector<std::uint8_t> data_dropped_image_;
    std::vector<std::uint8_t> elements_dropped_image_;
    bool dropped_ = false;
};

}  // namespace zvm
