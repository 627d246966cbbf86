#!/usr/bin/env python3
"""Makes the Rust and Zig bindings from the C headers. `--check` only says whether the committed files are current.

The headers are the contract and are written in a small subset of C: `GHOST_API type name(parameters);`, numeric
#defines, and plain structs of pointers and sizes."""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
HEADERS = [HERE.parent / "include/ghost" / name for name in ("error.h", "zcrypto.h")]
RUST = {"int": "c_int", "void": "c_void", "char": "c_char", "uint8_t": "u8", "uint32_t": "u32", "uint64_t": "u64",
        "size_t": "usize"}
ZIG = {"int": "c_int", "void": "anyopaque", "char": "u8", "uint8_t": "u8", "uint32_t": "u32", "uint64_t": "u64",
       "size_t": "usize"}


def strip(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def parse():
    functions, constants, structs = [], [], []
    for header in HEADERS:
        text = strip(header.read_text())
        for name, value in re.findall(r"^#define ((?:GHOST|ZCRYPTO)_\w+)[ \t]+([^\n]+)$", text, re.M):
            value = value.strip()
            if name != "GHOST_API" and re.fullmatch(r"[-()\d\s*u]+", value):
                constants.append((name, eval(value.replace("u", ""))))  # digits and operators only, see the pattern
        for body, name in re.findall(r"typedef struct \w+ \{(.*?)\} (\w+);", text, re.S):
            structs.append((name, [field(part) for part in body.split(";") if part.strip()]))
        for returned, name, parameters in re.findall(r"GHOST_API ([\w\s*]+?)\s*\b(\w+)\(([^)]*)\);", text):
            parts = [] if parameters.strip() == "void" else [field(p) for p in parameters.split(",")]
            functions.append((name, parts, returned.strip()))
    return functions, constants, structs


def field(text):
    kind, name = re.fullmatch(r"\s*(.*?)(\w+)\s*", text, re.S).groups()
    return name, " ".join(kind.replace("*", " * ").split())


def rust_type(kind, structs):
    const = kind.startswith("const ")
    base, _, pointer = kind.removeprefix("const ").partition(" *")
    base = RUST.get(base, base)
    return f"*{'const' if const else 'mut'} {base}" if "*" in kind else base


def zig_type(kind, structs, returned=False):
    const = "const " if kind.startswith("const ") else ""
    base = kind.removeprefix("const ").partition(" *")[0]
    name = ZIG.get(base, base)
    if "*" not in kind:
        return name
    if base == "char":
        return "[*:0]const u8" if returned else "?[*:0]const u8"
    return f"?*{const}{name}" if base == "void" else f"?[*]{const}{name}"


def rust(functions, constants, structs):
    out = ["//! zcrypto: GhostChain's cryptographic primitives. Declarations only; `ghost/zcrypto.h` says what each",
           "//! function does, which sizes it takes and what it returns. Made by capi/bindings/generate.py.", "//!",
           "//! The library (libzcrypto.so or libzcrypto.a) has to be installed; build.rs asks pkg-config for it.",
           "#![no_std]", "#![allow(non_camel_case_types)]", "", "use core::ffi::{c_char, c_int, c_void};", ""]
    for name, value in constants:
        kind = "usize" if name.endswith("_SIZE") else "u64" if name == "ZCRYPTO_ARGON2ID_MEMORY" else "u32" if name.endswith(
            "_PASSES") else "c_int"
        out.append(f"pub const {name}: {kind} = {value};")
    for name, fields in structs:
        out += ["", "#[repr(C)]", "#[derive(Clone, Copy, Debug)]", f"pub struct {name} {{"]
        out += [f"    pub {field_name}: {rust_type(kind, structs)}," for field_name, kind in fields] + ["}"]
    out += ["", '#[link(name = "zcrypto")]', 'extern "C" {']
    for name, parameters, returned in functions:
        text = ", ".join(f"{p}: {rust_type(kind, structs)}" for p, kind in parameters)
        result = "" if returned == "void" else f" -> {rust_type(field(returned + ' x')[1], structs)}"
        out.append(f"    pub fn {name}({text}){result};")
    return "\n".join(out + ["}", ""])


def zig(functions, constants, structs):
    out = ["//! zcrypto: GhostChain's cryptographic primitives. Declarations only; ghost/zcrypto.h says what each function",
           "//! does, which sizes it takes and what it returns. Made by capi/bindings/generate.py. Link with -lzcrypto.", ""]
    for name, value in constants:
        kind = "usize" if name.endswith("_SIZE") else "u64" if name == "ZCRYPTO_ARGON2ID_MEMORY" else "u32" if name.endswith(
            "_PASSES") else "c_int"
        out.append(f"pub const {name}: {kind} = {value};")
    for name, fields in structs:
        out += ["", f"pub const {name} = extern struct {{"]
        out += [f"    {field_name}: {zig_type(kind, structs)}," for field_name, kind in fields] + ["};"]
    out.append("")
    for name, parameters, returned in functions:
        text = ", ".join(f"{p}: {zig_type(kind, structs)}" for p, kind in parameters)
        kind = "void" if returned == "void" else zig_type(field(returned + " x")[1], structs, returned=True)
        out.append(f"pub extern fn {name}({text}) {kind};")
    return "\n".join(out + [""])


def main():
    parsed = parse()
    targets = {HERE / "rust/zcrypto-sys/src/lib.rs": rust(*parsed), HERE / "zig/zcrypto.zig": zig(*parsed)}
    stale = [path for path, text in targets.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.name} is not what the headers say; run capi/bindings/generate.py")
        return 1 if stale else 0
    for path, text in targets.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
