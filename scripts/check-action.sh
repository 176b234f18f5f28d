#!/usr/bin/env bash
# The step of action.yml: checks the commands of a pull request's files, and writes what it found into the job's summary.
# Parameters come in the environment: FILES (paths, one a line), COMMAND, ON, NODES, VLLM, RATE, SET (one key=value a line).
set -euo pipefail

arguments=()
for pair in on:"${ON:-}" nodes:"${NODES:-}" vllm:"${VLLM:-}" rate:"${RATE:-}"; do
  [ -n "${pair#*:}" ] && arguments+=("--${pair%%:*}" "${pair#*:}")
done
while IFS= read -r line; do
  [ -n "$line" ] && arguments+=(--set "$line")
done <<<"${SET:-}"

if [ -n "${COMMAND:-}" ]; then
  # Words as a shell reads them, and nothing run: xargs knows quotes and backslashes alone.
  mapfile -t words < <(xargs printf '%s\n' <<<"$COMMAND")
  arguments+=(-- "${words[@]}")
else
  while IFS= read -r file; do
    [ -n "$file" ] && arguments+=("$file")
  done <<<"${FILES:-}"
fi

code=0
report=$(node "$(dirname "$0")/start.mjs" check "${arguments[@]}" 2>&1) || code=$?
printf '%s\n' "$report"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  printf '### shardplan check\n\n~~~text\n%s\n~~~\n' "$report" >>"$GITHUB_STEP_SUMMARY"
fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  printf 'exit-code=%s\n' "$code" >>"$GITHUB_OUTPUT"
fi
exit "$code"
