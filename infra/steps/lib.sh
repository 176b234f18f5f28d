# shellcheck shell=bash
# What every step shares. The program sends parameters, this file and one step, in this order, to `bash -s` on the
# host. Parameters are shell variables, not exported: nothing secret stands in a command line, a file or a child's
# environment. Each step ends with `run_step NAME "$@"`, so that a transmission that breaks off runs nothing.
#
# A step defines apply (and remove, if it leaves something running) and ends apply with one `result` call: the last
# line of stdout is one JSON object, everything for people goes to stderr. `drift` says what is no longer as apply left
# it, one line each; `notes` what a person should know and no step can put right. Both only look, and quickly.
set -euo pipefail
umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

# shellcheck disable=SC2034 # steps use them
SECRETS=/etc/shardplan/secrets STATE=/var/lib/shardplan LOGS=/var/log/shardplan ENGINE_USER=shardplan
MARKS=/etc/shardplan/marks
# shellcheck disable=SC2034 # each made by one step, and cleared up by the last to be removed
MASKED=/etc/shardplan/masked-units JOURNAL_LIMIT=/etc/systemd/journald.conf.d/shardplan.conf APT_HOLD=/etc/apt/apt.conf.d/99shardplan-nvidia KERNEL_MODULES=/etc/modules-load.d/shardplan-nvidia.conf NOUVEAU_OFF=/etc/modprobe.d/shardplan-nouveau.conf
# shellcheck disable=SC2034
MASKED_BY_MONITORING=/etc/shardplan/masked-monitoring-units METRICS=/var/lib/private/shardplan-prometheus
CHANGES=0
# Files that this run has put where they belong, or found there.
KEPT=()
# Starts of services that this step has seen (unit/systemd's id of the start). What the process before them logged ends
# with its orderly stop, which explains nothing.
STARTS=()

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

# What a change ends with that does not come up; server.sh does more.
fail_change() { fatal "$@"; }

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

json_list() {
  local item out=""
  for item in "$@"; do out+="${out:+,}$(json_string "$item")"; done
  printf '[%s]' "$out"
}

# Runs apply or remove, alone: a shell that an interrupted `pulumi up` left behind finishes first. Or only looks.
run_step() {
  # A step that a host has for each of its servers says which: INSTANCE.
  local step=$1${INSTANCE:-} action=${2:-apply} lock=/run/shardplan/$1${INSTANCE:-}.lock
  [ "$(id -u)" = 0 ] || fatal "the SSH user is not root and sudo did not help" "use root, or allow it password-free sudo"
  if [ "$action" = look ]; then look "$step" </dev/null; return; fi
  mkdir -p /run/shardplan "$LOGS"
  exec 9>"$lock"
  if ! flock -n 9; then
    info "waiting for step $step of an earlier run (at most 15 minutes)"
    flock -w 900 9 ||
      fatal "step $step of an earlier run still holds $lock after 15 minutes" "end that process and run pulumi up again"
  fi
  rm -f "$MARKS/$step"
  "$action" </dev/null
  [ "$action" = remove ] || leave_mark "$step"
}

# The mark of a run that came to its end; the program compares it with the one that it knows.
leave_mark() {
  { mkdir -p "$MARKS" && list_kept >"$MARKS/.$1.files" && mv -f "$MARKS/.$1.files" "$MARKS/$1.files" &&
    printf '%s' "${MARK:-}" >"$MARKS/.$1" && mv -f "$MARKS/.$1" "$MARKS/$1"; } || cannot_write "$MARKS/$1"
}

# What a step leaves in a file is its own: any change of it is somebody else's. Not so what services write below /var, what
# is gone with a boot, and stamps of starts.
keep() {
  case "$1" in
    /run/* | /var/* | */.*) ;;
    *) KEPT+=("$1") ;;
  esac
}

list_kept() { [ ${#KEPT[@]} -eq 0 ] || printf '%s\n' "${KEPT[@]}" | sort -u | while read -r file; do echo "$(file_sum "$file") $file"; done; }

# Content, mode and owner, as one word; of a folder mode and owner.
file_sum() { { stat -c '%a %U' "$1" && { [ -d "$1" ] || cat "$1"; }; } 2>/dev/null | sha256sum | cut -c1-16; }

# What is no longer as the step with that mark left it; "$1" is the mark.
files_drift() {
  local sum file
  # Without the list nothing would be held against the host: the step makes it anew.
  [ -e "$MARKS/$1.files" ] || { echo "$MARKS/$1.files is gone"; return 0; }
  while read -r sum file; do
    if [ ! -e "$file" ]; then echo "$file is gone"
    elif [ "$(file_sum "$file")" = "$sum" ]; then continue
    elif [ -d "$file" ]; then echo "$file has another mode or owner"
    else echo "$file was edited"; fi
  done <"$MARKS/$1.files"
}

cannot_write() { fatal "cannot write $1" "check free space and mount options of that folder"; }

look() {
  local mark=null found=() noted=()
  mapfile -t noted < <(notes)
  if [ -e "$MARKS/$1" ]; then
    mark=$(json_string "$(cat "$MARKS/$1")")
    mapfile -t found < <(files_drift "$1"; drift)
  fi
  printf '{"mark":%s,"drift":%s,"notes":%s,"time":%s}\n' "$mark" "$(json_list "${found[@]}")" "$(json_list "${noted[@]}")" "$(date +%s)"
}

# shellcheck disable=SC2119
remove() { result; }

drift() { :; }

notes() { :; }

# Writes a file only if it differs. Returns 0 if it was written, 1 if it was already so. What a run that was killed has
# half written has always the same name, so that the next one writes over it.
write_file() {
  local path=$1 mode=$2 owner=$3 content=$4 temporary="${1%/*}/.shardplan.${1##*/}"
  if [ -f "$path" ] && [ "$(cat "$path"; printf x)" = "${content}x" ] &&
    [ "$(stat -c '%a %U' "$path")" = "$mode $owner" ]; then
    [ ! -e "$temporary" ] || rm -f "$temporary"
    keep "$path"
    return 1
  fi
  # Chained, because callers ask for the status and bash then ignores failures inside.
  { mkdir -p "${path%/*}" && install -m 600 /dev/null "$temporary" && printf '%s' "$content" >"$temporary" &&
    chown "$owner" "$temporary" && chmod "$mode" "$temporary" && mv -f "$temporary" "$path"; } || { rm -f "$temporary"; cannot_write "$path"; }
  keep "$path"
  changed "wrote $path"
}

# A folder of ours with its mode and owner.
make_folder() {
  local path=$1 mode=$2 owner=$3
  KEPT+=("$path")
  [ "$(stat -c '%a %U' "$path" 2>/dev/null)" != "$mode $owner" ] || return 0
  mkdir -p "$path"
  chown "$owner:" "$path"
  chmod "$mode" "$path"
  changed "made $path"
}

# Writes a unit, enables it, and restarts it unless it runs as it should. Further arguments are its files.
apply_unit() {
  local unit=$1 text=$2
  shift 2
  write_file "/etc/systemd/system/$unit" 644 root "$text" || true
  let_go "$unit"
  if ! runs_with "$unit" "$@"; then
    start_unit "$unit"
  # What it will be started with the next time.
  elif [ "$(systemctl show -p NeedDaemonReload --value "$unit")" = yes ]; then
    systemctl daemon-reload
  fi
  stamp_start "$unit" "$@"
  systemctl is-enabled --quiet "$unit" || systemctl enable --quiet "$unit"
  note_start "$unit"
}

unit_sum() { (cd /etc/systemd/system && cat "$@" 2>/dev/null | sha256sum); }

# With which files a unit runs, and in which of its starts.
start_stamp() { unit_sum "$@"; start_of "$1"; }

stamp_start() {
  local stamp="$SECRETS/.started-$1" text
  text=$(start_stamp "$@")
  [ "$(cat "$stamp" 2>/dev/null)" = "$text" ] || { (umask 077; printf '%s' "$text" >"$stamp.new") && mv -f "$stamp.new" "$stamp"; } || cannot_write "$stamp"
}

# Whether a unit runs with its present files. What is there decides, not what this run has written: a step that was cut
# off must restart next time, and so must a service that somebody has restarted with other files.
runs_with() {
  local unit=$1 stamp
  systemctl is-active --quiet "$unit" || return 1
  stamp=$(cat "$SECRETS/.started-$unit" 2>/dev/null) || return 1
  # What was edited and put back has not reached the process that was started before.
  [ "$stamp" != "$(start_stamp "$@")" ] || return 0
  # Started again since, by systemd or somebody: with these files where none of them was written later.
  [ "${stamp%%$'\n'*}" = "$(unit_sum "$@")" ] || return 1
  shift
  # Started by us, and so after them, in the second in which they were written.
  written "$unit" -le "/etc/systemd/system/$unit" "$@"
}

# Whether a unit is in the start that we have seen with the files that were put there, whatever has become of them.
runs_untouched() { [ -n "$(start_of "$1")" ] && [ "$(sed -n 2p "$SECRETS/.started-$1" 2>/dev/null)" = "$(start_of "$1")" ]; }

# A process that a signal holds (SIGSTOP) does nothing, and its unit looks as if it ran.
is_held() { ps -eo stat=,unit= | awk -v unit="$1" '$1 ~ /^T/ && $2 == unit {found = 1} END {exit !found}'; }

let_go() {
  is_held "$1" || return 0
  systemctl kill --signal=CONT --kill-whom=all "$1"
  changed "continued $1, which a signal held"
}

# Whether all of the files were written before (-lt) the unit was started, or in the same second (-le).
written() {
  local unit=$1 than=$2 started file
  shift 2
  started=$(systemctl show -p ActiveEnterTimestamp --value --timestamp=unix "$unit")
  for file in "$@"; do
    test "$(stat -c %Y "$file")" "$than" "${started#@}" || return 1
  done
}

start_unit() {
  local unit=$1
  systemctl daemon-reload
  # Again, because other units may want it than the last time.
  systemctl reenable --quiet "$unit"
  systemctl reset-failed "$unit" 2>/dev/null || true
  # Not for ever: the job waits for every unit before this one, and vLLM's orderly stop alone takes two minutes.
  timeout 600 systemctl restart "$unit" ||
    { show_log "$unit" 20
      fail_change "$unit does not start" "see its log above and 'systemctl list-jobs' on the host"; }
  changed "started $unit"
}

# What systemd calls the present, or latest, start of a unit.
start_of() { systemctl show -p InvocationID --value "$1"; }

# Remembers that start.
note_start() {
  local start
  start=$(start_of "$1")
  [ -n "$start" ] || return 0
  case " ${STARTS[*]} " in *" $1/$start "*) ;; *) STARTS+=("$1/$start") ;; esac
}

# What a service has logged, and systemd about it, since the first start of it that this step has seen; with none seen,
# in its present one. Further arguments are journalctl's.
service_log() {
  local unit=$1 start matches=()
  shift
  case " ${STARTS[*]}" in *" $unit/"*) ;; *) note_start "$unit" ;; esac
  for start in "${STARTS[@]}"; do
    [ "${start%/*}" = "$unit" ] || continue
    [ ${#matches[@]} -eq 0 ] || matches+=(+)
    matches+=("_SYSTEMD_INVOCATION_ID=${start#*/}" + "INVOCATION_ID=${start#*/}")
  done
  [ ${#matches[@]} -gt 0 ] || matches=("--unit=$unit")
  journalctl -o cat --no-pager "$@" "${matches[@]}" 2>/dev/null || true
}

# What differs from a unit that runs as apply_unit started it. Further arguments are its files.
unit_drift() {
  local unit=$1
  shift
  systemctl is-enabled --quiet "$unit" || echo "$unit does not start at boot"
  systemctl is-active --quiet "$unit" || { echo "$unit does not run"; return; }
  ! is_held "$unit" || echo "$unit runs, and a signal (SIGSTOP) holds it"
  runs_untouched "$unit" || runs_with "$unit" "$@" || echo "$unit runs with other files than were put there"
}

# Keeps a unit that a package brings, and that we run in our own way, from starting; noted first, so that the host's removal
# gives it back.
mask_foreign() {
  local unit=$1 list=${2:-$MASKED}
  mkdir -p "${list%/*}"
  grep -qsx "$unit" "$list" || echo "$unit" >>"$list"
  systemctl mask --quiet "$unit"
}

# Notes again that a unit is masked by us, and not by somebody else, where that note was lost or edited; "$2" is the step that noted it.
recall_mask() {
  [ -e "$MASKED" ] || grep -qs " $MASKED\$" "$MARKS/$2.files" || return 0
  [ "$(systemctl is-enabled "$1" 2>/dev/null)" = masked ] || return 0
  write_file "$MASKED" 644 root "$1"$'\n' || true
}

# Those units can be started again; they do not start by themselves.
unmask_foreign() {
  local unit list=${1:-$MASKED}
  [ -e "$list" ] || return 0
  while read -r unit; do
    systemctl unmask --quiet "$unit" 2>/dev/null || true
    systemctl disable --quiet "$unit" 2>/dev/null || true
  done <"$list"
  rm -f "$list"
}

# Settings that somebody has laid over a unit are theirs: nothing here takes them away.
unit_notes() {
  local files
  files=$(systemctl show -p DropInPaths --value "$1" 2>/dev/null)
  [ -z "$files" ] || echo "$1 runs with settings of yours: $files"
}

reload_journal() { systemctl kill --kill-whom=main --signal=SIGHUP systemd-journald 2>/dev/null || true; }

remove_unit() {
  local unit=$1
  [ -f "/etc/systemd/system/$unit" ] || return 0
  systemctl disable --now --quiet "$unit" 2>/dev/null || true
  rm -f "/etc/systemd/system/$unit" "$SECRETS/.started-$unit"{,.new}
  systemctl daemon-reload
  systemctl reset-failed "$unit" 2>/dev/null || true
  changed "removed $unit"
}

# The last lines of a service's log, one short line each, for an error that a person reads.
show_log() {
  local unit=$1 lines=${2:-40}
  info "the last $lines lines of $unit:"
  service_log "$unit" -n "$lines" | cut -c1-300 | plain >&2
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

# Waits until a service of ours listens on a port.
wait_for_port() {
  local port=$1 unit=$2 deadline=$((SECONDS + 60))
  until [ "$(port_owner "$port")" = "$unit" ]; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      require_port "$port" "$unit" "stop that process and run pulumi up again"
      show_log "$unit" 20
      fatal "$unit does not listen on port $port" "see its log above"
    fi
    sleep 1
  done
}

# Lines of a server of vLLM and what the gateway on this host says of it, such as UP. Columns of HAProxy's statistics:
# 1 backend, 2 server, 18 status, which says how many checks are still to pass. Uses STATUS_SOCKET and BACKEND.
server_statuses() {
  curl --silent --max-time 10 --unix-socket "$STATUS_SOCKET" 'http://localhost/;csv' |
    awk -F, -v backend="$BACKEND" '$1 == backend && $2 != "BACKEND" {print $2, $18}'
}

# That of SERVER.
server_status() { server_statuses | sed -n "s/^$SERVER //p"; }

# Tells the gateway on this host something. Uses ENVIRONMENT (of Python) and ADMIN_SOCKET.
tell_gateway() {
  "$ENVIRONMENT/bin/python" - "$ADMIN_SOCKET" "$1" <<'PYTHON'
import socket, sys
door = socket.socket(socket.AF_UNIX)
door.connect(sys.argv[1])
door.sendall((sys.argv[2] + "\n").encode())
said = door.recv(4096).decode().strip()
sys.exit(said or None)
PYTHON
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
    : >"$log" || cannot_write "$log"
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
      info "$unit: $((SECONDS - started)) s, $(doing "$log")"
    fi
  done
  ! systemctl is-failed --quiet "$unit"
}

# What a transient unit is doing, by its log; a step that knows better says it in its own words.
doing() { tail -n 1 "$1" | cut -c1-160; }

# An AWS tool, where the image brings none.
own_aws_tool() {
  [ -x /opt/shardplan/awscli/bin/aws ] || { python3 -m venv /opt/shardplan/awscli && /opt/shardplan/awscli/bin/pip install --quiet awscli; } >&2
}

# The text of a secret of Secrets Manager, by the role of this machine; $2 is the config key that names it.
aws_secret() {
  local aws error text
  aws=$(command -v aws || true)
  if [ -z "$aws" ]; then
    own_aws_tool
    aws=/opt/shardplan/awscli/bin/aws
  fi
  error=$(mktemp)
  if text=$("$aws" secretsmanager get-secret-value --region "$(cut -d: -f4 <<<"$1")" --secret-id "$1" \
    --query SecretString --output text 2>"$error"); then
    rm -f "$error"
    printf '%s' "$text"
    return 0
  fi
  text=$(tr -s '\n ' ' ' <"$error" | cut -c1-300)
  rm -f "$error"
  fatal "the secret of $2 cannot be read: $text" "let the machine's role read it (secretsmanager:GetSecretValue), or correct shardplan:$2"
}
