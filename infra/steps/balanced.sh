# shellcheck shell=bash
# Waits until the balancer sends requests to a server of vLLM that has just started: before that the next one must not
# restart.
# in:  HOST_NAME, INSTANCE, SOCKET (of the balancer's statistics), BACKEND, SERVER, SECONDS_ALLOWED, START (a new one runs the step again)
# out: {}

apply() {
  local deadline=$((SECONDS + SECONDS_ALLOWED))
  until [ "$(status)" = UP ]; do
    [ "$SECONDS" -lt "$deadline" ] ||
      fatal "the balancer does not take $SERVER back after $SECONDS_ALLOWED s (it says '$(status)')" \
        "look at 'journalctl -u shardplan-balancer' and at vLLM's log on that server's host; hosts must reach each other on vLLM's port"
    sleep 1
  done
  result
}

# Columns of HAProxy's statistics: 1 backend, 2 server, 18 status, which says how many checks are still to pass.
status() {
  curl --silent --max-time 10 --unix-socket "$SOCKET" 'http://localhost/;csv' |
    awk -F, -v backend="$BACKEND" -v server="$SERVER" '$1 == backend && $2 == server {print $18}'
}

run_step balanced "$@"
