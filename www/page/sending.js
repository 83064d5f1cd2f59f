/** Making the mails of one message: each contact with their own code, and what a retry gives. */

import { byId, count, el, plural } from "./dom.js";
import { showSent, template } from "./template.js";

const KEY = "coupon-pools.send";
const SHOWN = 200;

const form = byId("send");
const message = byId("message");
const contacts = byId("contacts");
const list = byId("sent");
const summary = byId("sent-summary");

let face;
let busy = false;

/** Sets the form up. `app` gives `pools`, `note` and `changed`. */
export function sending(app) {
  face = app;
  const kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
  message.value = kept?.message ?? "spring-mail-1";
  contacts.value = kept?.contacts ?? "";
  byId("new-message").addEventListener("click", () => {
    message.value = next(message.value);
    message.dispatchEvent(new Event("input"));
  });
  for (const field of [message, contacts]) field.addEventListener("input", keep);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!busy) make();
  });
}

/** Puts contacts into the form, if there are none. */
export function suggestContacts(lines) {
  if (contacts.value.trim() !== "") return;
  contacts.value = lines.join("\n");
  keep();
}

function keep() {
  localStorage.setItem(KEY, JSON.stringify({ message: message.value, contacts: contacts.value }));
}

/** “spring-mail-1” becomes “spring-mail-2”. */
function next(name) {
  const [, stem, number] = name.match(/^(.*?)-?(\d*)$/);
  return `${stem || "mail"}-${Number(number || 1) + 1}`;
}

async function make() {
  const names = [...new Set(contacts.value.split("\n").map((line) => line.trim()))].filter((name) => name !== "");
  if (names.length === 0) {
    summary.textContent = "Put in at least one contact.";
    contacts.focus();
    return;
  }
  busy = true;
  summary.textContent = "Making the mails …";
  list.replaceChildren();
  const told = { made: 0, same: 0, failed: 0 };
  let outcome;
  try {
    for await (const mail of face.pools.renderMany(names, { template: template(), message: message.value })) {
      const state = stateOf(mail);
      told[state.tally]++;
      if (list.childElementCount < SHOWN) list.append(entry(mail, state));
    }
    if (names.length > SHOWN) list.append(el("li", { className: "empty" }, `and ${count(names.length - SHOWN)} more`));
    outcome = tell(told);
    face.note("event", `Message ${message.value}: ${outcome}`);
  } catch (error) {
    outcome = error.message;
    face.note("error", outcome);
  }
  busy = false;
  // The pools first: who reads that mails were made finds their codes gone.
  await face.changed().finally(() => {
    summary.textContent = outcome;
  });
}

function tell({ made, same, failed }) {
  const parts = [];
  if (made > 0) parts.push(plural(made, "new mail"));
  if (same > 0) parts.push(`${count(same)} same as before`);
  if (failed > 0) parts.push(`${count(failed)} not made`);
  return parts.join(", ");
}

function stateOf({ error, draws }) {
  if (error) return { tally: "failed", pill: error.code === "OUT_OF_CODES" ? "out of codes" : "not made", look: "out" };
  const stored = draws.filter(({ number }) => number !== null);
  if (stored.length > 0 && stored.every(({ repeat }) => repeat)) {
    return stored.some(({ expired }) => expired)
      ? { tally: "same", pill: "same as before, expired", look: "low" }
      : { tally: "same", pill: "same as before", look: "" };
  }
  return { tally: "made", pill: stored.length > 0 ? "new" : "no code drawn", look: "fine" };
}

function entry({ contact, output, draws, error }, { pill, look }) {
  const open = () => {
    for (const other of list.querySelectorAll("[aria-pressed=true]")) other.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", "true");
    showSent(output, contact);
  };
  const button = el(
    "button",
    { type: "button", "aria-pressed": "false", disabled: error !== undefined, on: { click: open } },
    el("span", { className: "contact" }, contact),
    el("span", { className: `pill ${look}` }, pill),
    error
      ? el("span", { className: "codes" }, error.message)
      : el("span", { className: "codes" }, ...draws.map(({ code, handle }) => el("code", { title: handle }, code))),
  );
  return el("li", {}, button);
}
