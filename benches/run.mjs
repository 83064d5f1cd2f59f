/** Every case, one after the other, each in a process of its own: one table, on the terminal and in RESULTS.md. */

import { execFileSync, fork } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { sizes } from "./sizes.mjs";
import { missed, table } from "./table.mjs";

const CASES = [
  "csv",
  "sheets",
  "generate",
  "fill",
  "draws",
  "sqlite-draws",
  "postgres",
  "redis",
  "cloudflare",
  "edge",
  "uploads",
  "large",
  "mails",
];
const PEERS = [
  "papaparse",
  "udsv",
  "nanoid",
  "voucher-code-generator",
  "handlebars",
  "libsql",
  "pg",
  "redis",
  "miniflare",
  "xlsx",
  "exceljs",
];
const COMMAND = "make bench";

const started = performance.now();
const figures = [];
for (const name of CASES) {
  process.stderr.write(`${name} … `);
  const before = performance.now();
  figures.push(...(await measured(name)));
  process.stderr.write(`${((performance.now() - before) / 1000).toFixed(0)} s\n`);
}

const misses = missed(figures);
const page = `# Benchmarks

Made by \`${COMMAND}\` in ${((performance.now() - started) / 1000).toFixed(0)} s on ${machine()}.
${versions()}.

Contestants take turns in one process, after a warm-up; times are medians, with the fastest and the slowest run. A ratio
stands in the peer's row: ours is so many times as fast ("its speed"), or takes so many times as long ("its time").

${table(figures)}

${misses.length === 0 ? "Every goal is met." : `Missed:\n\n${misses.map((miss) => `- ${miss}`).join("\n")}`}

${sizes()}

The first draw in a new Workers isolate is printed by \`make test-hosts\` (\`tests/hosts/workerd.test.ts\`).
`;
writeFileSync(new URL("RESULTS.md", import.meta.url), page);
console.log(page);

/** A case's figures, out of a process of its own: one case's garbage is not another's. */
function measured(name) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL(`${name}.mjs`, import.meta.url)), [], { execArgv: ["--expose-gc"] });
    const list = [];
    child.on("message", (more) => list.push(...more));
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve(list) : reject(new Error(`${name} ended with ${code}`))));
  });
}

function machine() {
  const [{ model }] = cpus();
  return `${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${process.arch}`;
}

function versions() {
  const rustc = execFileSync("rustc", ["--version"], { encoding: "utf8" }).split(" ")[1];
  const peers = PEERS.map((peer) => `${peer} ${versionOf(peer)}`).join(", ");
  return `Node ${process.versions.node} (V8 ${process.versions.v8}), rustc ${rustc}, ${peers}`;
}

function versionOf(name) {
  const path = createRequire(import.meta.url)
    .resolve.paths(name)
    .map((folder) => `${folder}/${name}/package.json`);
  for (const file of path) {
    try {
      return JSON.parse(readFileSync(file, "utf8")).version;
    } catch {
      // It is installed further up.
    }
  }
  throw new Error(`${name} is not installed: npm install`);
}
