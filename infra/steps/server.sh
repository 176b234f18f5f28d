# shellcheck shell=bash
# What the steps of a server of vLLM share: they go back by themselves to what has served, when a change does not serve.
# in:  INSTANCE, SERVER_UNITS (words: those of the server on this host, vLLM's last; empty on its other hosts), HOSTS (of the
#      server), ADDRESS, PORT, RAY_PORT (empty without Ray), READY_SECONDS, MODEL_NAME (vllm only)

# The units that have served last, in one file, so that they are always of one time.
served_file() { echo "/etc/shardplan/served/${SERVER_UNITS##* }.tar"; }

keep_served() {
  local file temporary
  file=$(served_file)
  temporary="${file%/*}/.shardplan.${file##*/}"
  make_folder "${file%/*}" 755 root
  # shellcheck disable=SC2086 # words
  { tar -C /etc/systemd/system -cf "$temporary" $SERVER_UNITS && mv -f "$temporary" "$file"; } ||
    cannot_write "$file"
  keep "$file"
  rm -f "$file.failed"
}

# Other units than the present ones have served. With Ray on HOSTS that are several, what this one puts back is not enough.
can_go_back() {
  local unit differs=""
  [ -n "${SERVER_UNITS:-}" ] && [ -z "${GOING_BACK:-}" ] && [ -e "$(served_file)" ] || return 1
  for unit in $(tar -tf "$(served_file)"); do
    tar -xOf "$(served_file)" "$unit" | cmp -s - "/etc/systemd/system/$unit" || differs+=" $unit"
  done
  case "$differs" in
    "") return 1 ;;
    *ray*) [ "$HOSTS" = 1 ] ;;
  esac
}

# Ends a step whose change does not serve: after what served before does so again, where there is something.
fail_change() {
  local problem=$1 remedy=$2
  if can_go_back; then go_back "$problem" "$remedy"; fi
  fatal "$problem" "$remedy"
}

# Nothing is left of the change but the reason, so the next `up` tries it again.
go_back() {
  local problem=$1 remedy=$2 vllm=${SERVER_UNITS##* } unit text
  GOING_BACK=yes MODEL_NAME=""
  info "$problem: going back to what served before"
  rm -f "$MARKS/ray$INSTANCE" "$MARKS/vllm$INSTANCE"
  systemctl stop "$vllm" || true
  for unit in $(tar -tf "$(served_file)"); do
    text=$(tar -xOf "$(served_file)" "$unit"; printf x)
    case "$unit" in
      *ray*)
        apply_unit "$unit" "${text%x}" "$SECRETS/ray.env"
        await_ray ;;
      *) apply_unit "$unit" "${text%x}" "$SECRETS/vllm.env" ;;
    esac
  done
  # Ray listens before it counts its own node in: vLLM may still be there too early.
  if await_completion "$vllm" 3; then
    printf '%s' "$problem" >"$(served_file).failed"
    fatal "$problem; the service runs on with the previous version and flags" "$remedy"
  fi
  systemctl stop "$vllm" || true
  show_log "$vllm" 15
  fatal "$problem; what served before does not serve again either: $WHY" "$remedy"
}

# vLLM dies where Ray does not listen yet. Ray that never does is for vLLM's log to say.
await_ray() {
  local second
  for second in $(seq 60); do
    [ -z "$(port_owner "$RAY_PORT")" ] || return 0
    [ "$second" = 60 ] || sleep 1
  done
}

forget_served() { rm -f "$(served_file)" "$(served_file).failed"; }

served_notes() {
  local file
  file=$(served_file).failed
  [ ! -e "$file" ] || echo "runs on with what served before the last change, which failed: $(cat "$file")"
}

# Waits until vLLM answers a completion; if it does not, WHY says so. Arguments: unit, restarts that are forgiven.
await_completion() {
  local unit=$1 forgiven=$2 started=$SECONDS said=$SECONDS restarts
  restarts=$(systemctl show -p NRestarts --value "$unit")
  # shellcheck disable=SC2119
  until completes; do
    died "$unit" $((restarts + forgiven)) && { WHY="vLLM died while it was starting"; return 1; }
    [ $((SECONDS - started)) -lt "$READY_SECONDS" ] ||
      { WHY="vLLM has not answered a completion in $((READY_SECONDS / 60)) minutes"; return 1; }
    if [ $((SECONDS - said)) -ge 15 ]; then
      said=$SECONDS
      info "vLLM: $((SECONDS - started)) s, $(service_log "$unit" -n 1 | cut -c1-160)"
    fi
    sleep 2
  done
  info "vLLM answered a completion after $((SECONDS - started)) s"
}

died() {
  local unit=$1 restarts=$2 now
  now=$(systemctl show -p NRestarts --value "$unit")
  [ "$now" -le "$restarts" ] || return 0
  if [ "$now" -eq "$restarts" ]; then [ "$(systemctl show -p SubState --value "$unit")" != running ]; else ! is_running "$unit"; fi
}

# The key goes to curl on its standard input: a command line is readable for every user of the host.
ask() {
  local path=$1
  shift
  printf 'header = "Authorization: Bearer %s"\n' "$(cat "$SECRETS/engine-key")" |
    curl --silent --show-error --fail --max-time 60 --config - "$@" "http://$ADDRESS:$PORT$path"
}

# One of the planned model; of whatever is served, while MODEL_NAME is empty. Arguments are curl's.
# shellcheck disable=SC2120 # steps give them
completes() {
  local name
  name=${MODEL_NAME:-$(ask /v1/models 2>/dev/null | jq -r '.data[0].id // empty')}
  ask /v1/completions -H 'Content-Type: application/json' --output /dev/null \
    --data "{\"model\":$(json_string "$name"),\"prompt\":\"Hello\",\"max_tokens\":1}" "$@" 2>/dev/null
}
