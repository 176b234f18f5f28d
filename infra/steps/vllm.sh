# shellcheck shell=bash
# vLLM as a service. Done only when it has answered a real completion: /health and /v1/models can say 200 while
# generation is dead (vllm-project/vllm #53157). Fails at the first death while loading, with the log, and goes back to
# what served before.
# uses: server.sh
# in:  HOST_NAME, UNIT, UNIT_TEXT, UNITS_HERE (words: of all servers that belong on this host), READY (file of the watchdog),
#      ENGINE_KEY (secret), and those of server.sh
# out: {"version","kvCacheTokens","start"}

apply() {
  stop_others
  write_file "$SECRETS/engine-key" 600 root "$ENGINE_KEY"$'\n' || true
  write_file "$SECRETS/vllm.env" 600 root "VLLM_API_KEY=$ENGINE_KEY"$'\n' || true
  apply_unit "$UNIT" "$UNIT_TEXT" "$SECRETS/vllm.env"
  wake
  await_completion "$UNIT" 0 || give_up
  keep_served
  # The watchdog looks only every some seconds.
  [ ! -d "${READY%/*}" ] || install -m 600 /dev/null "$READY"
  result "version=$(server_version)" "kvCacheTokens:=$(kv_cache_tokens)" "start=$(start_of "$UNIT")"
}

remove() {
  remove_unit "$UNIT"
  forget_served
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

notes() {
  unit_notes "$UNIT"
  served_notes
}

drift() {
  local found
  found=$(unit_drift "$UNIT" "$SECRETS/vllm.env")
  # After a boot vLLM may serve before the watchdog has asked it.
  if [ -n "$found" ]; then echo "$found"; elif [ ! -e "$READY" ] && ! completes --max-time 10; then echo "vLLM does not answer"; fi
}

# A server that listens has loaded: one that does not answer all the same will not begin to.
wake() {
  [ -n "$(port_owner "$PORT")" ] && ! completes && ! completes || return 0
  info "vLLM listens and does not answer: killing it"
  systemctl kill --signal=KILL --kill-whom=all "$UNIT"
  start_unit "$UNIT"
  note_start "$UNIT"
}

server_version() { ask /version | sed -n 's/.*"version":"\([^"]*\)".*/\1/p'; }

# vLLM says it once while it starts; 0 if the journal has forgotten. This start's lines only: months of journal take minutes.
kv_cache_tokens() {
  service_log "$UNIT" | sed -n 's/.*KV cache size: \([0-9,]*\) tokens.*/\1/p' | tail -n 1 | tr -d , | grep . || echo 0
}

# A server that cannot start is stopped, so that it does not load 140 GB again and again until someone looks.
give_up() {
  systemctl stop "$UNIT" || true
  show_log "$UNIT" 30
  local reason
  reason=$(first_error)
  fail_change "$WHY${reason:+: $reason}" "remove the cause (more in journalctl -u $UNIT) and run pulumi up again"
}

# The first exception of this start is the cause; what Ray and the engine's parent process raise after it only repeats that it failed.
first_error() {
  service_log "$UNIT" | grep -v WARNING |
    grep -oE '([A-Za-z_]+\.)*[A-Z][A-Za-z]*(Error|Exception): .*|error: .*' |
    grep -vE '^ray\.exceptions\.|^RuntimeError: Engine core init' | head -n 1 | cut -c1-300 || true
}

run_step vllm "$@"
