/**
 * Marks: how a tag of ours gets through another template engine. A plugin prints a marker that carries the tag, the
 * other engine runs to its end, and a render with these marks fills them. Only markers with this nonce are tags, so a
 * contact who calls himself `{% coupon "vip" %}` stays a name.
 */

import { TemplateError } from "./errors.js";

/** A tag that a marker can be. */
export type MarkName = "coupon" | "coupon_expiry" | "ifcoupon" | "else" | "endifcoupon";

/** The options of a tag, as in docs/tags.md; `undefined` and `null` are left out. */
export interface MarkOptions {
  slot?: string | number | null | undefined;
  fallback?: string | number | null | undefined;
  format?: string | null | undefined;
  locale?: string | null | undefined;
}

/** 132 bits: nobody guesses it. */
const DIGITS = 40;

/** @internal What a render looks for. Not a method, so that no template can print it. */
export let nonceOf: (marks: unknown) => string | undefined;

/** Markers of one render or one send, made by `pools.marks()`. Nobody who has not got them can make one. */
export class Marks {
  // Only digits: no filter that changes letters makes a marker unrecognisable, so that its damage is told.
  readonly #nonce = randomDigits(DIGITS);

  static {
    nonceOf = (marks) => (typeof marks === "object" && marks !== null && #nonce in marks ? marks.#nonce : undefined);
  }

  /**
   * The marker that stands for a tag: letters, digits and `[]:-_`, which no escaper for HTML or JSON changes. Values are
   * texts or numbers. Errors: `TemplateError` for a value that cannot be written between quotes. The tag's own errors
   * (a handle or a place that cannot be) come from the render that reads the marker.
   */
  tag(name: MarkName, handle?: string | number, options: MarkOptions = {}): string {
    let inside: string = name;
    if (name !== "else" && name !== "endifcoupon") inside += ` ${quoted(name, "the pool's handle", handle)}`;
    for (const [option, value] of Object.entries(options)) {
      if (value !== undefined && value !== null) inside += `, ${option}: ${quoted(name, `${option}:`, value)}`;
    }
    return `[[coupon:${this.#nonce}:${base64Url(inside)}]]`;
  }
}

/** A value as tags write texts: between straight quotes, without escapes. */
function quoted(tag: string, what: string, value: unknown): string {
  if (typeof value !== "string" && typeof value !== "number")
    throw wrong(tag, `${what} is ${value === undefined || value === null ? "missing" : `no text but ${typeof value}`}`);
  const text = String(value);
  const quote = text.includes('"') ? "'" : '"';
  if (text.includes(quote))
    throw wrong(tag, `${what} holds both kinds of quotes, so it cannot be written between them`);
  return quote + text + quote;
}

function wrong(tag: string, text: string): TemplateError {
  return new TemplateError(`${tag}: ${text}; write it as in {% coupon "spring-sale", slot: "second" %}`, {
    code: "TEMPLATE_SYNTAX",
    details: { tag },
  });
}

const encoder = new TextEncoder();

/** RFC 4648, section 5, without padding. */
function base64Url(text: string): string {
  const letters = Array.from(encoder.encode(text), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function randomDigits(count: number): string {
  let digits = "";
  while (digits.length < count) {
    // 250 is a multiple of 10: without those above it, no digit is likelier than another.
    for (const byte of crypto.getRandomValues(new Uint8Array(count))) if (byte < 250) digits += String(byte % 10);
  }
  return digits.slice(0, count);
}
