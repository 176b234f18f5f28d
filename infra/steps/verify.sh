# shellcheck shell=bash
# Proves the service from the client's side: model list, a real completion through the gateway over verified TLS with
# the key, and that the gateway refuses what it must. A failure fails `pulumi up` with the service's last lines.
# in:  HOST_NAME, ENDPOINT, CONNECT (host:port of the endpoint), PORT, CERTIFICATE (internal, acme, own), OWN_FILE, AUTHORITY (folder), REQUEST (JSON), CLOSED_PATHS (words),
#      QUESTION (JSON of a completion; empty for models of random weights), EXPECTED (a word that its answer has), MODEL_NAME, VLLM_VERSION, VLLM_UNIT, VLLM_ADDRESS, VLLM_PORT
# out: {"text","completionTokens","seconds","model","version"}

apply() {
  wait_for_certificate
  local path models
  for path in $CLOSED_PATHS; do require_status 404 "$path" with-key; done
  require_status 401 /v1/models without-key
  models=$(ask /v1/models --fail) || fail "the gateway does not list models: $models"
  grep -qF "$(json_string "$MODEL_NAME")" <<<"$models" || fail "the server serves $models instead of $MODEL_NAME"
  require_version
  answer=$(ask /v1/completions --max-time 600 --fail -H 'Content-Type: application/json' --data "$REQUEST" --write-out '\n%{time_total}') ||
    fail "the completion failed: $(cut -c1-300 <<<"$answer")"
  require_sense
  report
}

# While vLLM does not serve, that is its own step's to say.
drift() {
  local complaint
  complaint=$(gateway /health --max-time 10 --output /dev/null) || echo "the gateway does not answer over TLS: $complaint"
}

# A certificate is renewed a month before it ends: one that is about to end could not be renewed.
notes() {
  local ends left limit=$((14 * 86400))
  ends=$(gateway /health --max-time 10 --output /dev/null --write-out '%{certs}' | sed -n 's/^Expire date: *//p' | head -n 1)
  [ -n "$ends" ] || return 0
  left=$(($(date -d "$ends" +%s) - $(date +%s)))
  [ "$left" -ge "$limit" ] ||
    echo "the gateway's certificate ends in $((left / 3600)) h and was not renewed: look at journalctl -u shardplan-certificate"
}

ask() {
  local path=$1
  shift
  printf 'header = "Authorization: Bearer %s"\n' "$(cat "$SECRETS/api-key")" | gateway "$path" --config - "$@"
}

# Only an answer of the model may take long (a later --max-time wins). Over this host's loopback, but under the public name, so that the certificate is checked as a client would.
gateway() {
  local path=$1 trust=()
  shift
  case "$CERTIFICATE" in
    internal) trust=(--cacert "$AUTHORITY/root.pem") ;;
    own) trust=(--cacert "$OWN_FILE") ;; # whoever has signed it
  esac
  curl --silent --show-error --max-time 30 "${trust[@]}" --connect-to "$CONNECT:127.0.0.1:$PORT" "$@" "$ENDPOINT$path" 2>&1
}

# A public certificate takes some seconds to be issued.
wait_for_certificate() {
  local deadline=$((SECONDS + 120)) complaint
  until complaint=$(gateway /health --fail --output /dev/null); do
    [ "$SECONDS" -lt "$deadline" ] || fail "the gateway does not answer /health over TLS: $complaint"
    sleep 2
  done
}

require_status() {
  local expected=$1 path=$2 key=$3 status
  if [ "$key" = with-key ]; then
    status=$(ask "$path" --output /dev/null --write-out '%{http_code}') || true
  else
    status=$(gateway "$path" --output /dev/null --write-out '%{http_code}') || true
  fi
  [ "$status" = "$expected" ] || fail "the gateway answers $status instead of $expected to $path $key"
}

# A model that was quantised wrongly, or read from the wrong files, is fast and talks nonsense.
require_sense() {
  [ -n "${QUESTION:-}" ] || return 0
  local said
  said=$(ask /v1/completions --max-time 600 --fail -H 'Content-Type: application/json' --data "$QUESTION" | jq -r '.choices[0].text') ||
    fail "the question of the capital of France failed: $(cut -c1-300 <<<"$said")"
  # shellcheck disable=SC2153 # a parameter
  grep -qF "$EXPECTED" <<<"$said" || fail "the model does not know the capital of France, it says '$(head -c 100 <<<"$said" | tr '\n' ' ')'"
}

require_version() {
  VERSION=$(curl --silent --fail --max-time 10 "http://$VLLM_ADDRESS:$VLLM_PORT/version" | jq -r .version) || fail "vLLM does not say its version"
  [ "${VERSION%%+*}" = "$VLLM_VERSION" ] || fail "vLLM $VERSION is running instead of $VLLM_VERSION"
}

report() {
  local seconds body
  seconds=$(tail -n 1 <<<"$answer")
  body=$(sed '$d' <<<"$answer")
  [ "$(jq -r '.usage.completion_tokens // 0' <<<"$body")" -gt 0 ] || fail "the completion has no tokens: $(cut -c1-300 <<<"$body")"
  jq -c --arg seconds "$seconds" --arg version "$VERSION" '{changes: 0, text: .choices[0].text,
    completionTokens: .usage.completion_tokens, seconds: ($seconds | tonumber), model: .model, version: $version}' <<<"$body"
}

fail() {
  show_log "$VLLM_UNIT" 30
  show_log shardplan-gateway.service 5
  fatal "verification failed: $1" "see the logs above; when the cause is removed run pulumi up again"
}

run_step verify "$@"
