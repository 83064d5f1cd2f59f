/** Values on their way to Postgres and back: texts, and lists as array literals. */

export type Value = string | number | boolean | null | readonly (string | number | boolean | null)[];

/** A value as the text that Postgres reads it from. */
export function toText(value: Value): string | null {
  if (value === null) return null;
  if (typeof value === "object") return toArray(value);
  return typeof value === "string" ? withoutZero(value) : String(value);
}

/** An array literal: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
function toArray(values: readonly (string | number | boolean | null)[]): string {
  let literal = "{";
  for (const value of values) {
    if (literal.length > 1) literal += ",";
    if (value === null) literal += "NULL";
    else if (typeof value === "string") literal += `"${withoutZero(value).replace(/["\\]/g, "\\$&")}"`;
    else literal += String(value);
  }
  return `${literal}}`;
}

/**
 * Postgres' texts hold every character but U+0000, which a contact's or a message's id may have: it is written as
 * U+FFFE "0", and U+FFFE, which is no character and in no text that people write, as itself twice.
 */
function withoutZero(text: string): string {
  return /[\0\uFFFE]/.test(text)
    ? text.replace(/[\0\uFFFE]/g, (at) => (at === "\0" ? "\uFFFE0" : "\uFFFE\uFFFE"))
    : text;
}

/** The text that `toText` was given. */
export function fromText<Text extends string | null>(text: Text): Text {
  if (text === null || !text.includes("\uFFFE")) return text;
  return text.replace(/\uFFFE(.)/gs, (_, next) => (next === "0" ? "\0" : "\uFFFE")) as Text;
}
