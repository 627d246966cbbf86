#pragma once
// A decoded, validated and lowered module. Immutable; share it between threads freely.
// Source: WebAssembly Core Specification 2.0 (without SIMD), chapters 3 "Validation" and 5 "Binary Format", and the
// extended-const proposal. One linear pass does all three steps.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "zvm/errc.hpp"
#include "zvm/limits.hpp"
#include "zvm/types.hpp"

namespace zvm {

struct Instr;  // the internal register code, src/ir.hpp

enum class ExternKind : std::uint8_t { function = 0, table = 1, memory = 2, global = 3 };
const char* to_string(ExternKind kind) noexcept;

struct Range {
    std::uint32_t min = 0;
    std::optional<std::uint32_t> max;
};
struct TableType {
    ValType element = ValType::funcref;
    Range range;
};
struct MemoryType {
    Range pages;
};
struct GlobalType {
    ValType type = ValType::i32;
    bool is_mutable = false;
    friend bool operator==(const GlobalType&, const GlobalType&) = default;
};

/// One instruction of a constant expression.
struct ConstOp {
    enum class Kind : std::uint8_t { value, global, function, add32, sub32, mul32, add64, sub64, mul64 };
    Kind kind = Kind::value;
    Slot value = 0;  ///< The constant, or the index of the global or function.
};
using ConstExpr = std::vector<ConstOp>;  ///< In evaluation order; validated.

struct ImportDecl {
    std::string module;
    std::string name;
    ExternKind kind = ExternKind::function;
    std::uint32_t type = 0;  ///< Of a function: index into types().
    TableType table;
    MemoryType memory;
    GlobalType global;
};
struct ExportDecl {
    std::string name;
    ExternKind kind = ExternKind::function;
    std::uint32_t index = 0;
};
struct GlobalDecl {
    GlobalType type;
    ConstExpr init;
};
enum class SegmentMode : std::uint8_t { active, passive, declarative };
struct ElementSegment {
    SegmentMode mode = SegmentMode::passive;
    ValType type = ValType::funcref;
    std::uint32_t table = 0;
    ConstExpr offset;
    std::vector<ConstOp> items;
};
struct DataSegment {
    SegmentMode mode = SegmentMode::passive;
    ConstExpr offset;
    base::Bytes bytes;
};
struct CustomSection {
    std::string name;
    base::Bytes bytes;
};

/// The lowered form of one function.
struct FuncCode {
    const Instr* entry = nullptr;
    std::uint32_t entry_gas = 0;    ///< Of the first block, and of zeroing the locals.
    std::uint32_t frame_slots = 0;  ///< Parameters, locals, deepest operand stack: counted by Wasm, not by lowering.
    std::uint32_t params = 0;
    std::uint32_t zeroed = 0;  ///< Locals beyond the parameters.
    std::uint32_t results = 0;
    std::uint32_t index = 0;     ///< In the function index space.
    std::uint32_t ir_first = 0;  ///< Where its code begins in the module's.
    std::uint32_t ir_count = 0;
    std::uint32_t wasm_bytes = 0;
    std::uint32_t load_gas = 0;  ///< Of its instructions and values, see gas::start.
};

struct LoadOptions {
    Profile profile = Profile::contract;
    Limits limits = Limits::contract();

    static constexpr LoadOptions contract() noexcept { return {}; }
    static constexpr LoadOptions spec() noexcept { return {.profile = Profile::spec, .limits = Limits::spec()}; }
};

class Module {
 public:
    /// Decodes, validates and lowers `wasm`, which is not kept. Work and memory are linear in its size.
    static base::Result<std::shared_ptr<const Module>> load(base::ByteView wasm, const LoadOptions& options) noexcept;
    ~Module();
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;

    [[nodiscard]] Profile profile() const noexcept { return options_.profile; }
    [[nodiscard]] const Limits& limits() const noexcept { return options_.limits; }
    [[nodiscard]] const std::vector<FuncType>& types() const noexcept { return types_; }
    [[nodiscard]] const std::vector<ImportDecl>& imports() const noexcept { return imports_; }
    [[nodiscard]] const std::vector<ExportDecl>& exports() const noexcept { return exports_; }
    /// Imports first, as in the index spaces of the specification.
    [[nodiscard]] const std::vector<TableType>& tables() const noexcept { return tables_; }
    [[nodiscard]] const std::vector<MemoryType>& memories() const noexcept { return memories_; }
    [[nodiscard]] const std::vector<GlobalDecl>& globals() const noexcept { return globals_; }
    [[nodiscard]] std::uint32_t imported_functions() const noexcept { return imported_functions_; }
    [[nodiscard]] std::uint32_t imported_tables() const noexcept { return imported_tables_; }
    [[nodiscard]] std::uint32_t imported_memories() const noexcept { return imported_memories_; }
    [[nodiscard]] std::uint32_t imported_globals() const noexcept { return imported_globals_; }
    [[nodiscard]] std::uint32_t function_count() const noexcept {
        return static_cast<std::uint32_t>(function_types_.size());
    }
    /// Of a function of the index space; identical types of one module share one object.
    [[nodiscard]] const FuncType& function_type(std::uint32_t index) const noexcept {
        return *canonical_[function_types_[index]];
    }
    [[nodiscard]] const FuncType* canonical_type(std::uint32_t type) const noexcept { return canonical_[type]; }
    /// Of a function that the module defines; `index` counts from 0 after the imports.
    [[nodiscard]] const FuncCode& code(std::uint32_t index) const noexcept { return codes_[index]; }
    [[nodiscard]] std::uint32_t code_count() const noexcept { return static_cast<std::uint32_t>(codes_.size()); }
    [[nodiscard]] const std::vector<ElementSegment>& elements() const noexcept { return elements_; }
    [[nodiscard]] const std::vector<DataSegment>& data() const noexcept { return data_; }
    [[nodiscard]] const std::vector<CustomSection>& custom_sections() const noexcept { return customs_; }
    [[nodiscard]] std::optional<std::uint32_t> start() const noexcept { return start_; }

    [[nodiscard]] const ExportDecl* find_export(std::string_view name) const noexcept;
    /// The index of an exported function, if there is one of that name.
    [[nodiscard]] std::optional<std::uint32_t> find_function(std::string_view name) const noexcept;
    /// From the name section; "f12" when it does not say. Cut after kNameShown bytes. For people, never for consensus.
    [[nodiscard]] std::string function_name(std::uint32_t index) const;
    /// Of many functions, in their order, in one pass over the name section.
    [[nodiscard]] std::vector<std::string> function_names(std::span<const std::uint32_t> indices) const;
    static constexpr std::size_t kNameShown = 128;
    /// Which defined function holds this instruction; null when it is not of this module.
    [[nodiscard]] const FuncCode* function_at(const Instr* at) const noexcept;
    /// Bytes that the module occupies, roughly; what a cache should count.
    [[nodiscard]] std::size_t footprint() const noexcept { return footprint_; }
    /// The price of loading it, and of an instance (gas::start). Functions of the bytes, whatever they are lowered to.
    [[nodiscard]] std::uint64_t load_gas() const noexcept;
    [[nodiscard]] std::uint64_t instance_gas() const noexcept;

    [[nodiscard]] const std::vector<Instr>& instructions() const noexcept;

 private:
    friend class Decoder;
    friend class Lowerer;
    Module() noexcept;
    [[nodiscard]] std::size_t measure() const noexcept;

    LoadOptions options_;
    std::vector<FuncType> types_;
    std::vector<const FuncType*> canonical_;     ///< One a type; equal types share the first one's object.
    std::vector<std::uint32_t> function_types_;  ///< Index space of functions -> index of type.
    std::vector<ImportDecl> imports_;
    std::vector<ExportDecl> exports_;
    std::vector<TableType> tables_;
    std::vector<MemoryType> memories_;
    std::vector<GlobalDecl> globals_;
    std::vector<ElementSegment> elements_;
    std::vector<DataSegment> data_;
    std::vector<CustomSection> customs_;
    std::vector<FuncCode> codes_;
    std::unique_ptr<std::vector<Instr>> instructions_;
    std::optional<std::uint32_t> start_;
    std::uint32_t wasm_bytes_ = 0;
    std::size_t footprint_ = 0;
    std::uint32_t imported_functions_ = 0;
    std::uint32_t imported_tables_ = 0;
    std::uint32_t imported_memories_ = 0;
    std::uint32_t imported_globals_ = 0;
};

}  // namespace zvm
