#!/usr/bin/env bash
# Prints the path of a stock kubectl, built from the module that go.mod here pins.
#
# Builds when there is none in the cache yet (about five minutes on two cores; progress goes to
# standard error), and only prints otherwise. Everything lands in the cache folder; nothing is
# installed, and the checkout stays as it is.
#
#   ROLLOUTS_TESTS_CACHE   cache folder; default ${XDG_CACHE_HOME:-~/.cache}/rollouts-tests
#   KUBECTL_TEST           a kubectl to use as it is; nothing is built
#
# Go: any `go` from 1.21 on fetches the toolchain that go.mod asks for by itself. An older
# Go, or Debian's where there is none, downloads that toolchain as a module first.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${ROLLOUTS_TESTS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rollouts-tests}
toolchain=go1.26.8

# macOS has shasum instead of sha256sum; both print and check the same lines.
if command -v sha256sum >/dev/null; then sha256() { sha256sum "$@"; }; else sha256() { shasum -a 256 "$@"; }; fi

say() { printf 'kubectl.sh: %s\n' "$*" >&2; }

if [ -n "${KUBECTL_TEST:-}" ]; then
  printf '%s\n' "$KUBECTL_TEST"
  exit 0
fi

version=$(awk '$1 == "require" && $2 == "k8s.io/kubernetes" { print $3 } $1 == "k8s.io/kubernetes" && $2 ~ /^v/ { print $2 }' "$here/go.mod" | head -n 1)
[ -n "$version" ] || { say "go.mod names no version of k8s.io/kubernetes"; exit 1; }

# The key holds what decides the bytes: pinned modules and platform.
key=$(cat "$here/go.mod" "$here/go.sum" | sha256 | cut -c 1-12)
target=$cache/kubectl-$version-$(uname -s)-$(uname -m)-$key/kubectl
if [ -x "$target" ]; then
  printf '%s\n' "$target"
  exit 0
fi

mkdir -p "$cache"
# Two test runs at once must not build twice.
exec 9>"$cache/.lock"
if command -v flock >/dev/null; then flock 9; fi
if [ -x "$target" ]; then
  printf '%s\n' "$target"
  exit 0
fi

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

go=$(find_go)
needed=$(awk '$1 == "go" { print $2 }' "$here/go.mod")
say "building kubectl $version with $("$go" env GOVERSION) (go.mod asks for $needed); this takes some minutes, once"
mkdir -p "$(dirname "$target")"
(
  cd "$here"
  # A heartbeat, so that a log watched by a person or a CI time limit shows life.
  ( while sleep 20; do say "still building"; done ) >/dev/null 9>&- &
  heartbeat=$!
  trap 'kill "$heartbeat" 2>/dev/null || true' EXIT
  stamp=k8s.io/component-base/version
  major=$(printf '%s' "$version" | cut -d. -f1 | tr -d v)
  minor=$(printf '%s' "$version" | cut -d. -f2)
  CGO_ENABLED=0 GOTOOLCHAIN=${GOTOOLCHAIN:-auto} GOFLAGS=-mod=readonly GOWORK=off "$go" build -trimpath -buildvcs=false \
    -ldflags "-s -w -X $stamp.gitVersion=$version -X $stamp.gitMajor=$major -X $stamp.gitMinor=$minor" \
    -o "$target.part" k8s.io/kubernetes/cmd/kubectl 9>&- >&2
)
mv "$target.part" "$target"
say "built $target"
printf '%s\n' "$target"
