// Builds www/dist: the page and the package in one bundle, with its wasm, worker and samples as files beside it.
//
//   node www/build.mjs

import { cpSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const SAMPLES = ["spring-sale.csv", "spring-mail.html"];

const www = new URL("./", import.meta.url);
const dist = new URL("dist/", www);

await build({
  root: fileURLToPath(www),
  base: "./",
  configFile: false,
  publicDir: false,
  logLevel: "warn",
  build: {
    outDir: fileURLToPath(dist),
    emptyOutDir: true,
    target: "es2022",
    // Nothing in the page itself: its policy allows files of its own only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
});
mkdirSync(new URL("samples/", dist), { recursive: true });
for (const sample of SAMPLES) cpSync(new URL(`samples/${sample}`, www), new URL(`samples/${sample}`, dist));
