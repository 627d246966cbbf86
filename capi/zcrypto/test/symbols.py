#!/usr/bin/env python3
"""The shared and the static library export exactly the functions that the headers declare, with the version that the
linker script gives nothing else; the Rust and Zig bindings declare every one of them."""
import os
import re
import subprocess
import sys

NM = os.environ.get("NM", "nm")


def exported(path, *options):
    out = subprocess.run([NM, "--defined-only", "--extern-only", *options, path], check=True, capture_output=True,
                         text=True).stdout
    return {line.split()[-1].split("@")[0] for line in out.splitlines() if len(line.split()) == 3}


def main():
    shared, static, *files = sys.argv[1:]
    headers = [name for name in files if name.endswith(".h")]
    declared = set()
    for name in headers:
        declared |= set(re.findall(r"GHOST_API[^;]*?\b((?:zcrypto|ghost)_\w+)\(", open(name).read()))
    problems = []
    for name, symbols in ((shared, exported(shared, "--dynamic")), (static, exported(static))):
        problems += [f"{name}: {symbol} is exported but not declared" for symbol in sorted(symbols - declared)]
        problems += [f"{name}: {symbol} is declared but not exported" for symbol in sorted(declared - symbols)]
    for name in files:
        if name not in headers:
            bound = set(re.findall(r"\bfn ((?:zcrypto|ghost)_\w+)\(", open(name).read()))
            problems += [f"{name}: {symbol} has no binding" for symbol in sorted(declared - bound)]
            problems += [f"{name}: {symbol} is no function of the header" for symbol in sorted(bound - declared)]
    print("\n".join(problems) or f"{len(declared)} functions in {len(files) + 2} files")
    return 1 if problems or len(declared) < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
