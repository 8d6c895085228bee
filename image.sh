#!/usr/bin/env bash
# Builds the controller's image without a container engine, and checks it: one static program, nothing
# else, no root. Writes target/image/rollouts-controller.tar, an OCI archive.
#
#   IMAGE_TARGET   what the program is built for; default x86_64-unknown-linux-musl
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

say "building the program"
CC_x86_64_unknown_linux_musl=musl-gcc cargo build --locked -p controller --bin rollouts-controller \
  --target "$target" --profile "$profile"
mkdir -p "$context"
cp "$built/rollouts-controller" "$context/"
# A static program asks for no loader.
if grep -aq 'ld-musl\|ld-linux' "$context/rollouts-controller"; then
  die "the program is not static"
fi

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
[ "$found" = ./bin/rollouts-controller ] || die "there is more in the image than the program: $found"
config=$(buildah inspect --type image --format '{{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}}' "$name:$version")
[ "$config" = "65532:65532 [/bin/rollouts-controller]" ] || die "unexpected configuration: $config"
said=$(buildah run --isolation chroot "$container" -- /bin/rollouts-controller --version)
[ "$said" = "rollouts-controller: v$version" ] || die "unexpected answer: $said"
say "$context/rollouts-controller.tar: $(du -h "$context/rollouts-controller.tar" | cut -f 1), answers \"$said\" as $config"
