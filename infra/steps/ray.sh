# shellcheck shell=bash
# Ray on one node, as a service: the head or a worker. A worker is done only when the head counts it in.
# uses: server.sh
# in:  HOST_NAME, UNIT, UNIT_TEXT, ENVIRONMENT, HEAD_ADDRESS, NODE_ADDRESS, RAY_TOKEN (secret), and those of server.sh
# out: {"node","start"}

apply() {
  write_file "$SECRETS/ray.env" 600 root "$(secret_lines)" || true
  apply_unit "$UNIT" "$UNIT_TEXT" "$SECRETS/ray.env"
  wait_for_node
  result "node=$NODE_ADDRESS" "start=$(start_of "$UNIT")"
}

remove() {
  remove_unit "$UNIT"
  compgen -G '/etc/systemd/system/shardplan-ray-*.service' >/dev/null || rm -f "$SECRETS/ray.env"
  result
}

notes() { unit_notes "$UNIT"; }

drift() { unit_drift "$UNIT" "$SECRETS/ray.env"; }

# With a token nobody else on the network can hand Ray code to run (CVE-2023-48022).
secret_lines() { printf 'RAY_AUTH_MODE=token\nRAY_AUTH_TOKEN=%s\n' "$RAY_TOKEN"; }

# The head's control store answers and lists this node as alive.
node_is_alive() {
  RAY_AUTH_MODE=token RAY_AUTH_TOKEN="$RAY_TOKEN" RAY_DEDUP_LOGS=0 timeout --kill-after=10 60 "$ENVIRONMENT/bin/python" - \
    "$HEAD_ADDRESS:$RAY_PORT" "$NODE_ADDRESS" >>"$LOGS/ray.log" 2>&1 <<'PYTHON'
import sys
from ray._raylet import GcsClient
address, node = sys.argv[1:]
nodes = GcsClient(address=address).get_all_node_info(timeout=20)
alive = [info.node_manager_address for info in nodes.values() if info.state == 0]
print("alive:", alive)
sys.exit(0 if node in alive else 1)
PYTHON
}

wait_for_node() {
  local deadline=$((SECONDS + 300)) restarts
  restarts=$(systemctl show -p NRestarts --value "$UNIT")
  until node_is_alive; do
    note_start "$UNIT"
    if [ "$(systemctl show -p NRestarts --value "$UNIT")" -ge $((restarts + 3)) ] || [ "$SECONDS" -ge "$deadline" ]; then
      show_log "$UNIT"
      fail_change "Ray does not come up on $NODE_ADDRESS (head $HEAD_ADDRESS:$RAY_PORT)" \
        "see the log above; hosts must reach each other on every port, and Ray's version must be the same on all"
    fi
    sleep 2
  done
  info "Ray node $NODE_ADDRESS is alive"
}

run_step ray "$@"
