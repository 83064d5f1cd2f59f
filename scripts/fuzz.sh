#!/usr/bin/env bash
# Runs each fuzz target for FUZZ_SECONDS (60 if not set), or those that are named. What is found lands in
# fuzz/artifacts; an input that broke something goes to tests/fuzz/inputs, with a name that says what it broke, and is
# a test from then on.
set -euo pipefail
cd "$(dirname "$0")/.."

rustup toolchain list | grep -q '^nightly' || rustup toolchain install nightly --profile minimal
cargo fuzz --version > /dev/null 2>&1 || cargo install --quiet cargo-fuzz --version 0.13.2 --locked

targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(cargo +nightly fuzz list)
for target in "${targets[@]}"; do
  corpora=("fuzz/corpus/$target" "tests/fuzz/inputs/$target")
  case $target in csv | encoding) corpora+=(tests/fixtures/csv/files tests/fixtures/exports/files) ;; esac
  mkdir -p "${corpora[0]}"
  echo "fuzzing $target for ${FUZZ_SECONDS:-60} s"
  cargo +nightly fuzz run "$target" "${corpora[@]}" -- \
    -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0
done
