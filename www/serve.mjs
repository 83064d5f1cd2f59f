// Serves www/dist on this machine only.
//
//   PORT=4173 node www/serve.mjs

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, sep } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".mjml": "text/plain; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};
const HEADERS = {
  "Cache-Control": "no-cache",
  "Content-Security-Policy": "frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};
/** How many ports are tried, from the first one up. */
const PORTS = 20;

const root = fileURLToPath(new URL("dist/", import.meta.url));

const server = createServer((request, response) => {
  const answer = (status, text) => response.writeHead(status, { ...HEADERS, "Content-Type": "text/plain" }).end(text);
  if (request.method !== "GET" && request.method !== "HEAD") return answer(405, "Only GET and HEAD.\n");
  const file = fileOf(request.url ?? "/");
  if (file === null) return answer(404, "Not found.\n");
  const type = TYPES[extname(file)] ?? "application/octet-stream";
  response.writeHead(200, { ...HEADERS, "Content-Type": type, "Content-Length": statSync(file).size });
  if (request.method === "HEAD") return response.end();
  createReadStream(file)
    .on("error", () => response.destroy())
    .pipe(response);
});

/** The file that a request names, or null: also for every path that would lead out of the folder. */
function fileOf(url) {
  let path;
  try {
    path = decodeURIComponent(url.split("?", 1)[0]);
  } catch {
    return null;
  }
  if (path.includes("\0") || path.split(/[/\\]/).includes("..")) return null;
  const file = root + (path.endsWith("/") ? `${path}index.html` : path).slice(1).replaceAll("/", sep);
  return existsSync(file) && statSync(file).isFile() ? file : null;
}

if (!existsSync(`${root}index.html`)) {
  console.error("www/dist is not there yet: run node www/build.mjs first.");
  process.exit(1);
}
const first = Number(process.env.PORT || 4173);
let port = first;
server.on("error", (error) => {
  if (error.code !== "EADDRINUSE" || port >= first + PORTS) throw error;
  server.listen(++port, "127.0.0.1");
});
server.on("listening", () => console.log(`Coupon pools: http://localhost:${server.address().port}/`));
server.listen(port, "127.0.0.1");
