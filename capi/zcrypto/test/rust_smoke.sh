#!/bin/sh
# Builds the zcrypto-sys crate's smoke test with plain rustc (no cargo, no registry) and runs it.
# Usage: rust_smoke.sh CRATE LIBRARY_FOLDER WORK_FOLDER SANITIZERS
set -eu
crate=$1 libraries=$2 work=$3 sanitizers=$4
if ! command -v rustc >/dev/null || ! rustc --version >/dev/null 2>&1; then
  echo "SKIPPED: rustc is not installed; the Rust binding was not tried" >&2
  exit 77
fi
if [ -n "$sanitizers" ]; then
  echo "SKIPPED: a library built with sanitizers cannot be loaded by a Rust program" >&2
  exit 77
fi
rustc --edition 2021 --crate-name zcrypto_sys --crate-type rlib -o "$work/libzcrypto_sys.rlib" "$crate/src/lib.rs" -L "$libraries"
rustc --edition 2021 -D warnings -o "$work/rust_smoke" "$crate/tests/smoke.rs" \
  --extern zcrypto_sys="$work/libzcrypto_sys.rlib" -L "$libraries" -C link-arg=-Wl,-rpath,"$libraries"
"$work/rust_smoke"
