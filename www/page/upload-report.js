/** What an upload did, or would do: figures, warnings, rejected rows. */

import { count, el, keepFile, table } from "./dom.js";
import { reasonText, warningText } from "./upload-words.js";

const SHOWN_ROWS = 50;

/** The figures of a report. */
export function figuresOf({ rows, added, duplicatesInFile, duplicatesInPool, rejectedCount }, { checked }) {
  const figure = (value, name) => el("div", {}, el("dt", {}, name), el("dd", {}, count(value)));
  return el(
    "dl",
    { className: "figures" },
    figure(rows, "rows"),
    figure(added, checked ? "would be added" : "added"),
    figure(duplicatesInFile, "twice in the file"),
    figure(duplicatesInPool, "already in the pool"),
    figure(rejectedCount, "rejected"),
  );
}

/** The warnings of a report. */
export function warningsOf({ warnings }) {
  if (warnings.length === 0) return null;
  return el("ul", { className: "warnings" }, ...warnings.map((warning) => el("li", {}, warningText(warning))));
}

/** The rejected rows: why, what to do, the first of them, and all of them as a file. */
export function rejectedPart({ rejected, rejectedCount, reasons }, source, file) {
  if (rejectedCount === 0) return null;
  const rows = rejected
    .slice(0, SHOWN_ROWS)
    .map(({ row, reason, value }) => [count(row), reasonText(reason), el("code", {}, value ?? "")]);
  const of = rejectedCount > rows.length ? `, the first ${count(rows.length)} of ${count(rejectedCount)}` : "";
  return el(
    "section",
    { className: "rejected", "aria-label": "Rejected rows" },
    el("div", { className: "panel-head" }, el("h4", {}, `Rejected rows${of}`), downloadButton(source, file)),
    el(
      "ul",
      { className: "reasons" },
      ...reasons.map(({ reason, count: times, advice }) =>
        el("li", {}, el("strong", {}, `${count(times)} × ${reasonText(reason)}`), `: ${advice}`),
      ),
    ),
    table(["Row", "Why", "Value"], rows, { numbers: [0] }),
  );
}

/** All rejected rows as a file to keep. */
export function downloadButton(source, file) {
  const name = `${source.name.replace(/\.[^.]*$/, "")}-rejected.csv`;
  return el(
    "button",
    { type: "button", className: "plain", on: { click: () => keepFile(name, file) } },
    "Download all rejected rows",
  );
}
