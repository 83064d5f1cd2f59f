/** Chromium, and a server with a page in it that imports the package as it is in dist. */

import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".csv": "text/csv" };
const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><input type="file">
<script type="importmap">{ "imports": {
  "coupon-pools": "./dist/entry/browser.js",
  "coupon-pools/worker": "./dist/worker.js",
  "coupon-pools/stores/indexeddb": "./dist/stores/indexeddb.js"
} }</script>`;

const pkg = fileURLToPath(new URL("../pkg", import.meta.url));

/**
 * Starts both; `files` are served beside the page, by their paths. Databases lie in memory, or in the folder `profile`.
 * Whoever opens them closes them.
 */
export async function openChromium({ files = {}, profile } = {}) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    const type = { "content-type": TYPES[extname(path)] ?? "text/html" };
    if (path === "/") response.writeHead(200, type).end(PAGE);
    else if (path in files) response.writeHead(200, type).end(files[path]);
    else if (statSync(pkg + path, { throwIfNoEntry: false })?.isFile())
      response.writeHead(200, type).end(readFileSync(pkg + path));
    else response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const launch = {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"],
  };
  const kept = profile === undefined ? undefined : await chromium.launchPersistentContext(profile, launch);
  const browser = kept?.browser() ?? (await chromium.launch(launch));
  const newContext = async () => kept ?? browser.newContext();
  const close = async () => {
    await (kept ?? browser).close();
    server.close();
  };
  return { newContext, url: `http://127.0.0.1:${server.address().port}/`, close };
}
