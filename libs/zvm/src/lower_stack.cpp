#include <algorithm>

#include "lower.hpp"

namespace zvm {

void Lowerer::push(ValType type, Kind kind, std::uint64_t value) noexcept {
    // local_set() searches the references that are pending; settling them now and then keeps that search short however
    // deep the stack and whatever lies on it, so that lowering stays linear.
    constexpr std::size_t kPendingMax = 256;
    if (operands_.size() - lazy_from_ > kPendingMax) flush_locals();
    operands_.push_back({type, kind, 0, value});
    if (operands_.size() > deepest_) {
        deepest_ = operands_.size();
        // Registers are 16 bits wide, and no frame can be larger than the stack anyway.
        if (locals_.size() + deepest_ > 65'000) fail(Errc::frame_too_large, "function body");
    }
}

void Lowerer::push_temporary(ValType type, bool from_last) noexcept {
    const auto producer = static_cast<std::uint32_t>(code_.size());  // push() may emit
    push(type, Kind::temporary, top());
    if (from_last && !dead_) operands_.back().producer = producer;
}

void Lowerer::push_temporaries(std::span<const ValType> types) noexcept {
    for (const auto type : types) push_temporary(type, false);
}

void Lowerer::release(const Operand& operand) noexcept {
    if (refers_to_local(operand)) --pending_[static_cast<std::uint32_t>(operand.value)];
}

void Lowerer::acquire(const Operand& operand) noexcept {
    if (refers_to_local(operand)) ++pending_[static_cast<std::uint32_t>(operand.value)];
}

Lowerer::Operand Lowerer::pop_any() noexcept {
    const auto& frame = controls_.back();
    if (operands_.size() == frame.height) {
        if (!frame.unreachable) mismatch();
        return {ValType::unknown, Kind::temporary, 0, top()};
    }
    const auto operand = operands_.back();
    operands_.pop_back();
    release(operand);
    lazy_from_ = std::min(lazy_from_, operands_.size());
    return operand;
}

Lowerer::Operand Lowerer::pop(ValType expected) noexcept {
    const auto operand = pop_any();
    if (operand.type != expected && operand.type != ValType::unknown && expected != ValType::unknown) mismatch();
    return operand;
}

void Lowerer::pop_types(std::span<const ValType> types) noexcept {
    for (std::size_t i = types.size(); i > 0; --i) pop(types[i - 1]);
}

void Lowerer::copy(std::uint16_t target, const Operand& operand) noexcept {
    if (operand.kind == Kind::constant) {
        emit(Op::konst, target, 0, 0, operand.value);
    } else if (operand.kind == Kind::sum) {
        emit(Op::i32_add_ri, target, static_cast<std::uint16_t>(operand.value), 0, operand.value >> 32);
    } else if (operand.value != target && !dead_ && code_.size() > barrier_ && code_.back().op == Op::copy) {
        code_.back().op = Op::copy2;
        code_.back().c = target;
        code_.back().imm = operand.value;
    } else if (operand.value != target) {
        emit(Op::copy, target, static_cast<std::uint16_t>(operand.value));
    }
}

std::uint16_t Lowerer::in_register(const Operand& operand, std::size_t height) noexcept {
    if (is_register(operand)) return static_cast<std::uint16_t>(operand.value);
    const auto target = slot(height);
    copy(target, operand);
    return target;
}

void Lowerer::materialise(std::size_t height) noexcept {
    auto& operand = operands_[height];
    if (operand.kind == Kind::temporary) return;
    copy(slot(height), operand);
    release(operand);
    operand = {operand.type, Kind::temporary, 0, slot(height)};
}

void Lowerer::materialise_top(std::size_t count) noexcept {
    // In unreachable code there may be fewer entries than the types promise.
    const auto from = operands_.size() - std::min(count, operands_.size() - controls_.back().height);
    for (std::size_t i = from; i < operands_.size(); ++i) materialise(i);
}

void Lowerer::flush_locals() noexcept {
    for (std::size_t i = lazy_from_; i < operands_.size(); ++i) {
        if (refers_to_local(operands_[i])) materialise(i);
    }
    lazy_from_ = operands_.size();
}

void Lowerer::local_get(std::uint32_t index) noexcept {
    push(locals_[index], Kind::local, index);
    ++pending_[index];
}

void Lowerer::local_set(std::uint32_t index, bool keep) noexcept {
    auto operand = pop(locals_[index]);
    const bool is_same = operand.kind == Kind::local && operand.value == index;
    if (!is_same) {
        const bool forward = pending_[index] == 0 && is_last(operand);
        // The value of the local is still wanted by earlier entries: save it. Looking from the top down, because the
        // youngest references are the likely ones.
        for (std::size_t i = operands_.size(); i > 0 && pending_[index] > 0; --i) {
            const auto& entry = operands_[i - 1];
            if (refers_to_local(entry) && static_cast<std::uint32_t>(entry.value) == index) materialise(i - 1);
        }
        if (forward) {
            code_.back().a = static_cast<std::uint16_t>(index);
        } else {
            copy(static_cast<std::uint16_t>(index), operand);
        }
    }
    if (!keep) return;
    if (operand.kind == Kind::constant) {
        push(locals_[index], Kind::constant, operand.value);
    } else {
        local_get(index);
    }
}

}  // namespace zvm
