# shellcheck shell=bash
# Debian packages, system users and folders that the services need. Installs only what is missing. What is not a package
# goes with the host's facts, the last step to be removed.
# uses: packages.sh
# in:  HOST_NAME, PACKAGES (words)
# out: {"installed":[...]}
# shellcheck disable=SC2034 # packages.sh uses it
PACKAGED_UNITS=haproxy.service

apply() {
  install_packages
  recall_mask haproxy.service base-packages
  make_user "$ENGINE_USER" "$STATE"
  make_user shardplan-gateway /var/lib/shardplan-gateway
  make_folders
  limit_journal
  result "installed:=$(json_list "${MISSING[@]}")"
}

drift() {
  local name
  find_missing
  [ ${#MISSING[@]} -eq 0 ] || echo "packages are missing: ${MISSING[*]}"
  for name in "$ENGINE_USER" shardplan-gateway; do id "$name" >/dev/null 2>&1 || echo "user $name is gone"; done
}

make_user() {
  local name=$1 home=$2
  if ! id "$name" >/dev/null 2>&1; then
    useradd --system --user-group --home-dir "$home" --shell /usr/sbin/nologin "$name"
    changed "made user $name"
  fi
  make_folder "$home" 755 "$name"
}

make_folders() {
  make_folder /etc/shardplan 755 root
  make_folder "$SECRETS" 700 root
  make_folder "$MARKS" 755 root
  make_folder "$STATE/models" 755 root
  # vLLM keeps what it compiled here, as its own user.
  make_folder "$STATE/cache" 755 "$ENGINE_USER"
}

# Services that write a line every ten seconds for months must not fill the disk.
limit_journal() {
  if write_file "$JOURNAL_LIMIT" 644 root $'[Journal]\nSystemMaxUse=2G\n'; then reload_journal; fi
}

run_step base-packages "$@"
