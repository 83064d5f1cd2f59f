/** Uploading codes: pick, drop or sample; check first or store at once; the report; taking an upload back. */

import { byId, closable, count, el, keepFile, lastDay, moment, notice, plural, table } from "./dom.js";
import { focusAction } from "./pool-table.js";

const SHOWN_ROWS = 100;

const REASONS = {
  empty: "no code",
  "too-long": "longer than 255 characters",
  "invisible-character": "a character that cannot be seen",
  "damaged-character": "a damaged character",
  "line-break": "a line break in the code",
  "unclosed-quote": "a quote that is never closed",
  "rounded-number": "a number that a spreadsheet rounded",
  "date-cell": "a date",
  "boolean-cell": "true or false",
  "error-cell": "an error of the spreadsheet",
  "formula-without-result": "a formula without its result",
  "uncertain-number": "a number whose digits are not certain",
  "missing-column": "too few columns",
  "bad-date": "not a date",
};

const VERDICTS = {
  ignored: "not read",
  header: "header",
  code: "code",
  duplicate: "twice in the file",
  "in-pool": "already in the pool",
};

const NOTICES = {
  trimmed: "white space around the code was removed",
  unescaped: "a spreadsheet’s mark before the code was removed",
  "encoding-guessed": "read as Windows-1252: look at the special characters",
  "above-header": "rows above the header were left out",
  formulas: "the code is the result of a formula",
  "long-numbers": "numbers of more than 15 digits: look whether all are right",
  "bare-numbers": "numbers that may have lost leading zeros",
  "header-guessed": "the first row was taken as a header",
  "expiry-guessed": "the expiry column was found by its dates",
  "dates-ignored": "a column of dates without a known name was not read as the expiry",
  "delimiter-in-codes": "codes hold a comma, semicolon, tab or bar: two columns in one?",
  "zeros-lost": "some numbers are a digit short: leading zeros may be lost",
};

const dialog = byId("upload-dialog");
const drop = byId("drop");
const file = byId("file");
const dryRun = byId("dry-run");
const progress = byId("upload-progress");
const report = byId("report");

let pool = null;
let face;
/** Cancels the upload that is under way. */
let cancel = null;

/** Sets the dialog up. `app` gives `pools`, `note` and `changed`. */
export function uploadDialog(app) {
  face = app;
  closable(dialog);
  dialog.addEventListener("close", () => {
    cancel?.abort();
    focusAction(pool.handle, "Upload");
  });
  file.addEventListener("change", () => {
    if (file.files.length > 0) upload(file.files[0]);
    file.value = "";
  });
  byId("sample-file").addEventListener("click", () => attempt(async () => upload(await sampleFile())));
  for (const type of ["dragenter", "dragover"])
    drop.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const [dropped] = event.dataTransfer.files;
    if (dropped) upload(dropped);
  });
}

/** Opens the dialog for a row's pool. */
export async function openUploadDialog(row) {
  pool = row;
  byId("upload-title").textContent = `Upload codes into ${row.name}`;
  notice(byId("upload-error"), null);
  report.replaceChildren();
  dryRun.checked = false;
  dialog.showModal();
  await showBatches();
}

export async function sampleFile() {
  const response = await fetch("samples/spring-sale.csv");
  if (!response.ok) throw new Error(`The sample file is not there (${response.status}).`);
  return new File([await response.blob()], "spring-sale.csv", { type: "text/csv" });
}

async function upload(source, only = dryRun.checked) {
  if (cancel !== null) return;
  cancel = new AbortController();
  progress.hidden = false;
  progress.removeAttribute("value");
  report.replaceChildren();
  await attempt(async () => {
    const result = await face.pools.upload(pool.handle, source, {
      dryRun: only,
      signal: cancel.signal,
      onProgress: ({ bytes, totalBytes }) => {
        if (totalBytes) progress.value = bytes / totalBytes;
      },
    });
    showReport(result, source, only);
    if (!only) {
      face.note(
        "event",
        `${pool.name}: ${plural(result.added, "code")} added from ${source.name}, ${count(result.rejectedCount)} rejected`,
      );
      await face.changed();
      await showBatches();
    }
  });
  cancel = null;
  progress.hidden = true;
}

async function attempt(work) {
  notice(byId("upload-error"), null);
  try {
    await work();
  } catch (error) {
    if (error.code !== "ABORTED") notice(byId("upload-error"), error.message);
  }
}

function showReport(result, source, only) {
  const { rows, added, duplicatesInFile, duplicatesInPool, rejectedCount, format } = result;
  const figure = (value, name) => el("div", {}, el("dt", {}, name), el("dd", {}, count(value)));
  const columnOf = (index) => (format.header ? `“${format.columns[index]}”` : `column ${index + 1}`);
  const expiry = format.expiryColumn === null ? "no expiry column" : `expiry from ${columnOf(format.expiryColumn)}`;
  report.replaceChildren(
    el("h3", {}, only ? `${source.name}: checked, nothing stored` : `${source.name}: stored`),
    el(
      "dl",
      { className: "figures" },
      figure(rows, "rows"),
      figure(added, only ? "would be added" : "added"),
      figure(duplicatesInFile, "twice in the file"),
      figure(duplicatesInPool, "already in the pool"),
      figure(rejectedCount, "rejected"),
    ),
    el(
      "p",
      { className: "quiet" },
      `Read as ${format.encoding}, codes from ${columnOf(format.codeColumn)}, ${expiry}.`,
    ),
    ...result.warnings.map((warning) => el("p", { className: "quiet" }, warningText(warning))),
    ...(rejectedCount > 0 ? rejectedPart(result, source) : []),
    ...(only ? [previewPart(result), storeButton(source)] : []),
  );
}

function warningText({ kind, count: times, row }) {
  return `${plural(times, "row")}: ${NOTICES[kind] ?? kind}${row ? ` (first in row ${count(row)})` : ""}.`;
}

function rejectedPart({ rejected, rejectedCount }, source) {
  const shown = rejected.slice(0, SHOWN_ROWS);
  const rows = shown.map(({ row, reason, value }) => [count(row), reasonText(reason), el("code", {}, value ?? "")]);
  const more = rejectedCount > shown.length ? `, the first ${count(shown.length)}` : "";
  return [
    el(
      "div",
      { className: "panel-head" },
      el("h4", {}, `Rejected rows${more}`),
      el(
        "button",
        { type: "button", className: "plain", on: { click: () => keepRejected(rejected, source) } },
        "Download",
      ),
    ),
    table(["Row", "Why", "Value"], rows, { numbers: [0] }),
  ];
}

function reasonText(reason) {
  return REASONS[reason] ?? reason;
}

function previewPart({ preview }) {
  const rows = preview.map(({ row, verdict, cells, code, expiresAt, reason }) => [
    count(row),
    reason === null ? VERDICTS[verdict] : reasonText(reason),
    el("code", {}, code ?? cells.map(({ value }) => value).join(" · ")),
    code === null ? "" : lastDay(expiresAt),
  ]);
  return el(
    "details",
    {},
    el("summary", {}, "The first rows as understood"),
    table(["Row", "Read as", "Code", "Valid until"], rows, { numbers: [0] }),
  );
}

function storeButton(source) {
  return el(
    "div",
    { className: "actions" },
    el(
      "button",
      { type: "button", className: "primary", on: { click: () => upload(source, false) } },
      "Store these codes",
    ),
  );
}

/** Values in quotes, and none that a spreadsheet would take for a formula. */
function keepRejected(rejected, source) {
  const cell = (text) => `"${(/^[=+\-@'\t]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const lines = rejected.map(({ row, reason, value }) =>
    [row, reason, cell(reasonText(reason)), cell(value ?? "")].join(),
  );
  const name = source.name.replace(/\.[^.]*$/, "");
  keepFile(
    `${name}-rejected.csv`,
    new Blob([["row,reason,explanation,value'", ...lines, ""].join("\r\n")], { type: "text/csv" }),
  );
}

async function showBatches() {
  const batches = await face.pools.batches(pool.handle);
  if (batches.length === 0) {
    byId("batches").replaceChildren(el("p", { className: "empty" }, "No uploads yet."));
    return;
  }
  const rows = batches.map((batch) => [
    moment(batch.at),
    batch.note?.fileName ?? "–",
    count(batch.added),
    count(batch.assigned),
    stateOf(batch),
  ]);
  byId("batches").replaceChildren(table(["When", "File", "Added", "Assigned", "State"], rows, { numbers: [2, 3] }));
}

function stateOf(batch) {
  if (batch.state !== "committed") return el("span", { className: "pill" }, batch.state);
  return batch.added > 0 ? undoButton(batch) : el("span", { className: "pill" }, "nothing added");
}

function undoButton({ batch, note }) {
  const label = `Undo the upload of ${note?.fileName ?? "this file"}`;
  const undo = () =>
    attempt(async () => {
      const { removed, kept } = await face.pools.undo(pool.handle, batch);
      const text = `${plural(removed, "code")} taken back${kept > 0 ? `, ${count(kept)} kept by their contacts` : ""}`;
      report.replaceChildren(el("h3", {}, text));
      face.note("event", `${pool.name}: upload undone, ${text}`);
      await face.changed();
      await showBatches();
    });
  return el("button", { type: "button", "aria-label": label, on: { click: undo } }, "Undo");
}
