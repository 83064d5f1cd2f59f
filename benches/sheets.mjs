/**
 * An .xlsx file's bytes to a set of its codes in memory: an upload's dry run beside SheetJS and exceljs' streaming reader,
 * each with the fastest options it has and a `Set`. Peak memory is that of a process in which one of them reads the file once.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { CouponPools } from "coupon-pools";
import { memory } from "coupon-pools/stores/memory";
import { alone } from "./alone.mjs";
import { report } from "./figures.mjs";
import { rounds } from "./rounds.mjs";
import { withFolder } from "./scratch.mjs";
import { workbook } from "./workbook.mjs";

const readers = {
  "coupon-pools": async (bytes) => {
    const pools = new CouponPools({ store: memory() });
    await pools.create({ handle: "empty", kind: "static" });
    return (await pools.upload("empty", bytes, { dryRun: true })).added;
  },
  "SheetJS + Set": async (bytes) => {
    const { default: XLSX } = await import("xlsx");
    const nothingMore = { cellFormula: false, cellHTML: false, cellText: false, cellStyles: false, cellNF: false };
    const book = XLSX.read(bytes, { type: "array", dense: true, sheets: 0, ...nothingMore });
    const codes = new Set();
    const sheet = book.Sheets[book.SheetNames[0]];
    for (let row = 1; row < sheet.length; row++) codes.add(sheet[row][0].v);
    return codes.size;
  },
  "exceljs streaming + Set": async (bytes) => {
    const { default: ExcelJS } = await import("exceljs");
    const options = { entries: "ignore", sharedStrings: "cache", styles: "ignore", hyperlinks: "ignore" };
    const reader = new ExcelJS.stream.xlsx.WorkbookReader(Readable.from([bytes]), { ...options, worksheets: "emit" });
    const codes = new Set();
    for await (const sheet of reader) for await (const row of sheet) codes.add(row.values[1]);
    codes.delete("code");
    return codes.size;
  },
};

const [, , name, path] = process.argv;
if (name !== undefined) {
  // A process of its own, to see what it takes: all of it, less what Node takes before it begins.
  const before = peak();
  await readers[name](readFileSync(path));
  process.send(peak() - before);
} else {
  await withFolder(async (folder) => {
    for (const [rows, columns, runs] of [
      [100_000, 1, 5],
      [100_000, 3, 5],
      [1_000_000, 1, 3],
      [1_000_000, 3, 3],
    ]) {
      report(await figure(rows, columns, runs, `${folder}/${rows}-${columns}.xlsx`));
    }
  });
}

/** Most memory that this process has held since it began, in bytes. The `ru_maxrss` of Linux counts its parent's too. */
function peak() {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;
}

async function figure(rows, columns, runs, path) {
  writeFileSync(path, workbook(rows, columns));
  const bytes = readFileSync(path);
  const names = Object.keys(readers);
  const peaks = [];
  for (const name of names) peaks.push(await alone(name, fileURLToPath(import.meta.url), [name, path]));
  const contestants = names.map((name) => ({ name, run: () => readers[name](bytes) }));
  const timed = await rounds(contestants, { runs });
  const size = (bytes.length / 1e6).toFixed(1);
  return {
    title: `${rows.toLocaleString("en")} rows, ${columns === 1 ? "one column" : "three columns"}, ${size} MB of .xlsx to a set`,
    work: { amount: rows, unit: "codes" },
    contestants: timed.map((contestant, index) => ({ ...contestant, peak: peaks[index] })),
    goals: [
      { ours: "coupon-pools", peer: "SheetJS + Set", least: 5 },
      { ours: "coupon-pools", peer: "SheetJS + Set", lighter: true },
      { ours: "coupon-pools", peer: "exceljs streaming + Set", least: 6 },
      { ours: "coupon-pools", peer: "exceljs streaming + Set", lighter: true },
    ],
  };
}
