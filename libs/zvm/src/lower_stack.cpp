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

/// Before control goes elsewhere.
void Lowerer::make_aliases_real() noexcept {
    // No target is anyone's source, so their order does not matter.
    for (const auto& alias : aliases_) emit(Op::copy, alias.target, alias.source);
    forget_aliases();
}

void Lowerer::make_aliases_real_before_last() noexcept {
    const auto last = code_.back();
    code_.pop_back();
    make_aliases_real();
    code_.push_back(last);
    if (!operands_.empty() && operands_.back().kind == Kind::temporary && operands_.back().value == last.a) {
        operands_.back().producer = static_cast<std::uint32_t>(code_.size());
    }
}

void Lowerer::forget_aliases() noexcept {
    for (const auto& alias : aliases_) {
        source_of_[alias.target] = alias.target;
        copies_of_[alias.source] = 0;
    }
    aliases_.clear();
}

void Lowerer::local_get(std::uint32_t index) noexcept {
    const auto source = source_of_[index];
    push(locals_[index], Kind::local, source);
    ++pending_[source];
}

void Lowerer::local_set(std::uint32_t index, bool keep) noexcept {
    auto operand = pop(locals_[index]);
    const auto target = static_cast<std::uint16_t>(index);
    const bool is_same = operand.kind == Kind::local && operand.value == source_of_[index];
    if (!is_same) {
        // Its aliases take the old value before it changes; one of them is then where earlier entries find that.
        auto home = target;
        bool forward = is_last(operand);
        if (copies_of_[index] > 0) {
            home = std::find_if(aliases_.begin(), aliases_.end(), [&](const auto& alias) {
                       return alias.source == target;
                   })->target;
            // The last instruction stays the last one if it can, to write the local or to be joined with the next. Not
            // when it, or a part of it, is older than an alias: it may read what that one was.
            const auto last = static_cast<std::uint32_t>(code_.size() - 1);
            const bool stays = (forward || (!operands_.empty() && is_last(operands_.back()))) &&
                               std::all_of(aliases_.begin(), aliases_.end(),
                                           [last](const Alias& alias) { return alias.made <= last; });
            forward = forward && stays;
            stays ? make_aliases_real_before_last() : make_aliases_real();
        }
        if (source_of_[index] != index) {
            --copies_of_[source_of_[index]];
            source_of_[index] = target;
            std::erase_if(aliases_, [target](const Alias& alias) { return alias.target == target; });
        }
        // Looking from the top down, because the youngest references are the likely ones.
        if (home == target) forward = forward && pending_[index] == 0;
        for (std::size_t i = operands_.size(); i > 0 && pending_[index] > 0; --i) {
            auto& entry = operands_[i - 1];
            if (!refers_to_local(entry) || static_cast<std::uint32_t>(entry.value) != index) continue;
            if (home == target) {
                materialise(i - 1);
                continue;
            }
            release(entry);
            entry.value = (entry.value >> 32 << 32) | home;
            acquire(entry);
        }
        if (forward) {
            code_.back().a = target;
        } else if (operand.kind == Kind::local && !dead_) {
            if (aliases_.size() == kAliasesMax) make_aliases_real();
            const auto source = static_cast<std::uint16_t>(operand.value);
            aliases_.push_back({target, source, static_cast<std::uint32_t>(code_.size())});
            source_of_[index] = source;
            ++copies_of_[source];
        } else {
            copy(target, operand);
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
