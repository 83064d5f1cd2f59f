/** How fast an upload goes, and how long it will take: from the clock that the host injected. */

import type { UploadProgress } from "./options.js";
import type { Progress } from "./performer.js";

/** How far back the pace looks, in milliseconds: long enough to be steady, short enough to follow a store that slows down. */
const WINDOW_MS = 5_000;

/** Follows one upload. */
export class Pace {
  readonly #clock: () => number;
  #last: number;
  #rows = 0;
  #bytes = 0;
  /** What was done in the window, and in how long, each weighing less the older it is. */
  #recent = { ms: 0, rows: 0, bytes: 0 };

  /** Begins now. */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.#last = clock();
  }

  /** The progress with its pace. Figures never go back; a clock that does is waited for. */
  at({ rows, bytes, totalBytes }: Progress): UploadProgress {
    const now = this.#clock();
    const elapsed = now - this.#last;
    const ahead = { rows: Math.max(this.#rows, rows), bytes: Math.max(this.#bytes, bytes) };
    if (elapsed > 0) {
      const kept = Math.exp(-elapsed / WINDOW_MS);
      this.#recent = {
        ms: this.#recent.ms * kept + elapsed,
        rows: this.#recent.rows * kept + ahead.rows - this.#rows,
        bytes: this.#recent.bytes * kept + ahead.bytes - this.#bytes,
      };
      [this.#rows, this.#bytes] = [ahead.rows, ahead.bytes];
    }
    if (elapsed !== 0) this.#last = now;
    return this.#progress(ahead.rows, ahead.bytes, totalBytes);
  }

  #progress(rows: number, bytes: number, totalBytes: number | undefined): UploadProgress {
    const { ms, rows: recentRows, bytes: recentBytes } = this.#recent;
    const progress: UploadProgress = { rows, bytes, rowsPerSecond: ms > 0 ? (recentRows / ms) * 1_000 : 0 };
    if (totalBytes === undefined) return progress;
    progress.totalBytes = totalBytes;
    const left = Math.max(0, totalBytes - bytes);
    if (left === 0) progress.secondsLeft = 0;
    else if (recentBytes > 0) progress.secondsLeft = ((left / recentBytes) * ms) / 1_000;
    return progress;
  }
}
