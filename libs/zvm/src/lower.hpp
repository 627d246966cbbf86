#pragma once
// Validates one function body and turns it into register code, in one pass over its bytes.
//
// Validation is the algorithm of the specification's appendix "Validation Algorithm": an operand stack and a control
// stack. The operand stack is lazy: an entry is a constant, a reference to a local that has not changed since, or a
// temporary in its own frame slot. So local.get and constants cost nothing until something needs them in a slot:
//   - an instruction takes locals and constants as operands directly, and an access takes local + constant;
//   - local.set makes the instruction that computed the value write to the local;
//   - setting a local to another local copies nothing: it is an alias, read as the other one, until that one changes or
//     the segment ends; so the copies come together, and many are never needed;
//   - before a local changes, references to it that are still pending are copied to their slots;
//   - at the edges of blocks everything that must survive is in its slot.
// A segment is a stretch of code that is entered at its start only; its gas is charged there. Branches carry the gas of
// the segment that they enter, so only falling into a merge point needs a `gas` instruction of its own.
// At the end of the function join() puts neighbours together that need not know of each other.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ir.hpp"
#include "opcodes.hpp"
#include "reader.hpp"
#include "zvm/gas.hpp"
#include "zvm/module.hpp"

namespace zvm {

/// What later sections need to know of earlier ones, beyond what the Module keeps.
struct ModuleFacts {
    std::uint32_t bodies = 0;  ///< That the function section promises.
    std::optional<std::uint32_t> data_count;
    bool needs_data_count = false;       ///< An instruction names a data segment, and no count has been seen.
    std::vector<std::uint8_t> declared;  ///< Functions that ref.func may name.

    void declare(std::uint32_t function) {
        if (declared.size() <= function) declared.resize(function + 1);
        declared[function] = 1;
    }
    [[nodiscard]] bool is_declared(std::uint32_t function) const noexcept {
        return function < declared.size() && declared[function];
    }
};

class Lowerer {
 public:
    Lowerer(Module& module, ModuleFacts& facts) noexcept;
    /// Lowers the body of the `index`-th defined function and fills its FuncCode (except `entry`).
    base::Result<void> lower(std::uint32_t index, Reader& body) noexcept;

 private:
    enum class Kind : std::uint8_t { temporary, local, constant, sum };
    struct Operand {
        ValType type = ValType::unknown;
        Kind kind = Kind::temporary;
        std::uint32_t producer = 0;  ///< Of a temporary: 1 + index of the instruction that wrote it; 0 unknown.
        std::uint64_t value = 0;     ///< Slot, local or constant; sum: local, and in the high half what i32.add adds.
    };
    enum class Block : std::uint8_t { function, block, loop, if_, else_ };
    struct Control {
        Block block = Block::block;
        bool unreachable = false;   ///< The rest of the block is stack-polymorphic.
        bool entered_dead = false;  ///< Nothing is emitted for it.
        std::uint32_t height = 0;   ///< Operands below it.
        std::uint32_t label = 0;
        std::uint32_t else_label = 0;
        std::uint32_t stub = 0;        ///< br_table: label of the moves towards this block...
        std::uint32_t stub_table = 0;  ///< ...made for this br_table.
        std::span<const ValType> params;
        std::span<const ValType> results;
    };
    struct Label {
        std::uint32_t at = 0;
        std::uint32_t segment = 0;
        bool used = false;
    };
    struct Fixup {
        std::uint32_t instr;
        std::uint32_t label;
        std::uint32_t fallthrough;  ///< Segment that follows a conditional branch, or kNoSegment.
    };
    struct GasFixup {
        std::uint32_t instr;
        std::uint32_t segment;
    };
    struct Condition {
        Op op;  ///< A branch operation.
        std::uint16_t b = 0;
        std::uint16_t c = 0;
    };
    /// A local whose copy from another is still to be made.
    struct Alias {
        std::uint16_t target;
        std::uint16_t source;
        std::uint32_t made;  ///< Instructions that were there.
    };
    static constexpr std::size_t kAliasesMax = 12;
    static constexpr std::uint32_t kNoSegment = 0xffff'ffff;
    static constexpr std::uint32_t kNoLabel = 0xffff'ffff;

    // lower.cpp: the pass
    void decode_locals(Reader& in) noexcept;
    void step(std::uint8_t op, Reader& in) noexcept;
    void resolve() noexcept;

    // lower_join.cpp: neighbours become one
    void join() noexcept;
    void skip_gas() noexcept;
    bool join_pair(Instr& first, const Instr& second) noexcept;
    bool join_counted(std::size_t from, std::size_t& end, const Instr& branch, const Fixup& fixup) noexcept;

    // lower_fuse.cpp: operations join the ones that made their operands
    bool fuse(const Numeric& numeric, const Operand& left, const Operand& right) noexcept;
    bool fuse_constant(const Numeric& numeric, const Operand& left, std::uint64_t right) noexcept;
    bool fuse_shifted(const Numeric& numeric, const Instr& inner, const Operand& other) noexcept;
    bool fuse_bitwise(const Numeric& numeric, const Instr& inner, const Operand& other) noexcept;
    bool fuse_load(const Instr& multiply, std::uint16_t third) noexcept;
    [[nodiscard]] bool made_by(std::uint16_t slot, std::size_t back) const noexcept;

    // lower_control.cpp
    void control(std::uint8_t op, Reader& in) noexcept;
    void begin_block(Block block, Reader& in) noexcept;
    void else_block() noexcept;
    void end_block() noexcept;
    void branch(Reader& in) noexcept;
    void branch_if(Reader& in) noexcept;
    void branch_table(Reader& in) noexcept;
    void return_() noexcept;
    void call(std::uint8_t op, Reader& in) noexcept;
    void emit_return() noexcept;
    void emit_jump(std::uint32_t label) noexcept;
    void emit_conditional(const Condition& condition, std::uint32_t label, std::uint32_t fallthrough) noexcept;
    void emit_branch_values(std::uint32_t count, std::uint32_t height) noexcept;
    Condition take_condition(bool negate) noexcept;
    std::optional<Condition> joined_condition(const Instr& last, bool negate) noexcept;
    [[nodiscard]] Control* target(std::uint32_t depth) noexcept;
    static std::span<const ValType> label_types(const Control& control) noexcept {
        return control.block == Block::loop ? control.params : control.results;
    }
    bool block_type(Reader& in, std::span<const ValType>& params, std::span<const ValType>& results) noexcept;
    bool value_type(std::uint8_t byte, ValType& out) noexcept;
    std::uint32_t new_label() noexcept;
    void bind(std::uint32_t label, bool is_merge) noexcept;
    void begin_segment() noexcept;
    void split_long_segment() noexcept;
    void unreachable() noexcept;

    // lower_ops.cpp
    void numeric(const Numeric& numeric) noexcept;
    void binary(const Numeric& numeric) noexcept;
    void compare(const Numeric& numeric) noexcept;
    void memory_access(std::uint8_t op, Reader& in) noexcept;
    void prefixed(Reader& in) noexcept;
    void bulk_memory(std::uint32_t op, Reader& in) noexcept;
    void bulk_table(std::uint32_t op, Reader& in) noexcept;
    void variable(std::uint8_t op, Reader& in) noexcept;
    void table_access(std::uint8_t op, Reader& in) noexcept;
    void select(std::uint8_t op, Reader& in) noexcept;
    void emit_select(const Operand& first, std::size_t first_at, const Operand& second, std::size_t second_at,
                     const Operand& condition, std::size_t condition_at) noexcept;
    void three_operands(Op op, std::uint64_t imm, std::span<const ValType> types) noexcept;

    // lower_stack.cpp: operands and emission
    void push(ValType type, Kind kind, std::uint64_t value) noexcept;
    void push_temporary(ValType type, bool from_last) noexcept;
    void push_temporaries(std::span<const ValType> types) noexcept;
    Operand pop(ValType expected) noexcept;
    Operand pop_any() noexcept;
    void pop_types(std::span<const ValType> types) noexcept;
    /// The frame slot of the operand at `height`.
    [[nodiscard]] std::uint16_t slot(std::size_t height) const noexcept {
        return static_cast<std::uint16_t>(locals_.size() + height);
    }
    [[nodiscard]] std::uint16_t top() const noexcept { return slot(operands_.size()); }
    /// A register that holds `operand`, popped from `height`. Constants are written to their slot first.
    std::uint16_t in_register(const Operand& operand, std::size_t height) noexcept;
    [[nodiscard]] bool is_last(const Operand& operand) const noexcept {
        return !dead_ && operand.kind == Kind::temporary && operand.producer == code_.size() &&
               operand.producer > barrier_;
    }
    void materialise(std::size_t height) noexcept;
    void materialise_top(std::size_t count) noexcept;
    void flush_locals() noexcept;
    [[nodiscard]] static bool refers_to_local(const Operand& operand) noexcept {
        return operand.kind == Kind::local || operand.kind == Kind::sum;
    }
    /// The slot or local of an operand that is in one.
    [[nodiscard]] static bool is_register(const Operand& operand) noexcept {
        return operand.kind == Kind::temporary || operand.kind == Kind::local;
    }
    void acquire(const Operand& operand) noexcept;
    void release(const Operand& operand) noexcept;
    void local_get(std::uint32_t index) noexcept;
    void local_set(std::uint32_t index, bool keep) noexcept;
    void copy(std::uint16_t target, const Operand& operand) noexcept;
    void make_aliases_real() noexcept;
    void make_aliases_real_before_last() noexcept;
    void forget_aliases() noexcept;
    [[nodiscard]] bool is_alias(std::uint16_t reg) const noexcept {
        return reg < source_of_.size() && source_of_[reg] != reg;
    }
    void emit(Op op, std::uint16_t a = 0, std::uint16_t b = 0, std::uint16_t c = 0, std::uint64_t imm = 0) noexcept {
        if (!dead_) code_.push_back({op, a, b, c, imm});
    }
    void charge(std::uint32_t cost) noexcept {
        if (!dead_) segments_[segment_] += cost;
    }

    /// Work of loading beyond an instruction's own: values that are checked and moved one by one.
    void add_load(std::uint64_t values) noexcept {
        load_gas_ += static_cast<std::uint32_t>(values * gas::start::kLoadValue);
    }

    void fail(Errc code, const char* note) noexcept {
        if (!error_) error_ = base::Error{&error_domain(code), static_cast<std::int32_t>(code), note};
    }
    void mismatch() noexcept { fail(Errc::invalid, "type mismatch"); }

    Module& module_;
    ModuleFacts& facts_;
    const Limits& limits_;
    const bool floats_;
    std::vector<Instr>& code_;

    std::optional<base::Error> error_;
    std::vector<ValType> locals_;
    std::vector<std::uint32_t> pending_;    ///< A local: entries of the operand stack that refer to it.
    std::vector<std::uint16_t> source_of_;  ///< A local: where its value is, itself unless it is an alias.
    std::vector<std::uint8_t> copies_of_;   ///< A local: its aliases.
    std::vector<Alias> aliases_;
    std::vector<Operand> operands_;
    std::vector<Control> controls_;
    std::vector<Label> labels_;
    std::vector<std::uint32_t> segments_;  ///< Gas of each.
    std::vector<Fixup> fixups_;
    std::vector<GasFixup> gas_fixups_;
    std::vector<std::uint8_t> is_target_;  ///< By instruction of the function: branches lead there.
    std::vector<std::uint32_t> moved_to_;
    std::uint32_t segment_ = 0;
    std::uint32_t barrier_ = 0;  ///< Instructions before it belong to other segments: never changed any more.
    std::uint32_t first_ = 0;
    std::uint32_t blocks_ = 0;
    std::uint32_t tables_ = 0;    ///< br_tables so far.
    std::uint32_t load_gas_ = 0;  ///< Price of loading this function.
    std::size_t lazy_from_ = 0;   ///< Entries below it refer to no locals.
    std::size_t deepest_ = 0;
    bool dead_ = false;  ///< Nothing can get here: validate, emit nothing.
};

}  // namespace zvm
