/** Who may ask, and how often: origins of pages, requests of a tenant. */

import { refused } from "./errors.js";

/** The headers of every answer: nothing of it is stored, guessed at, framed, or told to another server. */
export const SAFE = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/**
 * Refuses changes that a page of another origin asks for with its visitor's cookies. Browsers name the origin of every
 * such request; what names none is no page.
 */
export function checkOrigin(request: Request, origins: readonly string[]): void {
  const origin = request.headers.get("Origin");
  const site = request.headers.get("Sec-Fetch-Site");
  const own = new URL(request.url).origin;
  if (origin === null ? site === null || site === "same-origin" || site === "none" : isOf(origin, own, origins)) return;
  throw refused("WRONG_ORIGIN", "pages of this origin may change nothing here: name it in the handler's `origins`");
}

const isOf = (origin: string, own: string, origins: readonly string[]) => origin === own || origins.includes(origin);

/** Checks the origins that a host names, when the handler is made. */
export function checkOrigins(option: string, origins: readonly string[]): void {
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      throw refused("INVALID_ARGUMENT", `"${origin}" is no origin, such as https://app.example.com`, { option });
  }
}

/** How many requests a tenant may make. */
export interface Rate {
  /** Requests a minute, over time. Default 600: a dashboard with ten people at it makes some 60. */
  perMinute?: number;
  /** Requests at once, above that pace. Default 200: a dashboard of 5,000 pools is read in 50 pages. */
  burst?: number;
  /** Uploads of a tenant at a time. Default 4: each keeps some memory, and a pool takes one at a time anyway. */
  uploads?: number;
}

/** Most tenants that are kept in mind; the one that was quiet longest is forgotten, which does it no harm. */
const TENANTS = 10_000;

/** Counts in this process: a tenant is held to the rate by each process, or isolate, that serves it. */
export class Rates {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #most: number;
  readonly #tenants = new Map<string, { tokens: number; at: number; uploads: number }>();

  constructor({ perMinute = 600, burst = 200, uploads = 4 }: Rate) {
    // Of a figure that is none every comparison is false, and nobody would be held back.
    if (!(Number.isFinite(perMinute) && perMinute > 0)) throw noRate("perMinute", "a number above 0");
    if (!(Number.isFinite(burst) && burst >= 1)) throw noRate("burst", "a number from 1 up");
    if (!(Number.isSafeInteger(uploads) && uploads >= 0)) throw noRate("uploads", "a whole number from 0 up");
    this.#perMs = perMinute / 60_000;
    this.#burst = burst;
    this.#most = uploads;
  }

  /** Counts one request, or refuses it. */
  take(tenant: string, now: number): void {
    const state = this.#stateOf(tenant, now);
    state.tokens = Math.min(this.#burst, state.tokens + Math.max(0, now - state.at) * this.#perMs);
    state.at = now;
    if (state.tokens < 1) throw tooMany(Math.ceil((1 - state.tokens) / this.#perMs / 1000));
    state.tokens -= 1;
  }

  /** Counts an upload until the answer is called, or refuses it. */
  upload(tenant: string, now: number): () => void {
    const state = this.#stateOf(tenant, now);
    if (state.uploads >= this.#most) throw tooMany(10);
    state.uploads += 1;
    let counted = true;
    return () => {
      if (counted) state.uploads -= 1;
      counted = false;
    };
  }

  #stateOf(tenant: string, now: number) {
    const state = this.#tenants.get(tenant) ?? { tokens: this.#burst, at: now, uploads: 0 };
    // The last one asked stands last.
    this.#tenants.delete(tenant);
    this.#tenants.set(tenant, state);
    if (this.#tenants.size > TENANTS) {
      const [quiet] = this.#tenants.keys();
      if (quiet !== undefined) this.#tenants.delete(quiet);
    }
    return state;
  }
}

function noRate(name: string, expected: string) {
  const option = `rate.${name}`;
  return refused("INVALID_ARGUMENT", `${option}: expected ${expected}`, { option });
}

function tooMany(seconds: number) {
  return refused("RATE_LIMITED", `too many requests: try again in ${seconds} s`, { retryAfter: seconds });
}
