// Element and data segments and constant expressions.
// Source: Core Specification 5.5.12, 5.5.14 and 3.3.10 "Constant Expressions"; extended-const proposal.
#include "decoder.hpp"
#include "ir.hpp"

namespace zvm {

using base::fail;

base::Result<ConstExpr> Decoder::const_expr(Reader& in, ValType expected) noexcept {
    ConstExpr out;
    std::vector<ValType> stack;
    const auto binary = [&](ValType type, ConstOp::Kind kind) -> base::Result<void> {
        if (stack.size() < 2 || stack.back() != type || stack[stack.size() - 2] != type) {
            return fail(Errc::invalid, "type mismatch");
        }
        stack.pop_back();
        out.push_back({kind, 0});
        return {};
    };
    for (;;) {
        const auto op = in.byte();
        GC_CHECK(in.status());
        switch (op) {
            case 0x0b:
                if (stack.size() != 1 || stack.front() != expected) return fail(Errc::invalid, "type mismatch");
                return out;
            case 0x41:
                out.push_back({ConstOp::Kind::value, static_cast<std::uint32_t>(in.s32())});
                stack.push_back(ValType::i32);
                break;
            case 0x42:
                out.push_back({ConstOp::Kind::value, static_cast<Slot>(in.s64())});
                stack.push_back(ValType::i64);
                break;
            case 0x43:
            case 0x44: {
                if (module_.profile() == Profile::contract) return fail(Errc::floats_refused, "constant expression");
                const auto bits = in.bytes(op == 0x43 ? 4 : 8);
                GC_CHECK(in.status());
                out.push_back({ConstOp::Kind::value, op == 0x43 ? base::load_le<std::uint32_t>(bits.data())
                                                                : base::load_le<std::uint64_t>(bits.data())});
                stack.push_back(op == 0x43 ? ValType::f32 : ValType::f64);
                break;
            }
            case 0x23: {
                const auto index = in.u32();
                GC_CHECK(in.status());
                // Imported globals only: the others are being initialised.
                if (index >= module_.imported_globals_) return fail(Errc::invalid, "unknown global");
                const auto& type = module_.globals_[index].type;
                if (type.is_mutable) return fail(Errc::invalid, "constant expression required");
                out.push_back({ConstOp::Kind::global, index});
                stack.push_back(type.type);
                break;
            }
            case 0xd0: {
                GC_TRY(const auto type, reference_type(in));
                out.push_back({ConstOp::Kind::value, 0});
                stack.push_back(type);
                break;
            }
            case 0xd2: {
                const auto index = in.u32();
                GC_CHECK(in.status());
                if (index >= module_.function_types_.size()) return fail(Errc::invalid, "unknown function");
                facts_.declare(index);
                out.push_back({ConstOp::Kind::function, index});
                stack.push_back(ValType::funcref);
                break;
            }
            case 0x6a: GC_CHECK(binary(ValType::i32, ConstOp::Kind::add32)); break;
            case 0x6b: GC_CHECK(binary(ValType::i32, ConstOp::Kind::sub32)); break;
            case 0x6c: GC_CHECK(binary(ValType::i32, ConstOp::Kind::mul32)); break;
            case 0x7c: GC_CHECK(binary(ValType::i64, ConstOp::Kind::add64)); break;
            case 0x7d: GC_CHECK(binary(ValType::i64, ConstOp::Kind::sub64)); break;
            case 0x7e: GC_CHECK(binary(ValType::i64, ConstOp::Kind::mul64)); break;
            default:
                if (op > 0xd2 || (op > 0x11 && op < 0x1a) || (op > 0xc4 && op < 0xd0)) {
                    return fail(Errc::malformed, "illegal opcode");
                }
                return fail(Errc::invalid, "constant expression required");
        }
        GC_CHECK(in.status());
    }
}

base::Result<void> Decoder::element_section(Reader& in) noexcept {
    const auto count = in.count();
    GC_CHECK(in.status());
    const auto& limits = module_.options_.limits;
    if (count > limits.segments) return fail(Errc::too_many_segments, "element section");
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto flags = in.u32();
        GC_CHECK(in.status());
        if (flags > 7) return fail(Errc::malformed, "malformed elements segment kind");
        ElementSegment segment;
        const bool is_active = (flags & 1) == 0;
        const bool has_table = is_active && (flags & 2) != 0;
        const bool has_exprs = (flags & 4) != 0;
        segment.mode = is_active ? SegmentMode::active : (flags & 2) ? SegmentMode::declarative : SegmentMode::passive;
        if (has_table) segment.table = in.u32();
        GC_CHECK(in.status());
        if (is_active) {
            if (segment.table >= module_.tables_.size()) return fail(Errc::invalid, "unknown table");
            GC_TRY(segment.offset, const_expr(in, ValType::i32));
        }
        if ((flags & 3) != 0) {  // a type or kind is written unless it is the short active form
            if (has_exprs) {
                GC_TRY(segment.type, reference_type(in));
            } else if (in.byte() != 0) {
                return fail(Errc::malformed, "malformed element kind");
            }
        }
        if (is_active && module_.tables_[segment.table].element != segment.type) {
            return fail(Errc::invalid, "type mismatch");
        }
        const auto items = in.count();
        GC_CHECK(in.status());
        segment.items.reserve(items);
        for (std::uint32_t k = 0; k < items; ++k) {
            if (has_exprs) {
                GC_TRY(const auto expr, const_expr(in, segment.type));
                segment.items.push_back(expr.front());  // an expression of reference type is one instruction
            } else {
                const auto index = in.u32();
                GC_CHECK(in.status());
                if (index >= module_.function_types_.size()) return fail(Errc::invalid, "unknown function");
                facts_.declare(index);
                segment.items.push_back({ConstOp::Kind::function, index});
            }
        }
        module_.elements_.push_back(std::move(segment));
    }
    return {};
}

base::Result<void> Decoder::data_section(Reader& in) noexcept {
    const auto count = in.count();
    GC_CHECK(in.status());
    if (count > module_.options_.limits.segments) return fail(Errc::too_many_segments, "data section");
    if (facts_.data_count && *facts_.data_count != count) {
        return fail(Errc::malformed, "data count and data section have inconsistent lengths");
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto flags = in.u32();
        GC_CHECK(in.status());
        if (flags > 2) return fail(Errc::malformed, "malformed data segment kind");
        DataSegment segment;
        if (flags != 1) {
            segment.mode = SegmentMode::active;
            const auto memory = flags == 2 ? in.u32() : 0;
            GC_CHECK(in.status());
            if (memory >= module_.memories_.size()) return fail(Errc::invalid, "unknown memory");
            GC_TRY(segment.offset, const_expr(in, ValType::i32));
        }
        const auto length = in.u32();
        segment.bytes = base::to_bytes(in.bytes(length));
        GC_CHECK(in.status());
        module_.data_.push_back(std::move(segment));
    }
    return {};
}

}  // namespace zvm
