# shellcheck shell=bash
# Proves that NCCL goes over Elastic Fabric Adapter: while the gateway asks for tokens, which it does every few seconds, the
# counters of the interfaces grow. NCCL that does not find the plugin takes TCP without a word, and answers slowly.
# in:  HOST_NAME, SECONDS_ALLOWED, STARTS (a new one runs the step again)
# out: {"bytes"}
INFINIBAND=/sys/class/infiniband

apply() {
  local before bytes deadline=$((SECONDS + SECONDS_ALLOWED))
  before=$(efa_bytes)
  until bytes=$(efa_bytes) && [ "$bytes" -gt "$before" ]; do
    [ "$SECONDS" -lt "$deadline" ] ||
      fatal "NCCL does not use EFA: its interfaces carried nothing for $SECONDS_ALLOWED s while the service answered" \
        "set NCCL_DEBUG: INFO in serving.environment and look for NET/OFI in 'journalctl -u shardplan-vllm'; or plan with hardware.network tcp"
    sleep 1
  done
  result "bytes:=$((bytes - before))"
}

# Sent and received, over all interfaces.
efa_bytes() {
  local file sum=0
  for file in "$INFINIBAND"/*/ports/1/hw_counters/[tr]x_bytes; do
    [ ! -r "$file" ] || sum=$((sum + $(cat "$file")))
  done
  echo "$sum"
}

run_step efa-traffic "$@"
