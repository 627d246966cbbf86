#!/usr/bin/env python3
"""Reads the systemd units and checks what programs that hold keys depend on. Usage: units_test.py FOLDER"""
import pathlib
import sys

# memfd_secret: without it systemd kills the first program that asks for locked memory, or it gets ordinary memory.
NEEDED = {
    "NoNewPrivileges": {"yes"},
    "LimitCORE": {"0"},
    "SystemCallErrorNumber": {"EPERM"},
    "SystemCallFilter": {"@system-service memfd_secret", "~@privileged @resources"},
    "UMask": {"0077"},
}
# All daemons run as one user: who takes one over must not find the wallet's keys and socket, or another's identity.
# Each folder below /var/lib/ghost is hidden from every daemon but its own.
FOLDERS = {"ghostbridge", "ghostd", "walletd", "zwallet"}


def settings(path):
    found = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.strip()
        if not line or line[0] in "#;[":
            continue
        key, equals, value = line.partition("=")
        if not equals:
            raise SystemExit(f"{path}:{number}: not a setting: {line}")
        found.setdefault(key, []).append(value)
    return found


def main():
    units = sorted(pathlib.Path(sys.argv[1]).glob("*.service*"))
    faults = [] if len(units) == 3 else [f"{sys.argv[1]}: {len(units)} units instead of 3"]
    for unit in units:
        found = settings(unit)
        for key, values in NEEDED.items():
            if set(found.get(key, [])) != values:
                faults.append(f"{unit}: {key} is {found.get(key)}, not {sorted(values)}")
        own = f"/var/lib/ghost/{unit.name.split('.')[0]}"
        hidden = set(" ".join(found.get("InaccessiblePaths", [])).split())
        for folder in sorted(FOLDERS - {unit.name.split(".")[0]}):
            if f"-/var/lib/ghost/{folder}" not in hidden:
                faults.append(f"{unit}: InaccessiblePaths does not hide /var/lib/ghost/{folder}")
            # A folder that systemd has not made by then would not be hidden.
            if f"ghost/{folder}" not in " ".join(found.get("StateDirectory", [])).split():
                faults.append(f"{unit}: StateDirectory does not make ghost/{folder}, which is to be hidden")
        if hidden & {own, f"-{own}"}:
            faults.append(f"{unit}: hides the daemon's own folder")
        # What is denied is subtracted from what is allowed, so the order counts.
        if not found.get("SystemCallFilter", [""])[0].startswith("@"):
            faults.append(f"{unit}: the list of denied calls stands in front of the allowed ones")
    print("\n".join(faults) if faults else f"{len(units)} units are as they must be")
    return 1 if faults else 0


sys.exit(main())
