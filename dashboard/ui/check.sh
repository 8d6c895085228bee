#!/usr/bin/env bash
# What cargo cannot check of the page: its types, that dist/ is what a build gives, and how it
# works in a real Chromium. Each part is left out, and says so, where its tools are not there; where
# CI is set that is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

leave_out() {
  echo "$*"
  [ -z "${CI:-}" ] || exit 1
  exit 0
}

if ! command -v npm >/dev/null; then
  leave_out "there is no npm here: the dashboard's page is not checked"
fi
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
npx tsc --noEmit
node build.mjs --check

CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
KUBECTL_ROLLOUTS=${KUBECTL_ROLLOUTS:-${CARGO_TARGET_DIR:-$PWD/../../target}/debug/kubectl-rollouts}
if [ -z "$CHROMIUM" ] || [ ! -x "$KUBECTL_ROLLOUTS" ]; then
  leave_out "there is no chromium or no $KUBECTL_ROLLOUTS here: the page is not tried in a browser"
fi
export CHROMIUM KUBECTL_ROLLOUTS
node --test --test-concurrency=1 tests/
