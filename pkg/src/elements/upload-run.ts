/** One upload of the element after the other: started, followed, cancelled, with all its rejected rows kept as a file. */

import type { PoolsHost } from "../host.js";
import type { UploadOptions, UploadProgress, UploadReport } from "../options.js";

/** What became of a run; none of them if it was cancelled. */
export interface UploadOutcome {
  report?: UploadReport;
  error?: unknown;
  /** All rejected rows as CSV, where the file is whole. */
  rejected: Blob | null;
}

/** Runs uploads one at a time: a new one cancels the one before it and waits for its end. */
export class UploadRun {
  #cancel: AbortController | null = null;
  #ended: Promise<unknown> = Promise.resolve();

  get busy(): boolean {
    return this.#cancel !== null;
  }

  cancel(): void {
    this.#cancel?.abort();
  }

  /** Runs an upload to its end. Never rejects. */
  async start(
    host: PoolsHost,
    handle: string,
    source: Blob,
    options: UploadOptions,
    onProgress: (progress: UploadProgress) => void,
  ): Promise<UploadOutcome> {
    this.cancel();
    const mine = new AbortController();
    this.#cancel = mine;
    const before = this.#ended;
    const outcome = (async (): Promise<UploadOutcome> => {
      await before;
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const kept = new Response(readable).blob().catch(() => null);
      try {
        const { signal } = mine;
        const report = await host.upload(handle, source, { ...options, rejectedTo: writable, onProgress, signal });
        return { report, rejected: await kept };
      } catch (error) {
        const cancelled = (error as { code?: string }).code === "ABORTED";
        // A file that was begun and never ended would keep us waiting.
        await writable.abort().catch(() => undefined);
        return cancelled ? { rejected: null } : { error, rejected: await kept };
      } finally {
        if (this.#cancel === mine) this.#cancel = null;
      }
    })();
    this.#ended = outcome;
    return outcome;
  }
}
