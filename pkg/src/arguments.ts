/** Arguments of the facade: what can be told to be wrong before anything is asked of the engine. */

import { CouponPoolsError } from "./errors.js";
import type { Instant, Use } from "./options.js";

export function invalid(option: string, message: string): CouponPoolsError {
  return new CouponPoolsError(message, { code: "INVALID_ARGUMENT", details: { option } });
}

/** A text that the caller owes: whole Unicode, because half a character would become the same as any other half. */
export function text(option: string, value: unknown): string {
  if (typeof value !== "string")
    throw invalid(option, `${option} is a text, not ${value === null ? "null" : typeof value}`);
  if (!isWhole(value)) throw invalid(option, `${option} holds half a character (a lone surrogate)`);
  return value;
}

const HALF_CHARACTER = /\p{Surrogate}/u;

/** Whether no half of a character stands alone in a text; by the engine's own look where it has one (since 2023). */
const isWhole: (text: string) => boolean =
  typeof "".isWellFormed === "function" ? (text) => text.isWellFormed() : (text) => !HALF_CHARACTER.test(text);

/** Longest message or contact, and slot, in characters: as in the core, which checks again. */
const KEY_CHARS = 512;
const SLOT_CHARS = 64;

/** Checks a use before it shares a claim with others. */
export function checkUse(use: Use): void {
  if (typeof use !== "object" || use === null) throw invalid("use", "a use is { message, contact, slot? }");
  atMost("message", text("message", use.message), KEY_CHARS, 1);
  atMost("contact", text("contact", use.contact), KEY_CHARS, 1);
  if (use.slot !== undefined) atMost("slot", text("slot", use.slot), SLOT_CHARS, 0);
}

function atMost(option: string, value: string, most: number, least: number): void {
  if (value.length < least || (value.length > most && [...value].length > most)) {
    throw invalid(option, `${option} is ${least} to ${most} characters`);
  }
  withoutNull(option, value);
}

/** A text that can stand in a store. */
export function storable(option: string, value: unknown): string {
  return withoutNull(option, text(option, value));
}

/** Databases fail at U+0000, so nothing that is kept holds it. */
function withoutNull(option: string, value: string): string {
  if (value.includes("\0")) throw invalid(option, `${option} holds the character U+0000; take it out`);
  return value;
}

/** An instant as the core reads it: milliseconds or ISO text. */
export function instant(value: Instant | null): number | string | null {
  return value instanceof Date ? value.getTime() : value;
}

/** An instant that is a point in time and no date. */
export function millis(option: string, value: number | Date): number {
  const number = value instanceof Date ? value.getTime() : value;
  if (!Number.isSafeInteger(number)) throw invalid(option, `${option} is a Date, or milliseconds since 1970`);
  return number;
}

export const UPLOAD_OPTIONS = new Set([
  "fileName",
  "columns",
  "header",
  "encoding",
  "delimiter",
  "expiresAt",
  "dryRun",
  "takeOver",
  "sheet",
  "limits",
  "rejectedTo",
  "onProgress",
  "signal",
]);

const LIMITS = new Set([
  "rowBytes",
  "columns",
  "expiries",
  "dedupeBytes",
  "expandedBytes",
  "expansion",
  "cellBytes",
  "sheetRows",
  "sharedStringsBytes",
  "gatheredBytes",
]);

/** Names of limits; their values are checked where they are used. */
export function checkLimits(limits: object): void {
  for (const name of Object.keys(limits)) {
    if (!LIMITS.has(name))
      throw invalid(`limits.${name}`, `"${name}" is no limit of upload: there are ${[...LIMITS].join(", ")}`);
  }
}

const SETTINGS = new Set([
  "name",
  "kind",
  "reuse",
  "onEmpty",
  "lowStock",
  "expiresAt",
  "minValidity",
  "timeZone",
  "caseSensitive",
  "fixedCode",
  "dynamic",
  "archived",
]);

/** Settings without what is `undefined`; a name that is no setting is a slip that must not pass in silence. */
export function toSettings(given: object): object {
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!SETTINGS.has(name)) throw invalid(name, `"${name}" is not a setting: there are ${[...SETTINGS].join(", ")}`);
    if (value !== undefined) settings[name] = name === "expiresAt" ? instant(value as Instant | null) : value;
  }
  return settings;
}
