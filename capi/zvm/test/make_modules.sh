#!/bin/sh
# Writes modules.h from echo.wat (Debian package wabt). Run by hand after a change of echo.wat.
set -e
cd "$(dirname "$0")"
wasm=$(mktemp)
wat2wasm --debug-names -o "$wasm" echo.wat
{
  echo "/* The bytes of echo.wat, made by make_modules.sh. */"
  echo "#ifndef ZVM_TEST_MODULES_H"
  echo "#define ZVM_TEST_MODULES_H"
  echo "static const unsigned char kEcho[] = {"
  od -An -v -tu1 "$wasm" | sed 's/  */ /g; s/^ //; s/ /, /g; s/$/,/; s/^/    /'
  echo "};"
  echo "#endif"
} >modules.h
rm -f "$wasm"
