#!/usr/bin/env python3
"""The shared and the static library export exactly the functions that the headers declare, and the Rust and Zig
bindings declare every one of them. usage: symbols.py SHARED STATIC HEADER_OR_BINDING..."""
import os
import re
import subprocess
import sys

NM = os.environ.get("NM", "nm")
NAME = r"((?:zvm|ghost)_\w+)\("


def exported(path, *options):
    out = subprocess.run([NM, "--defined-only", "--extern-only", *options, path], check=True, capture_output=True,
                         text=True).stdout
    return {line.split()[-1].split("@")[0] for line in out.splitlines() if len(line.split()) == 3}


def main():
    shared, static, *files = sys.argv[1:]
    declared = set()
    for name in files:
        if name.endswith(".h"):
            declared |= set(re.findall(r"GHOST_API[^;]*?\b" + NAME, open(name).read()))
    found = {shared: exported(shared, "--dynamic"), static: exported(static)}
    for name in files:
        if not name.endswith(".h"):
            found[name] = set(re.findall(r"\bfn " + NAME, open(name).read()))
    problems = []
    for name, symbols in found.items():
        problems += [f"{name}: {symbol} is not declared in the headers" for symbol in sorted(symbols - declared)]
        problems += [f"{name}: {symbol} is missing" for symbol in sorted(declared - symbols)]
    print("\n".join(problems) or f"{len(declared)} functions, the same everywhere")
    return 1 if problems or len(declared) < 30 else 0


if __name__ == "__main__":
    sys.exit(main())
