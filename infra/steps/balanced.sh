# shellcheck shell=bash
# Has the balancer send requests again to a server of vLLM that has just started, and waits until it does: before that the
# next one must not restart.
# in:  HOST_NAME, INSTANCE, ENVIRONMENT (folder), STATUS_SOCKET, ADMIN_SOCKET, BACKEND, SERVER, SECONDS_ALLOWED, START (a new one runs the step again)
# out: {}
UNDER_CHANGE=$MARKS/$SERVER.changes

apply() {
  tell "set server $BACKEND/$SERVER state ready"
  local deadline=$((SECONDS + SECONDS_ALLOWED))
  until [ "$(status)" = UP ]; do
    [ "$SECONDS" -lt "$deadline" ] ||
      fatal "the balancer does not take $SERVER back after $SECONDS_ALLOWED s (it says '$(status)')" \
        "look at 'journalctl -u shardplan-balancer' and at vLLM's log on that server's host; hosts must reach each other on vLLM's port"
    sleep 1
  done
  rm -f "$UNDER_CHANGE"
  result
}

# Columns of HAProxy's statistics: 1 backend, 2 server, 18 status, which says how many checks are still to pass.
status() {
  curl --silent --max-time 10 --unix-socket "$STATUS_SOCKET" 'http://localhost/;csv' |
    awk -F, -v backend="$BACKEND" -v server="$SERVER" '$1 == backend && $2 == server {print $18}'
}

# An `up` that was cut off may have left it taken out.
drift() {
  [ "$(status)" = UP ] || echo "the balancer sends nothing to $SERVER, it says '$(status)'"
  [ ! -e "$UNDER_CHANGE" ] || echo "a change of $SERVER did not come to its end"
}

tell() {
  "$ENVIRONMENT/bin/python" - "$ADMIN_SOCKET" "$1" <<'PYTHON'
import socket, sys
door = socket.socket(socket.AF_UNIX)
door.connect(sys.argv[1])
door.sendall((sys.argv[2] + "\n").encode())
said = door.recv(4096).decode().strip()
sys.exit(said or None)
PYTHON
}

run_step balanced "$@"
