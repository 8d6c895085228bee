# Builds Go programs for the tests; sourced by the scripts that name them.
#
# Needs $cache, the folder that everything lands in, and say, which tells people something.
#
# Any Go from 1.21 on fetches the toolchain that a go.mod asks for by itself. An older one, or Debian's
# where there is none, downloads that toolchain as a module first.
# shellcheck shell=bash

go_toolchain=go1.26.8

# Prints what decides the bytes of what is built in folder $1: platform and pinned modules.
go_key() {
  # macOS has shasum instead of sha256sum; both print the same lines.
  local sha256=sha256sum
  command -v sha256sum >/dev/null || sha256="shasum -a 256"
  printf '%s-%s-%s\n' "$(uname -s)" "$(uname -m)" "$(cat "$1/go.mod" "$1/go.sum" | $sha256 | cut -c 1-12)"
}

# Builds into folder $2 what go.mod in folder $1 pins, and tells people that it is $3; the rest are
# arguments of `go build`. $2 is there when all of it is.
go_build() {
  local module=$1 built=$2 what=$3 go heartbeat
  shift 3
  mkdir -p "$cache"
  # Two test runs at once must not build twice.
  exec 9>"$cache/.lock"
  if command -v flock >/dev/null; then flock 9; fi
  [ ! -d "$built" ] || return 0
  go=$(go_find)
  say "building $what with $("$go" env GOVERSION); this takes some minutes, once"
  rm -rf "$built.part"
  mkdir -p "$built.part"
  # A heartbeat, so that a log watched by a person or a CI time limit shows life.
  ( while sleep 20; do say "still building, ${SECONDS}s so far"; done ) >/dev/null 9>&- &
  heartbeat=$!
  # shellcheck disable=SC2064 # The heartbeat of now.
  trap "kill $heartbeat 2>/dev/null || true" EXIT
  (
    cd "$module"
    export CGO_ENABLED=0 GOTOOLCHAIN=${GOTOOLCHAIN:-auto} GOFLAGS=-mod=readonly GOWORK=off
    "$go" build -trimpath -buildvcs=false -o "$built.part/" "$@"
  ) 9>&- >&2
  kill "$heartbeat" 2>/dev/null || true
  mv "$built.part" "$built"
  say "built $built in ${SECONDS}s"
}

# Prints a Go that can build, or fails with what to do. A toolchain that is downloaded as a module is
# checked against the public checksum database.
go_find() {
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
  say "go on PATH is older than 1.21; getting $go_toolchain"
  local platform
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) platform=linux-amd64 ;;
    Linux-aarch64) platform=linux-arm64 ;;
    *)
      say "no toolchain module for $(uname -s) $(uname -m); install Go 1.21 or newer and run this again"
      return 1
      ;;
  esac
  local module=golang.org/toolchain@v0.0.1-$go_toolchain.$platform
  ( cd "$cache" && GOFLAGS=-modcacherw GOMODCACHE="$cache/modules" go mod download "$module" ) >&2
  # Module archives carry no file modes.
  chmod -R u+x "$cache/modules/$module"/{bin,pkg/tool}
  printf '%s\n' "$cache/modules/$module/bin/go"
}
