/** The dashboard's table: what each pool holds, and what can be done with it. */

import { byId, count, dayOf, el } from "./dom.js";

const KINDS = { static: "Static", dynamic: "Dynamic", fixed: "Fixed" };

/** Shows the rows. `onUpload` and `onEdit` are called with a row. */
export function showPools(rows, { onUpload, onEdit }) {
  byId("no-pools").hidden = rows.length > 0;
  byId("pool-table").hidden = rows.length === 0;
  byId("pool-rows").replaceChildren(...rows.map((row) => poolRow(row, onUpload, onEdit)));
}

/** Gives the focus back to a row's button, which may have been made anew since its dialog was opened. */
export function focusAction(handle, label) {
  const row = [...byId("pool-rows").children].find(({ dataset }) => dataset.handle === handle);
  (row?.querySelector(`[data-action="${label}"]`) ?? byId("new-pool")).focus();
}

function poolRow(row, onUpload, onEdit) {
  const { handle, name, kind, remaining, assigned, expired, fixedCode, archived } = row;
  const action = (label, what, call) =>
    el(
      "button",
      { type: "button", "aria-label": `${what} ${name}`, "data-action": label, on: { click: () => call(row) } },
      label,
    );
  const tr = el(
    "tr",
    {},
    el(
      "th",
      { scope: "row" },
      el("span", { className: "name" }, name),
      archived ? el("span", { className: "pill" }, "archived") : null,
      el("code", {}, handle),
    ),
    el("td", {}, KINDS[kind], kind === "fixed" ? el("small", {}, fixedCode) : null),
    el(
      "td",
      { className: "number" },
      remaining === null ? "–" : count(remaining),
      expired > 0 ? el("small", {}, `${count(expired)} expired`) : null,
    ),
    el("td", { className: "number" }, kind === "fixed" ? "–" : count(assigned)),
    el("td", { className: "share" }, ...share(row)),
    el(
      "td",
      { className: "row-actions" },
      kind === "static" && !archived ? action("Upload", "Upload codes into", onUpload) : null,
      action("Edit", "Edit", onEdit),
    ),
  );
  tr.dataset.handle = handle;
  return tr;
}

function share(row) {
  const { percentRemaining, added, remaining, runsOutAt } = row;
  if (percentRemaining === null) return [el("span", { className: "quiet" }, "never runs out")];
  if (added === 0) return [el("span", { className: "quiet" }, "no codes yet")];
  const level = levelOf(row);
  const fill = el("span");
  fill.style.inlineSize = `${percentRemaining}%`;
  const shown = percentRemaining.toLocaleString("en", { maximumFractionDigits: 1 });
  return [
    el("span", { className: `bar ${level}`, "aria-hidden": "true" }, fill),
    el("span", { className: "percent" }, `${shown}%`),
    runsOutAt !== null && remaining > 0 ? el("span", { className: "quiet" }, `lasts until ${dayOf(runsOutAt)}`) : null,
    level === "fine" ? null : el("span", { className: `pill ${level}` }, level === "out" ? "out of codes" : "low"),
  ].filter((part) => part !== null);
}

/** Low is what the pool's own thresholds call so. */
function levelOf({ remaining, percentRemaining, lowStock }) {
  if (remaining === 0) return "out";
  const low = lowStock.some((rung) =>
    typeof rung === "number" ? remaining <= rung : percentRemaining <= Number.parseFloat(rung),
  );
  return low ? "low" : "fine";
}
