#include "zvm/disasm.hpp"

#include <bit>

#include "ir.hpp"

namespace zvm {
namespace {

bool ends_with(std::string_view name, std::string_view end) noexcept { return name.ends_with(end); }

class Printer {
 public:
    Printer(const Module& module, const FuncCode& code) noexcept : module_{module}, code_{code} {}

    std::string line(std::uint32_t i, const Instr& instr) {
        const std::string_view name = to_string(instr.op);
        std::string text = "  " + std::to_string(i) + ": " + std::string{name};
        text.resize(std::max<std::size_t>(text.size() + 1, 26), ' ');
        return text + operands(i, instr, name) + "\n";
    }

 private:
    [[nodiscard]] std::string reg(std::uint64_t r) const {
        const auto locals = code_.params + code_.zeroed;
        return r < locals ? "l" + std::to_string(r) : "t" + std::to_string(r - locals);
    }
    [[nodiscard]] static std::string number(std::uint64_t value) {
        return std::to_string(static_cast<std::int64_t>(value));
    }
    [[nodiscard]] static std::string small(std::uint16_t value) {
        return std::to_string(static_cast<std::int16_t>(value));
    }
    /// The i-th 16-bit field of imm as a register.
    [[nodiscard]] std::string field(const Instr& instr, unsigned i) const {
        return reg(static_cast<std::uint16_t>(instr.imm >> 16 * i));
    }
    /// The other operands of those that pack them into imm; nothing for the rest.
    [[nodiscard]] std::string packed(const Instr& instr) const {
        const auto amount = [&](unsigned i) { return std::to_string(static_cast<std::uint16_t>(instr.imm >> 16 * i)); };
        const auto high = number(static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(instr.imm >> 32)}));
        switch (instr.op) {
            case Op::copy3:
                return reg(instr.a) + " = " + reg(instr.b) + ", " + reg(instr.c) + " = " + field(instr, 0) + ", " +
                       field(instr, 1) + " = " + field(instr, 2);
            case Op::i32_sigma:
            case Op::i64_sigma:
            case Op::i32_sigma_shr:
            case Op::i64_sigma_shr:
                return reg(instr.a) + " = " + reg(instr.b) + ", " + amount(0) + ", " + amount(1) + ", " + amount(2);
            case Op::i64_xor5:
                return binary(instr) + ", " + field(instr, 0) + ", " + field(instr, 1) + ", " + field(instr, 2);
            case Op::i64_xor4:
            case Op::i32_add4:
            case Op::i64_add4: return binary(instr) + ", " + field(instr, 0) + ", " + field(instr, 1);
            case Op::i32_shr_and: return reg(instr.a) + " = " + reg(instr.b) + ", " + amount(0) + ", " + high;
            case Op::ld8u_ld64:
                return reg(instr.a) + " = [([" + reg(instr.b) + " + " + high + "] << " + amount(1) + ") + " +
                       reg(instr.c) + " + " + amount(0) + "]";
            case Op::i32_ld_mul_add:
                return reg(instr.a) + " = [" + reg(instr.b) + " + " + high + "] * " + reg(instr.c) + " + " +
                       field(instr, 0);
            case Op::i32_add_xor_rotl:
            case Op::i64_add_xor_rotl:
                return binary(instr) + "; " + field(instr, 0) + " = " + reg(instr.a) + ", " + field(instr, 1) + ", " +
                       amount(3);
            case Op::i32_add_add_xor_rotl:
            case Op::i64_add_add_xor_rotl:
                return binary(instr) + ", " + field(instr, 0) + "; " + field(instr, 1) + " = " + reg(instr.a) + ", " +
                       field(instr, 2) + ", " + amount(3);
            case Op::i32_add2:
                return reg(instr.a) + " = " + reg(instr.b) + ", " + small(static_cast<std::uint16_t>(instr.imm >> 16)) +
                       "; " + reg(instr.c) + " = " + field(instr, 0) + ", " +
                       small(static_cast<std::uint16_t>(instr.imm >> 32));
            case Op::add_ld8u:
            case Op::add_ld32:
            case Op::add_ld64:
                return field(instr, 0) + " = " + reg(instr.b) + ", " + reg(instr.c) + "; " + reg(instr.a) + " = [" +
                       field(instr, 0) + " + " + high + "]";
            default: break;
        }
        if (between(instr.op, Op::select_rr, Op::select_lt_u_ri_ii)) return select(instr, to_string(instr.op));
        return {};
    }
    [[nodiscard]] std::string select(const Instr& instr, std::string_view name) const {
        const auto form = name.substr(name.size() - 2);
        std::string text = reg(instr.a) + " = " + (form[0] == 'r' ? reg(instr.b) : small(instr.b)) + ", " +
                           (form[1] == 'r' ? reg(instr.c) : small(instr.c)) + " by " + field(instr, 0);
        if (instr.op >= Op::select_test_rr) {
            const bool is_pair = name.substr(0, name.size() - 3).ends_with("_rr");
            text += ", " + (is_pair ? field(instr, 1) : number(instr.imm >> 32));
        }
        return text;
    }
    [[nodiscard]] std::string binary(const Instr& instr) const {
        return reg(instr.a) + " = " + reg(instr.b) + ", " + reg(instr.c);
    }
    [[nodiscard]] static std::string target(std::uint32_t i, const Instr& instr) {
        return "-> " + std::to_string(static_cast<std::int64_t>(i) + instr.displacement()) + " gas " +
               std::to_string(instr.target_gas());
    }

    [[nodiscard]] std::string operands(std::uint32_t i, const Instr& instr, std::string_view name) const {
        if (is_branch(instr.op)) {
            if (instr.op == Op::br) return target(i, instr);
            std::string text = reg(instr.b);
            if (is_counted_branch(instr.op))
                text += " += " + small(static_cast<std::uint16_t>(instr.imm >> 48)) + ", " + text;
            if (between(instr.op, Op::br_test_nez, Op::br_test_eqz)) text += " & " + std::to_string(instr.c);
            if (ends_with(name, "_rr")) text += ", " + reg(instr.c);
            if (ends_with(name, "_ri")) text += ", " + small(instr.c);
            return text + " " + target(i, instr) + ", else gas " + std::to_string(instr.a);
        }
        if (auto text = packed(instr); !text.empty()) return text;
        switch (instr.op) {
            case Op::ret:
            case Op::unreachable:
            case Op::exit:
            case Op::exit_instance: return {};
            case Op::gas: return number(instr.imm);
            case Op::ret_r: return reg(instr.b);
            case Op::ret_i: return number(instr.imm);
            case Op::copy: return reg(instr.a) + " = " + reg(instr.b);
            case Op::copy2: return reg(instr.a) + " = " + reg(instr.b) + ", " + reg(instr.c) + " = " + reg(instr.imm);
            case Op::konst: return reg(instr.a) + " = " + number(instr.imm);
            case Op::call: {
                const auto* const callee = std::bit_cast<const FuncCode*>(instr.imm);
                return module_.function_name(callee->index) + " at " + reg(instr.a);
            }
            case Op::call_import:
                return module_.function_name(static_cast<std::uint32_t>(instr.imm)) + " at " + reg(instr.a);
            case Op::call_indirect:
                return zvm::to_string(*std::bit_cast<const FuncType*>(instr.imm)) + " [" + reg(instr.b) + "] at " +
                       reg(instr.a);
            default: break;
        }
        if (name.starts_with("ld") || name.starts_with("st")) {
            std::string address = "[";
            if (!ends_with(name, "_a")) address += reg(instr.b) + " + ";
            if (ends_with(name, "_x")) address += reg(instr.c) + " + ";
            const auto low = number(static_cast<std::uint32_t>(instr.imm));
            const auto high = static_cast<std::int32_t>(instr.imm >> 32);
            if (ends_with(name, "_s")) {
                address =
                    "[(" + reg(instr.b) + " << " + std::to_string(high) + ") + " + reg(instr.c) + " + " + low + "]";
            } else if (ends_with(name, "_i")) {
                address += std::to_string(high) + " + " + low + "]";
            } else {
                address += number(instr.imm) + "]";
            }
            if (name.starts_with("ld")) return reg(instr.a) + " = " + address;
            const bool is_constant = instr.op >= Op::st8k_r;
            return address + " = " + (is_constant ? small(instr.a) : reg(instr.a));
        }
        std::string text = reg(instr.a) + " = " + reg(instr.b);
        if (!ends_with(name, "_ri")) text += ", " + reg(instr.c);
        return text + ", " + number(instr.imm);
    }

    const Module& module_;
    const FuncCode& code_;
};

}  // namespace

std::string disassemble(const Module& module, std::uint32_t code) {
    const auto& function = module.code(code);
    std::string text = module.function_name(function.index) + " " + to_string(module.function_type(function.index)) +
                       ", frame " + std::to_string(function.frame_slots) + ", entry gas " +
                       std::to_string(function.entry_gas) + "\n";
    Printer printer{module, function};
    for (std::uint32_t i = 0; i < function.ir_count; ++i) text += printer.line(i, function.entry[i]);
    return text;
}

std::size_t instruction_count(const Module& module) noexcept { return module.instructions().size(); }

}  // namespace zvm
