/** One upload as the facade runs it: its arguments, its source, its progress, its file of rejected rows. */

import { checkLimits, instant, invalid, text, UPLOAD_OPTIONS } from "./arguments.js";
import type { Perform } from "./driver.js";
import type { Artefacts, SheetArtefacts } from "./engine.js";
import { CouponPoolsError, EngineCrashedError } from "./errors.js";
import { abortable, Cancelled } from "./failures.js";
import type { UploadOptions, UploadReport, UploadRunner } from "./options.js";
import { Pace } from "./pace.js";
import { type Callbacks, instantOf, type Progress, performer } from "./performer.js";
import type { SheetOptions } from "./sheets.js";
import { nameOf, open, type Pieces, sizeOf, type UploadSource } from "./source.js";

/** Largest spreadsheet that is held in memory, in bytes, where it cannot be read by seeking: a full sheet of three columns is 30 MB. */
const GATHERED_BYTES = 64 << 20;

/** What whoever runs an upload is given. */
export interface UploadJob {
  source: UploadSource;
  /** The same source, opened. */
  pieces: Pieces;
  /** What the flow is told, and how spreadsheets are read: plain data. */
  args: object;
  sheet: SheetOptions;
  /** Performs the flow's steps, all but the reading. */
  perform: Perform;
  /** The caller's clock. */
  now: () => number;
  signal: AbortSignal | undefined;
  artefacts: Pick<Artefacts, "manage" | keyof SheetArtefacts>;
}

/** Checks the options, opens the source, and has the upload run. */
export async function upload(
  handle: string,
  source: UploadSource,
  options: UploadOptions,
  host: Callbacks & { traits: object; artefacts: UploadJob["artefacts"]; runner: UploadRunner },
): Promise<UploadReport> {
  for (const option of Object.keys(options)) {
    if (!UPLOAD_OPTIONS.has(option)) throw invalid(option, `"${option}" is no option of upload`);
  }
  const { signal, limits = {}, rejectedTo } = options;
  checkLimits(limits);
  if (!["undefined", "boolean", "string"].includes(typeof options.takeOver))
    throw invalid("takeOver", "takeOver is true, false, or the batch of the upload to take over");
  if (rejectedTo !== undefined && typeof rejectedTo?.getWriter !== "function")
    throw invalid("rejectedTo", "rejectedTo is a WritableStream that takes Uint8Array");
  text("handle", handle);
  const pieces = open(source);
  const rejected = rejectedTo === undefined ? undefined : rejectedFile(rejectedTo);
  const callbacks: Callbacks = { ...host, progress: teller(host.clock, options) };
  if (rejected !== undefined) callbacks.emit = (piece) => abortable(rejected.write(piece), signal);
  const staged = keepingStaged(host.events?.watched(performer(callbacks), false) ?? performer(callbacks));
  let failed: unknown;
  try {
    const job: UploadJob = {
      source,
      pieces,
      args: { handle, options: toArgs(source, options), traits: host.traits },
      sheet: { sheet: options.sheet, limits, gatheredBytes: limits.gatheredBytes ?? GATHERED_BYTES },
      perform: staged.perform,
      now: () => instantOf(host.clock()),
      signal,
      artefacts: host.artefacts,
    };
    return await host.runner.run(job);
  } catch (error) {
    failed = error;
    if (error instanceof EngineCrashedError) await staged.drop();
    throw error;
  } finally {
    pieces.close();
    rejected?.close(failed);
  }
}

/** How the file is to be read, as the flow is told. */
function toArgs(source: UploadSource, options: UploadOptions): object {
  const { columns = {}, expiresAt } = options;
  return {
    fileName: options.fileName ?? nameOf(source) ?? null,
    dryRun: options.dryRun ?? false,
    takeOver: options.takeOver ?? false,
    codeColumn: columns.code ?? null,
    expiryColumn: columns.expiresAt ?? null,
    ignoreExpiry: columns.expiresAt === null,
    dateOrder: columns.dateOrder ?? null,
    header: options.header ?? null,
    encoding: options.encoding ?? null,
    delimiter: options.delimiter ?? null,
    expectedBytes: sizeOf(source) ?? null,
    expiresAt: expiresAt === undefined ? null : instant(expiresAt),
    limits: options.limits ?? {},
    wantsRejected: options.rejectedTo !== undefined,
  };
}

/** Tells the caller how far the upload has come, and hears whether it is still wanted. */
function teller(clock: () => number, { onProgress, signal }: UploadOptions): (progress: Progress) => void {
  const pace = new Pace(clock);
  return (progress) => {
    onProgress?.(pace.at(progress));
    if (signal?.aborted) throw new Cancelled(signal.reason);
  };
}

/**
 * Performs steps, and remembers the batch that they have staged. An engine that has crashed cannot drop it any more:
 * it could never be drawn, but the next upload would have to wait until its lease has run out.
 */
function keepingStaged(perform: Perform): { perform: Perform; drop: () => Promise<void> } {
  let staged: { pool: string; batch: string } | undefined;
  return {
    perform(step, request) {
      if (step === "begin_batch") staged = request as { pool: string; batch: string };
      return perform(step, request);
    },
    async drop() {
      if (staged === undefined) return;
      const { pool, batch } = staged;
      try {
        await perform("drop_batch", { pool, batch });
      } catch {
        // The next upload will wait, or `maintain` will drop it.
      }
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
