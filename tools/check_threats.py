#!/usr/bin/env python3
"""Checks that every row of docs/threat-model.md names the tests that hold it, and that those tests exist."""
import fnmatch
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ROOT / "docs/threat-model.md"
GTEST = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", re.M)
CTEST = re.compile(r"add_test\(NAME\s+([\w.]+(?:\$\{\w+\}\w*)?)")
NAME = re.compile(r"`([^`]+)`")


def test_names():
    """Suite.Name of every GoogleTest, names given to add_test (a variable part is a *), and every fuzzer."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split()
    names = set()
    for name in listed:
        path = ROOT / name
        if not path.is_file():
            continue
        if name.endswith(".cpp") and ("/test/" in name or name.startswith("tests/")):
            names.update(f"{suite}.{test}" for suite, test in GTEST.findall(path.read_text(errors="replace")))
        elif name.endswith((".cmake", "CMakeLists.txt")):
            names.update(re.sub(r"\$\{\w+\}", "*", test) for test in CTEST.findall(path.read_text(errors="replace")))
        elif "/fuzz/" in name and name.endswith(".cpp"):
            names.add(path.stem)
    return names


def exists(wanted, names):
    # Instances of parametrised tests are named Prefix/Suite.Name by ctest; the document may say either.
    wanted = wanted.rsplit("/", 1)[-1]
    return any(fnmatch.fnmatchcase(name, wanted) or ("*" in name and fnmatch.fnmatchcase(wanted, name))
               for name in names)


def main():
    names = test_names()
    problems, rows = [], 0
    for number, line in enumerate(MODEL.read_text().splitlines(), 1):
        if not line.startswith("|") or line.startswith(("|---", "| asset |")):
            continue
        rows += 1
        where = f"{MODEL.relative_to(ROOT)}:{number}"
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 4:
            problems.append(f"{where}: expected asset, threat, defence, held by; it has {len(cells)} cells")
            continue
        held_by = NAME.findall(cells[3])
        if not held_by:
            problems.append(f"{where}: names no test that holds it: {cells[1]}")
        problems += [f"{where}: there is no test {name}" for name in held_by if not exists(name, names)]
    print("\n".join(problems) or f"{rows} threats, each held by tests")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
