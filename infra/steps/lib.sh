# shellcheck shell=bash
# What every step shares. The program sends parameters, this file and one step, in this order, to `bash -s` on the
# host. Parameters are shell variables, not exported: nothing secret stands in a command line, a file or a child's
# environment. Each step ends with `run_step NAME "$@"`, so that a transmission that breaks off runs nothing.
#
# A step defines apply (and remove, if it leaves something running) and ends apply with one `result` call: the last
# line of stdout is one JSON object, everything for people goes to stderr.
set -euo pipefail
umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

# shellcheck disable=SC2034 # steps use them
SECRETS=/etc/shardplan/secrets STATE=/var/lib/shardplan LOGS=/var/log/shardplan ENGINE_USER=shardplan
CHANGES=0

# What a service logs may be cut inside a character or be coloured; the engine takes only valid text.
plain() { tr -cd '\11\12\40-\176'; }

info() { printf '%s: %s\n' "$HOST_NAME" "$*" | plain >&2; }

# What is wrong, then what to do. The last line that a user reads.
fatal() {
  local problem=$1 remedy=$2
  printf 'error: %s: %s; %s\n' "$HOST_NAME" "$problem" "$remedy" | plain >&2
  exit 1
}

# One field of /etc/os-release.
os_release() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" /etc/os-release; }

changed() { CHANGES=$((CHANGES + 1)); info "$*"; }

# One JSON object on stdout: name=text or name:=json.
# shellcheck disable=SC2120 # steps give the arguments
result() {
  local pair out="" name value
  for pair in "changes:=$CHANGES" "$@"; do
    name=${pair%%[=:]*}
    case "$pair" in
      "$name":=*) value=${pair#*:=} ;;
      *) value=$(json_string "${pair#*=}") ;;
    esac
    out+="${out:+,}\"$name\":$value"
  done
  printf '{%s}\n' "$out"
}

json_string() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\t'/\\t}
  text=${text//[[:cntrl:]]/ }
  printf '"%s"' "$text"
}

# Runs apply or remove, alone: a shell that an interrupted `pulumi up` left behind finishes first.
run_step() {
  local step=$1 action=${2:-apply} lock=/run/shardplan/$1.lock
  [ "$(id -u)" = 0 ] || fatal "the SSH user is not root and sudo did not help" "use root, or allow it password-free sudo"
  mkdir -p /run/shardplan "$LOGS"
  exec 9>"$lock"
  if ! flock -n 9; then
    info "waiting for step $step of an earlier run (at most 15 minutes)"
    flock -w 900 9 ||
      fatal "step $step of an earlier run still holds $lock after 15 minutes" "end that process and run pulumi up again"
  fi
  "$action" </dev/null
}

# shellcheck disable=SC2119
remove() { result; }

# Writes a file only if it differs. Returns 0 if it was written, 1 if it was already so.
write_file() {
  local path=$1 mode=$2 owner=$3 content=$4 temporary
  if [ -f "$path" ] && [ "$(cat "$path"; printf x)" = "${content}x" ] &&
    [ "$(stat -c '%a %U' "$path")" = "$mode $owner" ]; then
    return 1
  fi
  # Chained, because callers ask for the status and bash then ignores failures inside. mktemp makes it 600.
  { mkdir -p "$(dirname "$path")" && temporary=$(mktemp "$(dirname "$path")/.shardplan.XXXXXX") &&
    printf '%s' "$content" >"$temporary" && chown "$owner" "$temporary" && chmod "$mode" "$temporary" &&
    mv -f "$temporary" "$path"; } || fatal "cannot write $path" "check free space and mount options of that folder"
  changed "wrote $path"
}

# Writes a unit, enables it, and restarts it unless it runs and was last started with this unit and these files. The
# stamp decides, not whether a file was written just now: a step that was cut off in between must restart next time.
apply_unit() {
  local unit=$1 text=$2 stamp="$SECRETS/.started-$1" sum
  shift 2
  write_file "/etc/systemd/system/$unit" 644 root "$text" || true
  sum=$(cat "/etc/systemd/system/$unit" "$@" | sha256sum)
  systemctl is-enabled --quiet "$unit" 2>/dev/null || systemctl enable --quiet "$unit"
  if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ] || ! systemctl is-active --quiet "$unit"; then
    systemctl daemon-reload
    systemctl reset-failed "$unit" 2>/dev/null || true
    # Not for ever: the job waits for every unit before this one, and vLLM's orderly stop alone takes two minutes.
    timeout 600 systemctl restart "$unit" ||
      { show_log "$unit" 20; fatal "$unit does not start" "see its log above and 'systemctl list-jobs' on the host"; }
    changed "started $unit"
    write_file "$stamp" 600 root "$sum" || true
  fi
}

remove_unit() {
  local unit=$1
  [ -f "/etc/systemd/system/$unit" ] || return 0
  systemctl disable --now --quiet "$unit" 2>/dev/null || true
  rm -f "/etc/systemd/system/$unit" "$SECRETS/.started-$unit"
  systemctl daemon-reload
  systemctl reset-failed "$unit" 2>/dev/null || true
  changed "removed $unit"
}

# The last lines of a service's log, one short line each, for an error that a person reads.
show_log() {
  local unit=$1 lines=${2:-40}
  info "the last $lines lines of $unit:"
  journalctl -u "$unit" -n "$lines" -o cat --no-pager 2>/dev/null | cut -c1-300 | plain >&2 || true
}

# Who listens on a TCP port: "unit name" or "process name (pid)"; nothing if the port is free.
port_owner() {
  local port=$1 line pid unit
  line=$(ss -ltnpH "sport = :$port" 2>/dev/null | head -n 1)
  [ -n "$line" ] || return 0
  pid=$(sed -n 's/.*pid=\([0-9]*\).*/\1/p' <<<"$line")
  [ -n "$pid" ] || { echo "another process"; return 0; }
  unit=$(sed -n 's#.*/\([^/]*\.service\).*#\1#p' "/proc/$pid/cgroup" 2>/dev/null | tail -n 1)
  case "$unit" in
    shardplan-*) echo "$unit" ;;
    *) echo "$(cat "/proc/$pid/comm" 2>/dev/null || echo process) (pid $pid${unit:+, $unit})" ;;
  esac
}

# Stops the step if a port is taken by anyone but our own service.
require_port() {
  local port=$1 unit=$2 remedy=$3 owner
  owner=$(port_owner "$port")
  if [ -n "$owner" ] && [ "$owner" != "$unit" ]; then
    fatal "port $port is in use by $owner" "$remedy"
  fi
}

# Runs long work as a transient unit, so that it survives a lost connection, and follows it with progress lines.
# A second call finds the unit still running and follows it; work with other arguments (another model, another version)
# is let finish first. Arguments: name, limit in seconds, then systemd-run's properties up to --, then the command.
run_long() {
  local name=$1 limit=$2 unit log work properties=()
  shift 2
  unit="shardplan-step-$name.service" log="$LOGS/$name.log" work="shardplan $name $(sha256sum <<<"$*" | cut -c1-16)"
  while [ "$1" != -- ]; do properties+=("$1"); shift; done
  shift
  if is_running "$unit" && [ "$(systemctl show -p Description --value "$unit")" != "$work" ]; then
    info "waiting for what an earlier run began: $unit"
    follow "$unit" "$log" || true
  fi
  if ! is_running "$unit"; then
    systemctl reset-failed "$unit" 2>/dev/null || true
    : >"$log"
    systemd-run --quiet --unit="$unit" --description="$work" --property=RuntimeMaxSec="$limit" \
      --property=StandardOutput="append:$log" --property=StandardError="append:$log" "${properties[@]}" -- "$@"
  fi
  follow "$unit" "$log"
}

# A unit that is just ending counts, too: until then nobody knows whether it failed.
is_running() {
  case "$(systemctl show -p ActiveState --value "$1")" in
    active | activating | deactivating | reloading) return 0 ;;
    *) return 1 ;;
  esac
}

# Waits for a transient unit's end. Returns its success; a unit that failed stays known to systemd until reset.
follow() {
  local unit=$1 log=$2 started=$SECONDS said=$SECONDS
  while is_running "$unit"; do
    sleep 1
    if [ $((SECONDS - said)) -ge 15 ]; then
      said=$SECONDS
      info "$unit: $((SECONDS - started)) s, $(tail -n 1 "$log" | cut -c1-160)"
    fi
  done
  ! systemctl is-failed --quiet "$unit"
}
