# shellcheck shell=bash
# NVIDIA driver and, on machines with NVSwitch, Fabric Manager of the same version: checked, and installed where absent.
# Never touches a driver that works and is new enough, and never restarts Fabric Manager: that breaks NVLink
# multicast under a running server (NVIDIA/nccl #1488).
# Loads CUDA's kernel module, which the services may not: they run without new privileges.
# in:  HOST_NAME, GPU_KIND, GPUS_NEEDED, NVLINK (yes where the plan has the GPUs talk over it, no), MINIMUM_DRIVER (major version)
# The texts of nvidia-smi and dcgmi are those of NVIDIA's documentation; no GPU was at hand to see them.
# out: {"driver","skipped"}
UVM_DEVICE=/dev/nvidia-uvm PCI_DEVICES=/sys/bus/pci/devices NOUVEAU=/sys/module/nouveau

apply() {
  if [ "$GPU_KIND" != gpu ]; then
    info "driver: skipped, the plan's hardware has no accelerator"
    result "driver=" "skipped=the plan's hardware has no accelerator"
    return
  fi
  hold_packages
  [ -n "$(driver_version)" ] || install_driver
  require_driver
  load_modules_at_boot
  load_unified_memory
  start_fabric
  wait_for_gpus
  require_links
  diagnose
  result "driver=$(driver_version)" "skipped="
}

remove() {
  rm -f "$APT_HOLD" "$KERNEL_MODULES" "$NOUVEAU_OFF"
  result
}

drift() {
  [ "$GPU_KIND" = gpu ] || return 0
  [ -n "$(driver_version)" ] || { echo "the NVIDIA driver does not load"; return; }
  unified_memory_is_there || echo "the kernel module nvidia-uvm is not loaded"
  [ -z "$(fabric)" ] || systemctl is-active --quiet nvidia-fabricmanager.service || echo "Fabric Manager does not run"
}

# No step mends a link.
notes() { [ "$GPU_KIND" != gpu ] || [ -z "$(driver_version)" ] || links_down; }

# Empty while the driver does not load: nvidia-smi then fails, with its complaint on stdout.
driver_version() { nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | grep -m1 -E '^[0-9]+\.' || true; }

# What switches NVLink on this machine, by its PCI bus and not by what the plan takes it for: nvswitch (bridges of NVIDIA,
# class 0680), nvlink5 (since Blackwell, behind network cards of Mellanox whose vital product data has SW_MNG, by which NVIDIA's
# gpu-driver-container knows them, too), or nothing, as on boards of four GPUs and on slices of a machine.
fabric() {
  local device found=""
  for device in "$PCI_DEVICES"/*; do
    case "$(cat "$device/vendor" "$device/class" 2>/dev/null | tr '\n' ' ')" in
      "0x10de 0x0680"*) found=nvswitch ;;
      "0x15b3 "*) if grep -qa SW_MNG "$device/vpd" 2>/dev/null; then found=nvlink5; break; fi ;;
    esac
  done
  [ -z "$found" ] || echo "$found"
}

# Unattended upgrades have moved Fabric Manager away from its driver and stopped fleets (aws-parallelcluster #3034).
hold_packages() {
  [ -d /etc/apt/apt.conf.d ] || return 0
  local text='Unattended-Upgrade::Package-Blacklist { "nvidia-.*"; "libnvidia-.*"; "cuda-.*"; "linux-.*"; };'
  write_file "$APT_HOLD" 644 root "$text"$'\n' || true
}

# The recipe of dstack's GPU images: NVIDIA's own repository, one pin for the whole family, open kernel modules.
install_driver() {
  local distribution script
  distribution=$(os_release ID)$(os_release VERSION_ID | tr -d .)
  case "$distribution" in
    ubuntu2404 | debian12) ;;
    *) fatal "no NVIDIA driver, and no recipe for $distribution" "install driver $MINIMUM_DRIVER or later, or use Ubuntu 24.04 or Debian 12" ;;
  esac
  forbid_nouveau
  info "installing NVIDIA driver $MINIMUM_DRIVER; this takes minutes"
  script=$(driver_script)
  write_file /run/shardplan/install-driver.sh 700 root "$script" || true
  run_long driver 2400 --setenv=DISTRIBUTION="$distribution" --setenv=BRANCH="$MINIMUM_DRIVER" \
    --setenv=FABRIC="$(fabric)" -- /bin/bash /run/shardplan/install-driver.sh ||
    { tail -n 20 "$LOGS/driver.log" | cut -c1-300 | plain >&2
      fatal "could not install the NVIDIA driver" "see the lines above and $LOGS/driver.log; or use an image that brings the driver"; }
  changed "installed NVIDIA driver $(driver_version)"
}

# A plain kernel has loaded its own driver for the GPUs at boot, maybe from the initial file system; NVIDIA's gets none of them then.
forbid_nouveau() {
  write_file "$NOUVEAU_OFF" 644 root $'blacklist nouveau\n' || true
  [ -d "$NOUVEAU" ] || return 0
  ! command -v update-initramfs >/dev/null || update-initramfs -u >&2
  modprobe -r nouveau ||
    fatal "the kernel module nouveau holds the GPUs" "reboot the host, which loads it no more, and run pulumi up again"
  changed "unloaded nouveau"
}

driver_script() {
  cat <<'SCRIPT'
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt="apt-get -qq -o DPkg::Lock::Timeout=600"
keyring=cuda-keyring_1.1-1_all.deb
if ! dpkg-query -W cuda-keyring >/dev/null 2>&1; then
  curl --fail --silent --show-error --location --output "/run/shardplan/$keyring" \
    "https://developer.download.nvidia.com/compute/cuda/repos/$DISTRIBUTION/x86_64/$keyring"
  dpkg -i "/run/shardplan/$keyring"
fi
for try in $(seq 60); do $apt update && break; sleep 10; done
$apt install -y --no-install-recommends "linux-headers-$(uname -r)" build-essential
$apt install -y --no-install-recommends "nvidia-driver-pinning-$BRANCH"
packages=(nvidia-open)
[ -z "$FABRIC" ] || packages+=(nvidia-fabricmanager)
# The subnet manager that Fabric Manager starts there, and what it reads the switches by.
[ "$FABRIC" != nvlink5 ] || packages+=(nvlsm libnvsdm)
$apt install -y --no-install-recommends "${packages[@]}"
modprobe nvidia
systemctl enable --now nvidia-persistenced.service || true
SCRIPT
}

require_driver() {
  local version
  version=$(driver_version)
  [ -n "$version" ] || fatal "the NVIDIA driver does not load" \
    "look at 'dmesg | grep -i nvidia' on the host; after a kernel upgrade reboot it, then run pulumi up again"
  [ "${version%%.*}" -ge "$MINIMUM_DRIVER" ] || fatal "NVIDIA driver $version is older than $MINIMUM_DRIVER" \
    "upgrade driver and Fabric Manager together to branch $MINIMUM_DRIVER or later"
}

# Blackwell's switches are reached as devices of InfiniBand.
load_modules_at_boot() {
  local modules=$'nvidia-uvm\n'
  [ "$(fabric)" != nvlink5 ] || modules+=$'mlx5_ib\nib_umad\n'
  write_file "$KERNEL_MODULES" 644 root "$modules" || true
}

# CUDA opens /dev/nvidia-uvm. Its setuid helper, which else loads the module and makes the file at the first use, has no
# power under NoNewPrivileges. The module is loaded at each boot, and the file made before each start.
load_unified_memory() {
  unified_memory_is_there && return 0
  modprobe nvidia-uvm || fatal "the kernel module nvidia-uvm does not load" \
    "look at 'dmesg | grep -i nvidia' on the host; driver and kernel must fit: reboot it, then run pulumi up again"
  unified_memory_is_there || nvidia-modprobe -u -c=0 || true
  unified_memory_is_there || fatal "the device file $UVM_DEVICE is not made" \
    "install nvidia-modprobe in the driver's version $(driver_version), then run pulumi up again"
  changed "loaded nvidia-uvm"
}

unified_memory_is_there() { [ -c "$UVM_DEVICE" ]; }

# The first start right after boot can fail for 30 s; a later one takes a second (pytorch/ci-infra #552).
start_fabric() {
  local kind
  kind=$(fabric)
  [ -n "$kind" ] || return 0
  # Without them Fabric Manager looks for switches of another kind, and the GPUs wait for it (NVIDIA/gpu-operator #2781).
  [ "$kind" != nvlink5 ] || modprobe -a mlx5_ib ib_umad || fatal "the kernel modules mlx5_ib and ib_umad do not load" \
    "NVLink's switches are managed through them: install linux-modules-extra-$(uname -r), then run pulumi up again"
  systemctl is-active --quiet nvidia-fabricmanager.service && return 0
  systemctl enable --quiet nvidia-fabricmanager.service 2>/dev/null ||
    fatal "Fabric Manager is not installed" "install nvidia-fabricmanager in the driver's version $(driver_version)"
  local try
  for try in 1 2 3 4 5; do
    if systemctl start nvidia-fabricmanager.service; then changed "started Fabric Manager"; return 0; fi
    info "Fabric Manager did not start, try $try of 5"
    sleep 10
  done
  show_log nvidia-fabricmanager.service 20
  fatal "Fabric Manager does not start" "its version must equal the driver's ($(driver_version)); see its log above"
}

# nvidia-smi looks fine while the fabric is down, CUDA then fails with error 802: the fabric state decides. GPUs before
# Hopper do not register with the fabric and say N/A; a Hopper that waits for it says In Progress.
wait_for_gpus() {
  local deadline=$((SECONDS + 180)) ready
  while :; do
    ready=$(nvidia-smi --query-gpu=index --format=csv,noheader | grep -cE '^[0-9]+$' || true)
    if [ "$NVLINK" = yes ]; then
      ready=$(nvidia-smi -q | grep -A2 -E '^ +Fabric$' | grep -c -E 'State +: (Completed|N/A)' || true)
    fi
    [ "$ready" -lt "$GPUS_NEEDED" ] || return 0
    [ "$SECONDS" -lt "$deadline" ] || break
    sleep 5
  done
  fatal "$ready of $GPUS_NEEDED GPUs are ready after 180 s" "look at 'nvidia-smi -q' and at nvidia-fabricmanager's log on the host"
}

# Links that do not carry anything, and pairs of GPUs that reach each other by PCIe alone: the plan
# counts on all of them.
links_down() {
  [ "$NVLINK" = yes ] || return 0
  nvidia-smi nvlink -s | awk '/^GPU/ {gpu = $2; sub(":", "", gpu)} /<inactive>/ {print "NVLink " $2 " of GPU " gpu " is inactive"}' | tr -d :
  # Its first line names the columns, network cards after the GPUs.
  nvidia-smi topo -m | sed 's/\x1b\[[0-9;]*m//g' | awk '
    !gpus {for (at = 1; at <= NF; at++) if ($at ~ /^GPU[0-9]+$/) gpus++; next}
    $1 ~ /^GPU[0-9]+$/ {own = substr($1, 4)
      for (other = own + 1; other < gpus; other++)
        if ($(other + 2) !~ /^NV/) print $1 " reaches GPU" other " by " $(other + 2) " and not by NVLink"}'
}

require_links() {
  local down
  mapfile -t down < <(links_down)
  [ ${#down[@]} -eq 0 ] ||
    fatal "${down[0]}$([ ${#down[@]} -eq 1 ] || echo ", and $((${#down[@]} - 1)) more like it")" \
      "reboot the host; a link that stays down is a fault of the board: use another machine"
}

# NVIDIA's quick diagnostic, a minute at most, where it is installed, and while nothing of ours runs on the GPUs.
diagnose() {
  local said
  command -v dcgmi >/dev/null && ! systemctl is-active --quiet 'shardplan-vllm*' || return 0
  info "running DCGM's quick diagnostic"
  said=$(timeout 300 dcgmi diag -r 1 2>&1) && ! grep -q '| *Fail' <<<"$said" && return 0
  grep -iE 'fail|error' <<<"$said" | head -n 5 | cut -c1-200 | plain >&2
  # Without its service it cannot ask the GPUs.
  if grep -qi 'unable to connect' <<<"$said"; then info "DCGM's service does not run: no diagnostic"; return 0; fi
  fatal "DCGM's quick diagnostic fails" "see the lines above and run 'dcgmi diag -r 1' on the host; use another machine if the GPUs are at fault"
}

run_step driver "$@"
