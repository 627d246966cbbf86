// Structured control. Source: Core Specification 3.3.8 and 5.4.1 "Control Instructions".
#include <algorithm>
#include <array>

#include "lower.hpp"
#include "zvm/gas.hpp"

namespace zvm {
namespace {

constexpr std::array<ValType, 6> kSingles{ValType::i32, ValType::i64,     ValType::f32,
                                          ValType::f64, ValType::funcref, ValType::externref};

/// The relation that holds exactly when a _ri branch's does not: eq-ne, lt-ge, le-gt, in their order.
constexpr std::array<int, 10> kNegatedImmediate{1, 0, 8, 9, 6, 7, 4, 5, 2, 3};

}  // namespace

bool Lowerer::value_type(std::uint8_t byte, ValType& out) noexcept {
    switch (byte) {
        case 0x7d:
        case 0x7c:
            if (!floats_) {
                fail(Errc::floats_refused, "value type");
                return false;
            }
            [[fallthrough]];
        case 0x7f:
        case 0x7e:
        case 0x70:
        case 0x6f: out = static_cast<ValType>(byte); return true;
        case 0x7b: fail(Errc::feature_refused, "v128"); return false;
        default: fail(Errc::malformed, "malformed value type"); return false;
    }
}

bool Lowerer::block_type(Reader& in, std::span<const ValType>& params, std::span<const ValType>& results) noexcept {
    const auto first = in.peek();
    if (first == 0x40) {
        in.byte();
        return true;
    }
    if (first >= 0x41 && first < 0x80) {  // a negative number of one byte: a value type
        ValType type{};
        if (!value_type(in.byte(), type)) return false;
        results = {std::find(kSingles.begin(), kSingles.end(), type), 1};
        return true;
    }
    const auto index = in.s33();
    if (in.failed()) return false;
    if (index < 0 || static_cast<std::uint64_t>(index) >= module_.types_.size()) {
        fail(Errc::invalid, "unknown type");
        return false;
    }
    const auto& type = module_.types_[static_cast<std::size_t>(index)];
    params = type.params;
    results = type.results;
    return true;
}

std::uint32_t Lowerer::new_label() noexcept {
    labels_.push_back({});
    return static_cast<std::uint32_t>(labels_.size() - 1);
}

void Lowerer::begin_segment() noexcept {
    segments_.push_back(0);
    segment_ = static_cast<std::uint32_t>(segments_.size() - 1);
    barrier_ = static_cast<std::uint32_t>(code_.size());
}

void Lowerer::split_long_segment() noexcept {
    begin_segment();
    gas_fixups_.push_back({static_cast<std::uint32_t>(code_.size()), segment_});
    emit(Op::gas);
    barrier_ = static_cast<std::uint32_t>(code_.size());
}

/// Places `label` here and starts the segment that it leads to. At a merge the code above may fall in.
void Lowerer::bind(std::uint32_t label, bool is_merge) noexcept {
    make_aliases_real();
    if (is_merge && !dead_) {
        split_long_segment();
    } else {
        begin_segment();
    }
    labels_[label].at = static_cast<std::uint32_t>(code_.size());
    labels_[label].segment = segment_;
    dead_ = false;
}

void Lowerer::unreachable() noexcept {
    auto& frame = controls_.back();
    while (operands_.size() > frame.height) pop_any();
    frame.unreachable = true;
    dead_ = true;
    forget_aliases();
}

Lowerer::Control* Lowerer::target(std::uint32_t depth) noexcept {
    if (depth >= controls_.size()) {
        fail(Errc::invalid, "unknown label");
        return nullptr;
    }
    return &controls_[controls_.size() - 1 - depth];
}

void Lowerer::control(std::uint8_t op, Reader& in) noexcept {
    switch (op) {
        case 0x00: emit(Op::unreachable); return unreachable();
        case 0x01: return;
        case 0x02: return begin_block(Block::block, in);
        case 0x03: return begin_block(Block::loop, in);
        case 0x04: return begin_block(Block::if_, in);
        case 0x05: return else_block();
        case 0x0b: return end_block();
        case 0x0c: return branch(in);
        case 0x0d: return branch_if(in);
        case 0x0e: return branch_table(in);
        case 0x0f: return return_();
        case 0x10:
        case 0x11: return call(op, in);
        case 0x06:
        case 0x07:
        case 0x08:
        case 0x09:
        case 0x0a: return fail(Errc::feature_refused, "exceptions");
        default: return in.fail("illegal opcode");
    }
}

void Lowerer::begin_block(Block block, Reader& in) noexcept {
    if (++blocks_ > limits_.blocks) return fail(Errc::too_many_blocks, "function body");
    if (controls_.size() > limits_.nesting) return fail(Errc::nesting_too_deep, "function body");
    Control next;
    next.block = block;
    if (!block_type(in, next.params, next.results)) return;
    add_load(next.params.size() + next.results.size());
    load_gas_ += gas::start::kLoadBlock;
    next.entered_dead = dead_;
    next.label = new_label();

    Condition condition{};
    if (block == Block::if_) {
        condition = take_condition(true);
        next.else_label = new_label();
    }
    if (error_) return;
    // Locals may change inside on one path and not on another, so references to them are settled before.
    materialise_top(next.params.size());
    flush_locals();
    if (block == Block::if_ && !dead_) {
        segments_.push_back(0);
        const auto then = static_cast<std::uint32_t>(segments_.size() - 1);
        emit_conditional(condition, next.else_label, then);
        segment_ = then;
        barrier_ = static_cast<std::uint32_t>(code_.size());
    }
    pop_types(next.params);
    next.height = static_cast<std::uint32_t>(operands_.size());
    controls_.push_back(next);
    push_temporaries(next.params);
    if (block == Block::loop && !dead_) bind(next.label, true);
}

void Lowerer::else_block() noexcept {
    auto& frame = controls_.back();
    if (frame.block != Block::if_) return fail(Errc::malformed, "unexpected else");
    add_load(frame.params.size() + frame.results.size());
    materialise_top(frame.results.size());
    pop_types(frame.results);
    if (operands_.size() != frame.height) return mismatch();
    if (!dead_) emit_jump(frame.label);
    frame.block = Block::else_;
    frame.unreachable = false;
    dead_ = true;
    if (!frame.entered_dead) bind(frame.else_label, false);
    push_temporaries(frame.params);
}

void Lowerer::end_block() noexcept {
    auto& frame = controls_.back();
    const auto results = frame.results;
    add_load(results.size());
    if (frame.block == Block::function) {
        charge(gas::carried(results.size()));
        if (!dead_) emit_return();
        pop_types(results);
        if (operands_.size() != frame.height) return mismatch();
        controls_.pop_back();
        return;
    }
    const bool is_lone_if = frame.block == Block::if_;
    if (is_lone_if && !std::equal(frame.params.begin(), frame.params.end(), results.begin(), results.end())) {
        return mismatch();
    }
    materialise_top(results.size());
    pop_types(results);
    if (operands_.size() != frame.height) return mismatch();
    const bool is_targeted = frame.block != Block::loop && labels_[frame.label].used;
    if (is_lone_if && !frame.entered_dead) {
        // The condition's false branch comes here too.
        const bool fell = !dead_;
        bind(frame.else_label, fell);
        labels_[frame.label] = labels_[frame.else_label];
    } else if (is_targeted) {
        bind(frame.label, true);
    }
    controls_.pop_back();
    push_temporaries(results);
}

void Lowerer::emit_jump(std::uint32_t label) noexcept {
    if (dead_) return;
    make_aliases_real();
    labels_[label].used = true;
    fixups_.push_back({static_cast<std::uint32_t>(code_.size()), label, kNoSegment});
    emit(Op::br);
}

void Lowerer::emit_conditional(const Condition& condition, std::uint32_t label, std::uint32_t fallthrough) noexcept {
    if (dead_) return;
    labels_[label].used = true;
    fixups_.push_back({static_cast<std::uint32_t>(code_.size()), label, fallthrough});
    emit(condition.op, 0, condition.b, condition.c);
}

/// Pops an i32 and says how to branch when it is not zero (or, negated, when it is). A comparison that was just
/// emitted for it is taken back and becomes part of the branch.
Lowerer::Condition Lowerer::take_condition(bool negate) noexcept {
    const auto operand = pop(ValType::i32);
    if (error_ || dead_) return {Op::br_nez};
    if (is_last(operand)) {
        // The aliases become real between the comparison and the branch, which must see the values from before.
        const auto last = code_.back();
        const bool is_pair =
            is_compare(last.op) && (last.op < Op::i32_eq_ri || between(last.op, Op::i64_eq_rr, Op::i64_le_u_rr));
        const bool reads_alias = is_alias(last.b) || (is_pair && is_alias(last.c));
        if (const auto condition = reads_alias ? std::nullopt : joined_condition(last, negate)) {
            make_aliases_real();
            return *condition;
        }
    }
    const auto reg = in_register(operand, operands_.size());
    make_aliases_real();
    return {negate ? Op::br_eqz : Op::br_nez, reg};
}

/// The branch that decides by itself what `last`, the last instruction, computes for it; takes that back then.
std::optional<Lowerer::Condition> Lowerer::joined_condition(const Instr& last, bool negate) noexcept {
    if (last.op == Op::i32_and_ri && last.imm == static_cast<std::uint16_t>(last.imm)) {
        code_.pop_back();
        return Condition{negate ? Op::br_test_eqz : Op::br_test_nez, last.b, static_cast<std::uint16_t>(last.imm)};
    }
    if (!is_compare(last.op)) return std::nullopt;
    const bool is_64 = last.op >= Op::i64_eq_rr;
    const auto rr = is_64 ? Op::i64_eq_rr : Op::i32_eq_rr;
    const auto ri = is_64 ? Op::i64_eq_ri : Op::i32_eq_ri;
    const auto branch_rr = is_64 ? Op::br_i64_eq_rr : Op::br_i32_eq_rr;
    const auto branch_ri = is_64 ? Op::br_i64_eq_ri : Op::br_i32_eq_ri;
    if (last.op < ri) {
        code_.pop_back();
        const int relation = last.op - rr;
        if (!negate) return Condition{branch_rr + relation, last.b, last.c};
        // not (b < c) is c <= b
        if (relation < 2) return Condition{branch_rr + (1 - relation), last.b, last.c};
        return Condition{branch_rr + (relation ^ 6), last.c, last.b};  // lt_s 2 - le_s 4, lt_u 3 - le_u 5
    }
    const auto value = is_64 ? static_cast<std::int64_t>(last.imm) : static_cast<std::int32_t>(last.imm);
    if (value != static_cast<std::int16_t>(value)) return std::nullopt;
    code_.pop_back();
    const int relation = last.op - ri;
    if (!is_64 && value == 0 && relation < 2) {
        const bool is_zero = (relation == 0) != negate;
        if (made_by(last.b, 1) && !is_alias(code_.back().b)) {
            if (const auto inner = code_.back(); inner.op == Op::i32_and_ri) {
                if (const auto condition = joined_condition(inner, is_zero)) return condition;
            }
        }
        return Condition{is_zero ? Op::br_eqz : Op::br_nez, last.b};
    }
    const int kept = negate ? kNegatedImmediate[static_cast<std::size_t>(relation)] : relation;
    return Condition{branch_ri + kept, last.b, static_cast<std::uint16_t>(value)};
}

/// Puts the top `count` operands where a block at `height` expects its values. They stay on the operand stack.
void Lowerer::emit_branch_values(std::uint32_t count, std::uint32_t height) noexcept {
    if (dead_ || count == 0) return;
    if (count == 1) return copy(slot(height), operands_.back());
    materialise_top(count);
    const auto from = slot(operands_.size() - count);
    if (from != slot(height)) emit(Op::copyn, slot(height), from, 0, count);
}

void Lowerer::emit_return() noexcept {
    const auto& results = controls_.front().results;
    if (dead_) return;
    if (results.empty()) return emit(Op::ret);
    if (operands_.size() < results.size()) return mismatch();
    if (results.size() == 1) {
        const auto& operand = operands_.back();
        if (operand.kind == Kind::constant) return emit(Op::ret_i, 0, 0, 0, operand.value);
        if (operand.kind == Kind::sum) {
            copy(0, operand);
            return emit(Op::ret);
        }
        return emit(Op::ret_r, 0, static_cast<std::uint16_t>(operand.value));
    }
    materialise_top(results.size());
    const auto from = slot(operands_.size() - results.size());
    if (from != 0) emit(Op::copyn, 0, from, 0, results.size());
    emit(Op::ret);
}

void Lowerer::return_() noexcept {
    const auto results = controls_.front().results;
    charge(gas::carried(results.size()));
    add_load(results.size());
    if (!dead_ && operands_.size() - controls_.back().height >= results.size()) emit_return();
    pop_types(results);
    unreachable();
}

void Lowerer::branch(Reader& in) noexcept {
    const auto depth = in.u32();
    if (in.failed()) return;
    auto* const to = target(depth);
    if (!to) return;
    const auto types = label_types(*to);
    charge(gas::carried(types.size()));
    add_load(types.size());
    if (!dead_ && operands_.size() - controls_.back().height >= types.size()) {
        if (to->block == Block::function) {
            emit_return();
        } else {
            emit_branch_values(static_cast<std::uint32_t>(types.size()), to->height);
            emit_jump(to->label);
        }
    }
    pop_types(types);
    unreachable();
}

void Lowerer::branch_if(Reader& in) noexcept {
    const auto depth = in.u32();
    if (in.failed()) return;
    auto* const to = target(depth);
    if (!to) return;
    const auto types = label_types(*to);
    const auto count = static_cast<std::uint32_t>(types.size());
    charge(gas::carried(count));
    add_load(count);
    const bool is_return = to->block == Block::function;
    // Values already where the target wants them need no moves: then the branch is taken directly.
    if (operands_.empty() && !controls_.back().unreachable) return mismatch();
    const auto height = operands_.empty() ? 0 : operands_.size() - 1;
    const bool in_place = !is_return && (count == 0 || height == to->height + count);
    auto condition = take_condition(!in_place);
    if (error_) return;
    if (!dead_) {
        // They also stay as they are on the operand stack, so nothing is popped: reachable code has no unknown types.
        if (operands_.size() - controls_.back().height < count) return mismatch();
        for (std::uint32_t i = 0; i < count; ++i) {
            if (operands_[operands_.size() - count + i].type != types[i]) return mismatch();
        }
        segments_.push_back(0);
        const auto after = static_cast<std::uint32_t>(segments_.size() - 1);
        if (in_place) {
            materialise_top(count);
            emit_conditional(condition, to->label, after);
            segment_ = after;
            barrier_ = static_cast<std::uint32_t>(code_.size());
        } else {
            // Several values are settled in their slots once and for all, so that many branches do not each move them.
            if (count > 1) materialise_top(count);
            const auto skip = new_label();
            emit_conditional(condition, skip, kNoSegment);
            if (is_return) {
                emit_return();
            } else {
                emit_branch_values(count, to->height);
                emit_jump(to->label);
            }
            labels_[skip] = {static_cast<std::uint32_t>(code_.size()), after, true};
            segment_ = after;
            barrier_ = static_cast<std::uint32_t>(code_.size());
        }
        return;
    }
    pop_types(types);
    push_temporaries(types);
}

void Lowerer::branch_table(Reader& in) noexcept {
    const auto count = in.count();
    if (in.failed()) return;
    if (count > limits_.br_table) return fail(Errc::br_table_too_large, "br_table");
    const auto operand = pop(ValType::i32);
    if (error_) return;
    const auto index = in_register(operand, operands_.size());
    const auto all_values = operands_.size() - controls_.back().height;
    std::vector<Control*> stubs;
    std::vector<std::uint32_t> depths(count + 1);
    for (auto& depth : depths) depth = in.u32();
    if (in.failed()) return;
    auto* const fallback = target(depths.back());
    if (!fallback) return;
    const auto arity = label_types(*fallback).size();
    charge(gas::carried(arity));
    add_load((std::uint64_t{count} + 1) * arity);
    load_gas_ += (count + 1) * gas::start::kLoadTarget;
    if (!dead_) {
        if (all_values < arity) return mismatch();
        materialise_top(arity);
    }
    ++tables_;
    make_aliases_real();
    emit(Op::br_table, 0, index, 0, count);
    for (const auto depth : depths) {
        auto* const to = target(depth);
        if (!to) return;
        const auto types = label_types(*to);
        if (types.size() != arity) return mismatch();
        // The operands must fit every target; in unreachable code missing ones fit anything.
        for (std::size_t i = 0; i < types.size(); ++i) {
            if (i >= all_values) {
                if (!controls_.back().unreachable) return mismatch();
                break;
            }
            const auto have = operands_[operands_.size() - 1 - i].type;
            if (have != types[types.size() - 1 - i] && have != ValType::unknown) return mismatch();
        }
        if (dead_) continue;
        const bool direct = to->block != Block::function && (arity == 0 || operands_.size() == to->height + arity);
        if (direct) {
            emit_jump(to->label);
            continue;
        }
        if (to->stub_table != tables_) {
            to->stub_table = tables_;
            to->stub = new_label();
            stubs.push_back(to);
        }
        emit_jump(to->stub);
    }
    for (auto* const to : stubs) {
        labels_[to->stub] = {static_cast<std::uint32_t>(code_.size()), kNoSegment, true};
        if (to->block == Block::function) {
            emit_return();
        } else {
            emit_branch_values(static_cast<std::uint32_t>(arity), to->height);
            emit_jump(to->label);
        }
    }
    unreachable();
}

void Lowerer::call(std::uint8_t op, Reader& in) noexcept {
    const auto index = in.u32();
    if (in.failed()) return;
    if (op == 0x10) {
        if (index >= module_.function_types_.size()) return fail(Errc::invalid, "unknown function");
        const auto& type = module_.function_type(index);
        add_load(type.params.size() + type.results.size());
        materialise_top(type.params.size());
        pop_types(type.params);
        if (error_) return;
        if (index < module_.imported_functions_) {
            emit(Op::call_import, top(), 0, 0, index);
        } else {
            const auto* const callee = &module_.codes_[index - module_.imported_functions_];
            emit(Op::call, top(), 0, 0, reinterpret_cast<std::uintptr_t>(callee));
        }
        return push_temporaries(type.results);
    }
    const auto table = in.u32();
    if (in.failed()) return;
    if (table >= module_.tables_.size()) return fail(Errc::invalid, "unknown table");
    if (module_.tables_[table].element != ValType::funcref) return mismatch();
    if (index >= module_.types_.size()) return fail(Errc::invalid, "unknown type");
    const auto operand = pop(ValType::i32);
    if (error_) return;
    const auto element = in_register(operand, operands_.size());
    const auto* const type = module_.canonical_[index];
    add_load(type->params.size() + type->results.size());
    materialise_top(type->params.size());
    pop_types(type->params);
    if (error_) return;
    emit(Op::call_indirect, top(), element, static_cast<std::uint16_t>(table), reinterpret_cast<std::uintptr_t>(type));
    push_temporaries(type->results);
}

}  // namespace zvm
