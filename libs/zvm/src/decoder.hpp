#pragma once
// Walks the sections of a binary and fills a Module. Function bodies go to the Lowerer.

#include <cstdint>
#include <memory>

#include "lower.hpp"
#include "reader.hpp"
#include "zvm/module.hpp"

namespace zvm {

class Decoder {
 public:
    Decoder(base::ByteView wasm, Module& module) noexcept : in_{wasm}, wasm_{wasm}, module_{module} {}
    base::Result<void> run() noexcept;

 private:
    using Status = base::Result<void>;

    Status section(std::uint8_t id, Reader& in) noexcept;
    Status custom_section(Reader& in) noexcept;
    Status type_section(Reader& in) noexcept;
    Status import_section(Reader& in) noexcept;
    Status function_section(Reader& in) noexcept;
    Status table_section(Reader& in) noexcept;
    Status memory_section(Reader& in) noexcept;
    Status global_section(Reader& in) noexcept;
    Status export_section(Reader& in) noexcept;
    Status start_section(Reader& in) noexcept;
    Status element_section(Reader& in) noexcept;
    Status data_count_section(Reader& in) noexcept;
    Status code_section(Reader& in) noexcept;
    Status data_section(Reader& in) noexcept;

    base::Result<ValType> value_type(Reader& in) noexcept;
    base::Result<ValType> reference_type(Reader& in) noexcept;
    base::Result<Range> range(Reader& in) noexcept;
    base::Result<TableType> table_type(Reader& in) noexcept;
    base::Result<MemoryType> memory_type(Reader& in) noexcept;
    base::Result<GlobalType> global_type(Reader& in) noexcept;
    /// A constant expression up to its `end`, of type `expected`.
    base::Result<ConstExpr> const_expr(Reader& in, ValType expected) noexcept;
    Status add_function(std::uint32_t type) noexcept;
    Status add_table(const TableType& type) noexcept;
    Status add_memory(const MemoryType& type) noexcept;
    Status add_global(GlobalDecl global) noexcept;

    Reader in_;
    base::ByteView wasm_;
    Module& module_;
    ModuleFacts facts_;
};

}  // namespace zvm
