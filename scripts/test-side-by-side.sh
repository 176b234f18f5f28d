#!/usr/bin/env bash
# Engine tests compute while host tests mostly wait for their hosts: side by side they take as long as the longer of the two.
# Those under a later Node come after the engine's. What they say is printed when all have ended, so that no line of one breaks
# into another's.
set -u

log=$(mktemp)
trap 'rm -f "$log"' EXIT
beside_hosts() {
  local status=0
  npm run -s test:engine || status=$?
  npm run -s test:node24 || status=$?
  return "$status"
}
beside_hosts >"$log" 2>&1 &
engine=$!
# shellcheck disable=SC2046 # each number is a word
trap 'kill "$engine" $(pgrep -P "$engine") 2>/dev/null; rm -f "$log"; exit 130' INT TERM

hosts_status=0
npm run -s test:hosts || hosts_status=$?
engine_status=0
wait "$engine" || engine_status=$?
cat "$log"
[ "$hosts_status" -eq 0 ] && [ "$engine_status" -eq 0 ]
