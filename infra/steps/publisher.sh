# shellcheck shell=bash
# Tells CloudWatch each minute what Prometheus on this host measures, or (INSTANCE -logs) what the units of the host say. The
# proof is a first time: it fails where the machine may not, or does not reach CloudWatch.
# in:  HOST_NAME, INSTANCE, UNIT, UNIT_TEXT, TIMER, TIMER_TEXT, PROGRAM_FILE, PROGRAM, JOB_FILE, JOB, STATE_FOLDER (or empty),
#      TOOL_PATH; for a person WHAT, RIGHTS, ENDPOINT
# out: {}

apply() {
  PATH=$TOOL_PATH command -v aws >/dev/null || own_aws_tool
  write_file "$PROGRAM_FILE" 755 root "$PROGRAM" || true
  write_file "$JOB_FILE" 644 root "$JOB" || true
  write_file "/etc/systemd/system/$UNIT" 644 root "$UNIT_TEXT" || true
  systemctl daemon-reload
  publish_once
  apply_unit "$TIMER" "$TIMER_TEXT"
  result
}

# A right that the role has just been given takes a while to be known everywhere.
publish_once() {
  local deadline=$((SECONDS + 120))
  until systemctl start "$UNIT" 2>/dev/null; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      show_log "$UNIT" 5
      fatal "the $WHAT do not reach CloudWatch" "see its log above: the machine must reach $ENDPOINT, and its role needs $RIGHTS; the service itself runs on"
    fi
    sleep 10
  done
}

remove() {
  remove_unit "$TIMER"
  remove_unit "$UNIT"
  rm -rf "$(dirname "$PROGRAM_FILE")"
  [ -z "$STATE_FOLDER" ] || rm -rf "$STATE_FOLDER" "/var/lib/${STATE_FOLDER##*/}"
  result
}

notes() {
  unit_notes "$UNIT"
  case "$(systemctl show -p Result --value "$UNIT" 2>/dev/null)" in
    "" | success) ;;
    *) echo "the last $WHAT did not reach CloudWatch: journalctl -u $UNIT says why" ;;
  esac
}

drift() { unit_drift "$TIMER"; }

run_step publisher "$@"
