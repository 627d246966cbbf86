#pragma once
// What makes a module a contract, beyond the contract profile. The one place that says so: the chain asks before a
// deploy, the tools and the C library when somebody wants to know beforehand. docs/contract-abi.md is the text.

#include <memory>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "zvm/contract_host.hpp"
#include "zvm/module.hpp"

namespace zvm {

// Exports, each () -> (). `call` must be there.
inline constexpr std::string_view kEntryInit = "init";
inline constexpr std::string_view kEntryCall = "call";
inline constexpr std::string_view kAbiSection = "zvm.abi";  ///< Custom section: the schema. At most one.

// Of all contracts that one transaction runs; beyond, `emit` traps.
inline constexpr std::size_t kEventsMax = 1'024;
inline constexpr std::size_t kEventBytesTotalMax = 256 * 1024;  ///< Topics and data together.

/// Null when a loaded module has what a contract must have; else what is wrong with it.
const char* contract_problem(const Module& module) noexcept;

/// Loads `code` if it may be deployed: contract profile, contract_problem(), imports only of `functions`, segments that
/// fit. The text of an error says what is wrong; `out_of_memory` is the host's fault.
base::Checked<std::shared_ptr<const Module>> load_contract(base::ByteView code,
                                                           std::span<const HostFunction> functions = zvm1_functions());

}  // namespace zvm
