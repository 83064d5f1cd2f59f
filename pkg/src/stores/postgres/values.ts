/** Values on their way to Postgres and back: texts, and lists as array literals. */

export type Value = string | number | boolean | null | readonly (string | number | boolean | null)[];

/** A value as the text that Postgres reads it from. */
export function toText(value: Value): string | null {
  if (value === null) return null;
  if (typeof value === "object") return toArray(value);
  return String(value);
}

/** An array literal: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
function toArray(values: readonly (string | number | boolean | null)[]): string {
  let literal = "{";
  for (const value of values) {
    if (literal.length > 1) literal += ",";
    if (value === null) literal += "NULL";
    else if (typeof value === "string") literal += `"${value.replace(/["\\]/g, "\\$&")}"`;
    else literal += String(value);
  }
  return `${literal}}`;
}

/**
 * What a contact's, a message's or a slot's text is written as. Postgres' texts hold every character but U+0000: it is
 * written as U+FFFE "0", and U+FFFE, which is no character and in no text that people write, as itself twice.
 */
export function written(text: string): string {
  if (!/[\0\uFFFE]/.test(text)) return text;
  return text.replace(/[\0\uFFFE]/g, (found) => (found === "\0" ? "\uFFFE0" : "\uFFFE\uFFFE"));
}

/** The text that `written` was given. */
export function read<Text extends string | null>(text: Text): Text {
  if (text === null || !text.includes("\uFFFE")) return text;
  return text.replace(/\uFFFE(.)/gs, (_, next) => (next === "0" ? "\0" : "\uFFFE")) as Text;
}
