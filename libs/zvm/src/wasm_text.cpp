// The instructions of a body as they stand in the binary, each with its gas. The module has been validated, so the
// walk only has to follow it; a reader that fails ends the text.
#include "reader.hpp"
#include "zvm/disasm.hpp"
#include "zvm/gas.hpp"
#include "zvm/opcode_names.hpp"

namespace zvm {
namespace {

/// The bytes of the `wanted`-th body.
base::ByteView body_of(base::ByteView wasm, std::uint32_t wanted) {
    Reader in{wasm};
    in.bytes(8);
    while (!in.empty() && !in.failed()) {
        const auto id = in.byte();
        auto section = in.part(in.u32());
        if (id != 10) continue;
        auto count = section.count();
        for (std::uint32_t i = 0; i < count && !section.failed(); ++i) {
            const auto body = section.bytes(section.u32());
            if (i == wanted) return body;
        }
    }
    return {};
}

class Text {
 public:
    Text(const Module& module, base::ByteView body) : module_{module}, in_{body} {}

    std::string run() {
        const auto groups = in_.count();
        for (std::uint32_t i = 0; i < groups && !in_.failed(); ++i) {
            const auto count = in_.u32();
            out_ += "              locals " + std::to_string(count) + " " + type_name(in_.byte()) + "\n";
        }
        while (!in_.empty() && !in_.failed()) line();
        return std::move(out_);
    }

 private:
    static std::string type_name(std::uint8_t byte) { return to_string(static_cast<ValType>(byte)); }

    void line() {
        const auto at = in_.position();
        const auto op = in_.byte();
        std::string name;
        std::uint32_t price = gas::opcode(op);
        std::uint32_t bulk = 0;
        if (op == 0xfc) {
            bulk = in_.u32();
            const auto* const known = bulk_opcode_name(bulk);
            name = known ? known : "?";
            price = bulk < 8 ? gas::kFloat : gas::kBulk;
        } else {
            const auto* const known = opcode_name(op);
            name = known ? known : "?";
        }
        if ((op == 0x0b || op == 0x05) && depth_ > 0) --depth_;
        const auto operands = operands_of(op, bulk);
        if (in_.failed()) return;
        auto place = std::to_string(at);
        auto cost = std::to_string(price);
        place.insert(0, place.size() < 6 ? 6 - place.size() : 0, ' ');
        cost.insert(0, cost.size() < 6 ? 6 - cost.size() : 0, ' ');
        out_ += place + cost + "  " + std::string(2 * depth_, ' ') + name + operands + "\n";
        if ((op >= 0x02 && op <= 0x05)) ++depth_;
    }

    std::string number() { return " " + std::to_string(in_.u32()); }
    std::string function() { return " " + module_.function_name(in_.u32()); }

    std::string operands_of(std::uint8_t op, std::uint32_t bulk) {
        switch (op) {
            case 0x02:
            case 0x03:
            case 0x04: {
                const auto first = in_.peek();
                if (first == 0x40) return in_.byte(), "";
                if (first >= 0x41 && first < 0x80) return " " + type_name(in_.byte());
                const auto index = static_cast<std::size_t>(in_.s33());
                return index < module_.types().size() ? " " + to_string(module_.types()[index]) : "";
            }
            case 0x0e: {
                std::string out;
                const auto count = in_.count();
                for (std::uint32_t i = 0; i <= count && !in_.failed(); ++i) out += number();
                return out;
            }
            case 0x10:
            case 0xd2: return function();
            case 0x11: {
                const auto type = in_.u32();
                const auto table = in_.u32();
                return " " + (type < module_.types().size() ? to_string(module_.types()[type]) : "?") + " table " +
                       std::to_string(table);
            }
            case 0x1c: {
                std::string out;
                const auto count = in_.count();
                for (std::uint32_t i = 0; i < count && !in_.failed(); ++i) out += " " + type_name(in_.byte());
                return out;
            }
            case 0x3f:
            case 0x40: return in_.byte(), "";
            case 0x41: return " " + std::to_string(in_.s32());
            case 0x42: return " " + std::to_string(in_.s64());
            case 0x43: return " bits " + std::to_string(bits(4));
            case 0x44: return " bits " + std::to_string(bits(8));
            case 0xd0: return " " + type_name(in_.byte());
            case 0xfc: return bulk_operands(bulk);
            default: break;
        }
        if (op == 0x0c || op == 0x0d || (op >= 0x20 && op <= 0x26)) return number();
        if (op >= 0x28 && op <= 0x3e) {
            const auto align = in_.u32();
            const auto offset = in_.u32();
            return (offset ? " offset=" + std::to_string(offset) : "") +
                   " align=" + std::to_string(std::uint64_t{1} << (align & 31));
        }
        return {};
    }

    std::string bulk_operands(std::uint32_t op) {
        switch (op) {
            case 8: {
                auto out = number();
                in_.byte();
                return out;
            }
            case 10: in_.byte(); [[fallthrough]];
            case 11: return in_.byte(), "";
            case 12:
            case 14: {
                auto out = number();
                return out + number();
            }
            case 9:
            case 13:
            case 15:
            case 16:
            case 17: return number();
            default: return {};
        }
    }

    std::uint64_t bits(std::size_t size) {
        const auto raw = in_.bytes(size);
        if (in_.failed()) return 0;
        return size == 4 ? base::load_le<std::uint32_t>(raw.data()) : base::load_le<std::uint64_t>(raw.data());
    }

    const Module& module_;
    Reader in_;
    std::string out_;
    std::size_t depth_ = 0;
};

}  // namespace

std::string disassemble_wasm(const Module& module, base::ByteView wasm, std::uint32_t code) {
    const auto& function = module.code(code);
    return module.function_name(function.index) + " " + to_string(module.function_type(function.index)) +
           "  (byte in the body, gas, instruction)\n" + Text{module, body_of(wasm, code)}.run();
}

}  // namespace zvm
