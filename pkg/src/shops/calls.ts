/** Calls to shops that a flow has under way: sent without waiting, heard in the order in which they end. */

import { pack, type Texts, unpack } from "../texts.js";
import type { HttpShop, Shop, ShopOrder } from "./shop.js";

/** How long a call may take before it counts as lost. */
const CALL_MS = 30_000;
/** Longest time that a timer takes. */
const LONGEST_MS = 2 ** 31 - 1;

/** What is to be sent. */
export interface Send {
  shop: string;
  ticket: number;
  http?: { method: "GET" | "POST"; path: string; body: unknown };
  order?: Omit<ShopOrder, "suggested"> & { suggested: Texts };
}

/** How a call ended. */
export type Received = { ticket: number } & (
  | { response: { status: number; retryAfter: string | null; body: unknown } }
  | { codes: Texts }
  /** Nobody knows whether it happened; the number under which the driver keeps why. */
  | { failure: number }
);

/** A call that ended without an answer. */
interface Lost {
  ticket: number;
  error: unknown;
}

export class Calls {
  readonly #shops: Readonly<Record<string, Shop>>;
  readonly #ended: (Received | Lost)[] = [];
  readonly #underWay = new Set<AbortController>();
  #wake: () => void = () => undefined;

  constructor(shops: Readonly<Record<string, Shop>>) {
    this.#shops = shops;
  }

  /** What the host says of a shop. */
  traits(name: string): { kind: string; codesPerCall: number | null; exact: boolean } | null {
    const shop = Object.hasOwn(this.#shops, name) ? this.#shops[name] : undefined;
    if (shop === undefined) return null;
    return { kind: shop.kind, codesPerCall: shop.codesPerCall, exact: shop.kind !== "custom" || shop.exact };
  }

  /** Starts a call. */
  send(send: Send): void {
    void this.#perform(send)
      .catch((error: unknown): Lost => ({ ticket: send.ticket, error }))
      .then((ended) => {
        this.#ended.push(ended);
        this.#wake();
      });
  }

  /** The next call that ended, or `null` when the time is over. `keep` keeps a failure and answers its number. */
  async receive(wait: number, keep: (failure: unknown) => number): Promise<Received | null> {
    if (this.#ended.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(wait, LONGEST_MS));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const ended = this.#ended.shift() ?? null;
    return ended !== null && "error" in ended ? { ticket: ended.ticket, failure: keep(ended.error) } : ended;
  }

  async #perform(send: Send): Promise<Received> {
    const { ticket, http, order } = send;
    const shop = this.#shops[send.shop];
    if (shop === undefined) throw new TypeError(`there is no shop "${send.shop}"`);
    const cancel = new AbortController();
    this.#underWay.add(cancel);
    const timer = setTimeout(() => cancel.abort(new Error(`the shop did not answer in ${CALL_MS} ms`)), CALL_MS);
    const late = new Promise<never>((_, reject) => {
      cancel.signal.addEventListener("abort", () => reject(cancel.signal.reason));
    });
    try {
      if (shop.kind === "custom") {
        const asked = {
          ...(order as NonNullable<typeof order>),
          suggested: unpack((order as { suggested: Texts }).suggested),
        };
        return { ticket, codes: pack(await Promise.race([shop.generate(asked, { signal: cancel.signal }), late])) };
      }
      const answer = exchange(shop, http as NonNullable<typeof http>, cancel.signal);
      return { ticket, response: await Promise.race([answer, late]) };
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(cancel);
    }
  }

  /** The flow is over: nobody waits for what is under way. */
  close(): void {
    for (const cancel of this.#underWay) cancel.abort(new Error("nobody waits for this call any more"));
  }
}

async function exchange(
  shop: HttpShop,
  http: NonNullable<Send["http"]>,
  signal: AbortSignal,
): Promise<{ status: number; retryAfter: string | null; body: unknown }> {
  const { method, path, body } = http;
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== null) headers["Content-Type"] = "application/json";
  const response = await shop.fetch(path, {
    method,
    headers,
    signal,
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, retryAfter: response.headers.get("Retry-After"), body: parsed(text) };
}

/** JSON, or the text where it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Lets time go by. */
export function pause(wait: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.min(wait, LONGEST_MS)));
}
