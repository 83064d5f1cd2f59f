/** Events and alerts, newest first. An alert is told once, so the list outlives a reload. */

import { byId, count, el, moment } from "./dom.js";

const KEPT = 100;
const KEY = "coupon-pools.log";

const list = byId("log");
let entries = load();

/** Writes a line: `kind` is `event`, `alert` or `error`. */
export function note(kind, text) {
  entries = [{ at: Date.now(), kind, text }, ...entries].slice(0, KEPT);
  localStorage.setItem(KEY, JSON.stringify(entries));
  show();
}

/** Writes an alert of the engine. */
export function noteAlert({ type, name, rung, remaining, added, expiresAt }) {
  const left = `${count(remaining)} of ${count(added)} left`;
  if (type === "low-stock") note("alert", `${name} is low: ${left} (warning at ${rung})`);
  else if (type === "out-of-codes") note("alert", `${name} is out of codes`);
  else note("alert", `${name}: ${count(remaining)} codes expire on ${moment(expiresAt)}`);
}

const CHANGES = {
  created: "made",
  edited: "changed",
  archived: "archived",
  restored: "restored",
  uploaded: "has new codes",
  undone: "has lost an upload’s codes",
};

/** Writes what was done to a pool, as the dashboard tells it. */
export function noteChange(what, name) {
  note("event", `Pool ${name} ${CHANGES[what] ?? what}`);
}

export function show() {
  if (entries.length === 0) {
    list.replaceChildren(el("li", { className: "empty" }, "Nothing has happened yet."));
    return;
  }
  list.replaceChildren(
    ...entries.map(({ at, kind, text }) =>
      el(
        "li",
        { className: kind },
        el("time", { dateTime: new Date(at).toISOString() }, moment(at)),
        kind === "event" ? null : el("span", { className: `pill ${kind}` }, kind),
        el("span", {}, text),
      ),
    ),
  );
}

function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]");
  } catch {
    return [];
  }
}
