# shellcheck shell=bash
# Has the balancer send nothing new to a server of vLLM that is about to restart: a stream that begins while vLLM stops is
# answered with a 200 and then cut. The last server that serves is never taken out. One that answers again and that nobody
# takes back, because its change failed or was cut off, goes on after a minute.
# in:  HOST_NAME, INSTANCE, ENVIRONMENT (folder), STATUS_SOCKET, ADMIN_SOCKET, BACKEND, SERVER, PLANNED (a change runs the step again)
# out: {}
UNDER_CHANGE=$MARKS/$SERVER.changes

apply() {
  : >"$UNDER_CHANGE"
  if [ -n "$(others_up)" ]; then
    tell "set server $BACKEND/$SERVER state drain"
    watch_over
    changed "took $SERVER out of the balancer"
  fi
  result
}

# Its next change is an end of this one, too.
drift() { [ ! -e "$UNDER_CHANGE" ] || echo "a change of $SERVER did not come to its end"; }

watch_over() {
  local unit="shardplan-step-drained-$SERVER" script="/run/shardplan/drained-$SERVER.sh"
  systemctl stop "$unit" 2>/dev/null || true
  write_file "$script" 700 root "$(declare -p ENVIRONMENT STATUS_SOCKET ADMIN_SOCKET BACKEND SERVER
    declare -f status tell take_back)
take_back" || true
  systemd-run --quiet --collect --unit="$unit" -- /bin/bash "$script"
}

# Ends with the balancer, and when `balanced` was there before.
take_back() {
  local idle=0 now
  while [ "$idle" -lt 60 ]; do
    now=$(status)
    case "$now" in "" | UP*) return ;; DRAIN*) idle=$((idle + 2)) ;; *) idle=0 ;; esac
    sleep 2
  done
  tell "set server $BACKEND/$SERVER state ready"
}

# Columns of HAProxy's statistics: 1 backend, 2 server, 18 status.
status() {
  curl --silent --max-time 10 --unix-socket "$STATUS_SOCKET" 'http://localhost/;csv' |
    awk -F, -v backend="$BACKEND" -v server="$SERVER" '$1 == backend && $2 == server {print $18}'
}

others_up() {
  curl --silent --max-time 10 --unix-socket "$STATUS_SOCKET" 'http://localhost/;csv' |
    awk -F, -v backend="$BACKEND" -v server="$SERVER" '$1 == backend && $2 != "BACKEND" && $2 != server && $18 ~ /^UP/ {print $2}'
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

run_step drained "$@"
