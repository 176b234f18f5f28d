# shellcheck shell=bash
# Has the gateway send requests again to a server of vLLM that has just started, and waits until it does: before that the
# next one must not restart.
# in:  HOST_NAME, INSTANCE, ENVIRONMENT (folder), STATUS_SOCKET, ADMIN_SOCKET, BACKEND, SERVER, SECONDS_ALLOWED, START (a new one runs the step again)
# out: {}
UNDER_CHANGE=$MARKS/$SERVER.changes

apply() {
  tell_gateway "set server $BACKEND/$SERVER state ready"
  local deadline=$((SECONDS + SECONDS_ALLOWED))
  until [ "$(server_status)" = UP ]; do
    [ "$SECONDS" -lt "$deadline" ] ||
      fatal "the gateway does not take $SERVER back after $SECONDS_ALLOWED s (it says '$(server_status)')" \
        "look at 'journalctl -u shardplan-gateway' and at vLLM's log on that server's host; hosts must reach each other on vLLM's port"
    sleep 1
  done
  rm -f "$UNDER_CHANGE"
  result
}

# An `up` that was cut off may have left it taken out.
drift() {
  [ "$(server_status)" = UP ] || echo "the gateway sends nothing to $SERVER, it says '$(server_status)'"
  [ ! -e "$UNDER_CHANGE" ] || echo "a change of $SERVER did not come to its end"
}

run_step balanced "$@"
