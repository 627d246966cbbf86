#!/usr/bin/env python3
"""Checks that Ed25519 signatures are verified by zcrypto and by nothing else. `--self-test` checks the check.

Other libraries disagree with ZIP-215 on edge cases, and a chain whose nodes disagree forks. Tests and benches may name
them as peers. TLS verifies its own handshakes inside its library, which nothing here shows. What counts is the bare
name, called or not, also in a string (dlsym): a pointer to a function is one step from calling it.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("libs", "apps", "capi", "contracts", "proto")
OTHER_VERIFY = re.compile(
    r"\b(?:crypto_sign_(?:verify\w*|open|(?:ed25519|edwards25519sha512batch)_(?:verify\w*|open)"
    r"|(?:ed25519ph_)?final_verify)|crypto_sign_ed25519ph_final_verify"
    r"|EVP_(?:Digest)?Verify(?:Init|Update|Final)?(?:_ex)?\w*|EVP_PKEY_verify\w*|ED25519_verify\w*"
    r"|gnutls_pubkey_verify\w*|ed25519_sha512_verify\w*|botan_pk_op_verify\w*|PK_Verifier\w*|wc_ed25519_verify\w*)\b")
NOT_SHIPPED = {"test", "tests", "bench", "fuzz"}
PEERS = {"apps/zcrypto/src/speed_command.cpp"}  # Measures libsodium beside ours.
# Strings come first: "//" inside of one is no comment. Numbers, because of the quotes in 1'000.
TOKEN = re.compile(
    r"\b[0-9](?:'?[0-9A-Za-z_.])*|"
    r'R"(?P<mark>[^()\\ ]{0,16})\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/', re.S)


def without_comments(text):
    def keep(found):
        token = found.group()
        return "\n" * token.count("\n") if token.startswith("/") else token
    return TOKEN.sub(keep, joined(text))


def joined(text):
    """A line that goes on after a backslash is one line, also in a // comment. The numbers of the others stay."""
    out, pending = [], 0
    for line in text.split("\n"):
        if line.endswith("\\"):
            out.append(line[:-1])
            pending += 1
        else:
            out.append(line + "\n" * (pending + 1))
            pending = 0
    return "".join(out).removesuffix("\n")


def findings(text):
    """(line, name) of each name in the code."""
    code = without_comments(text)
    return [(code.count("\n", 0, found.start()) + 1, found.group()) for found in OTHER_VERIFY.finditer(code)]


def self_test():
    caught = (
        "crypto_sign_verify_detached(a, b, c, d);",
        "const auto check = &crypto_sign_verify_detached;",
        "std::invoke(crypto_sign_ed25519_verify_detached, a, b, c, d);",
        "EVP_VerifyFinal(context, a, b, c);",
        "EVP_DigestVerify (context, a, b, c, d);",
        "botan_pk_op_verify_finish(op, a, b);",
        'log("https://example.org"); crypto_sign_open(a, b, c, d, e);',
        "char c = '\"'; EVP_PKEY_verify(a, b, c, d, e); // \"",
        'dlsym(handle, "crypto_sign_verify_detached");',
        'auto t = R"x(" // )x"; ED25519_verify(a, b, c, d);',
        "f(1'000); // it's\ncrypto_sign_open(a);",
        "/* one */ crypto_sign_final_verify(a, b, c); /* two */",
        "crypto_sign_\\\nverify_detached(a, b, c, d);",
    )
    passed = (
        "// crypto_sign_verify_detached(a, b, c, d)",
        "/* EVP_VerifyFinal\n EVP_PKEY_verify(a) */",
        "// goes on \\\n crypto_sign_open(a)",
        "zcrypto::ed25519::verify(key, message, signature);",
        "crypto_sign_ed25519_detached(a, b, c, d, e);",
        "my_crypto_sign_open();",
    )
    wrong = [text for text in caught if not findings(text)] + [text for text in passed if findings(text)]
    if findings("one\n/* two\nthree */\ncrypto_sign_open") != [(4, "crypto_sign_open")]:
        wrong.append("line numbers")
    print("\n".join(f"judged wrongly: {text!r}" for text in wrong) or f"{len(caught) + len(passed)} examples")
    return 1 if wrong else 0


def main():
    problems, files = [], 0
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT)
            if path.suffix not in {".cpp", ".hpp", ".c", ".h", ".cc"} or NOT_SHIPPED & set(name.parts) \
                    or str(name) in PEERS:
                continue
            files += 1
            problems += [f"{name}:{line}: {found} is another signature check than zcrypto's"
                         for line, found in findings(path.read_text(errors="replace"))]
    print("\n".join(problems) or f"{files} files verify Ed25519 by zcrypto alone")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(self_test() if "--self-test" in sys.argv[1:] else main())
