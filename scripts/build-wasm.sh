#!/usr/bin/env bash
# Builds the wasm artefacts of the package into pkg/wasm: compile, write the glue, optimise.
#   core     draws: draw, release
#   mail     also templates: compile, render
#   manage   also pools, uploads, look-ups, exports, previews, maintenance
#   xlsx     nothing of these: a reader of .xlsx files, for uploads of such
#   spreadsheets     the same for .xlsb, .xls and .ods
set -euo pipefail
cd "$(dirname "$0")/.."

environment=$(scripts/wasm-toolchain.sh)
cargo build --quiet --release --locked -p bindgen
mkdir -p pkg/wasm
for artefact in core mail manage xlsx spreadsheets; do
  features=(--no-default-features --features "${artefact/core/draw}")
  (
    eval "$environment"
    # The same features on every toolchain.
    export RUSTFLAGS='-C target-feature=+simd128 --cfg getrandom_backend="wasm_js"'
    export CARGO_TARGET_DIR=target/wasm
    # shellcheck disable=SC2086
    $WASM_CARGO build --quiet $WASM_BUILD_STD --release --locked --lib --target wasm32-unknown-unknown "${features[@]}"
  )
  target/release/bindgen target/wasm/wasm32-unknown-unknown/release/coupon_pools.wasm target/wasm/glue "$artefact"
  # Named features, never all: engines refuse what they do not know. Functions with one caller stay apart unless they are
  # small: merged into it, they made the artefacts 2 to 4 % larger.
  node_modules/.bin/wasm-opt -O3 --converge --one-caller-inline-max-function-size=60 --enable-simd --enable-bulk-memory --enable-sign-ext --enable-mutable-globals \
    --enable-nontrapping-float-to-int --enable-multivalue --enable-reference-types \
    "target/wasm/glue/$artefact.wasm" -o "pkg/wasm/$artefact.wasm"
  cp "target/wasm/glue/$artefact.glue.js" pkg/wasm/
done
