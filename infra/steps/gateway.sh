# shellcheck shell=bash
# The TLS gateway in front of the balancer: a Caddy of our own beside any that the host has.
# in:  HOST_NAME, UNIT, UNIT_TEXT, CADDYFILE, PORT, CERTIFICATE (internal, acme)
# out: {"certificateAuthority","start"}
ROOT_CERTIFICATE=/var/lib/shardplan-gateway/caddy/pki/authorities/local/root.crt
# Where a mere check of the configuration makes an authority of its own, with its private keys.
CHECK=/run/shardplan/gateway-check

apply() {
  write_file /etc/shardplan/Caddyfile 644 root "$CADDYFILE" || true
  check_configuration
  apply_unit "$UNIT" "$UNIT_TEXT" /etc/shardplan/Caddyfile
  wait_for_port
  local authority
  authority=$(certificate_authority)
  result "certificateAuthority=$authority" "start=$(start_of "$UNIT")"
}

# The authority stays for a gateway that is only replaced: clients trust it. It goes with the gateway's user.
remove() {
  remove_unit "$UNIT"
  rm -f /etc/shardplan/Caddyfile
  result
}

notes() { unit_notes "$UNIT"; }

drift() {
  [ "$(cat /etc/shardplan/Caddyfile 2>/dev/null; printf x)" = "${CADDYFILE}x" ] || echo "/etc/shardplan/Caddyfile was edited"
  unit_drift "$UNIT" "$UNIT_TEXT" /etc/shardplan/Caddyfile
}

check_configuration() {
  local complaint status=0
  trap 'rm -rf "$CHECK"' EXIT
  complaint=$(HOME="$CHECK" XDG_DATA_HOME="$CHECK" XDG_CONFIG_HOME="$CHECK" timeout 60 caddy validate --config /etc/shardplan/Caddyfile --adapter caddyfile 2>&1) || status=$?
  rm -rf "$CHECK"
  [ "$status" != 0 ] || return 0
  [ "$status" != 124 ] || complaint="it has not checked it in a minute"
  rm -f /etc/shardplan/Caddyfile
  fatal "Caddy refuses its configuration: $(tail -n 1 <<<"$complaint" | cut -c1-300)" "check shardplan:gateway.domain and gateway.port"
}

wait_for_port() {
  local deadline=$((SECONDS + 60))
  until [ "$(port_owner "$PORT")" = "$UNIT" ]; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      show_log "$UNIT" 20
      fatal "the gateway does not listen on port $PORT" "see its log above"
    fi
    sleep 1
  done
}

# Public part of the gateway's own authority: clients verify the certificate with it.
certificate_authority() {
  [ "$CERTIFICATE" = internal ] || return 0
  local deadline=$((SECONDS + 60))
  until [ -s "$ROOT_CERTIFICATE" ] || [ "$SECONDS" -ge "$deadline" ]; do sleep 1; done
  if [ ! -s "$ROOT_CERTIFICATE" ]; then
    show_log "$UNIT" 20
    fatal "the gateway has not made its certificate authority in a minute" "see its log above; look at free space under /var/lib/shardplan-gateway"
  fi
  cat "$ROOT_CERTIFICATE"
}

run_step gateway "$@"
