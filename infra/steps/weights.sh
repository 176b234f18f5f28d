# shellcheck shell=bash
# The model's weights in one folder on the host: from the hub, from an S3 bucket, or already there; and a unit that fetches
# them again before vLLM starts, where they are gone.
# in:  HOST_NAME, INSTANCE (-draft for a drafter's), MODEL_PATH, SOURCE (hub, bucket, path), REPOSITORY, REVISION, BUCKET, WEIGHTS_BYTES, ENVIRONMENT,
#      HUB_TOKEN (secret; may be empty), HUB_TOKEN_SECRET (ARN in Secrets Manager that has it; may be empty), HUB_ENDPOINT (of a mirror; may be empty), UNIT, UNIT_TEXT (empty: nothing is fetched), FETCH_FILE, STORAGE (mount that MODEL_PATH
#      lies on; may be empty)
# out: {"path","files","bytes"}
: "${INSTANCE:=}"
TOKEN_FILE=/run/shardplan/hub$INSTANCE.env

apply() {
  fetch
  if [ -n "$UNIT_TEXT" ]; then
    write_file "$FETCH_FILE" 600 root "$(fetcher)"$'\n' || true
    write_file "/etc/systemd/system/$UNIT" 644 root "$UNIT_TEXT" || true
    systemctl daemon-reload
  else
    forget_unit
  fi
  result "path=$MODEL_PATH" "files:=$(weight_files | wc -l)" "bytes:=$(weight_files | xargs -r stat -L -c %s | awk '{n += $1} END {print n + 0}')"
}

# The weights stay: they are dear to fetch.
remove() {
  forget_unit
  result
}

forget_unit() {
  remove_unit "$UNIT"
  rm -f "$FETCH_FILE"
}

fetch() {
  trap 'rm -f "$TOKEN_FILE"' EXIT
  if [ "$SOURCE" != path ] && { ! already_here || [ -n "$(lacking)" ]; }; then
    await_storage
    require_space
    case "$SOURCE" in
      hub) download_from_hub ;;
      bucket) download_from_bucket ;;
    esac
    chmod -R a+rX "$MODEL_PATH"
    # A unit that vanished with a reboot looks like one that ended well: the files decide.
    require_complete
    write_file "$MODEL_PATH/.shardplan-complete" 644 root "$(origin)"$'\n' || true
  fi
  require_complete
}

# This step as a script of its own, which only fetches.
fetcher() {
  echo "set -euo pipefail; umask 022; export LC_ALL=C; mkdir -p '${TOKEN_FILE%/*}' '$LOGS'"
  declare -p HOST_NAME INSTANCE MODEL_PATH SOURCE REPOSITORY REVISION BUCKET WEIGHTS_BYTES ENVIRONMENT HUB_TOKEN HUB_TOKEN_SECRET HUB_ENDPOINT STORAGE \
    LOGS ENGINE_USER TOKEN_FILE
  echo CHANGES=0
  # shellcheck disable=SC2046 # names
  declare -f $(compgen -A function | grep -v '^torture')
  echo fetch
}

# Disks that are made and mounted at boot may be there later than this.
await_storage() {
  local second
  [ -n "$STORAGE" ] || return 0
  for second in $(seq 120); do
    ! mountpoint -q "$STORAGE" || return 0
    [ "$second" -lt 120 ] || fatal "$STORAGE is not mounted" "the machine's local disks are missing: look at journalctl -b -u dlami-nvme, or use another image"
    sleep 1
  done
}

weight_files() { [ ! -d "$MODEL_PATH" ] || find -L "$MODEL_PATH" -maxdepth 1 -name '*.safetensors' | sort; }

origin() { echo "$SOURCE $REPOSITORY $REVISION $BUCKET"; }

# How far a download is, for those who wait: what lies in the folder, and what came in a second since it began.
FETCH_BEGAN=
doing() {
  local now
  now="$(du -sB1 "$MODEL_PATH" | cut -f1) $SECONDS"
  : "${FETCH_BEGAN:=$now}"
  awk -v all="$WEIGHTS_BYTES" -v now="$now" -v began="$FETCH_BEGAN" 'BEGIN {
    split(now, n); split(began, b)
    seconds = n[2] - b[2]
    rate = seconds > 0 ? sprintf(", %.2f GB/s", (n[1] - b[1]) / seconds / 1e9) : ""
    printf "%.1f of %.1f GB%s", n[1] / 1e9, all / 1e9, rate
  }'
}

already_here() { [ "$(cat "$MODEL_PATH/.shardplan-complete" 2>/dev/null)" = "$(origin)" ]; }

# Room for what is still missing, and a tenth more.
require_space() {
  mkdir -p "$MODEL_PATH"
  local free have need
  free=$(df --output=avail -B1 "$MODEL_PATH" | tail -n 1)
  have=$(du -sB1 "$MODEL_PATH" | cut -f1)
  need=$((WEIGHTS_BYTES + WEIGHTS_BYTES / 10 - have))
  [ "$free" -ge "$need" ] || fatal "$MODEL_PATH has $((free / 1000000000)) GB free, the weights need $((need / 1000000000)) GB" \
    "free space there, or raise shardplan:aws.rootVolumeGb"
}

download_from_hub() {
  local token=$HUB_TOKEN
  [ -z "$HUB_TOKEN_SECRET" ] || token=$(aws_secret "$HUB_TOKEN_SECRET" aws.huggingFaceTokenSecret) || exit 1
  info "downloading $REPOSITORY@$REVISION, $((WEIGHTS_BYTES / 1000000000)) GB"
  : >"$TOKEN_FILE"
  chmod 600 "$TOKEN_FILE"
  printf 'HF_TOKEN=%s\n%s' "$token" "${HUB_ENDPOINT:+HF_ENDPOINT=$HUB_ENDPOINT}" >"$TOKEN_FILE"
  # original/ holds the same weights once more in another format.
  ask_hub weights download "$REPOSITORY" --revision "$REVISION" --exclude 'original/*' --local-dir "$MODEL_PATH" ||
    { tail -n 5 "$LOGS/weights$INSTANCE.log" | cut -c1-300 | plain >&2
      fatal "could not download $REPOSITORY@$REVISION" \
        "accept the model's licence on the hub and set its token: pulumi config set --secret shardplan:huggingFaceToken"; }
  info "holding the files against the hub's checksums"
  ask_hub sums cache verify "$REPOSITORY" --revision "$REVISION" --local-dir "$MODEL_PATH" ||
    { grep -v '^ *$' "$LOGS/sums$INSTANCE.log" | tail -n 8 | cut -c1-300 | plain >&2
      fatal "what was downloaded of $REPOSITORY@$REVISION does not have the hub's checksums" \
        "see the lines above; remove the files that differ from $MODEL_PATH and run pulumi up again"; }
  changed "downloaded $REPOSITORY@$REVISION"
}

# The hub's own program, with the token in a file that only root reads.
ask_hub() {
  local name=$1
  shift
  run_long "$name$INSTANCE" 14400 --property=EnvironmentFile="$TOKEN_FILE" --setenv=NO_COLOR=1 --setenv=HF_HUB_DISABLE_PROGRESS_BARS=1 \
    --setenv=HF_XET_HIGH_PERFORMANCE=1 --setenv=HF_HOME=/var/cache/shardplan/hub -- "$ENVIRONMENT/bin/hf" "$@"
}

download_from_bucket() {
  info "copying $BUCKET, $((WEIGHTS_BYTES / 1000000000)) GB"
  run_long "weights$INSTANCE" 14400 -- /bin/bash -c "$(bucket_script)" bucket "$BUCKET" "$MODEL_PATH" ||
    { tail -n 5 "$LOGS/weights$INSTANCE.log" | cut -c1-300 | plain >&2
      fatal "could not copy $BUCKET" "check shardplan:model.location and that the host may read it (on AWS its instance role)"; }
  check_sums
  changed "copied $BUCKET"
}

# By the list of checksums beside the weights, as sha256sum makes it, where the bucket has one.
check_sums() {
  [ -f "$MODEL_PATH/SHA256SUMS" ] || return 0
  info "holding the files against SHA256SUMS"
  run_long "sums$INSTANCE" 14400 --property=WorkingDirectory="$MODEL_PATH" -- sha256sum --check --quiet SHA256SUMS ||
    { tail -n 8 "$LOGS/sums$INSTANCE.log" | cut -c1-300 | plain >&2
      fatal "what was copied of $BUCKET does not have the checksums of its SHA256SUMS" \
        "see the lines above; remove the files that differ from $MODEL_PATH and run pulumi up again"; }
}

bucket_script() {
  cat <<'SCRIPT'
set -euo pipefail
aws=$(command -v aws || true)
if [ -z "$aws" ]; then
  [ -x /opt/shardplan/awscli/bin/aws ] || { python3 -m venv /opt/shardplan/awscli && /opt/shardplan/awscli/bin/pip install --quiet awscli; }
  aws=/opt/shardplan/awscli/bin/aws
fi
exec "$aws" s3 sync --only-show-errors "$1" "$2"
SCRIPT
}

# Files that the folder lacks, one a line; nothing when it is complete.
lacking() {
  local file
  [ -f "$MODEL_PATH/config.json" ] || echo config.json
  if [ -f "$MODEL_PATH/model.safetensors.index.json" ]; then
    while read -r file; do [ -s "$MODEL_PATH/$file" ] || echo "$file"; done < <(
      grep -o '"[^"]*\.safetensors"' "$MODEL_PATH/model.safetensors.index.json" | tr -d '"' | sort -u)
  elif [ -z "$(weight_files)" ]; then
    echo model.safetensors
  fi
}

require_complete() {
  local missing
  mapfile -t missing < <(lacking)
  [ "${missing[0]:-}" != config.json ] ||
    fatal "$MODEL_PATH has no config.json" "put the model there, or change shardplan:model.source and model.location"
  [ ${#missing[@]} -eq 0 ] || fatal "$MODEL_PATH lacks ${#missing[@]} weight files, first ${missing[0]}" \
    "complete the files at their source and run pulumi up again"
  runuser -u "$ENGINE_USER" -- test -r "$MODEL_PATH/config.json" ||
    fatal "user $ENGINE_USER cannot read $MODEL_PATH" "make the folder and its parents readable for all users"
}

# The disks of a machine in the cloud are empty after it was stopped.
drift() {
  local missing
  mapfile -t missing < <(lacking)
  [ ${#missing[@]} -eq 0 ] || echo "$MODEL_PATH lacks ${#missing[@]} files, first ${missing[0]}"
}

run_step weights "$@"
