#!/bin/sh
# The files compiled for AVX2 and AVX-512 must not offer weak symbols: the linker could take such a copy of a common
# inline function for the whole program, which would then crash on older processors. Usage: backend_symbols.sh NM ARCHIVE
set -eu
weak=$("$1" -C -A "$2" | grep -E '(ed25519_avx2|ed25519_ifma)\.cpp\.o' | grep -E ' [WVu] ' | grep -v ' DW\.ref\.' || true)
strong=$("$1" -C -A "$2" | grep -E '(ed25519_avx2|ed25519_ifma)\.cpp\.o' | grep -E ' [TDBR] ' | grep -vE '(avx2|ifma)_operations' || true)
[ -z "$weak$strong" ] || { printf 'symbols that other files could pick up:\n%s\n%s\n' "$weak" "$strong"; exit 1; }
"$1" -C -A "$2" | grep -q 'T zcrypto::curve::ifma_operations()' || { echo 'the back ends are not in the library'; exit 1; }
