#!/usr/bin/env bash
# Prints the path of the Helm CLI. It is built from the module that go.mod here pins, when it is not in
# the cache yet (some minutes on two cores; progress goes to standard error), and never again after
# that. Nothing is installed, and the checkout stays as it is.
#
#   ROLLOUTS_TESTS_CACHE   cache folder; default ${XDG_CACHE_HOME:-~/.cache}/rollouts-tests
#   HELM_TEST              a helm to use as it is
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${ROLLOUTS_TESTS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rollouts-tests}

say() { printf 'helm.sh: %s\n' "$*" >&2; }
# shellcheck source=../go.sh
. "$here/../go.sh"

if [ -n "${HELM_TEST:-}" ]; then
  printf '%s\n' "$HELM_TEST"
  exit 0
fi

version=$(awk '$1 == "helm.sh/helm/v4" { print $2 }' "$here/go.mod")
built=$cache/helm-$version-$(go_key "$here")
if [ ! -x "$built/helm" ]; then
  go_build "$here" "$built" "Helm $version" \
    -ldflags "-s -w -X helm.sh/helm/v4/internal/version.version=$version" helm.sh/helm/v4/cmd/helm
fi
printf '%s\n' "$built/helm"
