# shellcheck shell=bash
# Loads the service as the plan says it is loaded, and says what was measured; the program holds that against the plan.
# in:  HOST_NAME, ENVIRONMENT (folder), PROGRAM, JOB (JSON for it), FOLDER, SECONDS_ALLOWED, SERVED (a change runs the step again)
# out: {"completed","failed","seconds","outputTokensPerSecond","promptTokens","firstToken","decode","prefill","host":{"wantedCores","cores"}} (ms)

apply() {
  trap 'rm -f "$FOLDER/key.env"' EXIT
  mkdir -p "$FOLDER"
  chown "$ENGINE_USER" "$FOLDER"
  write_file "$FOLDER/load_proof.py" 644 root "$PROGRAM" || true
  write_file "$FOLDER/job.json" 644 root "$JOB" || true
  rm -f "$FOLDER/load-proof.json"
  write_file "$FOLDER/key.env" 600 root "OPENAI_API_KEY=$(cat "$SECRETS/api-key")"$'\n' || true
  info "loading the service for the proof"
  run_long load "$SECONDS_ALLOWED" --property=User="$ENGINE_USER" --property=EnvironmentFile="$FOLDER/key.env" \
    --property=StandardInput="file:$FOLDER/job.json" --setenv=HOME="$STATE" --setenv=HF_HUB_OFFLINE=1 \
    --setenv=VLLM_NO_USAGE_STATS=1 --setenv=PATH="$ENVIRONMENT/bin:/usr/bin:/bin" --property=Nice=5 -- \
    "$ENVIRONMENT/bin/python" "$FOLDER/load_proof.py" ||
    { tail -n 15 "$LOGS/load.log" | cut -c1-300 | plain >&2
      fatal "the load test did not come to its end" "see the lines above and $LOGS/load.log; or leave it out: pulumi config set --path shardplan:proof.load false"; }
  [ -s "$FOLDER/load-proof.json" ] || fatal "the load test left no result" "run pulumi up again"
  jq -c '{changes: 0} + .' "$FOLDER/load-proof.json"
}

remove() {
  rm -rf "$FOLDER"
  result
}

run_step load "$@"
