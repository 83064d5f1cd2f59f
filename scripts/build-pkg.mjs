// Builds pkg/dist from pkg/src, and the copies of the wasm that bundlers carry along; prints and checks the sizes.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, gzipSync } from "node:zlib";

const ARTEFACTS = ["core", "mail", "manage", "xlsx", "spreadsheets"];
const root = new URL("../", import.meta.url);
const path = (file) => new URL(file, root).pathname;

rmSync(path("pkg/dist"), { recursive: true, force: true });
execFileSync(path("node_modules/.bin/tsc"), ["-p", path("pkg/tsconfig.json")], { stdio: "inherit" });

mkdirSync(path("pkg/dist/inline"), { recursive: true });
const budget = JSON.parse(readFileSync(path("pkg/size-budget.json"), "utf8"));
let over = false;
for (const artefact of ARTEFACTS) {
  const wasm = readFileSync(path(`pkg/wasm/${artefact}.wasm`));
  writeFileSync(
    path(`pkg/dist/inline/${artefact}.js`),
    `// Written by scripts/build-pkg.mjs; do not edit.
let compiled;
/** Compiles the copy inside this file, once. */
export function compile() {
  compiled ??= WebAssembly.compile(Uint8Array.from(atob(${artefact}), (letter) => letter.charCodeAt(0)));
  return compiled;
}
const ${artefact} = "${wasm.toString("base64")}";
`,
  );
  const size = gzipSync(wasm, { level: constants.Z_BEST_COMPRESSION }).length;
  const most = budget[`${artefact}.wasm`];
  over ||= size > most;
  const verdict = size > most ? `OVER its budget of ${most}` : `budget ${most}`;
  console.log(`${artefact}.wasm: ${wasm.length} bytes, ${size} gzipped (${verdict})`);
}
if (over) process.exit(1);
