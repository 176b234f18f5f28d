# shellcheck shell=bash
# Debian packages, system users and folders that the services need. Installs only what is missing. Its removal is the
# last of all, and clears up whatever the services left; packages, Python environments and weights stay.
# in:  HOST_NAME, PACKAGES (words)
# out: {"installed":[...]}
JOURNAL_LIMIT=/etc/systemd/journald.conf.d/shardplan.conf

apply() {
  install_packages
  make_user "$ENGINE_USER" "$STATE"
  make_user shardplan-gateway /var/lib/shardplan-gateway
  make_folders
  limit_journal
  result "installed:=$(json_list "${MISSING[@]}")"
}

remove() {
  # Replaced, not destroyed: what is in use stays.
  if in_use; then
    info "services are still installed, so their users and folders stay"
    result
    return
  fi
  remove_unfinished
  # Services write below their homes: keys of the gateway's authority, Ray's sessions, compiled kernels.
  rm -rf /var/lib/shardplan-gateway /var/cache/shardplan /etc/shardplan "$LOGS"
  [ ! -d "$STATE" ] || find "$STATE" -mindepth 1 -maxdepth 1 ! -name 'models*' -exec rm -rf {} +
  rmdir "$STATE/models" "$STATE" 2>/dev/null || chown root: "$STATE" 2>/dev/null || true
  remove_user "$ENGINE_USER"
  remove_user shardplan-gateway
  find /run/shardplan -mindepth 1 ! -name '*.lock' -delete
  rm -f "$JOURNAL_LIMIT"
  reload_journal
  result
}

# A service has the mark of the step that made it.
in_use() {
  local mark
  for mark in "$MARKS"/*; do
    ! compgen -G "/etc/systemd/system/shardplan-${mark##*/}*.service" >/dev/null || return 0
  done
  return 1
}

# A step that was cut off while it made something for the first time is not in the stack's state: nobody else removes it.
remove_unfinished() {
  local unit
  for unit in /etc/systemd/system/shardplan-*.service; do
    [ ! -e "$unit" ] || remove_unit "${unit##*/}"
  done
  rm -f "$APT_HOLD" "$KERNEL_MODULES"
  find /etc -xdev -name '.shardplan.*' -delete
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
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || MISSING+=("$package")
  done
}

install_packages() {
  find_missing
  [ ${#MISSING[@]} -gt 0 ] || return 0
  # The packages start servers of their own; ours are units of our own. Before, so that no interrupt lets them start.
  local own
  for own in caddy haproxy; do
    [ -e "/lib/systemd/system/$own.service" ] || systemctl mask --quiet "$own.service"
  done
  info "installing ${MISSING[*]}"
  # shellcheck disable=SC2016 # the inner shell expands it
  run_long apt 1800 -- /bin/bash -c 'export DEBIAN_FRONTEND=noninteractive
    dpkg --configure -a
    # At first boot another apt holds the lock of the lists, for which apt-get does not wait.
    for try in $(seq 60); do apt-get -qq update && break; sleep 10; done
    exec apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$@"' apt "${MISSING[@]}" ||
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

# What a killed step left running under that name goes with it.
remove_user() {
  id "$1" >/dev/null 2>&1 || return 0
  pkill -KILL --uid "$1" || true
  # Sockets, shared memory and compiled kernels of processes that were killed; the next user with that number would own them.
  find /tmp /var/tmp /dev/shm -xdev -user "$1" -delete 2>/dev/null || true
  userdel "$1" 2>/dev/null || fatal "cannot remove user $1" "end its processes ('ps -u $1') and run pulumi destroy again"
  changed "removed user $1"
}

make_folder() {
  local path=$1 mode=$2 owner=$3
  [ "$(stat -c '%a %U' "$path" 2>/dev/null)" != "$mode $owner" ] || return 0
  mkdir -p "$path"
  chown "$owner:" "$path"
  chmod "$mode" "$path"
  changed "made $path"
}

make_folders() {
  make_folder /etc/shardplan 755 root
  make_folder "$SECRETS" 700 root
  make_folder "$STATE/models" 755 root
  # vLLM keeps what it compiled here, as its own user.
  make_folder "$STATE/cache" 755 "$ENGINE_USER"
}

# Services that write a line every ten seconds for months must not fill the disk.
limit_journal() {
  if write_file "$JOURNAL_LIMIT" 644 root $'[Journal]\nSystemMaxUse=2G\n'; then reload_journal; fi
}

reload_journal() { systemctl kill --kill-whom=main --signal=SIGHUP systemd-journald 2>/dev/null || true; }

run_step base-packages "$@"
