/** What the artefacts weigh, beside the budgets that fail the build. */

import { readFileSync } from "node:fs";
import { constants, gzipSync } from "node:zlib";

const pkg = new URL("../pkg/", import.meta.url);

/** A table in Markdown. */
export function sizes() {
  const budgets = JSON.parse(readFileSync(new URL("size-budget.json", pkg), "utf8"));
  const rows = Object.entries(budgets).map(([file, budget]) => {
    const bytes = readFileSync(new URL(`wasm/${file}`, pkg));
    const zipped = gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }).length;
    const number = (count) => count.toLocaleString("en");
    return `| ${file} | ${(zipped / budget).toFixed(2)} of budget | ${number(budget)} | ${number(zipped)} | ${number(bytes.length)} |`;
  });
  return ["| artefact | ratio | budget, gzipped | gzipped | bytes |", "| --- | --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}
