#!/usr/bin/env bash
# Decides which compiler builds the wasm, says so, and prints the environment to build with.
#
#   eval "$(scripts/wasm-toolchain.sh)"    sets WASM_CARGO (a command), and what it needs
#
# In this order, unless WASM_TOOLCHAIN=active|debian|rustup says otherwise:
#   active   the rustc in PATH, if it already has the wasm32-unknown-unknown target
#   debian   Debian's own compiler, which builds the standard library from its own sources: on a Debian machine
#            where we are root and apt offers it
#   rustup   `rustup target add wasm32-unknown-unknown`
set -euo pipefail

target=wasm32-unknown-unknown
say() { echo "wasm toolchain: $*" >&2; }

has_target() {
  local libdir
  libdir=$("$1" --print target-libdir --target "$target" 2>/dev/null) || return 1
  compgen -G "$libdir/libstd-*.rlib" >/dev/null
}

debian_offered() {
  [ -f /etc/debian_version ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  dpkg -s rustc-web >/dev/null 2>&1 && return 0
  apt-cache show rustc-web >/dev/null 2>&1 && return 0
  apt-get update -qq >&2 && apt-cache show rustc-web >/dev/null 2>&1
}

choice=${WASM_TOOLCHAIN:-}
if [ -n "$choice" ]; then
  why="WASM_TOOLCHAIN says so"
elif has_target rustc; then
  choice=active why="rustc in PATH has the target"
elif debian_offered; then
  choice=debian why="rustc in PATH lacks the target, and apt offers Debian's compiler"
else
  choice=rustup why="rustc in PATH lacks the target, and apt has no compiler that can build it"
fi
say "$choice ($why)"

case $choice in
  active)
    has_target rustc || { say "rustc in PATH has no $target; try WASM_TOOLCHAIN=rustup"; exit 1; }
    echo "export WASM_CARGO='cargo' WASM_BUILD_STD=''"
    ;;
  debian)
    if ! dpkg -s rustc-web cargo-web rust-web-src lld-19 >/dev/null 2>&1; then
      say "installing rustc-web cargo-web rust-web-src lld-19 with apt-get"
      debian_offered || { say "apt does not offer rustc-web here, or we are not root"; exit 1; }
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        rustc-web cargo-web rust-web-src lld-19 >&2
    fi
    # rustup's shims come first in PATH; Debian's cargo and rustc must be named in full.
    echo "export WASM_CARGO='/usr/bin/cargo' RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1"
    echo "export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-19 WASM_BUILD_STD='-Z build-std=std,panic_abort'"
    ;;
  rustup)
    rustup target add "$target" >&2
    echo "export WASM_CARGO='cargo' WASM_BUILD_STD=''"
    ;;
  *)
    say "WASM_TOOLCHAIN is active, debian or rustup, not '$choice'"
    exit 1
    ;;
esac
