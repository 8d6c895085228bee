#!/usr/bin/env bash
# Prints the path of each program that it is asked for, one per line:
#
#   tools.sh kubectl etcd kube-apiserver kube-controller-manager kube-scheduler kwok
#
# They are built from the modules that go.mod here pins: all at once, when they are not in the cache
# yet (five to ten minutes on two cores; progress goes to standard error), and never again after
# that. Everything lands in the cache folder; nothing is installed, and the checkout stays as it is.
#
#   ROLLOUTS_TESTS_CACHE   cache folder; default ${XDG_CACHE_HOME:-~/.cache}/rollouts-tests
#   KUBECTL_TEST           a kubectl to use as it is
#   KUBEBUILDER_ASSETS     a folder with programs to use as they are; only what is not in it is built
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${ROLLOUTS_TESTS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rollouts-tests}

say() { printf 'tools.sh: %s\n' "$*" >&2; }
# shellcheck source=../go.sh
. "$here/../go.sh"

programs="kubectl etcd kube-apiserver kube-controller-manager kube-scheduler kwok"
version=$(awk '$1 == "k8s.io/kubernetes" && $2 ~ /^v/ { print $2 }' "$here/go.mod" | head -n 1)
[ -n "$version" ] || { say "go.mod names no version of k8s.io/kubernetes"; exit 1; }
built=$cache/kubernetes-$version-$(go_key "$here")

# The package that a program is built from; go.mod has a tool line for each.
package() {
  case "$1" in
    etcd) echo go.etcd.io/etcd/server/v3 ;;
    kube-apiserver | kube-controller-manager | kube-scheduler | kubectl) echo "k8s.io/kubernetes/cmd/$1" ;;
    kwok) echo sigs.k8s.io/kwok/cmd/kwok ;;
    *) say "no program called $1 is known; known are: $programs"; return 1 ;;
  esac
}

# Go names a program after its package.
file() { if [ "$1" = etcd ]; then echo server; else echo "$1"; fi; }

build() {
  local stamp=k8s.io/component-base/version number=${version#v}
  local minor=${number#*.}
  # All in one build: what they share is compiled once.
  # shellcheck disable=SC2046 # A word for each package.
  go_build "$here" "$built" "Kubernetes $version, etcd and KWOK (five to ten minutes on two cores)" \
    -ldflags "-s -w -X $stamp.gitVersion=$version -X $stamp.gitMajor=${number%%.*} -X $stamp.gitMinor=${minor%%.*}" \
    $(for name in $programs; do package "$name"; done)
}

[ "$#" -gt 0 ] || { say "which? One or more of: $programs"; exit 1; }
for name in "$@"; do
  package "$name" >/dev/null
  if [ "$name" = kubectl ] && [ -n "${KUBECTL_TEST:-}" ]; then
    printf '%s\n' "$KUBECTL_TEST"
  elif [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$name" ]; then
    printf '%s\n' "$KUBEBUILDER_ASSETS/$name"
  else
    [ -d "$built" ] || build
    printf '%s\n' "$built/$(file "$name")"
  fi
done
