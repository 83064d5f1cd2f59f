// Builds www/dist: the page, its samples and the package as static files. Browsers load the package's own modules by
// the page's import map; nothing is bundled.
//
//   node www/build.mjs

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const PAGE = ["page.js", "page.css", "icon.svg", "page"];
const SAMPLES = ["spring-sale.csv", "spring-mail.html"];

const www = new URL("./", import.meta.url);
const dist = new URL("dist/", www);
const pkg = new URL("../pkg/", www);

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
for (const part of PAGE) cpSync(new URL(part, www), new URL(part, dist), { recursive: true });
for (const sample of SAMPLES) cpSync(new URL(`samples/${sample}`, www), new URL(`samples/${sample}`, dist));
for (const part of ["dist", "wasm"]) {
  cpSync(new URL(part, pkg), new URL(`coupon-pools/${part}`, dist), {
    recursive: true,
    filter: (source) => !/\.d\.ts$|\/\.built$/.test(source),
  });
}
writeFileSync(new URL("index.html", dist), allowImportMap(readFileSync(new URL("index.html", www), "utf8")));

/** The import map is the page's one inline script: the policy names it by its hash. */
function allowImportMap(html) {
  const [, map] = html.match(/<script type="importmap">([\s\S]*?)<\/script>/);
  for (const file of Object.values(JSON.parse(map).imports)) {
    if (!existsSync(new URL(file, dist))) throw new Error(`The import map names ${file}, which the package has not.`);
  }
  return html.replace("sha256-OF-IMPORT-MAP", `sha256-${createHash("sha256").update(map).digest("base64")}`);
}
