#!/usr/bin/env bash
# Engine tests compute while host tests mostly wait for their hosts: side by side they take as long as the longer of the two.
# What the engine tests say is printed when both have ended, so that no line of one breaks into the other's.
set -u

log=$(mktemp)
trap 'rm -f "$log"' EXIT
npm run -s test:engine >"$log" 2>&1 &
engine=$!
trap 'kill "$engine" 2>/dev/null; rm -f "$log"; exit 130' INT TERM

hosts_status=0
npm run -s test:hosts || hosts_status=$?
engine_status=0
wait "$engine" || engine_status=$?
cat "$log"
[ "$hosts_status" -eq 0 ] && [ "$engine_status" -eq 0 ]
