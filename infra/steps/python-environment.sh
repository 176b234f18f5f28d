# shellcheck shell=bash
# The Python environment with vLLM and Ray in exactly the planned versions: a release in a folder of its own, beside that on
# which the services run meanwhile.
# in:  HOST_NAME, ENVIRONMENT (folder), RELEASES (folder of those that this step has made), SOURCE (index, wheelhouse,
#      preinstalled), LOCATION, INDEX (address; empty: PyPI), VLLM_VERSION, RAY_VERSION (empty without Ray), EXTRA (a package
#      that the load test needs; empty without one), UV_VERSION, LOCK (file with every package and its hashes; empty: what
#      fits is taken), LOCK_SUM
# out: {"python","vllm","ray"}

apply() {
  if ! as_planned; then
    case "$SOURCE" in
      preinstalled) refuse_preinstalled ;;
      *)
        remove_unused
        require_space
        install_environment ;;
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

# Before another one is installed, so that the last one is there to go back to: what no unit names, and none that has
# served last.
remove_unused() {
  local release
  for release in "$RELEASES"/*/; do
    release=${release%/}
    if [ ! -d "$release" ] || [ "$release" = "$ENVIRONMENT" ]; then continue; fi
    ! grep -qsaF "$release/" /etc/systemd/system/shardplan-*.service /etc/shardplan/served/* || continue
    # First of all it is no longer complete, wherever this may be cut off.
    rm -f "$release/.shardplan-complete"
    rm -rf "$release" "$release.lock"
    changed "removed $release, on which nothing runs"
  done
}

# vLLM 0.33.0 with Ray 2.60.0 for CUDA 13 and its installer's cache take 9.6 GB.
require_space() {
  local need=12 free have
  mkdir -p "$RELEASES"
  free=$(df --output=avail -B1 "$RELEASES" | tail -n 1)
  have=$(du -sB1 "$ENVIRONMENT" 2>/dev/null | cut -f1 | grep . || echo 0)
  [ $((free + have)) -ge $((need * 1000000000)) ] ||
    fatal "$RELEASES has $((free / 1000000000)) GB free, the environment needs $((need - have / 1000000000)) GB; nothing was changed" \
      "make room there, or raise shardplan:aws.rootVolumeGb"
}

# A half-made environment is completed: uv and pip skip what is there in the right version.
install_environment() {
  [ -z "$LOCK" ] || [ "$(sha256sum <"$LOCK" | cut -c1-64)" = "$LOCK_SUM" ] ||
    fatal "$LOCK is not the lock that the program has sent" "run pulumi up again"
  info "installing vLLM $VLLM_VERSION${RAY_VERSION:+ and Ray $RAY_VERSION} into $ENVIRONMENT; this takes minutes"
  write_file /run/shardplan/install-environment.sh 700 root "$(install_script)" || true
  run_long python-environment 3600 \
    --setenv=ENVIRONMENT="$ENVIRONMENT" --setenv=LOCATION="$LOCATION" --setenv=SOURCE="$SOURCE" --setenv=INDEX="$INDEX" \
    --setenv=VLLM="vllm==$VLLM_VERSION" --setenv=RAY="${RAY_VERSION:+ray[default,cgraph]==$RAY_VERSION}" \
    --setenv=EXTRA="$EXTRA" --setenv=LOCK="$LOCK" --setenv=UV="uv==$UV_VERSION" -- /bin/bash /run/shardplan/install-environment.sh ||
    { tail -n 20 "$LOGS/python-environment.log" | cut -c1-300 | plain >&2
      fatal "could not install vLLM $VLLM_VERSION" "see the lines above and $LOGS/python-environment.log; check serving.packageSource and the host's way to it"; }
  as_planned || fatal "installed vLLM '$(version_of vllm)' and Ray '$(version_of ray)' instead of the planned versions" \
    "remove $ENVIRONMENT on the host and run pulumi up again"
  changed "installed vLLM $VLLM_VERSION"
}

# By a lock every package is the one that was locked, uv first, or nothing is installed. Without one uv looks at the driver
# and takes the matching CUDA build of PyTorch (--torch-backend=auto), which is at an index of PyTorch's own: not where all
# comes from a folder of wheels or an index in the place of PyPI.
install_script() {
  cat <<'SCRIPT'
set -euo pipefail
rm -f "$ENVIRONMENT/.shardplan-complete"
# Beside the environment, so that files are linked and not copied.
export UV_CACHE_DIR=$ENVIRONMENT/.cache
# The interpreter is there long before pip: a half-made environment is made again, over what there is.
"$ENVIRONMENT/bin/python" -m pip --version >/dev/null 2>&1 || python3 -m venv "$ENVIRONMENT"
offline=() backend=()
case "$SOURCE$INDEX" in
  wheelhouse) offline=(--no-index --find-links "$LOCATION") ;;
  index) backend=(--torch-backend=auto) ;;
  *) export PIP_INDEX_URL=$INDEX UV_DEFAULT_INDEX=$INDEX ;;
esac
uv=("$UV") packages=("${backend[@]}" "$VLLM" ${RAY:+"$RAY"} ${EXTRA:+"$EXTRA"})
if [ -n "$LOCK" ]; then
  sed -n '/^uv==/,/[^\\]$/p' "$LOCK" >"$ENVIRONMENT/.uv.txt"
  uv=(--require-hashes -r "$ENVIRONMENT/.uv.txt") packages=(--require-hashes -r "$LOCK")
fi
"$ENVIRONMENT/bin/python" -m pip install --quiet --progress-bar off "${offline[@]}" "${uv[@]}"
"$ENVIRONMENT/bin/uv" pip install --no-progress --python "$ENVIRONMENT/bin/python" "${offline[@]}" "${packages[@]}"
rm -rf "$UV_CACHE_DIR" "$ENVIRONMENT/.uv.txt"
: >"$ENVIRONMENT/.shardplan-complete"
SCRIPT
}

# The services run as their own user, which must reach the environment and its interpreter.
require_readable() {
  runuser -u "$ENGINE_USER" -- "$ENVIRONMENT/bin/python" -c '' 2>/dev/null ||
    fatal "user $ENGINE_USER cannot run $ENVIRONMENT/bin/python" "make the environment and its interpreter readable for all users"
}

run_step python-environment "$@"
