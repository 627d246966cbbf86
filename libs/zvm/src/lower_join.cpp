// After a function is lowered: neighbours that do not depend on what lies on the operand stack become one instruction,
// and gas that is charged right after a branch is charged by the branch. What moves keeps its order, so traps do too;
// only copies pass an addition that has nothing to do with them.
#include <algorithm>

#include "lower.hpp"

namespace zvm {
namespace {

constexpr bool is_small(std::uint64_t value) noexcept {
    return static_cast<std::uint64_t>(std::int64_t{static_cast<std::int16_t>(value)}) == value;
}
/// The amount of i32_add_ri as a signed one of 16 bits.
constexpr bool is_small_step(const Instr& instr) noexcept {
    return instr.op == Op::i32_add_ri &&
           is_small(static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(instr.imm)}));
}
constexpr bool is_copy(Op op) noexcept { return op == Op::copy || op == Op::copy2 || op == Op::copy3; }
constexpr std::uint16_t field(const Instr& instr, unsigned i) noexcept {
    return static_cast<std::uint16_t>(instr.imm >> 16 * i);
}
/// Whether a copy reads or writes `reg`.
constexpr bool touches(const Instr& copies, std::uint16_t reg) noexcept {
    if (copies.a == reg || copies.b == reg) return true;
    if (copies.op == Op::copy) return false;
    if (copies.c == reg || field(copies, 0) == reg) return true;
    return copies.op == Op::copy3 && (field(copies, 1) == reg || field(copies, 2) == reg);
}

}  // namespace

/// Labels at a `gas` move behind it: their branches charge it with the target's. After that only what comes from above
/// runs it.
void Lowerer::skip_gas() noexcept {
    for (auto& label : labels_) {
        if (!label.used || label.at < first_) continue;
        const auto found = std::lower_bound(gas_fixups_.begin(), gas_fixups_.end(), label.at,
                                            [](const GasFixup& fixup, std::uint32_t at) { return fixup.instr < at; });
        if (found == gas_fixups_.end() || found->instr != label.at) continue;
        const auto own = label.segment == kNoSegment ? 0 : segments_[label.segment];
        const auto sum = std::uint64_t{own} + segments_[found->segment];
        if (sum > 0xffff) continue;
        segments_.push_back(static_cast<std::uint32_t>(sum));
        label.segment = static_cast<std::uint32_t>(segments_.size() - 1);
        ++label.at;
    }
}

/// Makes `first` do what `second` does as well, if there is an instruction for both.
bool Lowerer::join_pair(Instr& first, const Instr& second) noexcept {
    const auto a = std::uint64_t{second.a};
    if (second.op == Op::copy) {
        if (first.op == Op::copy) {
            first = {Op::copy2, first.a, first.b, second.a, second.b};
            return true;
        }
        if (first.op == Op::copy2) {
            first.op = Op::copy3;
            first.imm |= a << 16 | std::uint64_t{second.b} << 32;
            return true;
        }
        return false;
    }
    if ((second.op == Op::i64_xor_rotl || second.op == Op::i32_xor_rotl)) {
        const bool is_64 = second.op == Op::i64_xor_rotl;
        if (second.b != first.a && second.c != first.a) return false;
        const std::uint64_t other = second.b == first.a ? second.c : second.b;
        if (first.op == (is_64 ? Op::i64_add_rr : Op::i32_add_rr)) {
            first.op = is_64 ? Op::i64_add_xor_rotl : Op::i32_add_xor_rotl;
            first.imm = a | other << 16 | second.imm << 48;
            return true;
        }
        if (first.op == (is_64 ? Op::i64_add_add : Op::i32_add_add)) {
            first.op = is_64 ? Op::i64_add_add_xor_rotl : Op::i32_add_add_xor_rotl;
            first.imm |= a << 16 | other << 32 | second.imm << 48;
            return true;
        }
        return false;
    }
    if (is_small_step(second) && is_small_step(first)) {
        const std::uint64_t step = static_cast<std::uint16_t>(first.imm);
        first.op = Op::i32_add2;
        first.c = second.a;
        first.imm = second.b | step << 16 | std::uint64_t{static_cast<std::uint16_t>(second.imm)} << 32;
        return true;
    }
    // An address that is kept, and the access at it.
    if (first.op == Op::i32_add_rr && second.b == first.a) {
        auto joined = Op::exit;
        switch (second.op) {
            case Op::ld8u_r: joined = Op::add_ld8u; break;
            case Op::ld32_r: joined = Op::add_ld32; break;
            case Op::ld64_r: joined = Op::add_ld64; break;
            default: return false;
        }
        first = {joined, second.a, first.b, first.c, first.a | second.imm << 32};
        return true;
    }
    return false;
}

/// `branch` decides on a register that was just added to, perhaps with copies between that have nothing to do with it.
/// [from, end) is the straight code before it.
bool Lowerer::join_counted(std::size_t from, std::size_t& end, const Instr& branch, const Fixup& fixup) noexcept {
    auto at = end;
    while (at > from && is_copy(code_[at - 1].op)) --at;
    if (at == from) return false;
    const auto step = code_[at - 1];
    if (!is_small_step(step) || step.a != step.b) return false;
    for (auto i = at; i < end; ++i) {
        if (touches(code_[i], step.a)) return false;
    }
    const auto target = labels_[fixup.label].segment;
    if (target != kNoSegment && segments_[target] > 0xffff) return false;
    Instr joined{Op::exit, 0, step.a, branch.c, std::uint64_t{static_cast<std::uint16_t>(step.imm)} << 48};
    switch (branch.op) {
        case Op::br_nez:
            joined.op = Op::add_br_ne_ri;
            joined.c = 0;
            break;
        case Op::br_i32_ne_ri: joined.op = Op::add_br_ne_ri; break;
        case Op::br_i32_gt_u_ri: joined.op = Op::add_br_gt_u_ri; break;
        case Op::br_i32_lt_u_rr: joined.op = Op::add_br_lt_u_rr; break;
        case Op::br_i32_ne_rr:
            joined.op = Op::add_br_ne_rr;
            if (branch.b != step.a) joined.c = branch.b;
            break;
        default: return false;
    }
    const bool is_either = joined.op == Op::add_br_ne_rr && branch.c == step.a;
    if (branch.b != step.a && !is_either) return false;
    std::move(code_.begin() + static_cast<std::ptrdiff_t>(at), code_.begin() + static_cast<std::ptrdiff_t>(end),
              code_.begin() + static_cast<std::ptrdiff_t>(at) - 1);
    code_[end - 1] = joined;
    return true;
}

void Lowerer::join() noexcept {
    skip_gas();
    const std::size_t count = code_.size();
    is_target_.assign(count - first_ + 1, 0);
    moved_to_.resize(count - first_ + 1);
    for (const auto& label : labels_) {
        if (label.used && label.at >= first_) is_target_[label.at - first_] = 1;
    }
    auto fixup = fixups_.begin();
    auto gas = gas_fixups_.begin();
    auto kept_gas = gas_fixups_.begin();
    std::size_t end = first_;       // of what is kept
    std::size_t straight = first_;  // where the present straight stretch of it begins
    Fixup* last_branch = nullptr;   // the conditional branch that is the instruction before
    for (std::size_t i = first_; i < count; ++i) {
        const auto instr = code_[i];
        if (is_target_[i - first_]) straight = end, last_branch = nullptr;
        if (instr.op == Op::gas) {
            const auto segment = gas->segment;
            ++gas;
            moved_to_[i - first_] = static_cast<std::uint32_t>(end);
            const auto sum = last_branch ? std::uint64_t{segments_[last_branch->fallthrough]} + segments_[segment] : 0;
            if (last_branch && sum <= 0xffff) {
                segments_.push_back(static_cast<std::uint32_t>(sum));
                last_branch->fallthrough = static_cast<std::uint32_t>(segments_.size() - 1);
                last_branch = nullptr;
                continue;
            }
            *kept_gas++ = {static_cast<std::uint32_t>(end), segment};
            code_[end++] = instr;
            straight = end;
            last_branch = nullptr;
            continue;
        }
        last_branch = nullptr;
        if (is_branch(instr.op)) {
            // In the order of the code, as the fixups are.
            const bool is_joined = join_counted(straight, end, instr, *fixup);
            if (!is_joined) code_[end++] = instr;
            fixup->instr = static_cast<std::uint32_t>(end - 1);
            if (is_conditional(instr.op) && fixup->fallthrough != kNoSegment) last_branch = &*fixup;
            ++fixup;
            straight = end;
        } else if (end == straight || !join_pair(code_[end - 1], instr)) {
            code_[end++] = instr;
        }
        moved_to_[i - first_] = static_cast<std::uint32_t>(end - 1);
    }
    moved_to_[count - first_] = static_cast<std::uint32_t>(end);
    gas_fixups_.erase(kept_gas, gas_fixups_.end());
    for (auto& label : labels_) {
        if (label.used && label.at >= first_) label.at = moved_to_[label.at - first_];
    }
    code_.resize(end);
}

}  // namespace zvm
