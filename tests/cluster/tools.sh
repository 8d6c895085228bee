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
#
# Go: any `go` from 1.21 on fetches the toolchain that go.mod asks for by itself. An older
# Go, or Debian's where there is none, downloads that toolchain as a module first.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${ROLLOUTS_TESTS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rollouts-tests}
toolchain=go1.26.8

# macOS has shasum instead of sha256sum; both print and check the same lines.
if command -v sha256sum >/dev/null; then sha256() { sha256sum "$@"; }; else sha256() { shasum -a 256 "$@"; }; fi

say() { printf 'tools.sh: %s\n' "$*" >&2; }

version=$(awk '$1 == "require" && $2 == "k8s.io/kubernetes" { print $3 } $1 == "k8s.io/kubernetes" && $2 ~ /^v/ { print $2 }' "$here/go.mod" | head -n 1)
[ -n "$version" ] || { say "go.mod names no version of k8s.io/kubernetes"; exit 1; }

# The key holds what decides the bytes: pinned modules and platform.
key=$(cat "$here/go.mod" "$here/go.sum" | sha256 | cut -c 1-12)
built=$cache/kubernetes-$version-$(uname -s)-$(uname -m)-$key

# The package that a program is built from; go.mod has a tool line for each.
package() {
  case "$1" in
    etcd) echo go.etcd.io/etcd/server/v3 ;;
    kube-apiserver | kube-controller-manager | kube-scheduler | kubectl) echo "k8s.io/kubernetes/cmd/$1" ;;
    kwok) echo sigs.k8s.io/kwok/cmd/kwok ;;
    *) say "no program called $1 is known"; return 1 ;;
  esac
}

# Prints a Go that can build, or fails with what to do. From 1.21 on a Go fetches the toolchain that
# go.mod asks for by itself; an older one is used to download that toolchain as a module, which it
# checks against the public checksum database.
find_go() {
  if ! command -v go >/dev/null; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
      say "no go on PATH; install Go and run this again"
      return 1
    fi
    say "no go on PATH; installing Debian's"
    { apt-get update -q && apt-get install -y -q --no-install-recommends golang-go ca-certificates; } >&2
  fi
  local minor
  minor=$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  if [ "${minor:-0}" -ge 21 ]; then
    command -v go
    return
  fi
  say "go on PATH is older than 1.21; getting $toolchain"
  local platform
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) platform=linux-amd64 ;;
    Linux-aarch64) platform=linux-arm64 ;;
    *)
      say "no toolchain module for $(uname -s) $(uname -m); install Go 1.21 or newer and run this again"
      return 1
      ;;
  esac
  local module=golang.org/toolchain@v0.0.1-$toolchain.$platform
  ( cd "$cache" && GOFLAGS=-modcacherw GOMODCACHE="$cache/modules" go mod download "$module" ) >&2
  # Module archives carry no file modes.
  chmod -R u+x "$cache/modules/$module"/{bin,pkg/tool}
  printf '%s\n' "$cache/modules/$module/bin/go"
}

# Builds every program into $built.
build() {
  mkdir -p "$cache"
  # Two test runs at once must not build twice.
  exec 9>"$cache/.lock"
  if command -v flock >/dev/null; then flock 9; fi
  [ ! -d "$built" ] || return 0
  local go part major minor stamp=k8s.io/component-base/version heartbeat
  go=$(find_go)
  say "building Kubernetes $version, etcd and KWOK with $("$go" env GOVERSION): five to ten minutes on two cores, once"
  part=$built.part
  rm -rf "$part"
  mkdir -p "$part"
  # A heartbeat, so that a log watched by a person or a CI time limit shows life.
  ( while sleep 20; do say "still building, ${SECONDS}s so far"; done ) >/dev/null 9>&- &
  heartbeat=$!
  # shellcheck disable=SC2064 # The heartbeat of now.
  trap "kill $heartbeat 2>/dev/null || true" EXIT
  major=$(printf '%s' "$version" | cut -d. -f1 | tr -d v)
  minor=$(printf '%s' "$version" | cut -d. -f2)
  (
    cd "$here"
    export CGO_ENABLED=0 GOTOOLCHAIN=${GOTOOLCHAIN:-auto} GOFLAGS=-mod=readonly GOWORK=off
    # All in one build: what they share is compiled once.
    # shellcheck disable=SC2046 # A word for each package.
    "$go" build -trimpath -buildvcs=false \
      -ldflags "-s -w -X $stamp.gitVersion=$version -X $stamp.gitMajor=$major -X $stamp.gitMinor=$minor" \
      -o "$part/" $(for name in $programs; do package "$name"; done)
  ) 9>&- >&2
  kill "$heartbeat" 2>/dev/null || true
  # Go names a program after the last part of its package; etcd's is a version.
  for name in v3 server; do [ ! -f "$part/$name" ] || mv "$part/$name" "$part/etcd"; done
  for name in $programs; do [ -x "$part/$name" ] || { say "the build gave no $name"; return 1; }; done
  mv "$part" "$built"
  say "built $built in ${SECONDS}s"
}

programs="kubectl etcd kube-apiserver kube-controller-manager kube-scheduler kwok"
[ "$#" -gt 0 ] || { say "which? One or more of: $programs"; exit 1; }
for name in "$@"; do
  package "$name" >/dev/null
  if [ "$name" = kubectl ] && [ -n "${KUBECTL_TEST:-}" ]; then
    printf '%s\n' "$KUBECTL_TEST"
  elif [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$name" ]; then
    printf '%s\n' "$KUBEBUILDER_ASSETS/$name"
  else
    [ -d "$built" ] || build
    printf '%s\n' "$built/$name"
  fi
done
