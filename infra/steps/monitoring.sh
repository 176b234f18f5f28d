# shellcheck shell=bash
# What watches the stack: the node exporter and NVIDIA's on each host, and on the first a Prometheus that reads them, vLLM, Ray and
# the gateway. Nothing that serves waits for it.
# uses: packages.sh
# in:  HOST_NAME, PACKAGES (words), EXPORTER_UNIT, EXPORTER_TEXT (empty: the stack is not watched), EXPORTER_URL, EXPORTER_PORT,
#      PROMETHEUS_UNIT, PROMETHEUS_TEXT (empty: a further host), PROMETHEUS_PORT, CONFIG_FILE, CONFIG, RULES_FILE, RULES,
#      GPU_EXPORTER (its program), GPU_EXPORTER_PACKAGE, GPU_EXPORTER_UNIT, GPU_EXPORTER_TEXT (empty: no GPU), GPU_EXPORTER_PORT,
#      GPU_EXPORTER_SETTINGS (a file), COUNTERS_FILE, COUNTERS, ALERTMANAGER_UNIT, ALERTMANAGER_TEXT (empty: nobody is told),
#      ALERTMANAGER_PORT, ALERTMANAGER_FILE, ALERTMANAGER_CONFIG
# out: {}
# shellcheck disable=SC2034 # packages.sh uses them; the list is this step's own, because it alone gives these units back
PACKAGED_UNITS="prometheus.service prometheus-node-exporter.service prometheus-alertmanager.service nvidia-dcgm-exporter.service" PACKAGED_UNITS_MASKED=$MASKED_BY_MONITORING

apply() {
  if [ -n "$EXPORTER_TEXT" ]; then watch; else remove_all; fi
  result
}

watch() {
  require_port "$EXPORTER_PORT" "$EXPORTER_UNIT" "$(remedy)"
  [ -z "$PROMETHEUS_TEXT" ] || require_port "$PROMETHEUS_PORT" "$PROMETHEUS_UNIT" "$(remedy)"
  [ -z "$ALERTMANAGER_TEXT" ] || require_port "$ALERTMANAGER_PORT" "$ALERTMANAGER_UNIT" "$(remedy)"
  want_gpu_exporter
  install_packages
  apply_unit "$EXPORTER_UNIT" "$EXPORTER_TEXT"
  wait_for_port "$EXPORTER_PORT" "$EXPORTER_UNIT"
  require_metrics
  apply_gpu_exporter
  apply_alertmanager
  if [ -n "$PROMETHEUS_TEXT" ]; then apply_prometheus; else remove_prometheus; fi
}

remedy() { echo "stop that process and run pulumi up again, or set shardplan:monitoring.mode to export and have a Prometheus of yours watch the stack"; }

# One that listens may still die of the first question: what it reads may be closed to it.
require_metrics() {
  curl --silent --fail --max-time 20 --output /dev/null "$EXPORTER_URL" ||
    { show_log "$EXPORTER_UNIT" 10
      fatal "the node exporter gives no metrics" "see its log above; the service itself runs on"; }
}

# NVIDIA's own package sources have it, which the driver's step adds; those of the distribution do not. Without them the host is
# watched but for its GPUs, and notes says so.
want_gpu_exporter() {
  local known
  [ -n "$GPU_EXPORTER_TEXT" ] && [ ! -x "$GPU_EXPORTER" ] && [ -z "$(foreign_gpu_exporter)" ] || return 0
  known=$(apt-cache policy "$GPU_EXPORTER_PACKAGE" 2>/dev/null)
  ! grep -q 'Candidate: [0-9]' <<<"$known" || PACKAGES="$PACKAGES $GPU_EXPORTER_PACKAGE"
}

# Who listens where NVIDIA's exporter would, a container for example: it is read as it is.
foreign_gpu_exporter() { port_owner "$GPU_EXPORTER_PORT" | grep -vx "$GPU_EXPORTER_UNIT" || true; }

gpu_exporter_is_ours() { [ -n "$GPU_EXPORTER_TEXT" ] && [ -x "$GPU_EXPORTER" ] && [ -z "$(foreign_gpu_exporter)" ]; }

apply_gpu_exporter() {
  gpu_exporter_is_ours || { remove_gpu_exporter; return 0; }
  write_file "$COUNTERS_FILE" 644 root "$COUNTERS" || true
  write_file "$GPU_EXPORTER_SETTINGS" 644 root "$(host_engine)" || true
  apply_unit "$GPU_EXPORTER_UNIT" "$GPU_EXPORTER_TEXT" "$COUNTERS_FILE" "$GPU_EXPORTER_SETTINGS"
  wait_for_port "$GPU_EXPORTER_PORT" "$GPU_EXPORTER_UNIT"
}

# The GPUs' profiling counters serve one reader: where DCGM runs on the host already, the exporter asks it.
host_engine() {
  ! systemctl is-active --quiet nvidia-dcgm.service || echo "DCGM_REMOTE_HOSTENGINE_INFO=localhost:5555"
}

remove_gpu_exporter() {
  remove_unit "$GPU_EXPORTER_UNIT"
  rm -rf "$(dirname "$COUNTERS_FILE")"
}

# Before Prometheus, which tells it.
apply_alertmanager() {
  local complaint
  [ -n "$ALERTMANAGER_TEXT" ] || { remove_alertmanager; return 0; }
  write_file "$ALERTMANAGER_FILE" 600 root "$ALERTMANAGER_CONFIG" || true
  # Its complaint may have the secret in it: what is said is its kind.
  complaint=$(timeout 60 amtool check-config "$ALERTMANAGER_FILE" 2>&1) ||
    fatal "Alertmanager refuses its configuration" "$(alertmanager_hint "$complaint")"
  apply_unit "$ALERTMANAGER_UNIT" "$ALERTMANAGER_TEXT" "$ALERTMANAGER_FILE"
  wait_for_port "$ALERTMANAGER_PORT" "$ALERTMANAGER_UNIT"
}

alertmanager_hint() {
  case "$1" in
    *"unsupported scheme"* | *"missing host"* | *"parse"*) echo "shardplan:alertWebhook is to be a whole URL with http or https" ;;
    *) echo "run 'amtool check-config $ALERTMANAGER_FILE' on the host as root and report what it says; the service itself runs on" ;;
  esac
}

remove_alertmanager() {
  remove_unit "$ALERTMANAGER_UNIT"
  rm -rf "$ALERTMANAGER_FILE" /var/lib/private/shardplan-alertmanager /var/lib/shardplan-alertmanager
}

apply_prometheus() {
  write_file "$RULES_FILE" 644 root "$RULES" || true
  write_file "$CONFIG_FILE" 644 root "$CONFIG" || true
  check_configuration
  apply_unit "$PROMETHEUS_UNIT" "$PROMETHEUS_TEXT" "$CONFIG_FILE" "$RULES_FILE"
  wait_for_port "$PROMETHEUS_PORT" "$PROMETHEUS_UNIT"
}

check_configuration() {
  local complaint
  complaint=$(timeout 60 promtool check config "$CONFIG_FILE" 2>&1) && return 0
  fatal "Prometheus refuses its configuration: $(grep -m1 -i fail <<<"$complaint" | cut -c1-300)" "report this; the service itself runs on"
}

remove() {
  remove_all
  result
}

remove_all() {
  remove_unit "$EXPORTER_UNIT"
  remove_gpu_exporter
  remove_alertmanager
  remove_prometheus
  unmask_foreign "$MASKED_BY_MONITORING"
}

remove_prometheus() {
  remove_unit "$PROMETHEUS_UNIT"
  rm -rf "$(dirname "$CONFIG_FILE")" "$METRICS" "/var/lib/${METRICS##*/}"
}

notes() {
  [ -n "$EXPORTER_TEXT" ] || return 0
  unit_notes "$EXPORTER_UNIT"
  unit_notes "$PROMETHEUS_UNIT"
  unit_notes "$ALERTMANAGER_UNIT"
  [ -n "$GPU_EXPORTER_TEXT" ] || return 0
  unit_notes "$GPU_EXPORTER_UNIT"
  [ -n "$(port_owner "$GPU_EXPORTER_PORT")" ] ||
    echo "NVIDIA's dcgm-exporter does not listen on port $GPU_EXPORTER_PORT: nobody watches the GPUs' memory, links and faults; install NVIDIA's package $GPU_EXPORTER_PACKAGE"
}

drift() {
  [ -n "$EXPORTER_TEXT" ] || return 0
  find_missing
  [ ${#MISSING[@]} -eq 0 ] || echo "packages are missing: ${MISSING[*]}"
  unit_drift "$EXPORTER_UNIT"
  ! gpu_exporter_is_ours || unit_drift "$GPU_EXPORTER_UNIT" "$COUNTERS_FILE" "$GPU_EXPORTER_SETTINGS"
  [ -z "$ALERTMANAGER_TEXT" ] || unit_drift "$ALERTMANAGER_UNIT" "$ALERTMANAGER_FILE"
  [ -z "$PROMETHEUS_TEXT" ] || unit_drift "$PROMETHEUS_UNIT" "$CONFIG_FILE" "$RULES_FILE"
}

run_step monitoring "$@"
