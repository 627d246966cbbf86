#!/usr/bin/env python3
"""Runs the libFuzzer programs and keeps a record of what each has had.

`./ghost fuzz` calls it. corpus/targets.txt says which parser is reached by whom, and so how long a full run takes.
corpus/record.json holds seconds, executions, edges and findings of each target, so that --full goes on where it stopped.
"""
import argparse
import collections
import difflib
import json
import os
import re
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGETS = os.path.join(ROOT, "corpus", "targets.txt")
RECORD = os.path.join(ROOT, "corpus", "record.json")
FULL_SECONDS = {"stranger": 30 * 60, "other": 5 * 60}
# One piece of a full run: what an interruption can cost at most.
PIECE_SECONDS = 300
# Allowed beyond the time that was asked for: loading the corpus, and one input that runs into its own limit.
GRACE_SECONDS = 300


def fail(message, code=2):
    print(f"ghost fuzz: {message}", file=sys.stderr)
    sys.exit(code)


def read_targets():
    """{name: "stranger" or "other"}, in the order of the file."""
    targets = {}
    with open(TARGETS, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            if len(words) != 2 or words[1] not in FULL_SECONDS:
                fail(f"corpus/targets.txt:{number}: expected TARGET and one of {', '.join(FULL_SECONDS)}")
            targets[words[0]] = words[1]
    folders = {name for name in os.listdir(os.path.dirname(TARGETS))
               if os.path.isdir(os.path.join(ROOT, "corpus", name))}
    for name in sorted(folders ^ set(targets)):
        fail(f"corpus/targets.txt and the folders of corpus/ differ: {name}")
    return targets


def read_record():
    try:
        with open(RECORD, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError as error:
        fail(f"corpus/record.json: {error}")


def write_record(record):
    text = json.dumps(dict(sorted(record.items())), indent=1) + "\n"
    with open(RECORD + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(RECORD + ".new", RECORD)


def revision():
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def seconds_due(name, targets, record):
    return max(0, FULL_SECONDS[targets[name]] - record.get(name, {}).get("seconds", 0))


def run_piece(binaries, name, seconds):
    """One libFuzzer process. Returns {seconds, executions, edges, inputs, findings, extra, tail}."""
    kept = os.path.join(ROOT, "build", "fuzz", "corpus", name)
    os.makedirs(kept, exist_ok=True)
    log = os.path.join(ROOT, "build", "fuzz", f"{name}.log")
    command = [os.path.join(binaries, name), f"-max_total_time={seconds}", "-rss_limit_mb=2048", "-timeout=10",
               "-print_final_stats=1", f"-artifact_prefix={os.path.join(ROOT, 'build', 'fuzz', name)}-",
               kept, os.path.join(ROOT, "corpus", name)]
    began = time.monotonic()
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        try:
            code = process.wait(timeout=seconds + GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = 124
        except BaseException:  # interrupted: nothing outlives us
            process.kill()
            process.wait()
            raise
    with open(log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    statuses = re.findall(r"cov: (\d+) ft: \d+ corp: (\d+)", text)
    executions = re.findall(r"stat::number_of_executed_units: (\d+)", text) or re.findall(r"^#(\d+)", text, re.M)
    artifacts = re.findall(r"Test unit written to (\S+)", text)
    return {
        "seconds": int(time.monotonic() - began),
        "executions": int(executions[-1]) if executions else 0,
        "edges": int(statuses[-1][0]) if statuses else 0,
        "inputs": int(statuses[-1][1]) if statuses else 0,
        "findings": ([os.path.relpath(path, ROOT) for path in artifacts]
                     or ([f"ended with {code}, see {os.path.relpath(log, ROOT)}"] if code else [])),
        # Programs that count for themselves say so on lines "fuzz: NAME=NUMBER".
        "counts": {key: int(value) for key, value in re.findall(r"^fuzz: (\w+)=(\d+)$", text, re.M)},
    }


def add_to_record(record, name, piece):
    entry = record.setdefault(name, {"seconds": 0, "executions": 0, "edges": 0, "inputs": 0, "findings": 0})
    for key in ("seconds", "executions"):
        entry[key] += piece[key]
    for key in ("edges", "inputs"):
        entry[key] = max(entry[key], piece[key])
    entry["findings"] += len(piece["findings"])
    for key, value in piece["counts"].items():
        counts = entry.setdefault("counts", {})
        counts[key] = counts.get(key, 0) + value
    entry["revision"] = revision()


def print_status(targets, record):
    print(f"{'target':26} {'reached by':10} {'minutes':>12} {'executions':>14} {'edges':>7} {'findings':>8}")
    for name, reach in targets.items():
        entry = record.get(name, {})
        minutes = f"{entry.get('seconds', 0) / 60:.0f} of {FULL_SECONDS[reach] // 60}"
        print(f"{name:26} {reach:10} {minutes:>12} {entry.get('executions', 0):>14,} {entry.get('edges', 0):>7,} "
              f"{entry.get('findings', 0):>8}")
        for key, value in entry.get("counts", {}).items():
            print(f"  {key} {value:,}")


class Runner:
    """Takes pieces from a queue on several threads and keeps the record."""

    def __init__(self, binaries, plan, record, keep_record):
        self.binaries, self.record, self.keep_record = binaries, record, keep_record
        self.queue = collections.deque(plan)
        self.lock = threading.Lock()
        self.broken = {}

    def work(self):
        while True:
            with self.lock:
                if not self.queue:
                    return
                name, seconds = self.queue.popleft()
                if name in self.broken:
                    continue
            piece = run_piece(self.binaries, name, seconds)
            with self.lock:
                if self.keep_record:
                    add_to_record(self.record, name, piece)
                    write_record(self.record)
                if piece["findings"]:
                    self.broken[name] = piece["findings"]
                counts = "".join(f", {key} {value:,}" for key, value in piece["counts"].items())
                verdict = "FINDING " + ", ".join(piece["findings"]) if piece["findings"] else "no finding"
                print(f"{name}: {piece['seconds']} s, {piece['executions']:,} executions, {piece['edges']:,} edges, "
                      f"{piece['inputs']:,} inputs{counts}: {verdict}", flush=True)

    def run(self, jobs):
        threads = [threading.Thread(target=self.work) for _ in range(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.broken


def plan_full(names, targets, record):
    """Pieces of all targets in turn, so that an interrupted run has gone everywhere."""
    due = {name: seconds_due(name, targets, record) for name in names}
    plan = []
    while any(due.values()):
        for name in names:
            piece = min(PIECE_SECONDS, due[name])
            if piece:
                plan.append((name, piece))
                due[name] -= piece
    return plan


def main():
    parser = argparse.ArgumentParser(prog="./ghost fuzz", allow_abbrev=False)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--status", action="store_true")
    parser.add_argument("--names", action="store_true", help="print the targets that would run, for the build")
    parser.add_argument("--binaries", default=os.path.join(ROOT, "build", "fuzz", "bin"))
    args = parser.parse_args()
    targets = read_targets()
    for name in args.targets:
        if name not in targets:
            near = difflib.get_close_matches(name, targets, 1)
            fail(f"unknown target '{name}'" + (f"; did you mean '{near[0]}'?" if near else ""))
    if args.full and args.seconds is not None:
        fail("--full has its own times; leave --seconds out")
    if args.seconds is not None and args.seconds < 1:
        fail(f"--seconds needs a number above 0, not {args.seconds}")
    if args.jobs < 1:
        fail(f"--jobs needs a number above 0, not {args.jobs}")
    record = read_record()
    names = args.targets or list(targets)
    if args.status:
        return print_status({name: targets[name] for name in names}, record)
    plan = plan_full(names, targets, record) if args.full else [(name, args.seconds or 60) for name in names]
    if args.names:
        return print("\n".join(dict.fromkeys(name for name, _ in plan)))
    broken = Runner(args.binaries, plan, record, args.full).run(args.jobs)
    for name, findings in broken.items():
        for finding in findings:
            print(f"ghost fuzz: {name}: {finding}", file=sys.stderr)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
