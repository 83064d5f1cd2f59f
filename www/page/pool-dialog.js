/** The form that makes and edits pools. */

import { byId, closable, notice } from "./dom.js";
import { focusAction } from "./pool-table.js";

const dialog = byId("pool-dialog");
const form = byId("pool-form");
const fields = form.elements;
const archive = byId("archive");

/** The pool that is edited, or null for a new one. */
let edited = null;
/** Whether the handle still follows the name. */
let follows = true;

/** Sets the dialog up. `save` takes what `create` takes, `edit` a handle and a patch; both may reject. */
export function poolDialog({ create, edit }) {
  closable(dialog);
  dialog.addEventListener("close", () => focusAction(edited?.handle, "Edit"));
  fields.name.addEventListener("input", () => {
    if (edited === null && follows) fields.handle.value = slug(fields.name.value);
  });
  fields.handle.addEventListener("input", () => {
    follows = fields.handle.value === "";
  });
  form.addEventListener("change", arrange);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await attempt(() =>
      edited === null
        ? create({ handle: fields.handle.value, kind: fields.kind.value, ...settings() })
        : edit(edited.handle, settings()),
    );
  });
  archive.addEventListener("click", () => attempt(() => edit(edited.handle, { archived: !edited.archived })));
}

/** Opens the form for a new pool, or for the pool of a row. */
export function openPoolDialog(row = null) {
  edited = row;
  follows = true;
  form.reset();
  notice(byId("pool-error"), null);
  byId("pool-dialog-title").textContent = row === null ? "New pool" : `Edit ${row.name}`;
  archive.hidden = row === null;
  if (row !== null) fill(row);
  fields.handle.disabled = row !== null;
  for (const radio of fields.kind) radio.disabled = row !== null;
  arrange();
  dialog.showModal();
  fields.name.focus();
}

function fill(row) {
  archive.textContent = row.archived ? "Restore" : "Archive";
  fields.name.value = row.name;
  fields.handle.value = row.handle;
  fields.kind.value = row.kind;
  fields.fixedCode.value = row.fixedCode ?? "";
  fields.reuse.value = row.reuse;
  fields.onEmpty.value = typeof row.onEmpty === "string" ? row.onEmpty : "fallback";
  fields.fallback.value = typeof row.onEmpty === "string" ? "" : row.onEmpty.fallback;
  fields.lowStock.value = row.lowStock.join(", ");
  fields.expiresAt.value = row.expiresAt === null ? "" : new Date(row.expiresAt - 1).toISOString().slice(0, 10);
}

/** Shows what belongs to the chosen type. */
function arrange() {
  for (const part of form.querySelectorAll("[data-kind]")) part.hidden = part.dataset.kind !== fields.kind.value;
  byId("fallback-field").hidden = fields.onEmpty.value !== "fallback";
  // Codes are out there already: the engine refuses another rule for who keeps them.
  fields.reuse.disabled = edited !== null && edited.added > 0;
}

function settings() {
  const common = { name: fields.name.value.trim() || fields.handle.value };
  if (fields.kind.value === "fixed") return { ...common, fixedCode: fields.fixedCode.value };
  return {
    ...common,
    ...(fields.reuse.disabled ? {} : { reuse: fields.reuse.value }),
    onEmpty: fields.onEmpty.value === "fallback" ? { fallback: fields.fallback.value } : fields.onEmpty.value,
    lowStock: rungs(fields.lowStock.value),
    expiresAt: fields.expiresAt.value || null,
  };
}

async function attempt(work) {
  for (const field of fields) field.removeAttribute("aria-invalid");
  try {
    await work();
    dialog.close();
  } catch (error) {
    notice(byId("pool-error"), error.message);
    const field = fields[error.details?.option === "onEmpty" ? "fallback" : (error.details?.option ?? "handle")];
    if (field instanceof HTMLElement) {
      field.setAttribute("aria-invalid", "true");
      field.focus();
    }
  }
}

/** “10%, 100” as the thresholds the engine takes; it refuses what is neither. */
function rungs(text) {
  return text
    .split(/[,;\s]+/)
    .filter((part) => part !== "")
    .map((part) => (part.endsWith("%") || Number.isNaN(Number(part)) ? part : Number(part)));
}

function slug(name) {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 64);
}
