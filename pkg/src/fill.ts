/** Draws that found a dynamic pool empty: one top-up a pool at a time, and one more for all who come meanwhile. */

/** What some draws need together. */
interface Need {
  count: number;
  wait: number;
  filled: Promise<void>;
}

export class Fills {
  readonly #fill: (pool: string, count: number, wait: number) => Promise<void>;
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Need>();

  constructor(fill: (pool: string, count: number, wait: number) => Promise<void>) {
    this.#fill = fill;
  }

  /** Waits until the pool was filled for this need, with those of others, or could not be. */
  need(pool: string, count: number, wait: number): Promise<void> {
    const running = this.#running.get(pool);
    if (running === undefined) return this.#start(pool, count, wait);
    const next = this.#next.get(pool);
    if (next !== undefined) {
      next.count += count;
      next.wait = Math.max(next.wait, wait);
      return next.filled;
    }
    const need: Need = { count, wait, filled: Promise.resolve() };
    need.filled = running
      .catch(() => undefined)
      .then(() => {
        this.#next.delete(pool);
        return this.#start(pool, need.count, need.wait);
      });
    this.#next.set(pool, need);
    return need.filled;
  }

  #start(pool: string, count: number, wait: number): Promise<void> {
    const running = this.#fill(pool, count, wait).finally(() => {
      if (this.#running.get(pool) === running) this.#running.delete(pool);
    });
    this.#running.set(pool, running);
    return running;
  }
}
