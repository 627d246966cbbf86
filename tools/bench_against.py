#!/usr/bin/env python3
"""Runs a bench suite of this tree and of another revision in turn, and compares figure by figure.

`./ghost bench SUITE --against REV` calls it with our programs built. REV is checked out and built in build/against/REV,
which stays for the next comparison; its entry in git's list of worktrees goes when this ends.
"""
import argparse
import atexit
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What a suite starts as a process of its own, as far as the revision has it.
PROGRAMS = ("ghostd", "ghostbridge", "walletd", "enoc", "zwallet")


def fail(message, code=1):
    print(f"ghost bench: {message}", file=sys.stderr)
    sys.exit(code)


def git(*words, folder=ROOT):
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        fail(f"git {' '.join(words)}: {done.stderr.strip()}", 2)
    return done.stdout.strip()


def check_out(revision):
    """The folder with the revision's sources, registered as a worktree until this program ends."""
    folder = os.path.join(ROOT, "build", "against", revision)
    subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=True)
    # While it is checked out it has its link to the repository: with it, an earlier run was interrupted.
    if os.path.exists(os.path.join(folder, ".git")):
        shutil.rmtree(folder)
    if os.path.isdir(folder):
        return folder
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    git("worktree", "add", "--detach", "--force", folder, revision)
    # Only the files are wanted: without its link to the repository the folder is a copy like any other.
    atexit.register(subprocess.run, ["git", "worktree", "prune"], cwd=ROOT)
    atexit.register(lambda: os.path.exists(os.path.join(folder, ".git")) and os.remove(os.path.join(folder, ".git")))
    return folder


def build(folder, suite, jobs):
    log = os.path.join(folder, "build", "against.log")
    os.makedirs(os.path.dirname(log), exist_ok=True)
    with open(log, "w", encoding="utf-8") as out:
        if subprocess.run(["cmake", "--preset", "release"], cwd=folder, stdout=out, stderr=subprocess.STDOUT).returncode:
            fail(f"the revision cannot be configured; see {os.path.relpath(log, ROOT)}")
        names = subprocess.run(["cmake", "--build", "build/release", "--target", "help"], cwd=folder,
                               capture_output=True, text=True).stdout
        known = {line.split(":")[0].strip() for line in names.splitlines() if ": phony" in line}
        if f"bench_{suite}" not in known:
            fail(f"the revision has no suite '{suite}'", 2)
        targets = [f"bench_{suite}"] + [name for name in PROGRAMS if name in known]
        command = ["cmake", "--build", "build/release", "-j", str(jobs), "--target", *targets]
        if subprocess.run(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT).returncode:
            fail(f"the revision does not build; see {os.path.relpath(log, ROOT)}")
    return os.path.join(folder, "build", "release", "bin", f"bench_{suite}")


def measure(program, flags):
    """{name: row} of one run."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        done = subprocess.run([program, "--json", file.name, *flags], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode:
            tail = "\n".join(done.stderr.strip().splitlines()[-5:])
            fail(f"{os.path.relpath(program, ROOT)} {' '.join(flags)} ended with {done.returncode}:\n{tail}")
        return {row["name"]: row for row in json.load(file)}


def compare(ours, theirs, revision):
    """One row a figure that both have: medians, and a ratio above 1 where we lead."""
    rows = []
    for name, first in ours[0].items():
        if any(name not in run for run in ours + theirs):
            continue
        values = [run[name]["value"] for run in ours]
        peers = [run[name]["value"] for run in theirs]
        value, peer = statistics.median(values), statistics.median(peers)
        ratio = None
        if value > 0 and peer > 0:
            ratio = peer / value if first.get("better") == "lower" else value / peer
        rows.append({"name": name, "value": value, "unit": first["unit"], "peer": revision, "peer_value": peer,
                     "ratio": ratio, "better": first.get("better"), "runs": values, "peer_runs": peers})
    return rows


def main():
    parser = argparse.ArgumentParser(prog="./ghost bench SUITE", allow_abbrev=False)
    parser.add_argument("suite")
    parser.add_argument("program")
    parser.add_argument("--against", required=True, metavar="REV")
    parser.add_argument("--alternations", type=int, default=3)
    parser.add_argument("--json")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args, flags = parser.parse_known_args()
    if args.alternations < 1:
        fail(f"--alternations needs a number above 0, not {args.alternations}", 2)
    revision = git("rev-parse", "--verify", "--short", args.against + "^{commit}")
    print(f"building {revision} in build/against/{revision}", file=sys.stderr)
    theirs_program = build(check_out(revision), args.suite, args.jobs)
    ours, theirs = [], []
    for number in range(args.alternations):
        print(f"alternation {number + 1} of {args.alternations}: this tree", file=sys.stderr)
        ours.append(measure(args.program, flags))
        print(f"alternation {number + 1} of {args.alternations}: {revision}", file=sys.stderr)
        theirs.append(measure(theirs_program, flags))
    rows = compare(ours, theirs, revision)
    if not rows:
        fail("the two have no figure in common")
    print(f"{args.suite:<34} {'this tree':>12} {revision:>12} {'unit':<10} {'ratio':>7}")
    for row in rows:
        ratio = f"{row['ratio']:.2f}x" if row["ratio"] else "-"
        print(f"{row['name']:<34} {row['value']:>12.4g} {row['peer_value']:>12.4g} {row['unit']:<10} {ratio:>7}")
    only = sorted(set(ours[0]) ^ set(theirs[0]))
    if only:
        print("  not in both: " + ", ".join(only))
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=2)
            file.write("\n")


if __name__ == "__main__":
    main()
