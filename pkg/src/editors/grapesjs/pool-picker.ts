/** The trait that chooses a pool, with its stock beside it and what is wrong with it below. */

import type { Component, Editor } from "grapesjs";
import type { PoolRow } from "../../options.js";
import { NEWS, settingsOf, TYPES } from "./components.js";
import { areWritable, dateOf } from "./content.js";
import type { Shelf } from "./shelf.js";
import { POOL_TRAIT } from "./traits.js";
import type { Words } from "./words.js";

/** The picker of the component that is selected, to be filled again when there is news. */
interface Picker {
  root: HTMLElement;
  component: Component;
}

export function addPoolPicker(
  editor: Editor,
  shelf: Shelf,
  words: Words,
  onManage: ((handle: string | null) => void) | undefined,
): void {
  let shown: Picker | null = null;
  editor.on(NEWS, () => {
    if (shown !== null) fill(shown, editor, shelf, words);
  });
  editor.Traits.addType(POOL_TRAIT, {
    // The picker brings its own field.
    templateInput: () => "",
    createInput({ component }: { component: Component }) {
      const root = build(editor, words, onManage && (() => onManage(settingsOf(component).pool || null)));
      // A setting of another trait changes what is said here.
      const again = () => fill({ root, component }, editor, shelf, words);
      this.listenTo(component, "change:slot change:fallback change:expires change:format change:locale", again);
      return root;
    },
    onEvent({ component, elInput }: { component: Component; elInput: HTMLElement }) {
      component.set("pool", selectIn(elInput).value);
      fill({ root: elInput, component }, editor, shelf, words);
    },
    onUpdate({ component, elInput }: { component: Component; elInput: HTMLElement }) {
      shown = { root: elInput, component };
      fill(shown, editor, shelf, words);
    },
  });
}

/** The picker's elements, in GrapesJS' own classes; hosts style the rest by `coupon-pools-…`. */
function build(editor: Editor, words: Words, manage: (() => void) | undefined): HTMLElement {
  const prefix = editor.getConfig().stylePrefix ?? "gjs-";
  const root = element("div", "coupon-pools-picker");
  const field = element("div", `${prefix}field ${prefix}field-select ${prefix}select`);
  const select = document.createElement("select");
  select.setAttribute("aria-label", words("pool"));
  const arrow = element("div", `${prefix}sel-arrow`);
  arrow.append(element("div", `${prefix}d-s-arrow`));
  field.append(select, arrow);
  const note = element("div", "coupon-pools-note");
  note.setAttribute("role", "status");
  root.append(field, note);
  if (manage !== undefined) {
    const button = element("button", "coupon-pools-manage");
    button.setAttribute("type", "button");
    button.textContent = words("manage");
    button.addEventListener("click", manage);
    root.append(button);
  }
  return root;
}

function fill({ root, component }: Picker, editor: Editor, shelf: Shelf, words: Words): void {
  const { pool: chosen } = settingsOf(component);
  const pools = shelf.pools() ?? [];
  const options = pools.map((pool) => option(pool.handle, `${pool.name} (${stockOf(pool, words)})`));
  // A pool that is gone stays chosen until the marketer chooses another.
  if (chosen !== "" && !pools.some(({ handle }) => handle === chosen)) options.unshift(option(chosen, chosen));
  const select = selectIn(root);
  select.replaceChildren(option("", words("choose")), ...options);
  select.value = chosen;
  const notes = notesOf(component, editor, shelf, words);
  root.querySelector(".coupon-pools-note")?.replaceChildren(
    ...notes.map(({ text, warns }) => {
      const line = element("div", warns ? "coupon-pools-warning" : "");
      line.textContent = warns ? `⚠ ${text}` : text;
      return line;
    }),
  );
}

function notesOf(component: Component, editor: Editor, shelf: Shelf, words: Words): { text: string; warns: boolean }[] {
  const settings = settingsOf(component);
  const notes: { text: string; warns: boolean }[] = [];
  const say = (text: string, warns = false) => void notes.push({ text, warns });
  if (shelf.failure !== null) say(words("failed", { reason: shelf.failure }), true);
  else if (shelf.pools() === undefined) say(words("loading"));
  if (!areWritable(settings)) say(words("unwritable"), true);
  if (settings.pool === "") return notes;
  const pool = shelf.pool(settings.pool);
  if (pool === null) say(words("unknown", { pool: settings.pool }), true);
  if (!pool) return notes;
  if (pool.archived) say(words("archived"), true);
  say(stockOf(pool, words), pool.remaining === 0);
  const supply = shelf.supply(settings.pool, slotsOf(settings.pool, editor));
  if (supply?.state === "checking") say(words("checking"));
  else if (supply?.state === "enough") say(words("enough", { count: supply.audience }));
  else if (supply !== null) say(words("tooFew", { short: supply.short, count: supply.audience }), true);
  const dated = component.get("type") === TYPES.expiry || (component.get("type") === TYPES.block && settings.expires);
  if (dated && shelf.sample(dateOf(settings)) === "") say(words("undated"), true);
  return notes;
}

/** How many different codes of a pool the mail shows. */
function slotsOf(pool: string, editor: Editor): number {
  const slots = new Set<string>();
  for (const type of Object.values(TYPES)) {
    for (const component of editor.getWrapper()?.findType(type) ?? []) {
      const settings = settingsOf(component);
      if (settings.pool === pool) slots.add(settings.slot);
    }
  }
  return Math.max(1, slots.size);
}

function stockOf({ kind, remaining }: PoolRow, words: Words): string {
  if (kind === "dynamic") return words("generated");
  return remaining === null ? words("endless") : words("left", { count: remaining });
}

function selectIn(root: HTMLElement): HTMLSelectElement {
  return root.querySelector("select") as HTMLSelectElement;
}

function option(value: string, label: string): HTMLOptionElement {
  const made = document.createElement("option");
  made.value = value;
  made.textContent = label;
  return made;
}

function element(tag: string, className: string): HTMLElement {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  return made;
}
