#!/bin/bash
# The gateway's certificate: made when there is none, and anew long before it ends. A timer asks daily, and the gateway's
# step whenever it runs. Either by an authority of this host's own, whose key never leaves it, or by a public one (ACME).
# in (environment): KIND (internal, acme, own), NAME (address or DNS name), CERTIFICATE (file for the gateway: certificates and
# key), OWN (the same as the stack brings it), AUTHORITY (folder), GATEWAY_UNIT, GATEWAY_USER, CHALLENGE_PORT, ACME_SERVER (URL of another authority than Let's Encrypt)
set -euo pipefail
umask 077
export LC_ALL=C

ROOT_DAYS=3650 LEAF_DAYS=90 RENEW_DAYS=30
# Authority of the gateway that earlier versions had; clients know it.
CADDY=/var/lib/shardplan-gateway/caddy/pki/authorities/local

# Whether a certificate and a key are there, can be read, and belong together.
are_pair() {
  [ "$(openssl x509 -pubkey -noout -in "$1" 2>/dev/null)" = "$(openssl pkey -pubout -in "$2" 2>/dev/null || echo none)" ]
}

make_authority() {
  ! are_pair "$AUTHORITY/root.pem" "$AUTHORITY/root.key" || return 0
  if [ -s "$CADDY/root.key" ]; then
    cp "$CADDY/root.key" "$AUTHORITY/root.key"
    cp "$CADDY/root.crt" "$AUTHORITY/.root.pem"
  else
    openssl ecparam -name prime256v1 -genkey -noout -out "$AUTHORITY/root.key"
    openssl req -x509 -new -key "$AUTHORITY/root.key" -days "$ROOT_DAYS" -subj "/CN=shardplan gateway of $(hostname)" \
      -config <(printf '%s\n' '[req]' distinguished_name=name x509_extensions=root '[name]' '[root]' \
        basicConstraints=critical,CA:TRUE,pathlen:0 keyUsage=critical,keyCertSign,cRLSign subjectKeyIdentifier=hash) \
      -out "$AUTHORITY/.root.pem"
  fi
  # Last and in one step: whoever finds it finds its key.
  mv "$AUTHORITY/.root.pem" "$AUTHORITY/root.pem"
  echo "made the gateway's authority"
}

name_kind() { if [[ $NAME == *:* || $NAME =~ ^[0-9.]+$ ]]; then echo IP; else echo DNS; fi; }

# From the authority, for this name, and not about to end.
is_good() {
  local check=-verify_hostname
  [ "$(name_kind)" = DNS ] || check=-verify_ip
  are_pair "$CERTIFICATE" "$CERTIFICATE" &&
    openssl x509 -checkend $((RENEW_DAYS * 86400)) -noout -in "$CERTIFICATE" >/dev/null 2>&1 &&
    openssl verify -CAfile "$AUTHORITY/root.pem" "$check" "$NAME" "$CERTIFICATE" >/dev/null 2>&1
}

issue() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$WORK/key"
  openssl req -new -key "$WORK/key" -subj "/CN=shardplan gateway" |
    openssl x509 -req -CA "$AUTHORITY/root.pem" -CAkey "$AUTHORITY/root.key" -set_serial "0x$(openssl rand -hex 16)" \
      -days "$LEAF_DAYS" -out "$WORK/certificate" -extfile <(printf '%s\n' basicConstraints=critical,CA:FALSE \
        keyUsage=critical,digitalSignature extendedKeyUsage=serverAuth "subjectAltName=$(name_kind):$NAME" \
        subjectKeyIdentifier=hash authorityKeyIdentifier=keyid) 2>/dev/null
  install_certificate "$WORK/certificate" "$WORK/key"
}

# Does nothing while the one that is there is good for another month.
ask_public_authority() {
  certbot certonly --non-interactive --agree-tos --register-unsafely-without-email --keep-until-expiring \
    --standalone --http-01-address 127.0.0.1 --http-01-port "$CHALLENGE_PORT" --key-type ecdsa \
    --cert-name "$NAME" --domain "$NAME" ${ACME_SERVER:+--server "$ACME_SERVER"} \
    --config-dir "$AUTHORITY/acme" --work-dir "$AUTHORITY/acme" --logs-dir /var/log/shardplan --max-log-backups 1
  install_certificate "$AUTHORITY/acme/live/$NAME/fullchain.pem" "$AUTHORITY/acme/live/$NAME/privkey.pem"
}

install_certificate() {
  cat "$@" >"$WORK/both"
  ! cmp -s "$WORK/both" "$CERTIFICATE" || return 0
  install -d -m 755 "$(dirname "$CERTIFICATE")"
  chown "$GATEWAY_USER" "$WORK/both"
  mv "$WORK/both" "$CERTIFICATE"
  echo "a new certificate for $NAME, $(openssl x509 -noout -enddate -in "$CERTIFICATE" | sed 's/notAfter=/ends /')"
}

# Of HAProxy, not of what earlier versions had in its place; nothing while it does not run.
gateway_process() {
  local process
  process=$(systemctl show -p MainPID --value "$GATEWAY_UNIT")
  [[ $(readlink "/proc/$process/exe") != */haproxy* ]] || echo "$process"
}

# A new certificate, and a newer HAProxy of the distribution, without a connection lost.
take_over() {
  local process loaded
  process=$(gateway_process)
  [ -n "$process" ] || return 0
  # Its start, or its latest reload.
  loaded=$(systemctl show -p StateChangeTimestamp --value --timestamp=unix "$GATEWAY_UNIT")
  if [ "$(stat -c %Y "$CERTIFICATE")" -ge "${loaded#@}" ] || [[ $(readlink "/proc/$process/exe") == *' (deleted)' ]]; then
    systemctl reload "$GATEWAY_UNIT"
  fi
}

# When it ends, in a file that the node exporter reads out; of one that openssl does not read nothing is told.
tell_end() {
  local folder=${CERTIFICATE%/*}/metrics ends metric=shardplan_certificate_end_seconds
  ends=$(openssl x509 -noout -enddate -in "$CERTIFICATE" 2>/dev/null | sed 's/notAfter=//') || { rm -f "$folder/certificate.prom"; return 0; }
  install -d -m 755 "$folder"
  printf '# HELP %s When the certificate of the gateway ends (Unix time).\n# TYPE %s gauge\n%s %s\n' \
    "$metric" "$metric" "$metric" "$(date --date "$ends" +%s)" >"$WORK/end"
  chmod 644 "$WORK/end"
  mv "$WORK/end" "$folder/certificate.prom"
}

# One that was killed may have left it.
WORK=$AUTHORITY/work
trap 'rm -rf "$WORK"' EXIT
rm -rf "$WORK"
mkdir -p "$WORK"
make_authority
if [ "$KIND" = internal ]; then
  is_good || issue
elif [ "$KIND" = own ]; then
  install_certificate "$OWN"
else
  # The gateway starts with something, and the public authority asks through it.
  are_pair "$CERTIFICATE" "$CERTIFICATE" || issue
  [ -z "$(ss -ltnH 'sport = :80')" ] || ask_public_authority
fi
take_over
tell_end
