/**
 * Tags as text: written for editors to insert, and read back from what they kept. The core reads the whole language
 * (docs/tags.md); editors need their own tags back, and nothing else.
 */

/** What one tag says. */
export interface Tag {
  name: "coupon" | "coupon_expiry" | "ifcoupon";
  /** The pool's handle. */
  pool: string;
  slot?: string;
  fallback?: string;
  /** `long`, `medium`, `short`, or a pattern such as `%-d %B %Y`. */
  format?: string;
  /** A language tag such as `en-GB`. */
  locale?: string;
}

/** The order in which options are written; the language takes them in any. */
const OPTIONS = ["slot", "fallback", "format", "locale"] as const;
const TEXT = `"[^"]*"|'[^']*'`;
const OPTION = String.raw`,\s*(?:${OPTIONS.join("|")})\s*:\s*(?:${TEXT})\s*`;
const TAG = new RegExp(
  String.raw`^\{%\s*(coupon|coupon_expiry|ifcoupon)\s*(?:"([a-z0-9_-]{1,64})"|'([a-z0-9_-]{1,64})')\s*((?:${OPTION})*)%\}`,
);

/**
 * Whether an option's text comes back from every editor as it went: tags know no escapes, and serialisers of HTML
 * change `&`, `<` and `>`.
 */
export function isWritable(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return !/[&<>\u0000-\u001f\u007f]/.test(text) && !(text.includes('"') && text.includes("'"));
}

/** Writes a tag. Options that are empty or cannot be written are left out. `'` as `quote` suits attributes. */
export function writeTag(tag: Tag, quote: '"' | "'" = '"'): string {
  let text = `{% ${tag.name} ${quote}${tag.pool}${quote}`;
  for (const option of OPTIONS) {
    const value = tag[option];
    if (value === undefined || value === "" || !isWritable(value)) continue;
    const around = !value.includes(quote) ? quote : quote === '"' ? "'" : '"';
    text += `, ${option}: ${around}${value}${around}`;
  }
  return `${text} %}`;
}

/** Reads the tag that `text` starts with, and says how long it is; `null` if it starts with none of ours. */
export function readTag(text: string): { tag: Tag; length: number } | null {
  // Visual editors write spaces as no-break spaces; both are one character long.
  const match = TAG.exec(text.replaceAll("\u00a0", " "));
  if (match === null) return null;
  const [whole, name, double, single, options = ""] = match;
  const tag: Tag = { name: name as Tag["name"], pool: (double ?? single) as string };
  for (const [, option, value = ""] of options.matchAll(new RegExp(String.raw`,\s*(\w+)\s*:\s*(${TEXT})`, "g"))) {
    tag[option as (typeof OPTIONS)[number]] = value.slice(1, -1);
  }
  return { tag, length: whole.length };
}
