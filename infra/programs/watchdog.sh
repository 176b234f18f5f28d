#!/bin/bash
# Knows whether vLLM serves, which its /health does not (vllm-project/vllm #53157): asks for a completion of one token,
# again and again. While it answers, the file READY is there. An engine that takes
# no step while it owes an answer is killed with its reason in the journal, and systemd starts it again.
# What the engine needs beside it, and the gateway, may be held by a signal: their units then look as if they ran.
# systemd asks for a sign of life of the watchdog itself.
# in (environment): VLLM_UNIT, KILL_UNITS (words), BESIDE_UNITS (words), ADDRESS, PORT, MODEL (a JSON string), KEY_FILE, READY
set -uo pipefail
export LC_ALL=C

# A wedged engine is killed within 3 probes and a pause: 90 s. One that is only overloaded takes steps meanwhile.
PROBE_SECONDS=25 PAUSE_SECONDS=15
# The first restart is at once; one that did not help is followed by longer and longer waits.
FIRST_WAIT_SECONDS=60 LONGEST_WAIT_SECONDS=900
failures=0 restarts=0 pause=$PAUSE_SECONDS held=" "

# HTTP status of the answer; 000 for none in time.
ask() {
  printf 'header = "Authorization: Bearer %s"\n' "$(cat "$KEY_FILE")" |
    curl --silent --max-time "$PROBE_SECONDS" --config - --output /dev/null --write-out '%{http_code}' \
      -H 'Content-Type: application/json' --data "{\"model\":$MODEL,\"prompt\":\"Hello\",\"max_tokens\":1}" \
      "http://$ADDRESS:$PORT/v1/completions"
}

# Goes up with every step of the engine, whoever it is for.
steps() {
  curl --silent --max-time 5 "http://$ADDRESS:$PORT/metrics" |
    awk '/^vllm:(iteration_tokens_total_count|generation_tokens_total)/ {n += $NF} END {printf "%d\n", n}'
}

# A unit that loads has no port yet; one that ends in order, or is dead, is systemd's business.
is_up() { systemctl is-active --quiet "$VLLM_UNIT" && [ -n "$(ss -ltnH "sport = :$PORT")" ]; }

say_ready() {
  failures=0 restarts=0
  [ -e "$READY" ] || echo "vLLM answers"
  mkdir -p "${READY%/*}"
  : >"$READY"
}

say_unready() {
  [ ! -e "$READY" ] || echo "$1: it is not ready"
  rm -f "$READY"
}

# Whether a process of a unit is stopped by a signal.
is_held() { ps -eo stat=,unit= | awk -v unit="$1" '$1 ~ /^T/ && $2 == unit {found = 1} END {exit !found}'; }

# Those that were held at the last look, too: nobody just looks into them.
let_go() {
  local unit now=" "
  for unit in $BESIDE_UNITS; do
    is_held "$unit" || continue
    case "$held" in
      *" $unit "*)
        echo "a signal holds $unit: continuing it"
        systemctl kill --signal=CONT --kill-whom=all "$unit" ;;
      *) now+="$unit " ;;
    esac
  done
  held=$now
}

# Waits, and lives.
rest() {
  local left=$1 part
  while :; do
    systemd-notify WATCHDOG=1 || true
    [ "$left" -gt 0 ] || return 0
    part=$((left < 30 ? left : 30))
    sleep "$part"
    left=$((left - part))
  done
}

look() {
  local before status asked=$SECONDS
  # One that loads is asked as soon as it is up: until then its clients are told that it does not serve.
  pause=2
  is_up || { failures=0; say_unready "vLLM is not up"; return; }
  pause=$PAUSE_SECONDS
  before=$(steps)
  status=$(ask)
  case "$status" in
    200) is_up && say_ready; return ;;
    4??) echo "vLLM refuses the watchdog's question with status $status; it is left alone"; return ;;
  esac
  # An engine that turns requests away says so at once: it has as long as any other to take its next step.
  until is_up || return
    [ "$(steps)" -le "$before" ] || { failures=0; return; }
    [ $((SECONDS - asked)) -ge "$PROBE_SECONDS" ]; do sleep 1; done
  failures=$((failures + 1))
  say_unready "vLLM owes a token for $PROBE_SECONDS s and takes no step (status $status)"
  [ "$failures" -lt 2 ] || restart
}

restart() {
  local wait=0
  [ "$restarts" -eq 0 ] || wait=$((FIRST_WAIT_SECONDS << (restarts - 1)))
  [ "$wait" -le "$LONGEST_WAIT_SECONDS" ] || wait=$LONGEST_WAIT_SECONDS
  restarts=$((restarts + 1)) failures=0
  echo "vLLM is wedged: it failed two completions of one token and took no step; killing it in $wait s (restart $restarts since it last answered)"
  rest "$wait"
  # Not in order: what is stopped or hangs in the driver does not hear.
  # shellcheck disable=SC2086 # words
  systemctl kill --signal=KILL --kill-whom=all $KILL_UNITS
}

main() {
  while :; do
    let_go
    look
    rest $((failures > 0 ? 0 : pause))
  done
}

[ "${1:-}" = library ] || main
