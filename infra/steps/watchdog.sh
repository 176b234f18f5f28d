# shellcheck shell=bash
# The watchdog beside a server of vLLM: it restarts an engine that no longer answers, and says when it serves.
# in:  HOST_NAME, INSTANCE, UNIT, UNIT_TEXT, PROGRAM_FILE, PROGRAM, READY (the file that says that vLLM serves)
# out: {}

apply() {
  write_file "$PROGRAM_FILE" 755 root "$PROGRAM" || true
  apply_unit "$UNIT" "$UNIT_TEXT" "$PROGRAM_FILE"
  local deadline=$((SECONDS + 120))
  until [ -e "$READY" ]; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      show_log "$UNIT" 5
      fatal "the watchdog gets no answer from vLLM in two minutes" "see its log above and 'journalctl -u shardplan-vllm$INSTANCE'"
    fi
    sleep 1
  done
  result
}

remove() {
  remove_unit "$UNIT"
  rm -f "$READY"
  compgen -G '/etc/systemd/system/shardplan-watchdog*.service' >/dev/null || rm -rf "$PROGRAM_FILE" "$(dirname "$READY")"
  result
}

notes() { unit_notes "$UNIT"; }

drift() { unit_drift "$UNIT" "$PROGRAM_FILE"; }

run_step watchdog "$@"
