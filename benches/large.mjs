/**
 * Uploads of many millions of codes from a file on disk, with what the whole process takes at its peak, beside a million
 * codes in the same run. Every upload has a process, or a browser, of its own.
 *
 *   node benches/large.mjs [rows] [sqlite | indexeddb …]
 *
 * By default 2,000,000 rows into SQLite, as in `make bench`; `make bench-large` uploads 20,000,000 into each.
 */

import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CouponPools } from "coupon-pools";
import { sqlite } from "coupon-pools/stores/sqlite";
import { alone } from "./alone.mjs";
import { report } from "./figures.mjs";
import { ROWS, writeOneColumn } from "./files.mjs";
import { withFolder } from "./scratch.mjs";

/** What an upload's process may take, in bytes. */
const PEAK = 1e9;

const TITLES = {
  sqlite: "SQLite file (libsql), synchronous=FULL, whole process",
  indexeddb: "IndexedDB in Chromium, in a worker, the tab's process",
};

/** Uploads a file into a store that is made for it; answers what was added, how long it took, and the peak of memory. */
const uploads = { sqlite: intoSqlite, indexeddb: intoIndexedDb };

const [, , first, ...rest] = process.argv;
if (first === "one") {
  const [name, file, folder] = rest;
  process.send(await uploads[name](file, folder));
} else {
  const names = rest.length > 0 ? rest : ["sqlite"];
  await withFolder(async (folder) => {
    for (const name of names) report(await figure(name, Number(first ?? 2 * ROWS), folder));
  });
}

async function figure(name, most, folder) {
  const contestants = [];
  for (const rows of [ROWS, most]) {
    const file = `${folder}/codes.csv`;
    await writeOneColumn(file, rows);
    const { added, time, peak } = await alone(name, fileURLToPath(import.meta.url), ["one", name, file, folder]);
    if (added < rows * 0.999) throw new Error(`${added} of ${rows} were added`);
    contestants.push({ name: nameOf(rows), times: [time], work: { amount: rows, unit: "codes" }, peak });
  }
  return {
    title: `Upload of many codes: ${TITLES[name]}`,
    contestants,
    goals: [
      { ours: nameOf(most), as: "rows a second", peer: nameOf(ROWS), least: 0.8 },
      { ours: nameOf(most), under: PEAK },
    ],
  };
}

function nameOf(rows) {
  return `${rows.toLocaleString("en")} codes`;
}

async function intoSqlite(file, folder) {
  const store = sqlite(`${folder}/${process.pid}.db`);
  const pools = new CouponPools({ store });
  await pools.create({ handle: "spring", kind: "static" });
  const started = performance.now();
  let told = 0;
  const onProgress = ({ rows, rowsPerSecond }) => {
    if (process.env.TELL === undefined || rows - told < 1_000_000) return;
    told = rows;
    const rss = Math.round(process.memoryUsage().rss / 1e6);
    console.error(
      rows,
      Math.round(rowsPerSecond),
      `${((performance.now() - started) / 1000).toFixed(1)} s`,
      `${rss} MB`,
    );
  };
  const { added } = await pools.upload("spring", createReadStream(file, { highWaterMark: 1 << 20 }), { onProgress });
  const time = performance.now() - started;
  await store.close();
  return { added, time, peak: peakOf("self") };
}

/** The tab's process holds the page and the upload's worker; the database is in the browser's own. */
async function intoIndexedDb(file, folder) {
  const { openChromium } = await import("./chromium.mjs");
  const { newContext, url, close } = await openChromium({ profile: `${folder}/${process.pid}` });
  try {
    const context = await newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(0);
    if (process.env.TELL !== undefined) page.on("console", (line) => console.error(line.text()));
    await page.goto(url);
    await page.locator("input").setInputFiles(file);
    const answer = await page.evaluate(async () => {
      const { CouponPools } = await import("coupon-pools");
      const { indexeddb } = await import("coupon-pools/stores/indexeddb");
      const { uploadWorker } = await import("coupon-pools/worker");
      const store = indexeddb({ name: "bench" });
      const pools = new CouponPools({ store, uploads: uploadWorker() });
      await pools.create({ handle: "spring", kind: "static" });
      const [file] = document.querySelector("input").files;
      let told = 0;
      const onProgress = ({ rows, rowsPerSecond }) => {
        if (rows - told < 1_000_000) return;
        told = rows;
        console.log(rows, Math.round(rowsPerSecond), Math.round(performance.now() - started));
      };
      const started = performance.now();
      const { added } = await pools.upload("spring", file, { onProgress });
      return { added, time: performance.now() - started };
    });
    return { ...answer, peak: Math.max(...processesIn(process.pid, "--type=renderer").map(peakOf)) };
  } finally {
    await close();
  }
}

/** Processes that a process has started, and those that they have, with a word in their command line. */
function processesIn(parent, word) {
  const children = readdirSync(`/proc/${parent}/task`).flatMap((thread) =>
    readFileSync(`/proc/${parent}/task/${thread}/children`, "utf8").trim().split(" ").filter(Boolean),
  );
  const named = children.filter((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes(word));
  return [...named, ...children.flatMap((child) => processesIn(child, word))];
}

/** Most memory that a process has held since it began, in bytes. */
function peakOf(process) {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${process}/status`, "utf8"))[1]) * 1024;
}
