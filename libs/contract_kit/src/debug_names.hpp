#pragma once
// What is deployed has no names: every byte of it costs gas. Tests want them, for traces and coverage.

#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace contract_kit {

/// The module "x.debug.wasm" beside `path` "x.wasm", when there is one: the code of `wasm` to the byte, with names.
/// Another code is `invalid_argument`, for tests that run something else than what is deployed say nothing.
base::Checked<std::optional<base::Bytes>> module_with_names(const std::string& path, base::ByteView wasm);

}  // namespace contract_kit
