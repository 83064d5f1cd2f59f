# Every target installs what it needs first. Set WASM_TOOLCHAIN=active|debian|rustup to choose the wasm compiler.
.DELETE_ON_ERROR:
.PHONY: start build test demo edge bench bench-worker fuzz pack site clean check-rust check-js test-rust test-js test-hosts test-e2e chromium bench-large chaos test-openapi

BIN := node_modules/.bin
# A file that hangs fails after 15 minutes; the slowest takes two.
NODE_TEST := node --import tsx --test --test-timeout=900000
RUST := Cargo.toml Cargo.lock $(shell find src tools -name '*.rs' -o -name Cargo.toml)
TYPESCRIPT := pkg/package.json pkg/tsconfig.json pkg/size-budget.json scripts/build-pkg.mjs $(shell find pkg/src -type f)

start: site
	@node www/serve.mjs

build: pkg/dist/.built

node_modules/.installed: package.json package-lock.json pkg/package.json .npmrc
	@# Not `npm ci`: it refuses where a registry lacks the optional packages of other platforms.
	npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

pkg/wasm/.built: $(RUST) scripts/build-wasm.sh scripts/wasm-toolchain.sh | node_modules/.installed
	scripts/build-wasm.sh
	@touch $@

pkg/dist/.built: pkg/wasm/.built $(TYPESCRIPT) node_modules/.installed
	node scripts/build-pkg.mjs
	@touch $@

site: build
	node www/build.mjs

demo: build
	@node www/demo.mjs

test-openapi: build
	scripts/need-schemathesis.sh
	node --import tsx tests/openapi/schemathesis.ts

edge: build
	@node www/edge/serve.mjs

pack: build
	node scripts/pack.mjs

bench: build
	node benches/run.mjs

bench-worker: build chromium
	node benches/worker.mjs

bench-large: build chromium
	node benches/large.mjs 20000000 sqlite indexeddb

chaos: build
	node --import tsx tests/chaos/main.ts

fuzz:
	scripts/fuzz.sh

test: check-rust test-rust check-js test-js test-hosts test-e2e
	@echo "All tests passed."

check-rust:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --no-default-features --locked -- -D warnings

test-rust:
	cargo test --locked

check-js: build
	$(BIN)/biome ci .
	$(BIN)/tsc -p tests/tsconfig.json

test-js: build
	$(NODE_TEST) $(wildcard tests/js/*.test.ts tests/js/*/*.test.ts tests/chaos/*.test.ts tests/examples/*.test.ts)

chromium:
	@scripts/need-chromium.sh

test-hosts: pack chromium
	$(NODE_TEST) tests/hosts/*.test.ts tests/edge/*.test.ts

test-e2e: site chromium
	$(NODE_TEST) tests/e2e/*.test.ts tests/elements/*.test.ts tests/editors/*.test.ts

clean:
	rm -rf target pkg/dist pkg/wasm www/dist node_modules *.tgz
