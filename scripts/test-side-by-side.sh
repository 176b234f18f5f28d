#!/usr/bin/env bash
# Host tests mostly wait for their hosts and use less than one processor: the slow unit tests, the engine's and those under a
# later Node run beside them, one after the other. They yield the processor to the hosts' tests, of which some measure what a
# service does; what they say is printed when all have ended, so that no line of one breaks into another's.
set -u

log=$(mktemp)
trap 'rm -f "$log"' EXIT
beside_hosts() {
  # Where the kernel shares the processor by sessions, what is nice within one is as nice as its session.
  echo 10 >/proc/self/autogroup 2>/dev/null
  local status=0
  npm run -s test:slow || status=$?
  npm run -s test:engine || status=$?
  npm run -s test:node24 || status=$?
  return "$status"
}
export -f beside_hosts
setsid nice -n 10 bash -c beside_hosts >"$log" 2>&1 &
beside=$!
trap 'kill -- "-$beside" 2>/dev/null; rm -f "$log"; exit 130' INT TERM

hosts_status=0
npm run -s test:hosts || hosts_status=$?
beside_status=0
wait "$beside" || beside_status=$?
cat "$log"
[ "$hosts_status" -eq 0 ] && [ "$beside_status" -eq 0 ]
