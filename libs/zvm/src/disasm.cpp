#include "zvm/disasm.hpp"

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
    [[nodiscard]] static std::string target(std::uint32_t i, const Instr& instr) {
        return "-> " + std::to_string(static_cast<std::int64_t>(i) + instr.displacement()) + " gas " +
               std::to_string(instr.target_gas());
    }

    [[nodiscard]] std::string operands(std::uint32_t i, const Instr& instr, std::string_view name) const {
        if (is_branch(instr.op)) {
            if (instr.op == Op::br) return target(i, instr);
            std::string text = reg(instr.b);
            if (ends_with(name, "_rr")) text += ", " + reg(instr.c);
            if (ends_with(name, "_ri"))
                text += ", " + number(static_cast<std::uint64_t>(std::int64_t{static_cast<std::int16_t>(instr.c)}));
            return text + " " + target(i, instr) + ", else gas " + std::to_string(instr.a);
        }
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
                const auto* const callee = reinterpret_cast<const FuncCode*>(instr.imm);
                return module_.function_name(callee->index) + " at " + reg(instr.a);
            }
            case Op::call_import:
                return module_.function_name(static_cast<std::uint32_t>(instr.imm)) + " at " + reg(instr.a);
            case Op::call_indirect:
                return zvm::to_string(*reinterpret_cast<const FuncType*>(instr.imm)) + " [" + reg(instr.b) + "] at " +
                       reg(instr.a);
            default: break;
        }
        if (name.starts_with("ld") || name.starts_with("st")) {
            std::string address = "[";
            if (!ends_with(name, "_a")) address += reg(instr.b) + " + ";
            if (ends_with(name, "_x")) address += reg(instr.c) + " + ";
            if (ends_with(name, "_i")) {
                address +=
                    number(static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(instr.imm >> 32)})) +
                    " + " + number(static_cast<std::uint32_t>(instr.imm)) + "]";
            } else {
                address += number(instr.imm) + "]";
            }
            return name.starts_with("ld") ? reg(instr.a) + " = " + address : address + " = " + reg(instr.a);
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
