# shellcheck shell=bash
# Debian packages, system users and folders that the services need. Installs only what is missing. What is not a package
# goes with the host's facts, the last step to be removed.
# in:  HOST_NAME, PACKAGES (words)
# out: {"installed":[...]}

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

MISSING=()

find_missing() {
  local package
  MISSING=()
  for package in $PACKAGES; do
    is_installed "$package" || MISSING+=("$package")
  done
}

# The program of the gateway is used only when that starts: until then nobody would notice that it is gone.
is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ] && { [ "$1" != haproxy ] || [ -x /usr/sbin/haproxy ]; }
}

install_packages() {
  find_missing
  [ ${#MISSING[@]} -gt 0 ] || return 0
  # The package starts a server of its own; ours is a unit of our own. Before, so that no interrupt lets it start.
  [ -e /lib/systemd/system/haproxy.service ] || mask_foreign haproxy.service
  info "installing ${MISSING[*]}"
  # shellcheck disable=SC2016 # the inner shell expands it
  run_long apt 1800 -- /bin/bash -c 'export DEBIAN_FRONTEND=noninteractive
    dpkg --configure -a
    # At first boot another apt holds the lock of the lists, for which apt-get does not wait.
    for try in $(seq 60); do apt-get -qq update && break; sleep 10; done
    exec apt-get -qq -o DPkg::Lock::Timeout=600 install -y --reinstall --no-install-recommends "$@"' apt "${MISSING[@]}" ||
    { tail -n 20 "$LOGS/apt.log" | plain >&2; fatal "apt-get could not install ${MISSING[*]}" \
      "see the lines above and $LOGS/apt.log; check the host's package sources"; }
  require_installed "${MISSING[@]}"
}

# A unit that vanished, with a reboot for example, looks like one that ended well: the packages decide.
require_installed() {
  local wanted=("$@")
  find_missing
  [ ${#MISSING[@]} -eq 0 ] ||
    fatal "apt-get ended without installing ${MISSING[*]}" "see $LOGS/apt.log on the host and run pulumi up again"
  MISSING=("${wanted[@]}")
  changed "installed ${wanted[*]}"
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
