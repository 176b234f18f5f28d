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

drift() { unit_drift "$TIMER"; }

run_step stop "$@"
