# shellcheck shell=bash
# Has the machine shut down at a time of day, or when nobody has asked for a while, so that nobody pays for what is forgotten.
# in:  HOST_NAME, UNIT, UNIT_TEXT, TIMER, TIMER_TEXT, PROGRAM_FILE, PROGRAM
# out: {}

apply() {
  write_file "$PROGRAM_FILE" 755 root "$PROGRAM" || true
  write_file "/etc/systemd/system/$UNIT" 644 root "$UNIT_TEXT" || true
  systemctl daemon-reload
  apply_unit "$TIMER" "$TIMER_TEXT"
  result
}

remove() {
  remove_unit "$TIMER"
  remove_unit "$UNIT"
  rm -f "$PROGRAM_FILE"
  result
}

drift() {
  [ "$(cat "$PROGRAM_FILE" 2>/dev/null; printf x)" = "${PROGRAM}x" ] || echo "$PROGRAM_FILE was edited"
  [ "$(cat "/etc/systemd/system/$UNIT" 2>/dev/null; printf x)" = "${UNIT_TEXT}x" ] || echo "$UNIT was edited"
  unit_drift "$TIMER" "$TIMER_TEXT"
}

run_step stop "$@"
