/** One upload as the facade runs it: its arguments, its source, its progress, its file of rejected rows. */

import { checkLimits, instant, invalid, text, UPLOAD_OPTIONS } from "./arguments.js";
import { type Callbacks, Cancelled } from "./driver.js";
import { CouponPoolsError } from "./errors.js";
import type { UploadOptions } from "./options.js";
import { Pace } from "./pace.js";
import { nameOf, open, sizeOf, type UploadSource } from "./source.js";

/** An upload that is about to run. */
export interface Upload {
  args: object;
  callbacks: Pick<Callbacks, "read" | "emit" | "progress">;
  /** Lets go of the source and of the stream of rejected rows; `error` is what the upload ended with, if it failed. */
  close(error?: unknown): void;
}

/** Checks the options and opens the source. */
export function begin(handle: string, source: UploadSource, options: UploadOptions, clock: () => number): Upload {
  for (const option of Object.keys(options)) {
    if (!UPLOAD_OPTIONS.has(option)) throw invalid(option, `"${option}" is no option of upload`);
  }
  const { onProgress, signal, columns = {}, expiresAt, limits = {}, rejectedTo } = options;
  checkLimits(limits);
  if (rejectedTo !== undefined && typeof rejectedTo?.getWriter !== "function")
    throw invalid("rejectedTo", "rejectedTo is a WritableStream that takes Uint8Array");
  text("handle", handle);
  const pieces = open(source);
  const rejected = rejectedTo === undefined ? undefined : rejectedFile(rejectedTo);
  const totalBytes = sizeOf(source);
  const pace = new Pace(clock, totalBytes);
  const tell = ({ rows, bytes }: { rows: number; bytes: number }): void => {
    onProgress?.(pace.at(rows, pieces.position?.() ?? bytes));
    if (signal?.aborted) throw new Cancelled(signal.reason);
  };
  const args = {
    handle,
    options: {
      fileName: options.fileName ?? nameOf(source) ?? null,
      dryRun: options.dryRun ?? false,
      codeColumn: columns.code ?? null,
      expiryColumn: columns.expiresAt ?? null,
      ignoreExpiry: columns.expiresAt === null,
      dateOrder: columns.dateOrder ?? null,
      header: options.header ?? null,
      encoding: options.encoding ?? null,
      delimiter: options.delimiter ?? null,
      expectedBytes: totalBytes ?? null,
      expiresAt: expiresAt === undefined ? null : instant(expiresAt),
      sheet: pieces.sheet ?? null,
      limits,
      wantsRejected: rejected !== undefined,
    },
  };
  const callbacks: Upload["callbacks"] = {
    read(progress) {
      tell(progress);
      return abortable(pieces.next(), signal);
    },
    progress: tell,
  };
  if (rejected !== undefined) callbacks.emit = (piece) => abortable(rejected.write(piece), signal);
  return {
    args,
    callbacks,
    close(error) {
      pieces.close();
      rejected?.close(error);
    },
  };
}

/** The stream of rejected rows: each piece waits until the stream has room, an empty piece ends it. */
function rejectedFile(stream: WritableStream<Uint8Array>) {
  const writer = stream.getWriter();
  // Whoever writes hears of a failure by the write; nobody waits for these.
  writer.closed.catch(() => undefined);
  writer.ready.catch(() => undefined);
  let ended = false;
  return {
    write(piece: Uint8Array): Promise<void> {
      if (piece.length > 0) return writer.write(piece);
      ended = true;
      return writer.close();
    },
    close(error: unknown): void {
      if (!ended) {
        // A file of which no row could be taken has all its rows in here: it is whole.
        const whole = error instanceof CouponPoolsError && error.code === "UPLOAD_NOTHING_USABLE";
        (whole ? writer.close() : writer.abort(error)).catch(() => undefined);
      }
      writer.releaseLock();
    },
  };
}

/** Waits for a promise, or for the signal. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Cancelled(signal.reason));
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
