# shellcheck shell=bash
# Closes the host to all but the cluster's hosts, SSH and the gateway, by a table of our own in nftables.
# in:  HOST_NAME, UNIT, UNIT_TEXT, RULES_FILE, RULES, TABLE (family and name), OPEN_PORTS (words)
# out: {}

apply() {
  require_way_in
  write_file "$RULES_FILE" 644 root "$RULES" || true
  local complaint
  complaint=$(nft --check --file "$RULES_FILE" 2>&1) ||
    fatal "nftables refuses its rules: $(head -n 1 <<<"$complaint" | cut -c1-300)" \
      "use a kernel with nf_tables; or close the host yourself and set shardplan:firewall.enabled to false"
  apply_unit "$UNIT" "$UNIT_TEXT" "$RULES_FILE"
  # Somebody may have emptied all tables since, or changed ours.
  is_as_loaded || load_rules
  result
}

# At once, so that the host is open at no time.
load_rules() {
  nft --file "$RULES_FILE"
  write_file "$(loaded_stamp)" 600 root "$(listing)" || true
  changed "loaded $RULES_FILE"
}

remove() {
  remove_unit "$UNIT"
  rm -f "$RULES_FILE" "$(loaded_stamp)"
  result
}

notes() { unit_notes "$UNIT"; }

drift() {
  is_loaded || { echo "the firewall's table is gone"; return; }
  is_as_loaded || echo "the firewall's table has other rules than were loaded"
  unit_drift "$UNIT" "$RULES_FILE"
}

is_loaded() { listing >/dev/null; }

# The kernel's rules as nft writes them, without what they have counted.
# shellcheck disable=SC2086 # two words
listing() { nft --stateless list table $TABLE 2>/dev/null; }

loaded_stamp() { echo "$SECRETS/.loaded-$UNIT"; }

is_as_loaded() {
  local now
  now=$(listing) && [ "$now" = "$(cat "$(loaded_stamp)" 2>/dev/null)" ]
}

# Behind a forwarded port the host itself sees another one: closing that would lock the program out.
require_way_in() {
  local port
  port=$(ssh_port)
  [[ -z $port || " $OPEN_PORTS " == *" $port "* ]] || fatal "SSH comes in on port $port, which the firewall would close" \
    "add it: pulumi config set --path 'shardplan:firewall.openPorts[0]' $port"
}

# The port on which the SSH server that runs this script was reached; nothing when no server runs it.
ssh_port() {
  local pid=$$
  until [ "${pid:-0}" -le 1 ]; do
    case "$(cat "/proc/$pid/comm" 2>/dev/null)" in
      sshd*) ss -tnpH state established | awk -v pid="pid=$pid," 'index($0, pid) {n = split($3, part, ":"); print part[n]}' | tail -n 1
        return ;;
    esac
    pid=$(ps -o ppid= -p "$pid" | tr -d ' ')
  done
}

run_step firewall "$@"
