# shellcheck shell=bash
# Looks at the host and says what it is; changes nothing. Stops early, with a reason, where the plan cannot run. Its
# removal is the last of all, and clears up whatever steps and services left, also those that never came to their end;
# packages, Python environments and weights stay.
# in:  HOST_NAME, NODE_ADDRESS (may be empty), GPU_KIND, GPUS_NEEDED, GPU_MEMORY_BYTES, PORTS_NEEDED ("port unit key" lines)
# out: {"os","kernel","cpus","memoryBytes","gpus","gpuName","address","interface","addresses":[...]}

apply() {
  wait_for_boot
  require_system
  require_gpus
  require_ports
  report
}

remove() {
  # Replaced, not destroyed: what is in use stays.
  if in_use; then
    info "services are still installed, so their users and folders stay"
    result
    return
  fi
  remove_unfinished
  unmask_foreign
  unmask_foreign "$MASKED_BY_MONITORING"
  # Services write below their homes: keys of the gateway's authority, Ray's sessions, compiled kernels.
  rm -rf "$METRICS" "/var/lib/${METRICS##*/}"
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
    [ ! -e "$mark" ] || ! compgen -G "/etc/systemd/system/shardplan-${mark##*/}*.service" >/dev/null || return 0
  done
  return 1
}

# A step that was cut off while it made something for the first time is not in the stack's state: nobody else removes it.
remove_unfinished() {
  local unit
  # Packages that are just being installed are let finish: half of them would be left.
  systemctl list-units --plain --no-legend 'shardplan-step-*' | awk '$1 !~ /step-(apt|driver)\./ {print $1}' | xargs -r systemctl stop || true
  for unit in /etc/systemd/system/shardplan-*.timer /etc/systemd/system/shardplan-*.service; do
    [ ! -e "$unit" ] || remove_unit "${unit##*/}"
  done
  rm -f "$APT_HOLD" "$KERNEL_MODULES" "$NOUVEAU_OFF" /var/lib/systemd/timers/stamp-shardplan-*
  find /etc -xdev -name '.shardplan.*' -delete
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

# Full disks end services with errors that name anything but the disk.
notes() {
  local place used
  for place in / /var/lib/shardplan; do
    used=$(df --output=pcent "$place" 2>/dev/null | tail -n 1 | tr -dc '0-9')
    [ "${used:-0}" -lt 95 ] || echo "the file system of $place is full to $used %: free space there"
  done
}

# A cloud image configures itself for a minute after SSH answers.
wait_for_boot() {
  command -v cloud-init >/dev/null || return 0
  timeout 600 cloud-init status --wait >/dev/null 2>&1 || info "cloud-init did not finish cleanly; going on"
}

require_system() {
  [ -d /run/systemd/system ] || fatal "systemd is not running" "use a host that boots with systemd"
  command -v apt-get >/dev/null || fatal "apt-get is missing" "use Ubuntu 24.04 or later, or Debian 12 or later"
}

# Without a driver nvidia-smi complains on stdout: only its numbered lines are GPUs.
gpu_count() { nvidia-smi --query-gpu=index --format=csv,noheader 2>/dev/null | grep -cE '^[0-9]+$' || true; }

# Counts on the PCI bus, because a host without a driver yet has its GPUs all the same. 0302 and 0300: 3D and VGA
# controllers; 0x10de: NVIDIA.
gpus_on_bus() {
  local device count=0
  for device in /sys/bus/pci/devices/*; do
    [ "$(cat "$device/vendor" 2>/dev/null)" = 0x10de ] || continue
    case "$(cat "$device/class")" in 0x0302* | 0x0300*) count=$((count + 1)) ;; esac
  done
  echo "$count"
}

require_gpus() {
  [ "$GPU_KIND" = gpu ] || return 0
  local found
  found=$(gpus_on_bus)
  [ "$found" -ge "$(gpu_count)" ] || found=$(gpu_count)
  [ "$found" -ge "$GPUS_NEEDED" ] ||
    fatal "has $found NVIDIA GPUs, the plan needs $GPUS_NEEDED" \
      "use a host with $GPUS_NEEDED GPUs, or change hardware.instanceType (custom: hardware.gpusPerNode) and plan again"
}

require_ports() {
  local port unit key
  while read -r port unit key; do
    [ -n "$port" ] || continue
    require_port "$port" "$unit" "stop that process${key:+, or set shardplan:$key to a free port,} and run pulumi up again"
  done <<<"$PORTS_NEEDED"
}

# The address that other hosts use: the given one if this host has it, else that of its default route.
node_address() {
  if ip -o addr show | awk '{split($4, a, "/"); print a[1]}' | grep -qxF "${NODE_ADDRESS:-none}"; then
    echo "$NODE_ADDRESS"
  else
    ip -4 route get 1.1.1.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p' | head -n 1
  fi
}

interface_of() { ip -o addr show | awk -v address="$1" '{split($4, a, "/"); if (a[1] == address) print $2}' | head -n 1; }

# All addresses from which it may speak to the other hosts. Addresses of bridges belong to containers and virtual machines, and are
# the same on many hosts.
addresses() {
  local device address found=("$1")
  while read -r _ device _ address _; do
    [ -d "/sys/class/net/$device/bridge" ] || [ "${address%/*}" = "$1" ] || found+=("${address%/*}")
  done < <(ip -o addr show up scope global)
  json_list "${found[@]}"
}

report() {
  local address interface
  address=$(node_address)
  [ -n "$address" ] || address=$(ip -o -4 addr show scope global | awk '{split($4, a, "/"); print a[1]; exit}')
  interface=$(interface_of "$address")
  [ -n "$interface" ] || fatal "no network interface has the address ${address:-of a default route}" \
    "set privateAddress of this host to one of: $(ip -o -4 addr show | awk '{split($4, a, "/"); print a[1]}' | xargs)"
  result "os=$(os_release PRETTY_NAME)" "kernel=$(uname -r)" "cpus:=$(nproc)" \
    "memoryBytes:=$(($(awk '/MemTotal/ {print $2}' /proc/meminfo) * 1024))" "gpus:=$(gpus_on_bus)" \
    "gpuName=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -n 1 || true)" \
    "address=$address" "interface=$interface" "addresses:=$(addresses "$address")"
}

run_step host-facts "$@"
