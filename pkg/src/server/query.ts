/** Parameters of the query, by the shapes that a route gives them. */

import { refused } from "./errors.js";
import type { Message } from "./messages.js";
import { faultIn, type Schema } from "./shapes.js";

/** The parameters as values; one that the route does not know, or that comes twice, is refused. */
export function queryOf(given: URLSearchParams, { query = {} }: Message): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, text] of given) {
    const known = Object.hasOwn(query, name) ? query[name] : undefined;
    if (known === undefined) throw wrong(name, "no parameter of this name");
    if (Object.hasOwn(values, name)) throw wrong(name, "one value");
    const value = valueIn(known.shape, text);
    const fault = value === undefined ? { at: "", expected: "JSON" } : faultIn(known.shape, value);
    if (fault) throw wrong(fault.at === "" ? name : `${name}.${fault.at}`, fault.expected);
    values[name] = value;
  }
  for (const [name, { required }] of Object.entries(query)) {
    if (required && !Object.hasOwn(values, name)) throw wrong(name, "a value");
  }
  return values;
}

/** Objects travel as JSON, all else as it is written. */
function valueIn({ type }: Schema, text: string): unknown {
  if (type === "string") return text;
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  if (type === "integer" && /^-?[0-9]{1,16}$/.test(text)) return Number(text);
  if (type !== "object") return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function wrong(option: string, expected: string) {
  return refused("INVALID_ARGUMENT", `${option}: expected ${expected}`, { option });
}
