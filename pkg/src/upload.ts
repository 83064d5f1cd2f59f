/** One upload as the facade runs it: its arguments, its source, its progress, its file of rejected rows. */

import { checkLimits, instant, invalid, text, UPLOAD_OPTIONS } from "./arguments.js";
import { type Callbacks, Cancelled } from "./driver.js";
import type { SheetArtefacts } from "./engine.js";
import { CouponPoolsError } from "./errors.js";
import type { UploadOptions, UploadReport } from "./options.js";
import { Pace } from "./pace.js";
import { openSheet, type Worksheet } from "./sheets.js";
import { nameOf, open, sizeOf, type UploadSource } from "./source.js";

/** Largest spreadsheet that is held in memory, in bytes, where it cannot be read by seeking: a full sheet of three columns is 30 MB. */
const GATHERED_BYTES = 64 << 20;

/** An upload that is about to run. */
export interface Upload {
  args: object;
  callbacks: Pick<Callbacks, "read" | "emit" | "progress">;
  /** The report as the caller sees it. */
  report(done: UploadReport): UploadReport;
  /** The error as the caller sees it: what the reader of a spreadsheet says of the file is no fault of the source. */
  failure(error: unknown): unknown;
  /** Lets go of the source and of the stream of rejected rows; `error` is what the upload ended with, if it failed. */
  close(error?: unknown): void;
}

/** Checks the options and opens the source. */
export function begin(
  handle: string,
  source: UploadSource,
  options: UploadOptions,
  clock: () => number,
  artefacts: SheetArtefacts,
): Upload {
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
  let worksheet: Worksheet | null = null;
  let refused: unknown;
  let pace = new Pace(clock, sizeOf(source));
  const tell = ({ rows, bytes }: { rows: number; bytes: number }): void => {
    onProgress?.(pace.at(rows, worksheet?.position() ?? bytes));
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
      expectedBytes: sizeOf(source) ?? null,
      expiresAt: expiresAt === undefined ? null : instant(expiresAt),
      limits,
      wantsRejected: rejected !== undefined,
    },
  };
  const { sheet, limits: { gatheredBytes = GATHERED_BYTES } = {} } = options;
  /** The first piece says which worksheet the others are of, if they are of one. */
  const first = async (): Promise<Uint8Array | { kind: string; name: string } | null> => {
    worksheet = await openSheet(source, pieces, artefacts, { sheet, limits, gatheredBytes });
    if (worksheet === null) return pieces.next();
    pace = new Pace(clock, worksheet.size);
    return worksheet.sheet;
  };
  let begun = false;
  const callbacks: Upload["callbacks"] = {
    async read(progress) {
      tell(progress);
      try {
        if (begun) return worksheet === null ? await abortable(pieces.next(), signal) : worksheet.next();
        begun = true;
        return await abortable(first(), signal);
      } catch (error) {
        if (error instanceof CouponPoolsError) refused = error;
        throw error;
      }
    },
    progress: tell,
  };
  if (rejected !== undefined) callbacks.emit = (piece) => abortable(rejected.write(piece), signal);
  return {
    args,
    callbacks,
    report: (done) => (worksheet === null ? done : { ...done, bytes: worksheet.size }),
    failure: (error) => (refused !== undefined && error instanceof Error && error.cause === refused ? refused : error),
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
