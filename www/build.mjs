// Builds www/dist: the page, the e-mail builder and the package, bundled, with wasm, worker and samples as files beside.
//
//   node www/build.mjs

import { cpSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const SAMPLES = ["spring-sale.csv", "spring-mail.html", "builder-mail.html", "builder-mail.mjml"];

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
    rollupOptions: { input: ["index.html", "builder.html"].map((page) => fileURLToPath(new URL(page, www))) },
    // GrapesJS is large, and loaded when the builder is opened.
    chunkSizeWarningLimit: 1_500,
  },
  worker: { format: "es" },
});
mkdirSync(new URL("samples/", dist), { recursive: true });
for (const sample of SAMPLES) cpSync(new URL(`samples/${sample}`, www), new URL(`samples/${sample}`, dist));
