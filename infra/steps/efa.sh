# shellcheck shell=bash
# Looks whether the host has what NCCL needs to go over Elastic Fabric Adapter: its interfaces, libfabric and the plugin.
# They come with AWS's image and the machine's start; nothing here can bring them.
# in:  HOST_NAME, EFA_INTERFACES (how many), LIBFABRIC (folder), PLUGIN_FOLDERS (separated by spaces)
# out: {"interfaces","plugin"}
INFINIBAND=/sys/class/infiniband

apply() {
  local interfaces plugin
  interfaces=$(efa_interfaces | wc -l)
  [ "$interfaces" -ge "$EFA_INTERFACES" ] ||
    fatal "has $interfaces EFA interfaces of $EFA_INTERFACES" \
      "a machine gets them when it starts: replace one that was made with hardware.network tcp; an image without EFA's driver needs hardware.network tcp"
  [ -e "$LIBFABRIC/libfabric.so.1" ] ||
    fatal "this image has no libfabric in $LIBFABRIC" "leave out aws.amiId, as AWS's image has it, or set hardware.network to tcp"
  plugin=$(nccl_plugin)
  [ -n "$plugin" ] ||
    fatal "this image has no NCCL plugin for EFA (aws-ofi-nccl) in $PLUGIN_FOLDERS" \
      "leave out aws.amiId, as AWS's image has it, or set hardware.network to tcp"
  result "interfaces:=$interfaces" "plugin=$plugin"
}

efa_interfaces() { find "$INFINIBAND" -mindepth 1 -maxdepth 1 \( -name 'efa_*' -o -name 'rdmap*' \) 2>/dev/null || true; }

nccl_plugin() {
  local folder file
  for folder in $PLUGIN_FOLDERS; do
    for file in "$folder"/libnccl-net*.so*; do
      if [ -e "$file" ]; then echo "$file"; return; fi
    done
  done
}

drift() {
  [ "$(efa_interfaces | wc -l)" -ge "$EFA_INTERFACES" ] || echo "EFA interfaces are gone"
  [ -n "$(nccl_plugin)" ] || echo "the NCCL plugin for EFA is gone"
}

run_step efa "$@"
