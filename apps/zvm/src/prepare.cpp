#include "prepare.hpp"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cstdlib>

#include "base/file.hpp"

namespace zvm_tool {
namespace {

/// Any import is satisfied by a function that traps, so that pure functions of a contract can be tried alone.
zvm::Trap absent(zvm::HostCall&) noexcept { return zvm::Trap::host_refused; }

std::optional<zvm::Slot> parse_argument(std::string_view text, zvm::ValType type) {
    if (zvm::is_float(type)) {
        char* end = nullptr;
        const std::string copy{text};
        const double value = std::strtod(copy.c_str(), &end);
        if (copy.empty() || *end != '\0') return std::nullopt;
        return type == zvm::ValType::f32 ? std::bit_cast<std::uint32_t>(static_cast<float>(value))
                                         : std::bit_cast<std::uint64_t>(value);
    }
    if (zvm::is_reference(type)) return text == "null" ? std::optional<zvm::Slot>{0} : std::nullopt;
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const bool is_hex = text.starts_with("0x");
    if (is_hex) text.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, is_hex ? 16 : 10);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (type == zvm::ValType::i32) {
        if (value > (negative ? 0x8000'0000ull : 0xffff'ffffull)) return std::nullopt;
        return static_cast<std::uint32_t>(negative ? -value : value);
    }
    if (negative && value > 0x8000'0000'0000'0000ull) return std::nullopt;
    return negative ? -value : value;
}

}  // namespace

std::optional<ModulePointer> load(const std::string& file, const LoadFlags& flags) {
    const auto bytes = base::read_file(file, 64u << 20);
    if (!bytes) {
        fmt::print(stderr, "{}\n", bytes.error().text);
        return std::nullopt;
    }
    auto module = zvm::Module::load(*bytes, flags.spec ? zvm::LoadOptions::spec() : zvm::LoadOptions::contract());
    if (!module) {
        fmt::print(stderr, "{}: {}\n", file, base::to_string(module.error()));
        return std::nullopt;
    }
    return std::move(*module);
}

std::optional<std::uint32_t> find_function(const zvm::Module& module, const std::string& function) {
    if (function.empty()) return std::nullopt;
    if (const auto exported = module.find_function(function)) return exported;
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(function.data(), function.data() + function.size(), number);
    const bool is_number = error == std::errc{} && end == function.data() + function.size();
    return is_number && number < module.function_count() ? std::optional{number} : std::nullopt;
}

Prepared prepare(const std::string& file, const std::string& function, const std::vector<std::string>& args,
                 const RunFlags& flags) {
    Prepared out;
    const auto refuse = [&out](int code) {
        out.code = code;
        out.instance.reset();
        return std::move(out);
    };
    const auto module = load(file, flags.load);
    if (!module) return refuse(1);
    const auto index = (*module)->find_function(function);
    if (!index) {
        fmt::print(stderr, "{}: exports no function '{}'; `zvm inspect` lists what there is\n", file, function);
        return refuse(2);
    }
    const auto& type = (*module)->function_type(*index);
    if (args.size() != type.params.size()) {
        fmt::print(stderr, "'{}' takes {}, got {} arguments\n", function, zvm::to_string(type), args.size());
        return refuse(2);
    }
    for (std::size_t i = 0; i < args.size(); ++i) {
        const auto slot = parse_argument(args[i], type.params[i]);
        if (!slot) {
            fmt::print(stderr, "'{}' is not an {}\n", args[i], zvm::to_string(type.params[i]));
            return refuse(2);
        }
        out.args.push_back(*slot);
    }
    out.hosts = std::make_unique<std::vector<zvm::HostFunction>>();
    for (const auto& import : (*module)->imports()) {
        if (import.kind != zvm::ExternKind::function) continue;
        out.hosts->push_back({import.module, import.name, (*module)->types()[import.type], &absent});
    }
    auto made = zvm::Instance::make(*module, std::span<const zvm::HostFunction>{*out.hosts});
    if (!made) {
        fmt::print(stderr, "{}: {}\n", file, base::to_string(made.error()));
        return refuse(1);
    }
    out.instance = std::move(*made);
    out.function = out.instance->function(*index);
    return out;
}

}  // namespace zvm_tool
