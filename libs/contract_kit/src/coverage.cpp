// WebAssembly Core Specification 2.0, chapter 5 "Binary Format". The input has been validated before; every read is
// checked all the same.
#include "coverage.hpp"

#include <string>

namespace contract_kit {
namespace {

using base::Errc;

constexpr std::uint8_t kImportSection = 2;
constexpr std::uint8_t kGlobalSection = 6;
constexpr std::uint8_t kExportSection = 7;
constexpr std::uint8_t kCodeSection = 10;
constexpr std::uint8_t kKindGlobal = 3;

class Reader {
 public:
    explicit Reader(base::ByteView bytes) noexcept : rest_{bytes} {}
    [[nodiscard]] bool done() const noexcept { return rest_.empty() || failed_; }
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    std::uint8_t byte() noexcept {
        if (rest_.empty()) {
            failed_ = true;
            return 0;
        }
        const auto value = std::to_integer<std::uint8_t>(rest_.front());
        rest_ = rest_.subspan(1);
        return value;
    }
    std::uint32_t u32() noexcept {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 35; shift += 7) {
            const auto part = byte();
            value |= std::uint64_t{part & 0x7fu} << shift;
            if (!(part & 0x80)) return static_cast<std::uint32_t>(value);
        }
        failed_ = true;
        return 0;
    }
    /// Of either sign and any width; only its end matters.
    void skip_leb() noexcept {
        for (int i = 0; i < 10; ++i)
            if (!(byte() & 0x80)) return;
        failed_ = true;
    }
    void skip_lebs(int count) noexcept {
        for (int i = 0; i < count; ++i) skip_leb();
    }
    base::ByteView take(std::size_t size) noexcept {
        if (size > rest_.size()) {
            failed_ = true;
            return {};
        }
        const auto out = rest_.first(size);
        rest_ = rest_.subspan(size);
        return out;
    }
    [[nodiscard]] base::ByteView rest() const noexcept { return rest_; }
    [[nodiscard]] std::uint8_t peek() const noexcept {
        return rest_.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(rest_.front());
    }

 private:
    base::ByteView rest_;
    bool failed_ = false;
};

void put(base::Bytes& to, std::uint8_t value) { to.push_back(std::byte{value}); }
void put(base::Bytes& to, base::ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }
void put_u32(base::Bytes& to, std::size_t value) {
    while (value >= 0x80) {
        put(to, static_cast<std::uint8_t>(value | 0x80));
        value >>= 7;
    }
    put(to, static_cast<std::uint8_t>(value));
}

/// Skips the operands of an instruction whose opcode was read.
void skip_operands(Reader& in, std::uint8_t op) {
    if (op == 0x02 || op == 0x03 || op == 0x04 || op == 0x0c || op == 0x0d || op == 0x10)
        in.skip_leb();
    else if (op == 0x0e)
        in.skip_lebs(static_cast<int>(std::min<std::size_t>(in.u32(), in.rest().size())) + 1);
    else if (op == 0x11)
        in.skip_lebs(2);
    else if (op == 0x1c)
        static_cast<void>(in.take(in.u32()));
    else if (op >= 0x20 && op <= 0x26)
        in.skip_leb();
    else if (op >= 0x28 && op <= 0x3e)
        in.skip_lebs(2);
    else if (op == 0x3f || op == 0x40 || op == 0xd0)
        static_cast<void>(in.byte());
    else if (op == 0x41 || op == 0x42 || op == 0xd2)
        in.skip_leb();
    else if (op == 0x43)
        static_cast<void>(in.take(4));
    else if (op == 0x44)
        static_cast<void>(in.take(8));
    else if (op == 0xfc) {
        const auto sub = in.u32();
        if (sub == 8 || sub == 10 || sub == 12 || sub == 14)
            in.skip_lebs(2);
        else if (sub == 9 || sub == 11 || sub == 13 || sub >= 15)
            in.skip_leb();
    }
}

/// After which instructions a block begins. Behind `br`, `return` and `unreachable` nothing runs until an end.
constexpr bool begins_block(std::uint8_t op) noexcept {
    return op == 0x03 || op == 0x04 || op == 0x05 || op == 0x0b || op == 0x0d;
}

class Rewriter {
 public:
    base::Result<Counting> run(base::ByteView wasm) {
        if (wasm.size() < 8) return fail("module");
        GC_CHECK(count_imports_and_globals(wasm));
        Reader in{wasm};
        put(out_.wasm, in.take(8));
        // Code is rewritten first, to know how many globals there are to declare before it.
        GC_CHECK(rewrite_code(wasm));
        while (!in.done()) {
            const auto id = in.byte();
            const auto body = in.take(in.u32());
            if (in.failed()) return fail("section");
            // Where a section is missing, ours goes before the first one that must follow it.
            const bool is_after_globals = id >= kExportSection && id <= 12;
            const bool is_after_exports = id > kExportSection && id <= 12;
            if (is_after_globals) put_globals({});
            if (is_after_exports) put_exports({});
            if (id == kGlobalSection)
                put_globals(body);
            else if (id == kExportSection)
                put_exports(body);
            else if (id == kCodeSection)
                put_section(kCodeSection, code_);
            else
                put_section(id, body);
        }
        return std::move(out_);
    }

 private:
    static std::unexpected<base::Error> fail(const char* what) { return base::fail(Errc::invalid_argument, what); }

    base::Result<void> count_imports_and_globals(base::ByteView wasm) {
        Reader in{wasm.subspan(8)};
        while (!in.done()) {
            const auto id = in.byte();
            Reader body{in.take(in.u32())};
            if (id == kGlobalSection) globals_ += body.u32();
            if (id != kImportSection) continue;
            const auto count = body.u32();
            for (std::uint32_t i = 0; i < count && !body.failed(); ++i) {
                static_cast<void>(body.take(body.u32()));
                static_cast<void>(body.take(body.u32()));
                // The contract profile imports functions only.
                if (body.byte() != 0) return fail("import kind");
                static_cast<void>(body.u32());
                ++functions_;
            }
            if (body.failed()) return fail("import section");
        }
        return in.failed() ? base::Result<void>{fail("sections")} : base::Result<void>{};
    }

    void mark(base::Bytes& to, std::uint32_t function) {
        put(to, 0x41);  // i32.const 1
        put(to, 1);
        put(to, 0x24);  // global.set
        put_u32(to, globals_ + out_.function_of.size());
        out_.function_of.push_back(function);
    }

    base::Result<void> rewrite_code(base::ByteView wasm) {
        Reader in{wasm.subspan(8)};
        while (!in.done()) {
            const auto id = in.byte();
            Reader section{in.take(in.u32())};
            if (id != kCodeSection) continue;
            const auto count = section.u32();
            put_u32(code_, count);
            for (std::uint32_t i = 0; i < count && !section.failed(); ++i) {
                GC_TRY(const auto body, rewrite_body(section.take(section.u32()), functions_ + i));
                put_u32(code_, body.size());
                put(code_, body);
            }
            if (section.failed()) return fail("code section");
        }
        return {};
    }

    base::Result<base::Bytes> rewrite_body(base::ByteView bytes, std::uint32_t function) {
        Reader in{bytes};
        const auto groups = in.u32();
        for (std::uint32_t i = 0; i < groups && !in.failed(); ++i) {
            static_cast<void>(in.u32());
            static_cast<void>(in.byte());
        }
        base::Bytes body;
        put(body, bytes.first(bytes.size() - in.rest().size()));
        mark(body, function);
        while (!in.done()) {
            const auto before = in.rest();
            const auto op = in.byte();
            skip_operands(in, op);
            if (in.failed()) return fail("instruction");
            put(body, before.first(before.size() - in.rest().size()));
            // An end right behind another one, or an empty branch, is no block of its own.
            if (begins_block(op) && !in.done() && in.peek() != 0x0b && in.peek() != 0x05) mark(body, function);
        }
        return in.failed() ? base::Result<base::Bytes>{fail("function body")}
                           : base::Result<base::Bytes>{std::move(body)};
    }

    void put_section(std::uint8_t id, base::ByteView body) {
        put(out_.wasm, id);
        put_u32(out_.wasm, body.size());
        put(out_.wasm, body);
    }
    /// `old` with more entries; an empty one when there was no such section.
    template <typename F>
    void put_longer(std::uint8_t id, base::ByteView old, F&& put_entry) {
        Reader in{old};
        const auto count = old.empty() ? 0 : in.u32();
        base::Bytes body;
        put_u32(body, count + out_.function_of.size());
        put(body, in.rest());
        for (std::size_t i = 0; i < out_.function_of.size(); ++i) put_entry(body, i);
        put_section(id, body);
    }
    void put_globals(base::ByteView old) {
        if (has_globals_) return;
        has_globals_ = true;
        put_longer(kGlobalSection, old, [](base::Bytes& to, std::size_t) {
            for (const auto byte : {0x7f, 0x01, 0x41, 0x00, 0x0b}) put(to, static_cast<std::uint8_t>(byte));
        });
    }
    void put_exports(base::ByteView old) {
        if (has_exports_) return;
        has_exports_ = true;
        put_longer(kExportSection, old, [this](base::Bytes& to, std::size_t i) {
            const auto name = "~block" + std::to_string(i);
            put_u32(to, name.size());
            put(to, base::as_bytes(name));
            put(to, kKindGlobal);
            put_u32(to, globals_ + i);
        });
    }

    Counting out_;
    base::Bytes code_;
    std::uint32_t functions_ = 0;  ///< Imported ones.
    std::size_t globals_ = 0;      ///< Before ours.
    bool has_globals_ = false;
    bool has_exports_ = false;
};

}  // namespace

base::Result<Counting> add_counters(base::ByteView wasm) { return Rewriter{}.run(wasm); }

zvm::LoadOptions counting_options() noexcept {
    return {.profile = zvm::Profile::contract, .limits = zvm::Limits::spec()};
}

std::vector<FunctionCoverage> coverage_of(const zvm::Module& module, const std::vector<std::uint32_t>& function_of,
                                          const std::vector<std::uint8_t>& ran) {
    std::vector<FunctionCoverage> out(module.code_count());
    for (std::uint32_t i = 0; i < module.code_count(); ++i) out[i].name = module.function_name(module.code(i).index);
    for (std::size_t i = 0; i < function_of.size(); ++i) {
        auto& function = out[function_of[i] - module.imported_functions()];
        ++function.blocks;
        function.blocks_ran += ran[i];
    }
    return out;
}

}  // namespace contract_kit
