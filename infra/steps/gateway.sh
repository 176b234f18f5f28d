# shellcheck shell=bash
# The gateway before the servers of vLLM, its certificate and the clients' keys: an HAProxy of our own beside any that the
# host has. Other servers, keys and certificates are taken over without a connection lost.
# in:  HOST_NAME, UNIT, UNIT_TEXT, CONFIG_FILE, CONFIG, KEYS_FILE, PORT, ENGINE_KEY_FILE, ENGINE_KEY (secret, by which servers
#      know the gateway), API_KEY (secret; empty: made here, kept), API_KEYS (secret; lines of a further key and the name of
#      who has it), API_KEYS_SECRET (ARN in Secrets Manager that has them instead; may be empty), CERTIFICATE (file), CERTIFICATE_KIND (internal, acme, own), OWN_FILE, OWN (secret; a certificate with its
#      key), DOMAIN, PUBLIC_ADDRESS (to which it has to point; empty: nobody asks), RECORD_WAIT_MINUTES, AUTHORITY (folder), RENEW_FILE, RENEW (program),
#      RENEW_UNIT, RENEW_UNIT_TEXT, TIMER, TIMER_TEXT
# out: {"certificateAuthority","keyId" (changes when a key does, says nothing of it),"start"}
GATEWAY_USER=shardplan-gateway

apply() {
  for_this_kernel
  [ -z "$API_KEYS_SECRET" ] || read_keys "$(aws_secret "$API_KEYS_SECRET" aws.apiKeysSecret)" || exit 1
  make_api_key
  write_keys
  if [ "$CERTIFICATE_KIND" = own ]; then own_certificate; else rm -f "$OWN_FILE"; fi
  write_file "$RENEW_FILE" 755 root "$RENEW" || true
  write_file "/etc/systemd/system/$RENEW_UNIT" 644 root "$RENEW_UNIT_TEXT" || true
  systemctl daemon-reload
  renew_certificate
  write_file "$CONFIG_FILE" 600 "$GATEWAY_USER" "$CONFIG" || true
  check_configuration
  local before
  before=$(start_of "$UNIT")
  apply_unit "$UNIT" "$UNIT_TEXT"
  reload "$before"
  wait_for_port "$PORT" "$UNIT"
  # A public certificate is proved through the gateway; until then it has one of its own.
  if [ "$CERTIFICATE_KIND" = acme ]; then
    wait_for_record
    renew_certificate
  fi
  apply_unit "$TIMER" "$TIMER_TEXT"
  forget_caddy
  result "certificateAuthority=$(certificate_authority)" "keyId=$(stat -c %Y "$KEYS_FILE")" "start=$(start_of "$UNIT")"
}

# Key and authority stay for a gateway that is only replaced: clients have them. They go with the folder of secrets.
remove() {
  remove_unit "$TIMER"
  rm -f "/var/lib/systemd/timers/stamp-$TIMER" "$RENEW_FILE" "$OWN_FILE"
  remove_unit "$RENEW_UNIT"
  remove_unit "$UNIT"
  rm -rf "$(dirname "$CONFIG_FILE")" "$(loaded_stamp)"
  result
}

notes() { unit_notes "$UNIT"; }

drift() {
  for_this_kernel
  secret_drift
  certificate_drift
  unit_drift "$UNIT"
  unit_drift "$TIMER"
}

# What the host makes itself has no planned content: it has to be of use.
certificate_drift() {
  if [ ! -s "$CERTIFICATE" ]; then
    echo "the gateway's certificate is gone"
  elif [ "$(openssl x509 -pubkey -noout -in "$CERTIFICATE" 2>/dev/null)" != "$(openssl pkey -pubout -in "$CERTIFICATE" 2>/dev/null || echo none)" ]; then
    echo "the gateway's certificate and its key do not belong together"
  elif [ "$CERTIFICATE_KIND" = internal ] && ! openssl verify -CAfile "$AUTHORITY/root.pem" "$CERTIFICATE" >/dev/null 2>&1; then
    echo "the gateway's certificate is not one of its authority"
  elif [ "$(key_rights)" != "$(printf '%s\n' "600 $GATEWAY_USER" '600 root' '700 root')" ]; then
    echo "private keys of the gateway have another mode or owner"
  fi
}

key_rights() { stat -c '%a %U' "$CERTIFICATE" "$AUTHORITY/root.key" "$AUTHORITY" 2>/dev/null; }

# What makes them closes them, and looks no more.
close_keys() {
  chown "$GATEWAY_USER" "$CERTIFICATE"
  chown root: "$AUTHORITY" "$AUTHORITY/root.key"
  chmod 600 "$CERTIFICATE" "$AUTHORITY/root.key"
  chmod 700 "$AUTHORITY"
}

# Without IPv6 there is nothing of it to listen on.
for_this_kernel() { [ -e /proc/net/if_inet6 ] || CONFIG=$(grep -v $'^\tbind :::' <<<"$CONFIG")$'\n'; }

# The key is made on the host and stays there, in a file that only root reads; a given key replaces it.
make_api_key() {
  [[ $API_KEY =~ ^[A-Za-z0-9._~+/=-]*$ ]] ||
    fatal "the secret shardplan:apiKey has characters that a bearer token cannot have" "use letters, digits and . _ ~ + / = -"
  if [ -n "$API_KEY" ]; then
    write_file "$SECRETS/api-key" 600 root "$API_KEY"$'\n' || true
  elif [ -s "$SECRETS/api-key" ]; then
    keep "$SECRETS/api-key"
  else
    write_file "$SECRETS/api-key" 600 root "sk-$(head -c 32 /dev/urandom | base64 | tr -dc 'A-Za-z0-9')"$'\n'
  fi
}

# What a secret of Secrets Manager holds: a key, or a JSON object of keys by name.
read_keys() {
  [ -n "$1" ] || return 1
  API_KEY=$1
  jq -e 'type == "object"' <<<"$1" >/dev/null 2>&1 || return 0
  API_KEY=$(jq -r '.default // ""' <<<"$1")
  API_KEYS=$(jq -r 'to_entries | sort_by(.key)[] | select(.key != "default") | "\(.value) \(.key)"' <<<"$1")
  ! grep -qvE '^[A-Za-z0-9._~+/=-]{8,} [A-Za-z0-9._-]+$' <<<"${API_KEYS:-12345678 none}" ||
    fatal "the secret of aws.apiKeysSecret has a name or a key that a bearer token cannot have" "use at least 8 letters, digits and . _ ~ + / = -"
}

# A secret that was changed is taken over; one that cannot be read just now changes nothing.
secret_drift() {
  local text
  [ -n "$API_KEYS_SECRET" ] || return 0
  text=$(aws_secret "$API_KEYS_SECRET" aws.apiKeysSecret 2>/dev/null) && read_keys "$text" || return 0
  [ "${API_KEY:-$(cat "$SECRETS/api-key")} default${API_KEYS:+$'\n'$API_KEYS}" = "$(cat "$KEYS_FILE" 2>/dev/null)" ] ||
    echo "the secret of aws.apiKeysSecret has other keys than the gateway"
}

write_keys() {
  make_folder "${KEYS_FILE%/*}" 755 root
  write_file "$ENGINE_KEY_FILE" 600 "$GATEWAY_USER" "engine $ENGINE_KEY"$'\n' || true
  write_file "$KEYS_FILE" 600 "$GATEWAY_USER" "$(keys)"$'\n' || true
}

# Lines of a key and the name of who has it.
keys() {
  echo "$(cat "$SECRETS/api-key") default"
  [ -z "${API_KEYS:-}" ] || printf '%s\n' "$API_KEYS"
}

# Refused here, because HAProxy would say it in the words of OpenSSL.
own_certificate() {
  local named key
  named=$(openssl x509 -pubkey -noout <<<"$OWN" 2>/dev/null) || named=
  key=$(openssl pkey -pubout -passin pass: <<<"$OWN" 2>/dev/null) || key=
  if [ -z "$named" ] || [ -z "$key" ]; then
    fatal "shardplan:certificate and shardplan:certificateKey are no PEM certificate and unencrypted key" "set them again from their files"
  fi
  [ "$named" = "$key" ] ||
    fatal "shardplan:certificateKey is not the key of shardplan:certificate" "set the two that belong together"
  openssl x509 -noout -checkhost "$DOMAIN" <<<"$OWN" | grep -q 'does match' ||
    fatal "shardplan:certificate is not for $DOMAIN" "set one that has this name, or correct shardplan:gateway.domain"
  openssl x509 -noout -checkend 0 <<<"$OWN" >/dev/null ||
    fatal "shardplan:certificate has ended" "set a new one"
  write_file "$OWN_FILE" 600 root "$OWN" || true
}

addresses_of() { getent ahosts "$1" | cut -d' ' -f1 | sort -u; }

# From a public authority there is one already.
has_public_certificate() { [ -s "$AUTHORITY/acme/live/$DOMAIN/fullchain.pem" ]; }

# A public authority asks where the name points to, and refuses for an hour whoever fails too often.
wait_for_record() {
  local deadline=$((SECONDS + RECORD_WAIT_MINUTES * 60))
  ! has_public_certificate || return 0
  until addresses_of "$DOMAIN" | grep -qxF "$PUBLIC_ADDRESS"; do
    [ "$SECONDS" -lt "$deadline" ] ||
      fatal "$DOMAIN does not point to $PUBLIC_ADDRESS after $RECORD_WAIT_MINUTES minutes" "set the record $DOMAIN. A $PUBLIC_ADDRESS where the name is kept, and run pulumi up again"
    info "waiting up to $RECORD_WAIT_MINUTES minutes for the record, set it where the name is kept: $DOMAIN. A $PUBLIC_ADDRESS"
    sleep 15
  done
}

renew_certificate() {
  systemctl reset-failed "$RENEW_UNIT" 2>/dev/null || true
  systemctl start "$RENEW_UNIT" ||
    { show_log "$RENEW_UNIT" 10
      fatal "the gateway gets no certificate" "see the log above; with shardplan:gateway.domain that name must point to this host and port 80 be open to everybody"; }
  close_keys
}

check_configuration() {
  local complaint
  complaint=$(timeout 60 haproxy -c -f "$CONFIG_FILE" 2>&1) && return 0
  rm -f "$CONFIG_FILE"
  fatal "HAProxy refuses its configuration: $(grep -m1 ALERT <<<"$complaint" | cut -c1-300)" "report this; the service runs on with the old one"
}

loaded_stamp() { echo "$SECRETS/.loaded-$UNIT"; }

# A new worker takes over the sockets; the old one ends with its last stream. What was loaded last decides, not what this
# run has written: a step that was cut off must reload next time.
reload() {
  local before=$1 sum start
  start=$(start_of "$UNIT")
  sum="$start $(cat "$CONFIG_FILE" "$KEYS_FILE" "$ENGINE_KEY_FILE" | sha256sum)"
  [ "$(cat "$(loaded_stamp)" 2>/dev/null)" != "$sum" ] || return 0
  [ "$before" != "$start" ] || ! written "$UNIT" -lt "$CONFIG_FILE" "$KEYS_FILE" "$ENGINE_KEY_FILE" || return 0
  # A unit that this run has started has read them.
  if [ "$before" = "$start" ]; then
    systemctl reload "$UNIT"
    changed "reloaded $UNIT"
  fi
  write_file "$(loaded_stamp)" 600 root "$sum" || true
}

# Public part of the gateway's own authority: clients verify the certificate with it.
certificate_authority() { [ "$CERTIFICATE_KIND" != internal ] || cat "$AUTHORITY/root.pem"; }

# The gateway of earlier versions of this program. Its authority has been taken over, and its private keys must not stay.
forget_caddy() { rm -rf /etc/shardplan/Caddyfile /var/lib/shardplan-gateway/{caddy,.config,.step}; }

run_step gateway "$@"
