/**
 * The line between the module and a shop: it carries requests as a shop's `fetch` does, and goes wrong as asked.
 *
 * A shop here is a function from a request to a response. The same shop and the same line serve tests (`line.fetch`),
 * the demo, and a server on the loopback (`server.ts`).
 */

/** A request as it reaches a shop. */
export interface ShopRequest {
  method: string;
  /** Relative to the base of the shop's API, with its query. */
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface ShopAnswer {
  status: number;
  headers?: Record<string, string>;
  body: string;
}

export interface StandIn {
  answer(request: ShopRequest): Promise<ShopAnswer>;
}

/**
 * What becomes of one request:
 * `lost` before it arrives, `unheard` after the shop did it, `twice` done by the shop before one answer is given,
 * `late` answered after so many milliseconds.
 */
export type Fate = "well" | "lost" | "unheard" | "twice" | { late: number };

/** Nothing came back. */
export class LineError extends Error {}

export class Line {
  /** Whether the shop can be reached at all. */
  down = false;
  /** Every request that was sent. */
  readonly sent: ShopRequest[] = [];
  readonly #shop: StandIn;
  #fate: (request: ShopRequest, number: number) => Fate;
  readonly #underWay = new Set<(reason: Error) => void>();

  constructor(shop: StandIn, fate: (request: ShopRequest, number: number) => Fate = () => "well") {
    this.#shop = shop;
    this.#fate = fate;
  }

  /** Says what becomes of requests from now on; `number` counts all that were sent, from 1. */
  goes(fate: (request: ShopRequest, number: number) => Fate): void {
    this.#fate = fate;
  }

  /** The shop dies: whoever waits hears nothing more, and nobody reaches it until `down` is `false` again. */
  die(): void {
    this.down = true;
    for (const reject of this.#underWay) reject(new LineError("the connection was reset"));
  }

  /** Carries one request. Errors: `LineError`, where no answer comes back. */
  async carry(request: ShopRequest): Promise<ShopAnswer> {
    this.sent.push(request);
    if (this.down) throw new LineError("the connection was refused");
    const fate = this.#fate(request, this.sent.length);
    if (fate === "lost") throw new LineError("the request was lost");
    return new Promise((resolve, reject) => {
      this.#underWay.add(reject);
      this.#answer(request, fate)
        .then(resolve, reject)
        .finally(() => this.#underWay.delete(reject));
    });
  }

  async #answer(request: ShopRequest, fate: Fate): Promise<ShopAnswer> {
    const answer = await this.#shop.answer(request);
    if (fate === "twice") await this.#shop.answer(request);
    if (fate === "unheard") throw new LineError("the answer was lost");
    if (typeof fate === "object") await new Promise((resolve) => setTimeout(resolve, fate.late));
    return answer;
  }

  /** What `shopify({ fetch })` and `magento({ fetch })` take. */
  readonly fetch = async (
    path: string,
    init: { method: string; headers: Record<string, string>; body?: string; signal?: AbortSignal },
  ): Promise<Response> => {
    const { method, headers, body = "", signal } = init;
    const given = new Promise<never>((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    const answer = await Promise.race([this.carry({ method, path, headers, body }), given]);
    return new Response(answer.body, { status: answer.status, headers: answer.headers ?? {} });
  };
}
