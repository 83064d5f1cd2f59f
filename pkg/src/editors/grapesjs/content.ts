/**
 * A coupon component's settings as the HTML that goes into the mail, and back. The mail's own tags are the only place
 * where settings are kept, so that whatever an editor, an inliner or a compiler does to the markup around them, the
 * block comes back as it was; and nothing that a recipient should not see, such as a fallback, stays in the mail.
 */

import { isWritable, readTag, type Tag, writeTag } from "../tags.js";

/** `block`: a code with a line about its expiry. `code` and `expiry`: inside a line of text. */
export type Kind = "block" | "code" | "expiry";

/** What a marketer chooses for a component. An empty text means: not chosen. */
export interface Settings {
  pool: string;
  slot: string;
  fallback: string;
  /** Whether the line about the expiry is shown; blocks only. */
  expires: boolean;
  /** The words of that line; `{date}` stands for the date. */
  line: string;
  format: string;
  locale: string;
  /** Whether the component is left out of mails without a code. */
  hide: boolean;
}

/** Marks a component's element, in the mail too: its value is the kind. */
export const MARK = "data-coupon-pools";

export const EMPTY: Settings = {
  pool: "",
  slot: "",
  fallback: "",
  expires: false,
  line: "{date}",
  format: "long",
  locale: "en",
  hide: false,
};

/** Whether every text of the settings can be written into a mail. */
export function areWritable({ slot, fallback, format, locale }: Settings): boolean {
  return [slot, fallback, format, locale].every(isWritable);
}

/** The tag that opens a component that hides, and its end. */
export function conditionOf({ pool, slot }: Settings): [start: string, end: string] {
  return [writeTag({ name: "ifcoupon", pool, slot }), "{% endifcoupon %}"];
}

/** The tag of the code. */
export function codeOf({ pool, slot, fallback }: Settings): string {
  return writeTag({ name: "coupon", pool, slot, fallback });
}

/** The tag of the date. */
export function dateOf({ pool, slot, format, locale }: Settings): string {
  return writeTag({ name: "coupon_expiry", pool, slot, format, locale });
}

/** The line about the expiry around `date`, which is markup already. */
export function lineAround(date: string, { line }: Settings): string {
  const [before = "", ...after] = line.split("{date}");
  return escaped(before) + date + escaped(after.join("{date}"));
}

/** What stands inside the element, without the condition; nothing without a pool, because a wrong tag stops a mail. */
export function contentOf(kind: Kind, settings: Settings): string {
  if (settings.pool === "") return "";
  if (kind === "expiry") return dateOf(settings);
  if (kind === "code" || !settings.expires) return codeOf(settings);
  return `${codeOf(settings)}<br><small style="${SMALL}">${lineAround(dateOf(settings), settings)}</small>`;
}

/** How the line about the expiry looks: beside the code's large letters, which the block itself is styled with. */
export const SMALL = "font-size:13px;font-weight:normal;letter-spacing:normal";

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A component's element as it was read: its settings, and the element that carries its attributes. */
export interface Found {
  kind: Kind;
  settings: Partial<Settings>;
  carrier: Element;
}

/** Reads a component's element; `null` if it is none of ours any more, as when somebody edited its HTML. */
export function readElement(element: Element): Found | null {
  const kind = element.getAttribute(MARK);
  if (kind !== "block" && kind !== "code" && kind !== "expiry") return null;
  const inside = readInside(element);
  if (inside === null) return null;
  const settings = settingsOf(kind, inside.content, inside.small);
  if (settings === null) return null;
  if (inside.condition !== null) {
    if (inside.condition.pool !== settings.pool || (inside.condition.slot ?? "") !== settings.slot) return null;
    settings.hide = true;
  }
  return { kind, settings, carrier: inside.carrier };
}

interface Inside {
  condition: Tag | null;
  /** The text outside of the line about the expiry. */
  content: string;
  small: string | null;
  carrier: Element;
}

/** Takes the condition off, and the element that it encloses. */
function readInside(element: Element): Inside | null {
  const plain = readPlain(element);
  if (plain !== null) {
    const opened = readTag(plain.content);
    if (opened?.tag.name !== "ifcoupon") return { condition: null, ...plain, carrier: element };
    const content = withoutEnd(plain.content.slice(opened.length));
    // In the canvas the condition stands inside.
    return content === null ? null : { condition: opened.tag, content, small: plain.small, carrier: element };
  }
  const [carrier, ...others] = element.children;
  if (carrier === undefined || others.length > 0) return null;
  const around = ownText(element);
  const opened = readTag(around);
  if (opened?.tag.name !== "ifcoupon" || withoutEnd(around.slice(opened.length)) !== "") return null;
  const inner = readPlain(carrier);
  return inner === null ? null : { condition: opened.tag, ...inner, carrier };
}

/** Text, at most one line break and one line about the expiry; `null` for everything else. */
function readPlain(element: Element): { content: string; small: string | null } | null {
  let small: string | null = null;
  for (const child of element.children) {
    if (child.localName === "small" && small === null && child.children.length === 0) small = child.textContent ?? "";
    else if (child.localName !== "br") return null;
  }
  return { content: ownText(element), small };
}

/** The text directly in an element, trimmed. */
function ownText(element: Element): string {
  const texts = [...element.childNodes]
    .filter(({ nodeType }) => nodeType === 3)
    .map(({ nodeValue }) => nodeValue ?? "");
  return texts.join("").trim();
}

function withoutEnd(text: string): string | null {
  const trimmed = text.trim();
  const end = /\{%\s*endifcoupon\s*%\}$/.exec(trimmed);
  return end === null ? null : trimmed.slice(0, end.index).trim();
}

function settingsOf(kind: Kind, content: string, small: string | null): (Partial<Settings> & { slot: string }) | null {
  if (content === "" && small === null) return { slot: "" };
  const read = readTag(content);
  if (read === null || read.length !== content.length) return null;
  const { name, pool, slot = "", fallback = "", format = EMPTY.format, locale = EMPTY.locale } = read.tag;
  if (kind === "expiry") return name === "coupon_expiry" && small === null ? { pool, slot, format, locale } : null;
  if (name !== "coupon") return null;
  if (small === null) return { pool, slot, fallback };
  return kind === "block" ? withLine({ pool, slot, fallback }, small) : null;
}

function withLine<Base extends { pool: string; slot: string }>(base: Base, text: string) {
  const start = text.indexOf("{%");
  const read = start < 0 ? null : readTag(text.slice(start));
  if (read?.tag.name !== "coupon_expiry" || read.tag.pool !== base.pool || (read.tag.slot ?? "") !== base.slot)
    return null;
  const line = `${text.slice(0, start)}{date}${text.slice(start + read.length)}`;
  const { format = EMPTY.format, locale = EMPTY.locale } = read.tag;
  return { ...base, expires: true, line, format, locale };
}
