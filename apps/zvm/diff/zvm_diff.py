#!/usr/bin/env python3
"""Random modules, run by zvm, by node and by wabt's wasm-interp: every result, trap, host call and the memory agree.

usage: zvm_diff.py ZVM [--count N] [--seed S] [--jobs N] [--keep DIR] [--resume]

Binaryen's `wasm-opt -ttf` turns random bytes into a valid module; --denan keeps NaN bits, which engines may choose,
out of it. Module i of a seed is always the same, so --resume goes on where an earlier run of that seed stopped, and a
difference can be looked at again: it leaves the module and the answers in DIR, and the run ends with 1. Cases in which
an engine meets a limit of its own (gas, stack) are compared up to that point and counted apart.
"""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

BATCH = 40
DESIGN = ["--mvp-features", "--enable-sign-ext", "--enable-bulk-memory"]
WIDE = DESIGN + ["--enable-nontrapping-float-to-int", "--enable-mutable-globals", "--enable-multivalue"]
# What an optimising compiler leaves looks different from what the generator writes, so some modules pass through it.
RECIPES = [DESIGN, WIDE, DESIGN + ["-O2"], WIDE, WIDE + ["-Os"]]
SIZES = [200, 1000, 4000, 12000]
GAS = "50000000"

OWN_LIMITS = ("out of gas", "call stack exhausted", "Maximum call stack", "RangeError")
# node words some traps more coarsely.
NODE_WORDS = {"invalid conversion to integer": "float unrepresentable", "undefined element": "table",
              "uninitialized element": "table", "indirect call type mismatch": "table", "indirect": "table",
              "out of bounds table access": "table"}
WABT_WORDS = {"unreachable executed": "unreachable", "undefined table index": "undefined element",
              "uninitialized table element": "uninitialized element",
              "indirect call signature mismatch": "indirect call type mismatch"}


def agree_with_node(ours, theirs):
    """(agree, ended by a limit)"""
    def normal(line):
        head, found, kind = line.partition(" trap ")
        return f"{head} trap {NODE_WORDS.get(kind, kind)}" if found else line

    for a, b in zip(ours, theirs):
        if any(limit in a or limit in b for limit in OWN_LIMITS):
            return True, True
        a, b = normal(a), normal(b)
        # One trap of zvm is two of node's: a conversion that overflows is "integer overflow" here.
        if a != b and not ("integer overflow" in a and "float unrepresentable" in b):
            return False, False
    return len(ours) == len(theirs), False


def agree_with_wabt(ours, theirs):
    def normal(line):
        line = line.replace("-nan", "nan")
        head, found, kind = line.partition("=> error: ")
        if not found:
            return line.rstrip()
        kind = kind.partition(":")[0]
        return f"{head}=> error: {WABT_WORDS.get(kind, kind)}"

    for a, b in zip(ours, theirs):
        if any(limit in a or limit in b for limit in OWN_LIMITS):
            return True, True
        if normal(a) != normal(b):
            return False, False
    return len(ours) == len(theirs), False


def sections(text):
    """Output of several files, each after its "# file" line."""
    out, current = {}, None
    for line in text.splitlines():
        if line.startswith("# "):
            current = out.setdefault(line[2:], [])
        elif current is not None:
            current.append(line)
    return out


def make_module(seed, index, folder):
    """The module's path, or None when the generator gives none for these bytes."""
    source = random.Random(f"{seed}:{index}")
    data = pathlib.Path(folder, "seed.bin")
    data.write_bytes(source.randbytes(source.choice(SIZES)))
    module = pathlib.Path(folder, f"{index}.wasm")
    made = subprocess.run(["wasm-opt", str(data), "-ttf", "--denan", "-o", str(module), *RECIPES[index % len(RECIPES)]],
                          capture_output=True, timeout=120, env={**os.environ, "BINARYEN_CORES": "1"})
    return module if made.returncode == 0 else None


def run_batch(task):
    zvm, seed, first, last, keep = task
    counts = collections.Counter()
    digest = hashlib.sha256()
    differences = []
    with tempfile.TemporaryDirectory(prefix="zvm-diff-") as folder:
        modules = []
        for index in range(first, last):
            module = make_module(seed, index, folder)
            if module:
                modules.append(module)
            else:
                counts["not generated"] += 1
        names = [str(m) for m in modules]
        # Two names at least, so that every answer has its heading.
        padded = names + names[:1] if len(names) == 1 else names
        if not names:
            return first, counts, digest.hexdigest(), differences
        node = subprocess.run(["node", "--stack-size=800", str(pathlib.Path(__file__).with_name("peer.mjs")), *names],
                              capture_output=True, text=True, timeout=1200)
        if node.returncode != 0:
            raise RuntimeError(f"node failed on modules {first}..{last - 1} of seed {seed}: {node.stderr[:500]}")
        ours = [zvm, "exports", "--spec", "--gas", GAS]
        as_node = subprocess.run([*ours, *padded], capture_output=True, text=True, timeout=1200)
        as_wabt = subprocess.run([*ours, "--wabt", *padded], capture_output=True, text=True, timeout=1200)
        for run in (as_node, as_wabt):
            if run.returncode not in (0, 1):
                raise RuntimeError(f"zvm failed on modules {first}..{last - 1} of seed {seed}: {run.stderr[:500]}")
        node_answers, ours_node, ours_wabt = map(sections, (node.stdout, as_node.stdout, as_wabt.stdout))
        for module in modules:
            name = str(module)
            try:
                wabt = subprocess.run(["wasm-interp", "--run-all-exports", "--dummy-import-func", name],
                                      capture_output=True, text=True, timeout=60).stdout.splitlines()
            except subprocess.TimeoutExpired:
                wabt = None
                counts["wasm-interp gave up"] += 1
            answers = [("node", ours_node.get(name, []), node_answers.get(name, []), agree_with_node)]
            if wabt is not None:
                answers.append(("wasm-interp", ours_wabt.get(name, []), wabt, agree_with_wabt))
            for peer, a, b, agree in answers:
                same, is_limit = agree(a, b)
                counts[f"with {peer}"] += same
                counts[f"to a limit, {peer}"] += is_limit
                if not same:
                    kept = pathlib.Path(keep, f"seed{seed}-{module.name}")
                    shutil.copy(module, kept)
                    kept.with_suffix(f".{peer}.ours").write_text("\n".join(a) + "\n")
                    kept.with_suffix(f".{peer}.theirs").write_text("\n".join(b) + "\n")
                    differences.append(f"{peer}: {kept}")
            lines = ours_node.get(name, [])
            digest.update("\n".join(lines).encode())
            counts["modules"] += 1
            counts["answers"] += len(lines)
            counts["traps"] += sum(" trap " in line for line in lines)
            counts["host calls"] += sum(line.startswith("call ") for line in lines)
    return first, counts, digest.hexdigest(), differences


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zvm")
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", default="zvm-diff", help="folder for differences and the progress of a run")
    parser.add_argument("--resume", action="store_true", help="skip what an earlier run of this seed has done")
    options = parser.parse_args()
    for tool in ("wasm-opt", "wasm-interp", "node"):
        if not shutil.which(tool):
            sys.exit(f"zvm_diff: {tool} is missing (Debian packages binaryen, wabt, nodejs)")
    os.makedirs(options.keep, exist_ok=True)
    progress = pathlib.Path(options.keep, f"seed{options.seed}.jsonl")
    done = {}
    if options.resume and progress.exists():
        for line in progress.read_text().splitlines():
            entry = json.loads(line)
            done[(entry["first"], entry["last"])] = entry
    else:
        progress.write_text("")

    counts, differences = collections.Counter(), []
    tasks = []
    for first in range(0, options.count, BATCH):
        last = min(first + BATCH, options.count)
        if (first, last) in done:
            counts.update(done[(first, last)]["counts"])
        else:
            tasks.append((options.zvm, options.seed, first, last, options.keep))
    print(f"zvm-diff: seed {options.seed}, {options.count} modules, {options.jobs} at a time"
          + (f", {options.count - sum(t[3] - t[2] for t in tasks)} already done" if done else ""), flush=True)
    started = reported = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool, progress.open("a") as log:
        pending = {pool.submit(run_batch, task): task for task in tasks}
        try:
            for number, future in enumerate(concurrent.futures.as_completed(pending), 1):
                first, batch, digest, found = future.result()
                counts.update(batch)
                differences += found
                if not found:
                    entry = {"first": first, "last": pending[future][3], "counts": batch, "digest": digest}
                    log.write(json.dumps(entry) + "\n")
                    log.flush()
                for text in found:
                    print(f"\nzvm-diff: seed {options.seed}: difference with {text}", flush=True)
                now = time.monotonic()
                if now - reported > (2 if sys.stderr.isatty() else 60) or number == len(tasks):
                    reported = now
                    left = (now - started) / number * (len(tasks) - number)
                    print(f"zvm-diff: {counts['modules']} of {options.count} modules, {len(differences)} differences, "
                          f"about {left / 60:.0f} min left", file=sys.stderr, end="\r" if sys.stderr.isatty() else "\n",
                          flush=True)
        except BaseException:
            for future in pending:
                future.cancel()
            raise
    for name in sorted(counts):
        print(f"  {name}: {counts[name]}")
    print(f"zvm-diff: seed {options.seed}: {counts['modules']} modules, "
          + (f"{len(differences)} differences, kept in {options.keep}" if differences else "no difference"))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
