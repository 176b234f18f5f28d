# shellcheck shell=bash
# What every bash of a tortured host runs first (BASH_ENV): notes each command of a step before it runs, and kills the
# step's process group at the one that /run/torture/kill names. A moment of a step is the lines on which its functions
# were called, and the command: of a loop, the first round. Scripts other than steps get no further than the first test.
set -T

torture_step=

torture() {
  local moment="$3 ${1//$'\n'/ }"
  if [ -z "$torture_step" ]; then
    [[ "$1 $2" == 'run_step '*' '@(apply|remove) ]] || return 0
    moment=${1#run_step }
    # shellcheck disable=SC2154 # a step's parameter
    torture_step="${moment%% *}${INSTANCE:-}.$2" torture_at='' torture_after=0
    if [ -e "/run/torture/kill.$torture_step" ]; then
      { IFS= read -r torture_at && read -r torture_after; } <"/run/torture/kill.$torture_step"
    fi
    return 0
  fi
  # Gone after a reboot.
  [ ! -d /run/torture/moments ] || printf '%s\t%s\n' "$EPOCHREALTIME" "$moment" >>"/run/torture/moments/$torture_step"
  [ "$moment" = "$torture_at" ] || return 0
  torture_at=''
  if [ "$torture_after" = 0 ]; then torture_kill; else { sleep "$torture_after"; torture_kill; } & fi
}

torture_kill() {
  : >/run/torture/killed
  kill -KILL 0
}

trap 'torture "$BASH_COMMAND" "${1:-}" "$LINENO ${BASH_LINENO[*]}"' DEBUG
