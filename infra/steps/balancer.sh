# shellcheck shell=bash
# The balancer between the gateway and the servers of vLLM, and the clients' keys: an HAProxy of our own beside any that
# the host has. Other servers and other keys are taken over without a connection lost.
# in:  HOST_NAME, UNIT, UNIT_TEXT, CONFIG_FILE, CONFIG, KEYS_FILE, PORT, ENGINE_KEY (secret, by which servers know the balancer),
#      API_KEY (secret; empty: made here, kept), API_KEYS (secret; lines of a further key and the name of who has it)
# out: {"keyId" (changes when a key does, says nothing of it),"start"}
ENVIRONMENT_FILE=$SECRETS/balancer.env
GATEWAY_USER=shardplan-gateway

apply() {
  make_api_key
  write_file "$ENVIRONMENT_FILE" 600 root "SHARDPLAN_ENGINE_KEY=$ENGINE_KEY"$'\n' || true
  write_file "$KEYS_FILE" 600 "$GATEWAY_USER" "$(keys)"$'\n' || true
  write_file "$CONFIG_FILE" 600 "$GATEWAY_USER" "$CONFIG" || true
  check_configuration
  apply_unit "$UNIT" "$UNIT_TEXT" "$ENVIRONMENT_FILE"
  reload
  wait_for_port
  result "keyId=$(stat -c %Y "$KEYS_FILE")" "start=$(start_of "$UNIT")"
}

# The key stays for a balancer that is only replaced: clients have it. It goes with the folder of secrets.
remove() {
  remove_unit "$UNIT"
  rm -rf "$ENVIRONMENT_FILE" "$(dirname "$CONFIG_FILE")" "$(loaded_stamp)"
  result
}

notes() { unit_notes "$UNIT"; }

drift() {
  [ "$(cat "$CONFIG_FILE" 2>/dev/null; printf x)" = "${CONFIG}x" ] || echo "$CONFIG_FILE was edited"
  [ "$(cat "$KEYS_FILE" 2>/dev/null)" = "$(keys)" ] || echo "$KEYS_FILE is not the keys that were put there"
  unit_drift "$UNIT" "$UNIT_TEXT" "$ENVIRONMENT_FILE"
}

# The key is made on the host and stays there, in a file that only root reads; a given key replaces it.
make_api_key() {
  [[ $API_KEY =~ ^[A-Za-z0-9._~+/=-]*$ ]] ||
    fatal "the secret shardplan:apiKey has characters that a bearer token cannot have" "use letters, digits and . _ ~ + / = -"
  if [ -n "$API_KEY" ]; then
    write_file "$SECRETS/api-key" 600 root "$API_KEY"$'\n' || true
  elif [ ! -s "$SECRETS/api-key" ]; then
    write_file "$SECRETS/api-key" 600 root "sk-$(head -c 32 /dev/urandom | base64 | tr -dc 'A-Za-z0-9')"$'\n'
  fi
}

# Lines of a key and the name of who has it.
keys() {
  echo "$(cat "$SECRETS/api-key") default"
  [ -z "${API_KEYS:-}" ] || printf '%s\n' "$API_KEYS"
}

check_configuration() {
  local complaint
  complaint=$(SHARDPLAN_ENGINE_KEY=check timeout 60 haproxy -c -f "$CONFIG_FILE" 2>&1) && return 0
  rm -f "$CONFIG_FILE"
  fatal "HAProxy refuses its configuration: $(grep -m1 ALERT <<<"$complaint" | cut -c1-300)" "report this; the service runs on with the old one"
}

loaded_stamp() { echo "$SECRETS/.loaded-$UNIT"; }

# A new worker takes over the sockets; the old one ends with its last stream. What was loaded last decides, not what this
# run has written: a step that was cut off must reload next time.
reload() {
  local sum start
  start=$(start_of "$UNIT")
  sum="$start $(cat "$CONFIG_FILE" "$KEYS_FILE" | sha256sum)"
  [ "$(cat "$(loaded_stamp)" 2>/dev/null)" != "$sum" ] || return 0
  # A unit that this run has started has read them.
  if [ -e "$(loaded_stamp)" ] && [ "$(cut -d' ' -f1 "$(loaded_stamp)")" = "$start" ]; then
    systemctl reload "$UNIT"
    changed "reloaded $UNIT"
  fi
  write_file "$(loaded_stamp)" 600 root "$sum" || true
}

wait_for_port() {
  local deadline=$((SECONDS + 60))
  until [ "$(port_owner "$PORT")" = "$UNIT" ]; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      show_log "$UNIT" 20
      fatal "the balancer does not listen on port $PORT" "see its log above"
    fi
    sleep 1
  done
}

run_step balancer "$@"
