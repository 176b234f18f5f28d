# shellcheck shell=bash
# Has the gateway send nothing new to a server of vLLM that is about to restart: a stream that begins while vLLM stops is
# answered with a 200 and then cut. The last server that serves is never taken out. One that answers again and that nobody
# takes back, because its change failed or was cut off, goes on after a minute.
# in:  HOST_NAME, INSTANCE, ENVIRONMENT (folder), STATUS_SOCKET, ADMIN_SOCKET, BACKEND, SERVER, PLANNED (a change runs the step again)
# out: {}
UNDER_CHANGE=$MARKS/$SERVER.changes

apply() {
  : >"$UNDER_CHANGE"
  if [ -n "$(others_up)" ]; then
    tell_gateway "set server $BACKEND/$SERVER state drain"
    watch_over
    changed "took $SERVER out of the gateway"
  fi
  result
}

# Its next change is an end of this one, too.
drift() { [ ! -e "$UNDER_CHANGE" ] || echo "a change of $SERVER did not come to its end"; }

watch_over() {
  local unit="shardplan-step-drained-$SERVER" script="/run/shardplan/drained-$SERVER.sh"
  systemctl stop "$unit" 2>/dev/null || true
  write_file "$script" 700 root "$(declare -p ENVIRONMENT STATUS_SOCKET ADMIN_SOCKET BACKEND SERVER
    declare -f server_statuses server_status tell_gateway take_back)
rm -f $script
take_back" || true
  systemd-run --quiet --collect --unit="$unit" -- /bin/bash "$script"
}

# Ends with the gateway, and when `balanced` was there before.
take_back() {
  local idle=0 now
  while [ "$idle" -lt 60 ]; do
    now=$(server_status)
    case "$now" in "" | UP*) return ;; DRAIN*) idle=$((idle + 2)) ;; *) idle=0 ;; esac
    sleep 2
  done
  tell_gateway "set server $BACKEND/$SERVER state ready"
}

others_up() { server_statuses | awk -v server="$SERVER" '$1 != server && $2 == "UP" {print $1}'; }

run_step drained "$@"
