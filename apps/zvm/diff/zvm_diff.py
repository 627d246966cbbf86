#!/usr/bin/env python3
"""Random modules, run by zvm and by node: every result, trap, host call and the memory must agree.

usage: zvm_diff.py ZVM [--count N] [--seed S]

Binaryen's `wasm-opt -ttf` turns random bytes into a valid module; --denan keeps NaN bits, which engines may choose,
out of it. A disagreement leaves the module in the current folder and ends with 1. Cases in which either engine meets
a limit of its own (gas, stack) are compared up to that point.
"""
import argparse
import pathlib
import random
import subprocess
import sys
import tempfile

FEATURES = ["--mvp-features", "--enable-sign-ext", "--enable-bulk-memory", "--enable-nontrapping-float-to-int",
            "--enable-mutable-globals", "--enable-multivalue"]
OWN_LIMITS = ("trap out of gas", "trap call stack exhausted", "trap Maximum call stack", "RangeError")
# node words some traps more coarsely.
SAME = {"invalid conversion to integer": "float unrepresentable", "undefined element": "table",
        "uninitialized element": "table", "indirect call type mismatch": "table", "indirect": "table",
        "out of bounds table access": "table"}


def normal(line):
    head, found, kind = line.partition(" trap ")
    if not found:
        return line
    return f"{head} trap {SAME.get(kind, kind)}"


def agrees(ours, theirs):
    for a, b in zip(ours, theirs):
        if any(limit in a or limit in b for limit in OWN_LIMITS):
            return True
        a, b = normal(a), normal(b)
        if a != b:
            # One trap of zvm is two of node's: a conversion that overflows is "integer overflow" here.
            if "integer overflow" in a and "float unrepresentable" in b:
                continue
            return False
    return len(ours) == len(theirs)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("zvm")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    source = random.Random(options.seed)
    peer = pathlib.Path(__file__).with_name("peer.mjs")
    compared = 0
    with tempfile.TemporaryDirectory() as folder:
        for first in range(0, options.count, 50):
            files = []
            for i in range(first, min(first + 50, options.count)):
                seed = pathlib.Path(folder, "seed.bin")
                seed.write_bytes(source.randbytes(source.choice([200, 1000, 4000, 12000])))
                module = pathlib.Path(folder, f"{i}.wasm")
                made = subprocess.run(["wasm-opt", str(seed), "-ttf", "--denan", "-o", str(module), *FEATURES],
                                      capture_output=True, text=True)
                if made.returncode == 0:
                    files.append(module)
            answer = subprocess.run(["node", "--stack-size=800", str(peer), *map(str, files)], capture_output=True,
                                    text=True, timeout=600)
            if answer.returncode != 0:
                sys.exit(f"node failed: {answer.stderr[:500]}")
            theirs = {}
            for line in answer.stdout.splitlines():
                if line.startswith("# "):
                    theirs[line[2:]] = current = []
                else:
                    current.append(line)
            for module in files:
                run = subprocess.run([options.zvm, "exports", "--spec", "--gas", "50000000", str(module)],
                                     capture_output=True, text=True, timeout=600)
                if not agrees(run.stdout.splitlines(), theirs[str(module)]):
                    kept = pathlib.Path(f"zvm-diff-{options.seed}-{module.name}")
                    kept.write_bytes(module.read_bytes())
                    kept.with_suffix(".ours").write_text(run.stdout + run.stderr)
                    kept.with_suffix(".theirs").write_text("\n".join(theirs[str(module)]) + "\n")
                    print(f"seed {options.seed}: zvm and node disagree on {kept}")
                    return 1
                compared += 1
    print(f"seed {options.seed}: {compared} modules, no difference")
    return 0


if __name__ == "__main__":
    sys.exit(main())
