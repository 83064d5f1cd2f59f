/**
 * Uploads of many millions of codes from a file on disk, with what the whole process takes at its peak, beside a million
 * codes in the same run. Every upload has a process, or a browser, of its own.
 *
 *   node benches/large.mjs [rows] [sqlite | indexeddb …]
 *
 * By default 2,000,000 rows into SQLite, as in `make bench`; `make bench-large` uploads 20,000,000 into each.
 */

import { fork } from "node:child_process";
import { createReadStream, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CouponPools } from "coupon-pools";
import { sqlite } from "coupon-pools/stores/sqlite";
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
    const { added, time, peak } = await alone(name, file, folder);
    if (added < rows * 0.999) throw new Error(`${added} of ${rows} were added`);
    contestants.push({ name: nameOf(rows), times: [time], work: { amount: rows, unit: "codes" }, peak });
  }
  return {
    title: `Upload of many codes: ${TITLES[name]}`,
    contestants,
    goals: [
      { ours: nameOf(most), as: "its share of the speed of a million", peer: nameOf(ROWS), least: 0.8 },
      { ours: nameOf(most), peak: PEAK },
    ],
  };
}

function nameOf(rows) {
  return `${rows.toLocaleString("en")} codes`;
}

/** One upload in a process of its own. */
function alone(name, file, folder) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ["one", name, file, folder], { execArgv: [] });
    let answered;
    child.on("message", (answer) => {
      answered = answer;
    });
    child.on("error", reject);
    child.on("exit", (code) =>
      code === 0 && answered !== undefined ? resolve(answered) : reject(new Error(`${name} ended with ${code}`)),
    );
  });
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

async function intoIndexedDb() {
  throw new Error("not yet");
}

/** Most memory that a process has held since it began, in bytes. */
function peakOf(process) {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${process}/status`, "utf8"))[1]) * 1024;
}
