#!/usr/bin/env python3
"""Checks of the tree as a whole: what reviews would otherwise have to look for.

Every component has a README; every fuzzer has seeds and every corpus a fuzzer; sources stay below the size at which
they hold a second idea; headers are guarded; nothing names one machine's paths.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINES_MAX = 600
SINGLE_HEADERS = {"contracts/sdk/c/include/ghost/contract.h"}  # one file is what their users are promised
MACHINE_PATHS = re.compile(r"/(?:work|root|home/[a-z]+)/")


def main():
    names = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.split()
    files = [name for name in names if (ROOT / name).is_file()]
    problems = []

    for folder in ("libs", "apps"):
        for component in sorted((ROOT / folder).glob("*")):
            if (component / "CMakeLists.txt").exists() and not (component / "README.md").exists():
                problems.append(f"{component.relative_to(ROOT)}: has no README.md")

    fuzzers = {pathlib.Path(name).stem for name in files if "/fuzz/" in name and name.endswith(".cpp")}
    corpora = {pathlib.Path(name).parts[1] for name in files if name.startswith("corpus/") and name.count("/") > 1}
    problems += [f"corpus/{name}: the fuzzer has no seeds" for name in sorted(fuzzers - corpora)]
    problems += [f"corpus/{name}: no fuzzer of that name" for name in sorted(corpora - fuzzers)]

    for name in files:
        if not name.endswith((".cpp", ".hpp", ".h", ".c", ".cmake", ".txt", ".md", ".py", ".toml")) and name != "ghost":
            continue
        text = (ROOT / name).read_text(errors="replace")
        if name.endswith((".cpp", ".hpp", ".h", ".c")) and text.count("\n") > LINES_MAX and name not in SINGLE_HEADERS:
            problems.append(f"{name}: {text.count(chr(10))} lines; past {LINES_MAX} there is a second idea in it")
        if name.endswith(".hpp") and "#pragma once" not in text:
            problems.append(f"{name}: no #pragma once")
        if name != "tools/check_files.py" and MACHINE_PATHS.search(text):
            problems.append(f"{name}: names a path of one machine")

    print("\n".join(problems) or f"{len(files)} files are in order")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
