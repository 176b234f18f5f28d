# shellcheck shell=bash
# What steps share that install packages of the distribution. Uses PACKAGES (words), PACKAGED_UNITS (words: units that these
# packages bring, and that must not run) and PACKAGED_UNITS_MASKED (the file that says which of them were masked).

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
  local unit
  find_missing
  [ ${#MISSING[@]} -gt 0 ] || return 0
  # A package that starts a server of its own must not: ours is a unit of our own. Before, so that no interrupt lets it start.
  for unit in ${PACKAGED_UNITS:-}; do [ -e "/lib/systemd/system/$unit" ] || mask_foreign "$unit" "${PACKAGED_UNITS_MASKED:-$MASKED}"; done
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
