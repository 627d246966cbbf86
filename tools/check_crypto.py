#!/usr/bin/env python3
"""Checks that Ed25519 signatures are verified by zcrypto and by nothing else.

Other libraries disagree with ZIP-215 on edge cases, and a chain whose nodes disagree forks. Tests and benches may call
them as peers. TLS verifies its own handshakes inside its library, which no call here shows.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("libs", "apps", "capi", "contracts", "proto")
OTHER_VERIFY = re.compile(
    r"\b(?:crypto_sign_(?:ed25519_)?(?:verify_detached|open)|crypto_sign_(?:ed25519ph_)?final_verify|EVP_DigestVerify\w*"
    r"|EVP_PKEY_verify\w*|gnutls_pubkey_verify\w*|ed25519_sha512_verify|ED25519_verify)\s*\(")
NOT_SHIPPED = {"test", "tests", "bench", "fuzz"}
PEERS = {"apps/zcrypto/src/speed_command.cpp"}  # Measures libsodium beside ours.
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)


def main():
    problems, files = [], 0
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT)
            if path.suffix not in {".cpp", ".hpp", ".c", ".h", ".cc"} or NOT_SHIPPED & set(name.parts) \
                    or str(name) in PEERS:
                continue
            files += 1
            text = COMMENT.sub(lambda found: "\n" * found.group().count("\n"), path.read_text(errors="replace"))
            for found in OTHER_VERIFY.finditer(text):
                line = text.count("\n", 0, found.start()) + 1
                problems.append(f"{name}:{line}: {found.group().rstrip('( ')} is another signature check than zcrypto's")
    print("\n".join(problems) or f"{files} files verify Ed25519 by zcrypto alone")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
