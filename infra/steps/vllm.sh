# shellcheck shell=bash
# vLLM as a service. Done only when it has answered a real completion: /health and /v1/models can say 200 while
# generation is dead (vllm-project/vllm #53157). Fails at the first death while loading, with the log.
# in:  HOST_NAME, UNIT, UNIT_TEXT, PORT, MODEL_NAME, READY_SECONDS, READY (file of the watchdog), API_KEY (secret; empty: made here, kept)
# out: {"version","kvCacheTokens","keyId" (changes when the key does, says nothing of it),"start"}

apply() {
  make_api_key
  write_file "$SECRETS/vllm.env" 600 root "VLLM_API_KEY=$(cat "$SECRETS/api-key")"$'\n' || true
  apply_unit "$UNIT" "$UNIT_TEXT" "$SECRETS/vllm.env"
  wake
  wait_until_ready
  # The watchdog looks only every some seconds.
  [ ! -d "${READY%/*}" ] || : >"$READY"
  result "version=$(server_version)" "kvCacheTokens:=$(kv_cache_tokens)" "keyId=$(stat -c %Y "$SECRETS/api-key")" "start=$(start_of "$UNIT")"
}

# The key stays for a service that is only replaced: clients have it. It goes with the folder of secrets.
remove() {
  remove_unit "$UNIT"
  rm -f "$SECRETS/vllm.env"
  result
}

notes() { unit_notes "$UNIT"; }

drift() {
  local found
  found=$(unit_drift "$UNIT" "$UNIT_TEXT" "$SECRETS/vllm.env")
  if [ -n "$found" ]; then echo "$found"; elif [ ! -e "$READY" ]; then echo "vLLM does not answer"; fi
}

# A server that listens has loaded: one that does not answer all the same will not begin to.
wake() {
  [ -n "$(port_owner "$PORT")" ] && ! completes && ! completes || return 0
  info "vLLM listens and does not answer: killing it"
  systemctl kill --signal=KILL --kill-whom=all "$UNIT"
  start_unit "$UNIT"
  note_start "$UNIT"
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

# The key goes to curl on its standard input: a command line is readable for every user of the host.
ask() {
  local path=$1
  shift
  printf 'header = "Authorization: Bearer %s"\n' "$(cat "$SECRETS/api-key")" |
    curl --silent --show-error --fail --max-time 60 --config - "$@" "http://127.0.0.1:$PORT$path"
}

completes() {
  ask /v1/completions -H 'Content-Type: application/json' --output /dev/null \
    --data "{\"model\":$(json_string "$MODEL_NAME"),\"prompt\":\"Hello\",\"max_tokens\":1}" 2>/dev/null
}

server_version() { ask /version | sed -n 's/.*"version":"\([^"]*\)".*/\1/p'; }

# vLLM says it once while it starts; 0 if the journal has forgotten. This start's lines only: months of journal take minutes.
kv_cache_tokens() {
  service_log "$UNIT" | sed -n 's/.*KV cache size: \([0-9,]*\) tokens.*/\1/p' | tail -n 1 | tr -d , | grep . || echo 0
}

wait_until_ready() {
  local started=$SECONDS said=$SECONDS restarts
  restarts=$(systemctl show -p NRestarts --value "$UNIT")
  until completes; do
    if [ "$(systemctl show -p NRestarts --value "$UNIT")" != "$restarts" ] ||
      [ "$(systemctl show -p SubState --value "$UNIT")" != running ]; then
      give_up "vLLM died while it was starting"
    fi
    [ $((SECONDS - started)) -lt "$READY_SECONDS" ] || give_up "vLLM has not answered a completion in $((READY_SECONDS / 60)) minutes"
    if [ $((SECONDS - said)) -ge 15 ]; then
      said=$SECONDS
      info "vLLM: $((SECONDS - started)) s, $(service_log "$UNIT" -n 1 | cut -c1-160)"
    fi
    sleep 2
  done
  info "vLLM answered a completion after $((SECONDS - started)) s"
}

# A server that cannot start is stopped, so that it does not load 140 GB again and again until someone looks.
give_up() {
  systemctl stop "$UNIT" || true
  show_log "$UNIT" 30
  local reason
  reason=$(first_error)
  fatal "$1${reason:+: $reason}" "remove the cause (more in journalctl -u $UNIT) and run pulumi up again"
}

# The first exception of this start is the cause; what Ray and the engine's parent process raise after it only repeats that it failed.
first_error() {
  service_log "$UNIT" | grep -v WARNING |
    grep -oE '([A-Za-z_]+\.)*[A-Z][A-Za-z]*(Error|Exception): .*|error: .*' |
    grep -vE '^ray\.exceptions\.|^RuntimeError: Engine core init' | head -n 1 | cut -c1-300 || true
}

run_step vllm "$@"
