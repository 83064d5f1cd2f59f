/** Tells the host's `onEvent` what happens: around calls, and around the steps of flows. */

import { type ClaimColumns, tally } from "./columns.js";
import type { Perform } from "./driver.js";
import { CouponPoolsError } from "./errors.js";
import type { PoolsEvent } from "./events.js";
import type { Alert } from "./options.js";

/** Tells the host of events. */
export class Listener {
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
