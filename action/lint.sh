#!/usr/bin/env bash
# Runs ftlint for the action: annotations, summary, SARIF. What is asked for comes in FTLINT_… variables.
set -euo pipefail

lines() { # words of an input, a line each
  local line
  while IFS= read -r line; do
    line=${line%$'\r'}
    if [ -n "$line" ]; then printf '%s\0' "$line"; fi
  done <<<"$1"
}

mapfile -d '' -t paths < <(lines "${FTLINT_PATHS:-.}")
mapfile -d '' -t options < <(lines "${FTLINT_ARGS:-}")
if [ -n "${FTLINT_TARGET:-}" ]; then options+=(--target "$FTLINT_TARGET"); fi
if [ -n "${FTLINT_FAIL_ON:-}" ]; then options+=(--fail-on "$FTLINT_FAIL_ON"); fi
ftlint() { "${FTLINT:-$RUNNER_TEMP/ftlint/bin/ftlint}" check "${options[@]}" "$@" -- "${paths[@]}"; }

status=0
ftlint --output-format github || status=$?
# The same findings once more, in other forms: neither decides how the job ends.
if [ "${FTLINT_SUMMARY:-true}" = true ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  ftlint --quiet --exit-zero --output-format markdown >>"$GITHUB_STEP_SUMMARY" || true
fi
sarif=${FTLINT_SARIF:-}
if [ -z "$sarif" ] && [ "${FTLINT_UPLOAD:-false}" = true ]; then sarif=$RUNNER_TEMP/ftlint.sarif; fi
if [ -n "$sarif" ]; then
  ftlint --quiet --exit-zero --output-format sarif --output-file "$sarif" || true
  if [ -n "${GITHUB_OUTPUT:-}" ]; then printf 'sarif-file=%s\n' "${sarif//$'\n'/}" >>"$GITHUB_OUTPUT"; fi
fi
exit "$status"
