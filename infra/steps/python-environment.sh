# shellcheck shell=bash
# The Python environment with vLLM and Ray in exactly the planned versions.
# in:  HOST_NAME, ENVIRONMENT (folder), SOURCE (index, wheelhouse, preinstalled), LOCATION, VLLM_VERSION,
#      RAY_VERSION (empty without Ray), EXTRA (a package that the load test needs; empty without one), UV_VERSION
# out: {"python","vllm","ray"}

apply() {
  if ! as_planned; then
    case "$SOURCE" in
      preinstalled) refuse_preinstalled ;;
      *) install_environment ;;
    esac
  fi
  require_readable
  result "python=$(version_of python)" "vllm=$(version_of vllm)" "ray=$(version_of ray)"
}

drift() { as_planned || echo "$ENVIRONMENT is not vLLM $VLLM_VERSION${RAY_VERSION:+ with Ray $RAY_VERSION}${EXTRA:+ and $EXTRA}"; }

# Installed version without its local part (0.33.0+cpu is 0.33.0); empty if absent. Imports nothing heavy.
version_of() {
  "$ENVIRONMENT/bin/python" - "$1" 2>/dev/null <<'PYTHON' || true
import importlib.metadata, platform, sys
name = sys.argv[1]
try:
    print(platform.python_version() if name == "python" else importlib.metadata.version(name).split("+")[0])
except importlib.metadata.PackageNotFoundError:
    pass
PYTHON
}

as_planned() {
  is_complete && [ -x "$ENVIRONMENT/bin/vllm" ] && [ "$(version_of vllm)" = "$VLLM_VERSION" ] &&
    { [ -z "$RAY_VERSION" ] || { [ -x "$ENVIRONMENT/bin/ray" ] && [ "$(version_of ray)" = "$RAY_VERSION" ]; }; } &&
    { [ -z "$EXTRA" ] || [ -n "$(version_of "$EXTRA")" ]; }
}

# uv unpacks packages side by side: vLLM and Ray can be there while PyTorch is still missing.
is_complete() { [ "$SOURCE" = preinstalled ] || [ -e "$ENVIRONMENT/.shardplan-complete" ]; }

refuse_preinstalled() {
  [ -x "$ENVIRONMENT/bin/python" ] ||
    fatal "there is no Python environment at $ENVIRONMENT" "set shardplan:serving.packageLocation to one, or packageSource to index"
  if [ -n "$EXTRA" ] && [ -z "$(version_of "$EXTRA")" ]; then
    fatal "the environment at $ENVIRONMENT has no $EXTRA, with which vLLM's load test reads its requests" \
      "install it there, or: pulumi config set --path shardplan:proof.load false"
  fi
  fatal "the environment at $ENVIRONMENT has vLLM '$(version_of vllm)' and Ray '$(version_of ray)', the plan says $VLLM_VERSION and '${RAY_VERSION:-none}'" \
    "install those versions there, or set shardplan:serving.vllmVersion and rayVersion to what it has"
}

# A half-made environment is completed: uv and pip skip what is there in the right version.
install_environment() {
  info "installing vLLM $VLLM_VERSION${RAY_VERSION:+ and Ray $RAY_VERSION} into $ENVIRONMENT; this takes minutes"
  write_file /run/shardplan/install-environment.sh 700 root "$(install_script)" || true
  run_long python-environment 3600 \
    --setenv=ENVIRONMENT="$ENVIRONMENT" --setenv=LOCATION="$LOCATION" --setenv=SOURCE="$SOURCE" \
    --setenv=VLLM="vllm==$VLLM_VERSION" --setenv=RAY="${RAY_VERSION:+ray[default,cgraph]==$RAY_VERSION}" \
    --setenv=EXTRA="$EXTRA" --setenv=UV="uv==$UV_VERSION" -- /bin/bash /run/shardplan/install-environment.sh ||
    { tail -n 20 "$LOGS/python-environment.log" | cut -c1-300 | plain >&2
      fatal "could not install vLLM $VLLM_VERSION" "see the lines above and $LOGS/python-environment.log; check serving.packageSource and the host's way to it"; }
  as_planned || fatal "installed vLLM '$(version_of vllm)' and Ray '$(version_of ray)' instead of the planned versions" \
    "remove $ENVIRONMENT on the host and run pulumi up again"
  changed "installed vLLM $VLLM_VERSION"
}

# uv looks at the driver and takes the matching CUDA build of PyTorch (--torch-backend=auto).
install_script() {
  cat <<'SCRIPT'
set -euo pipefail
rm -f "$ENVIRONMENT/.shardplan-complete"
# The interpreter is there long before pip: a half-made environment is made again, over what there is.
"$ENVIRONMENT/bin/python" -m pip --version >/dev/null 2>&1 || python3 -m venv "$ENVIRONMENT"
offline=()
[ "$SOURCE" != wheelhouse ] || offline=(--no-index --find-links "$LOCATION")
"$ENVIRONMENT/bin/python" -m pip install --quiet --progress-bar off "${offline[@]}" "$UV"
backend=(--torch-backend=auto)
[ "$SOURCE" != wheelhouse ] || backend=()
"$ENVIRONMENT/bin/uv" pip install --no-progress --python "$ENVIRONMENT/bin/python" "${backend[@]}" "${offline[@]}" "$VLLM" ${RAY:+"$RAY"} ${EXTRA:+"$EXTRA"}
: >"$ENVIRONMENT/.shardplan-complete"
SCRIPT
}

# The services run as their own user, which must reach the environment and its interpreter.
require_readable() {
  runuser -u "$ENGINE_USER" -- "$ENVIRONMENT/bin/python" -c '' 2>/dev/null ||
    fatal "user $ENGINE_USER cannot run $ENVIRONMENT/bin/python" "make the environment and its interpreter readable for all users"
}

run_step python-environment "$@"
