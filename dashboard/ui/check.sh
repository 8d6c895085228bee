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
programs=${CARGO_TARGET_DIR:-$PWD/../../target}/debug
KUBECTL_ROLLOUTS=${KUBECTL_ROLLOUTS:-$programs/kubectl-rollouts}
ROLLOUTS_DASHBOARD=${ROLLOUTS_DASHBOARD:-$programs/rollouts-dashboard}
CLUSTER=${CLUSTER:-$programs/cluster}
for program in "${CHROMIUM:-chromium}" "$KUBECTL_ROLLOUTS" "$ROLLOUTS_DASHBOARD" "$CLUSTER"; do
  command -v "$program" >/dev/null || leave_out "there is no $program here: the page is not tried in a browser"
done
KUBECTL=$(../../tests/cluster/tools.sh kubectl)
export CHROMIUM KUBECTL_ROLLOUTS ROLLOUTS_DASHBOARD CLUSTER KUBECTL
node --test --test-concurrency=1 tests/*.test.mjs
