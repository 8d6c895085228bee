#!/usr/bin/env bash
# Builds the image without a container engine, and checks it: two static programs, the controller and
# the dashboard, nothing else, no root. Writes target/image/rollouts-controller.tar, an OCI archive.
#
#   IMAGE_TARGET   what the programs are built for; default x86_64-unknown-linux-musl
#   IMAGE_PROFILE  cargo profile; default release
#
# Needs cargo. As root on Debian it installs what else is missing: buildah, and a C compiler for musl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

target=${IMAGE_TARGET:-x86_64-unknown-linux-musl}
profile=${IMAGE_PROFILE:-release}
built=${CARGO_TARGET_DIR:-target}/$target/$([ "$profile" = dev ] && echo debug || echo "$profile")
context=target/image
name=localhost/rollouts-controller
programs=(rollouts-controller rollouts-dashboard)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)

say() { printf 'image.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

for need in buildah:buildah musl-gcc:musl-tools; do
  command -v "${need%:*}" >/dev/null && continue
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    die "no ${need%:*} on PATH; install it (Debian: ${need#*:})"
  fi
  { apt-get update -q && apt-get install -y -q --no-install-recommends "${need#*:}"; } >&2
done
if command -v rustup >/dev/null; then rustup -q target add "$target"; fi

say "building the programs"
CC_x86_64_unknown_linux_musl=musl-gcc cargo build --locked -p controller -p dashboard \
  "${programs[@]/#/--bin=}" --target "$target" --profile "$profile"
mkdir -p "$context"
for program in "${programs[@]}"; do
  cp "$built/$program" "$context/"
  # A static program asks for no loader.
  if grep -aq 'ld-musl\|ld-linux' "$context/$program"; then die "$program is not static"; fi
done

say "building the image"
# What buildah keeps goes with the folder; vfs and chroot need no privileges that containers lack.
storage=$(mktemp -d)
trap 'rm -rf "$storage"' EXIT
buildah() { command buildah --root "$storage/root" --runroot "$storage/run" --storage-driver vfs "$@"; }
buildah build --isolation chroot --timestamp 0 --file Dockerfile --tag "$name:$version" "$context" >&2
rm -f "$context/rollouts-controller.tar"
buildah push "$name:$version" "oci-archive:$context/rollouts-controller.tar:$name:$version" >&2

say "checking the image"
container=$(buildah from "$name:$version")
root=$(buildah mount "$container")
found=$(cd "$root" && find . -type f -o -type l | sort)
expected=$(printf './bin/%s\n' "${programs[@]}" | sort)
[ "$found" = "$expected" ] || die "there is more in the image than the programs: $found"
config=$(buildah inspect --type image --format '{{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}}' "$name:$version")
[ "$config" = "65532:65532 [/bin/rollouts-controller]" ] || die "unexpected configuration: $config"
for program in "${programs[@]}"; do
  said=$(buildah run --isolation chroot "$container" -- "/bin/$program" --version)
  [[ $said == "$program"*"$version" ]] || die "unexpected answer: $said"
done
say "$context/rollouts-controller.tar: $(du -h "$context/rollouts-controller.tar" | cut -f 1), ${programs[*]} of v$version as $config"
