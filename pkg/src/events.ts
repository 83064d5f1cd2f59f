/**
 * Events for logs, metrics and traces: what was done, how much of it and how long it took. Counts, handles and error
 * codes; never a coupon code, a contact, a message or a text of somebody's error.
 */

import { type ClaimColumns, tally } from "./columns.js";
import type { Perform } from "./driver.js";
import { CouponPoolsError } from "./errors.js";
import type { Alert } from "./options.js";

/** Something that happened in a `CouponPools`; `milliseconds` is how long it took. */
export type PoolsEvent =
  | {
      /** One claim that the store answered: a draw, a `drawMany`, or the tags of many mails for one pool. */
      type: "claim";
      pool: string;
      /** Uses that asked. */
      asked: number;
      /** Codes that nobody had held before. */
      drawn: number;
      /** Uses that were answered before, or whose holder has a code. */
      repeated: number;
      /** Uses that came away without a code. */
      empty: number;
      milliseconds: number;
    }
  | {
      /** An upload that came to its end; one that failed is an `error`. */
      type: "upload";
      pool: string;
      dryRun: boolean;
      rows: number;
      added: number;
      duplicates: number;
      rejected: number;
      milliseconds: number;
    }
  | {
      /** Codes that a shop made, now in a dynamic pool's stock. */
      type: "top-up";
      pool: string;
      added: number;
    }
  | {
      /** An alert that was handed to `onAlert`. */
      type: "alert";
      pool: string;
      alert: Alert["type"];
      /** Whether `onAlert` took it; if not, it is delivered again later. */
      delivered: boolean;
      milliseconds: number;
    }
  | {
      /** A call that failed. `operation` is the call's name, `code` the error's, or `"UNKNOWN"` for an error of another kind. */
      type: "error";
      operation: string;
      pool: string | null;
      code: string;
      milliseconds: number;
    };

/** Tells the host of events. */
export class Events {
  readonly #hear: (event: PoolsEvent) => void;

  constructor(hear: (event: PoolsEvent) => void) {
    this.#hear = hear;
  }

  /** A listener that fails must not fail what it listens to. */
  tell(event: PoolsEvent): void {
    try {
      this.#hear(event);
    } catch {
      // It is the host's to report.
    }
  }

  /** Times a call; tells what it came to, if that is an event, or that it failed. */
  async watch<Done>(
    operation: string,
    pool: string | null,
    call: () => Promise<Done>,
    done?: (done: Done, milliseconds: number) => PoolsEvent,
  ): Promise<Done> {
    const since = stopwatch();
    try {
      const answer = await call();
      if (done !== undefined) this.tell(done(answer, since()));
      return answer;
    } catch (error) {
      const code = error instanceof CouponPoolsError ? error.code : "UNKNOWN";
      this.tell({ type: "error", operation, pool, code, milliseconds: since() });
      throw error;
    }
  }

  /** Performs a flow's steps, and tells of those that are events. Batches are top-ups, or an upload's. */
  watched(perform: Perform, batchesAreTopUps: boolean): Perform {
    return (step, request, keep) => {
      const performed = () => Promise.resolve(perform(step, request, keep));
      switch (step) {
        case "claim":
          return this.#claim(request as ClaimColumns, performed);
        case "notify":
          return this.#alert(request as Alert, performed);
        case "commit_batch":
          return batchesAreTopUps ? this.#topUp(request as { pool: string }, performed) : performed();
        default:
          return perform(step, request, keep);
      }
    };
  }

  async #claim({ pool }: ClaimColumns, performed: () => Promise<unknown>): Promise<unknown> {
    const since = stopwatch();
    const answer = (await performed()) as { status: string; flags: Uint8Array };
    if (answer.status !== "claimed") return answer;
    this.tell({ type: "claim", pool, ...tally(answer.flags), milliseconds: since() });
    return answer;
  }

  async #alert({ pool, type: alert }: Alert, performed: () => Promise<unknown>): Promise<unknown> {
    const since = stopwatch();
    let delivered = false;
    try {
      const answer = await performed();
      delivered = true;
      return answer;
    } finally {
      this.tell({ type: "alert", pool, alert, delivered, milliseconds: since() });
    }
  }

  async #topUp({ pool }: { pool: string }, performed: () => Promise<unknown>): Promise<unknown> {
    const answer = (await performed()) as { status: string; added: number };
    if (answer.status === "committed") this.tell({ type: "top-up", pool, added: answer.added });
    return answer;
  }
}

/** Milliseconds since now. The host's `clock` may stand still, or jump. */
function stopwatch(): () => number {
  const start = performance.now();
  return () => performance.now() - start;
}
