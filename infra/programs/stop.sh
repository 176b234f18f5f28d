#!/bin/bash
# Shuts the machine down at a time of day, or when no key has asked the gateway for a while. Looks once, and ends.
# in (environment): STOP_AT (HH:MM in UTC, or empty), IDLE_SECONDS (or empty), GATEWAY_UNIT
set -uo pipefail
export LC_ALL=C

now() { date -u +%H:%M; }

seconds_up() { cut -d. -f1 /proc/uptime; }

# The gateway's log has a line for each request; one without a valid key is nobody's. The seconds since the last one.
seconds_idle() {
  local last
  last=$(journalctl -u "$GATEWAY_UNIT" --grep ' key=[^- ]' -o short-unix -n 1 --quiet --since "-${IDLE_SECONDS}s" | cut -d. -f1)
  if [ -n "$last" ]; then echo $(($(date +%s) - last)); else echo "$IDLE_SECONDS"; fi
}

reason() {
  if [ -n "$STOP_AT" ] && [ "$(now)" = "$STOP_AT" ]; then
    echo "it is $STOP_AT UTC (cost.stopAt)"
  elif [ -n "$IDLE_SECONDS" ] && [ "$(seconds_up)" -ge "$IDLE_SECONDS" ] && [ "$(seconds_idle)" -ge "$IDLE_SECONDS" ]; then
    echo "no key has asked for $((IDLE_SECONDS / 60)) minutes (cost.stopAfterIdleHours)"
  fi
}

look() {
  local why
  why=$(reason)
  [ -n "$why" ] || return 0
  echo "the machine shuts down: $why"
  systemctl poweroff
}

[ "${1:-}" = library ] || look
