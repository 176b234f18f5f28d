# shellcheck shell=bash
# Has the balancer send nothing new to a server of vLLM that is about to restart: a stream that begins while vLLM stops is
# answered with a 200 and then cut. The last server that serves is never taken out.
# in:  HOST_NAME, INSTANCE, ENVIRONMENT (folder), STATUS_SOCKET, ADMIN_SOCKET, BACKEND, SERVER, PLANNED (a change runs the step again)
# out: {}

apply() {
  if [ -n "$(others_up)" ]; then
    tell "set server $BACKEND/$SERVER state drain"
    changed "took $SERVER out of the balancer"
  fi
  result
}

# Columns of HAProxy's statistics: 1 backend, 2 server, 18 status.
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
