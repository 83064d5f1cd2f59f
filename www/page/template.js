/** The template editor and its preview: what is typed is rendered with sample codes, and nothing is drawn. */

import { byId, choosePool, el } from "./dom.js";

const KEY = "coupon-pools.template";
const WAIT = 200;

const subject = byId("subject");
const html = byId("html");
const warnings = byId("warnings");
const frame = byId("preview");
const pill = byId("preview-of");
const back = byId("back-to-preview");

/** The one place where text becomes a document: in a frame that may run nothing and reach nothing. */
const trusted = globalThis.trustedTypes?.createPolicy("mail-preview", { createHTML: (text) => text });

let face;
let timer;
/** Counts previews, so that a late answer does not overwrite a newer one. */
let latest = 0;

/** Sets the editor up. `app` gives `pools`. */
export function templateEditor(app) {
  face = app;
  const kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
  if (kept !== null) write(kept);
  for (const field of [subject, html])
    field.addEventListener("input", () => {
      localStorage.setItem(KEY, JSON.stringify(template()));
      clearTimeout(timer);
      timer = setTimeout(preview, WAIT);
    });
  back.addEventListener("click", preview);
  byId("insert-tag").addEventListener("submit", (event) => {
    event.preventDefault();
    insert(byId("tag-kind").value, byId("tag-pool").value);
  });
}

export function template() {
  return { subject: subject.value, html: html.value };
}

/** Puts a template into the editor. */
export function setTemplate(given) {
  write(given);
  back.hidden = true;
  localStorage.setItem(KEY, JSON.stringify(given));
}

/** Gives the tag picker its pools. */
export function offerPools(rows) {
  choosePool(byId("tag-pool"), rows);
}

/** Renders the template again, after pools have changed; a mail that was made stays in sight. */
export async function refreshPreview() {
  if (back.hidden) await preview();
}

/** Renders the template with samples. */
async function preview() {
  const turn = ++latest;
  try {
    const { output, warnings: noticed } = await face.pools.preview(template());
    if (turn !== latest) return;
    showMail(output, "sample codes, nothing is drawn", false);
    tell(noticed);
  } catch (error) {
    if (turn !== latest) return;
    const { part = null, line, column } = error.details ?? {};
    tell([{ part, line, column, message: error.message, wrong: true }]);
  }
}

/** Shows a mail that was made. */
export function showSent(output, contact) {
  // Neither a preview that is under way nor one that is due takes its place.
  latest++;
  clearTimeout(timer);
  showMail(output, `the mail to ${contact}`, true);
}

function showMail(output, about, sent) {
  byId("preview-subject").textContent = output.subject;
  frame.srcdoc = trusted === undefined ? output.html : trusted.createHTML(output.html);
  pill.textContent = about;
  pill.classList.toggle("fine", sent);
  back.hidden = !sent;
}

function write(given) {
  subject.value = given.subject;
  html.value = given.html;
  html.scrollTop = 0;
}

function tell(list) {
  warnings.replaceChildren(
    ...list.map(({ part, line, column, message, wrong = false }) => {
      const where = line === undefined ? "" : `${part ?? "template"}, line ${line}, column ${column}`;
      // An error's own message starts with the place already.
      const text = wrong && message.startsWith(where) ? message.slice(where.length).replace(/^:\s*/, "") : message;
      const go = { type: "button", className: "plain", on: { click: () => show(part, line, column) } };
      return el("li", { className: wrong ? "error" : "" }, where === "" ? null : el("button", go, where), ` ${text}`);
    }),
  );
}

/** Puts the cursor where a warning points. */
function show(part, line, column) {
  const field = part === "subject" ? subject : html;
  const before = field.value.split("\n").slice(0, line - 1);
  const position = before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
  field.focus();
  field.setSelectionRange(position, position);
}

function insert(kind, handle) {
  if (handle === "") return;
  const { selectionStart: from, selectionEnd: to, value } = html;
  // Inside double quotes, the tag takes single ones, so that the template stays an HTML document.
  const inside = /="[^"<>]*$/.test(value.slice(0, from));
  const name = inside ? `'${handle}'` : `"${handle}"`;
  const tag =
    kind === "coupon_expiry"
      ? `{% coupon_expiry ${name}, format: ${inside ? "'long'" : '"long"'} %}`
      : kind === "ifcoupon"
        ? `{% ifcoupon ${name} %}${value.slice(from, to) || `{% coupon ${name} %}`}{% else %}{% endifcoupon %}`
        : `{% coupon ${name} %}`;
  html.focus();
  html.setRangeText(tag, from, to, "end");
  html.dispatchEvent(new Event("input"));
}
