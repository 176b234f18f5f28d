# shellcheck shell=bash
# vLLM as a service. Done only when it has answered a real completion: /health and /v1/models can say 200 while
# generation is dead (vllm-project/vllm #53157). Fails at the first death while loading, with the log.
# in:  HOST_NAME, INSTANCE, UNIT, UNIT_TEXT, UNITS_HERE (words: of all servers that belong on this host), ADDRESS, PORT, MODEL_NAME,
#      READY_SECONDS, READY (file of the watchdog), ENGINE_KEY (secret)
# out: {"version","kvCacheTokens","start"}

apply() {
  stop_others
  write_file "$SECRETS/engine-key" 600 root "$ENGINE_KEY"$'\n' || true
  write_file "$SECRETS/vllm.env" 600 root "VLLM_API_KEY=$ENGINE_KEY"$'\n' || true
  apply_unit "$UNIT" "$UNIT_TEXT" "$SECRETS/vllm.env"
  wake
  wait_until_ready
  # The watchdog looks only every some seconds.
  [ ! -d "${READY%/*}" ] || : >"$READY"
  result "version=$(server_version)" "kvCacheTokens:=$(kv_cache_tokens)" "start=$(start_of "$UNIT")"
}

remove() {
  remove_unit "$UNIT"
  compgen -G '/etc/systemd/system/shardplan-vllm*.service' >/dev/null || rm -f "$SECRETS/vllm.env" "$SECRETS/engine-key"
  result
}

# Servers of an earlier plan hold GPUs that this one needs; their own removal comes last of all.
stop_others() {
  local file other
  for file in /etc/systemd/system/shardplan-vllm*.service; do
    other=${file##*/}
    case " $UNITS_HERE " in *" $other "*) continue ;; esac
    systemctl is-active --quiet "$other" || continue
    systemctl stop "$other"
    changed "stopped $other, which the plan no longer has"
  done
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

# The key goes to curl on its standard input: a command line is readable for every user of the host.
ask() {
  local path=$1
  shift
  printf 'header = "Authorization: Bearer %s"\n' "$ENGINE_KEY" |
    curl --silent --show-error --fail --max-time 60 --config - "$@" "http://$ADDRESS:$PORT$path"
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
