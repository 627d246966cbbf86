#!/usr/bin/env bash
# The story that `./ghost demo` tells. Needs enoc, zwallet and grpc_get_block on PATH, and the example contracts'
# modules in the folder $GHOST_CONTRACTS; leaves nothing behind.
set -euo pipefail

keep=
for argument in "$@"; do
  case $argument in
    --keep) keep=1 ;;
    *) printf 'ghost: demo has no option %s\nTry: ./ghost demo --help\n' "$argument" >&2; exit 2 ;;
  esac
done

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' plain=$'\e[0m'; else bold='' dim='' green='' plain=''; fi
home=$(mktemp -d "${TMPDIR:-/tmp}/ghost-demo.XXXXXX")
enoc_pid=

finish() {
  local status=$?
  trap - EXIT
  if [ -n "$enoc_pid" ] && kill -0 "$enoc_pid" 2>/dev/null; then
    kill "$enoc_pid" || true
    wait "$enoc_pid" || true
  fi
  if [ $status -ne 0 ] && [ -s "$home/enoc.log" ]; then
    printf '\nenoc said:\n' >&2
    tail -20 "$home/enoc.log" >&2
  fi
  if [ -n "$keep" ]; then printf '\nKept: %s\n' "$home"; else rm -rf "$home"; fi
  exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM

chapter() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
# Shows a command as a person would type it, then runs it.
run() {
  local word line=
  for word; do
    case $word in *' '*) line+=" '$word'" ;; *) line+=" $word" ;; esac
  done
  printf '%s$%s%s\n' "$dim" "$line" "$plain"
  "$@"
}
# One field of a JSON document on stdin; the path is Python's.
field() { python3 -c 'import json, sys; print(eval("document" + sys.argv[1], {"document": json.load(sys.stdin)}))' "$1"; }
fail() { printf 'demo: %s\n' "$1" >&2; exit 1; }

chapter "1. A chain starts: node, bridge and two wallet daemons in one process"
printf '%s$ enoc --home %s --free-ports --user bob &%s\n' "$dim" "$home" "$plain"
enoc --home "$home" --free-ports --user bob --json >"$home/enoc.out" 2>"$home/enoc.log" &
enoc_pid=$!
began=$(date +%s%N)
for _ in $(seq 3000); do  # a busy machine is slow
  [ -s "$home/enoc.out" ] && break
  kill -0 "$enoc_pid" 2>/dev/null || fail "enoc ended before it was ready"
  sleep 0.02
done
[ -s "$home/enoc.out" ] || fail "enoc was not ready after a minute"
bridge_tcp=$(field '["bridge_tcp"]' <"$home/enoc.json")
printf 'ready after %d ms: %s\n' $((($(date +%s%N) - began) / 1000000)) "$(field '["chain_id"]' <"$home/enoc.json")"
# Who types: each has a home, a wallet daemon and keys of their own.
as() {
  export GHOST_HOME=$home
  [ "$1" = alice ] || GHOST_HOME=$home/users/$1
}

chapter "2. Alice and Bob each make a wallet; keys stay inside their own walletd"
# A demo cannot type: the passwords come from private files instead of the terminal.
(umask 077; for who in alice bob; do head -c 18 /dev/urandom | base64 >"$home/password-$who"; done)
for who in alice bob; do
  as $who
  printf '%s$ export GHOST_HOME=%s%s\n' "$dim" "$GHOST_HOME" "$plain"
  run zwallet init --password-file "$home/password-$who"
done
as bob; bob=$(zwallet account list --json | field '["accounts"][0]["address"]')
as alice; alice=$(zwallet account list --json | field '["accounts"][0]["address"]')
[ "$alice" != "$bob" ] || fail "the two wallets are one"

chapter "3. The faucet of this development chain funds Alice"
run zwallet faucet 100

chapter "4. Alice sends Bob 1.5 GCC"
run zwallet send 1.5 GCC --to "$bob" --memo "first light" --yes

chapter "5. Both balances, each proved against a finalized block"
for who in alice bob; do
  as $who
  printf '%s%s:%s ' "$bold" "$who" "$plain"
  run zwallet balance
  zwallet balance --json >"$home/balance-$who.json"
  [ "$(field '["accounts"][0]["address"]' <"$home/balance-$who.json")" = "${!who}" ] || fail "this is not $who's account"
  [ "$(field '["accounts"][0]["verified"]' <"$home/balance-$who.json")" = True ] || fail "$who's balance is not proved"
done
[ "$(field '["accounts"][0]["balances"][0]["units"]' <"$home/balance-bob.json")" = 1500000000000000000 ] ||
  fail "Bob does not have 1.5 GCC"
printf '%sBob has exactly 1.5 GCC, and the Merkle proofs check out.%s\n' "$green" "$plain"

chapter "6. The payment in Bob's history, and the block that holds it"
run zwallet history
height=$(zwallet history --json | field '["entries"][0]["receipt"]["height"]')

chapter "7. Any gRPC program can ask: libgrpc++ over plain TCP, through ghostbridge"
run grpc_get_block "$bridge_tcp" "$height"

chapter "8. A contract: Alice deploys a token that was written in C with the SDK"
as alice
token_wasm=${GHOST_CONTRACTS:?the folder of the example contracts}/token.wasm
[ -s "$token_wasm" ] || fail "$token_wasm is missing: ninja contract_token"
printf '%s$ zwallet contract deploy token.wasm "Demo token" DEMO 6 0%s\n' "$dim" "$plain"
zwallet contract deploy "$token_wasm" "Demo token" DEMO 6 0 --yes --json >"$home/deploy.json"
token=$(field '["contract"]' <"$home/deploy.json")
printf 'contract    %s\nin block    %s\ngas used    %s\n' "$token" "$(field '["height"]' <"$home/deploy.json")" \
  "$(field '["gas_used"]' <"$home/deploy.json")"

chapter "9. She mints a million, and gives Bob a quarter"
run zwallet contract call "$token" mint "$alice" 1000000 --yes
run zwallet contract call "$token" transfer "$bob" 250000 --yes

chapter "10. Bob asks for his balance: his walletd checks the proofs and runs the contract again"
as bob
run zwallet contract query "$token" balance_of "$bob" --proof
zwallet contract query "$token" balance_of "$bob" --proof --json >"$home/token-bob.json"
[ "$(field '["result"]' <"$home/token-bob.json")" = 250000 ] || fail "Bob does not have 250000 of the token"
[ "$(field '["proofs_complete"]' <"$home/token-bob.json")" = True ] || fail "the node did not prove everything"
[ "$(field '["verified"]' <"$home/token-bob.json")" = True ] || fail "the answer is not verified"
# More than he has: the contract's own error, and nothing is sent.
printf '%s$ zwallet contract call %s transfer %s 250001%s\n' "$dim" "$token" "$alice" "$plain"
if zwallet contract call "$token" transfer "$alice" 250001 --yes 2>"$home/refused"; then
  fail "the token let Bob spend what he does not have"
fi
cat "$home/refused"
run zwallet contract events "$token" --event Transfer

chapter "11. Everything stops cleanly"
kill "$enoc_pid"
wait "$enoc_pid" || fail "enoc did not stop cleanly"
enoc_pid=
printf '%sDone.%s Now your own: ./ghost dev\n' "$green" "$plain"
