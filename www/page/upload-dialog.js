/** Uploading codes: pick a file, look at it as it was understood, store it, see what became of it, take it back. */

import { byId, closable, count, el, moment, notice, plural, table } from "./dom.js";
import { focusAction } from "./pool-table.js";
import { showRunning } from "./upload-progress.js";
import { previewTable, questionOf, readingForm } from "./upload-reading.js";
import { downloadButton, figuresOf, rejectedPart, warningsOf } from "./upload-report.js";
import { bytesText } from "./upload-words.js";

const dialog = byId("upload-dialog");
const drop = byId("drop");
const file = byId("file");
const checkFirst = byId("check-first");
const report = byId("report");

let pool = null;
let face;
/** Cancels the upload that is under way. */
let cancel = null;
/** When it has ended. */
let ended = Promise.resolve();
/** Counts what was asked for: the outcome of what somebody has turned away from is not shown. */
let turn = 0;

/** Sets the dialog up. `app` gives `pools`, `note` and `changed`. */
export function uploadDialog(app) {
  face = app;
  closable(dialog);
  dialog.addEventListener("close", () => {
    turn++;
    cancel?.abort();
    focusAction(pool.handle, "Upload");
  });
  byId("upload-cancel").addEventListener("click", () => cancel?.abort());
  file.addEventListener("change", () => {
    if (file.files.length > 0) take(file.files[0]);
    file.value = "";
  });
  byId("sample-file").addEventListener("click", () => attempt(async () => take(await sampleFile())));
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
    if (dropped) take(dropped);
  });
}

/** Opens the dialog for a row's pool. */
export async function openUploadDialog(row) {
  pool = row;
  byId("upload-title").textContent = `Upload codes into ${row.name}`;
  notice(byId("upload-error"), null);
  showPick();
  checkFirst.checked = true;
  dialog.showModal();
  await showBatches();
}

export async function sampleFile() {
  const response = await fetch("samples/spring-sale.csv");
  if (!response.ok) throw new Error(`The sample file is not there (${response.status}).`);
  return new File([await response.blob()], "spring-sale.csv", { type: "text/csv" });
}

const take = (source) => (checkFirst.checked ? check(source, {}) : store(source, {}));

/** Says what the file would do; `said` are the options that say otherwise than what was found. */
async function check(source, said) {
  const change = (better) => check(source, saidBetter(said, better));
  const mine = ++turn;
  const { result, rejected, error } = await upload(source, { ...said, dryRun: true });
  if (mine !== turn) return;
  if (error) return showFailure(source, error, rejected, change);
  if (!result) return showPick();
  const { added } = result;
  show(
    el("h3", {}, `${source.name}: checked, nothing stored`),
    figuresOf(result, { checked: true }),
    warningsOf(result),
    el("h4", {}, "How it was read"),
    readingForm(result, change),
    previewTable(result),
    rejectedPart(result, source, rejected),
    el(
      "div",
      { className: "actions end" },
      el("button", { type: "button", on: { click: showPick } }, "Another file"),
      el(
        "button",
        { type: "button", className: "primary", disabled: added === 0, on: { click: () => store(source, said) } },
        `Add ${plural(added, "code")}`,
      ),
    ),
  );
}

async function store(source, said) {
  const mine = ++turn;
  const { name } = pool;
  const { result, rejected, error } = await upload(source, said);
  if (result) {
    // It may have been stored although somebody has closed the dialog: too late to be cancelled.
    const { added, rejectedCount } = result;
    face.note("event", `${name}: ${plural(added, "code")} added from ${source.name}, ${count(rejectedCount)} rejected`);
    await face.changed();
  }
  if (mine !== turn) return;
  if (error) return showFailure(source, error, rejected, (change) => store(source, saidBetter(said, change)));
  if (!result) return showPick();
  show(
    el("h3", {}, `${source.name}: stored`),
    figuresOf(result, { checked: false }),
    warningsOf(result),
    rejectedPart(result, source, rejected),
    anotherFile(),
  );
  await showBatches();
}

/** What was said before, and what is said now; columns that are `null` now are others than before. */
function saidBetter(said, { columns, ...options }) {
  return { ...said, ...options, columns: columns === null ? {} : { ...said.columns, ...columns } };
}

/**
 * Runs an upload with its progress. Gives the report, or the error, or nothing if it was cancelled; and the file of
 * rejected rows, where it is whole.
 */
async function upload(source, options) {
  const { handle } = pool;
  cancel?.abort();
  const mine = new AbortController();
  cancel = mine;
  const before = ended;
  let end;
  ended = new Promise((resolve) => {
    end = resolve;
  });
  await before;
  notice(byId("upload-error"), null);
  drop.hidden = true;
  report.replaceChildren();
  const what = options.dryRun ? "Checking" : "Storing";
  const running = showRunning(`${what} ${source.name} (${bytesText(source.size)})`);
  const { readable, writable } = new TransformStream();
  const rejected = new Response(readable).blob().catch(() => null);
  try {
    const { signal } = mine;
    const result = await face.pools.upload(handle, source, {
      ...options,
      rejectedTo: writable,
      onProgress: running.update,
      signal,
    });
    return { result, rejected: await rejected };
  } catch (error) {
    return error.code === "ABORTED" ? {} : { error, rejected: await rejected };
  } finally {
    if (cancel === mine) cancel = null;
    running.hide();
    end();
  }
}

/** What went wrong, and what there is to do about it: a question to answer, or the rows that were refused. */
function showFailure(source, error, rejected, change) {
  const question = questionOf(error, change) ?? inTheWay(error, change);
  if (question === null) notice(byId("upload-error"), `${source.name}: ${error.message}`);
  const whole = error.code === "UPLOAD_NOTHING_USABLE" && rejected !== null;
  show(el("h3", {}, source.name), question, whole ? downloadButton(source, rejected) : null, anotherFile());
}

/** Another upload that is under way: it may be alive in another tab or on another machine, so somebody has to say. */
function inTheWay({ code, details }, change) {
  if (code !== "UPLOAD_IN_PROGRESS") return null;
  const takeOver = () => change({ takeOver: details.batch });
  return el(
    "section",
    { className: "question" },
    el("h4", {}, `Another upload into ${pool.name} is under way`),
    el("p", {}, "If it has died, or is not wanted any more, it can be dropped: nothing of it will be stored."),
    el(
      "div",
      { className: "actions" },
      el("button", { type: "button", on: { click: takeOver } }, "Drop it and store this file"),
    ),
  );
}

/** Whatever is shown instead of the picker. */
function show(...parts) {
  drop.hidden = true;
  report.replaceChildren(...parts.filter((part) => part !== null));
}

function showPick() {
  notice(byId("upload-error"), null);
  report.replaceChildren();
  drop.hidden = false;
}

function anotherFile() {
  return el(
    "div",
    { className: "actions end" },
    el("button", { type: "button", on: { click: showPick } }, "Another file"),
  );
}

async function attempt(work) {
  notice(byId("upload-error"), null);
  try {
    await work();
  } catch (error) {
    notice(byId("upload-error"), error.message);
  }
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
      show(el("h3", {}, text), anotherFile());
      face.note("event", `${pool.name}: upload undone, ${text}`);
      await face.changed();
      await showBatches();
    });
  return el("button", { type: "button", "aria-label": label, on: { click: undo } }, "Undo");
}
