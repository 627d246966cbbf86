#!/usr/bin/env python3
"""Checks that includes and link lines run strictly downward through cmake/layers.txt.

Same-layer dependencies are allowed only where a line `a -> b` of that file says so. Tests, benches and fuzzers of a
component may use whatever their component may, plus test libraries.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([a-z_0-9]+)/', re.M)


def read_layers():
    layers, sideways = {}, set()
    for line in (ROOT / "cmake/layers.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        if "->" in line:
            sideways.add(tuple(part.strip() for part in line.split("->")))
        else:
            number, *names = line.split()
            layers.update({name: int(number) for name in names})
    return layers, sideways


def component_of(path):
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] in ("libs", "apps") else parts[0]


def main():
    layers, sideways = read_layers()
    problems = []
    # What a CMake target is called here -> the component that it belongs to.
    target_of = {name: name for name in layers} | {f"{name}_lib": name for name in layers} | {"ghost_proto": "proto"}

    def judge(where, source, target):
        if source == target or target not in layers:
            return
        if layers[target] < layers[source] or (source, target) in sideways:
            return
        problems.append(f"{where}: {source} (layer {layers[source]}) must not use {target} (layer {layers[target]})")

    for folder in ("libs", "apps"):
        for component in sorted((ROOT / folder).glob("*")):
            # A program may share its folder's name with a library (zvm): its include folder tells them apart.
            own = [path.name for path in (component / "include").glob("*") if path.is_dir()]
            name = own[0] if len(own) == 1 else component.name
            if not component.is_dir() or not (component / "CMakeLists.txt").exists():
                continue
            if name not in layers:
                problems.append(f"{component.relative_to(ROOT)}: not named in cmake/layers.txt")
                continue
            for path in sorted(component.rglob("*.[ch]pp")):
                if {"test", "bench", "fuzz"} & set(path.relative_to(component).parts):
                    continue
                for target in INCLUDE.findall(path.read_text()):
                    judge(path.relative_to(ROOT), name, target)
            cmake = (component / "CMakeLists.txt").read_text()
            for call in re.findall(r"gc_library\((.*?)\)", cmake, re.S):
                for keyword in re.findall(r"(?:PUBLIC|PRIVATE)((?:\s+(?!SOURCES|PUBLIC|PRIVATE|TESTS|TEST_LIBS|FUZZERS)\S+)+)", call):
                    for target in keyword.split():
                        if target in target_of:
                            judge(f"{component.relative_to(ROOT)}/CMakeLists.txt", name, target_of[target])

    # Consensus code verifies Ed25519 by ZIP-215 only: other libraries disagree on edge cases, and a chain would fork.
    other_verify = re.compile(r"crypto_sign_(?:ed25519_)?verify_detached|crypto_sign_open|EVP_DigestVerify|gnutls_pubkey_verify")
    for name in ("gcrypt", "ledger", "consensus", "store"):
        for path in sorted((ROOT / "libs" / name).rglob("*.[ch]pp")):
            if "test" not in path.relative_to(ROOT).parts and other_verify.search(path.read_text()):
                problems.append(f"{path.relative_to(ROOT)}: calls another Ed25519 verify than zcrypto's")

    # libngtcp2's own qlog writer overruns a buffer on its stack when a peer sends large parameters (CVE-2026-40170).
    for path in sorted(ROOT.glob("libs/**/*.[ch]pp")) + sorted(ROOT.glob("apps/**/*.[ch]pp")):
        if re.search(r"qlog_write\b|qlog\.write\b", path.read_text()):
            problems.append(f"{path.relative_to(ROOT)}: sets libngtcp2's qlog callback; zquic/src/qlog.hpp writes ours")

    # An account's key signs through Signer, which holds what it signs against every bound (walletd/src/sign_policy.hpp).
    # The compiler keeps everybody else out of Keystore::sign; what is left is to make a friend, or to sign a transaction
    # in another way.
    for path in sorted(ROOT.glob("apps/walletd/**/*.[ch]pp")) + sorted(ROOT.glob("apps/zwallet/**/*.[ch]pp")):
        relative = str(path.relative_to(ROOT))
        if {"test", "bench", "fuzz"} & set(path.relative_to(ROOT).parts):
            continue
        text = path.read_text()
        if "sign_bytes" in text and relative != "apps/walletd/src/signer.cpp":
            problems.append(f"{relative}: makes bytes to sign; Signer does that")
        friends = {"apps/walletd/include/walletd/keystore.hpp": 2}
        if len(re.findall(r"friend class (?:Signer|KeystoreProbe)|KeystoreProbe::", text)) != friends.get(relative, 0):
            problems.append(f"{relative}: another way to an account's key than Signer")

    # Who chooses the keys of a hash table can make them collide, unless the hash is keyed.
    for path in sorted(ROOT.glob("libs/**/*.[ch]pp")) + sorted(ROOT.glob("apps/**/*.[ch]pp")) + sorted(ROOT.glob("capi/**/*.[ch]pp")):
        if {"test", "bench", "fuzz"} & set(path.relative_to(ROOT).parts) or path.name == "keyed_hash.hpp":
            continue
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            # The formatter may put the reason on a line beside.
            if "std::unordered_" in line and not re.search(r"\b(un)?keyed: ", "".join(lines[max(0, number - 2):number + 1])):
                problems.append(f"{path.relative_to(ROOT)}:{number}: a hash table; use base::HashMap, or say why its keys are safe: "
                                "'// unkeyed: REASON'")

    print("\n".join(problems) or f"{len(layers)} components keep to their layers")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
