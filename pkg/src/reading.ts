/** The file of an upload as its flow reads it, and the flow over it: the part of an upload that may run in a thread of its own. */

import { type Perform, run } from "./driver.js";
import type { Engine, SheetArtefacts } from "./engine.js";
import { CouponPoolsError } from "./errors.js";
import { abortable } from "./failures.js";
import type { UploadReport } from "./options.js";
import type { Progress } from "./performer.js";
import { openSheet, type SheetOptions, type Worksheet } from "./sheets.js";
import { type Pieces, sizeOf, type UploadSource } from "./source.js";

/** A file under way. */
export class Reading {
  readonly #source: UploadSource;
  readonly #pieces: Pieces;
  readonly #artefacts: SheetArtefacts;
  readonly #options: SheetOptions;
  readonly #signal: AbortSignal | undefined;
  /** `undefined` before the first piece, `null` where the file is no spreadsheet. */
  #worksheet: Worksheet | null | undefined;
  /** What the readers say of the file itself. */
  #refused: CouponPoolsError | undefined;

  constructor(
    source: UploadSource,
    pieces: Pieces,
    artefacts: SheetArtefacts,
    options: SheetOptions,
    signal: AbortSignal | undefined,
  ) {
    this.#source = source;
    this.#pieces = pieces;
    this.#artefacts = artefacts;
    this.#options = options;
    this.#signal = signal;
  }

  /** The next piece, `null` at the end; before the first, the worksheet that all pieces are sheet text of, if it is one. */
  async next(): Promise<Uint8Array | { kind: string; name: string } | null> {
    try {
      if (this.#worksheet === undefined) return await abortable(this.#first(), this.#signal);
      if (this.#worksheet === null) return await abortable(this.#pieces.next(), this.#signal);
      return this.#worksheet.next();
    } catch (error) {
      if (error instanceof CouponPoolsError) this.#refused = error;
      throw error;
    }
  }

  async #first(): Promise<Uint8Array | { kind: string; name: string } | null> {
    this.#worksheet = await openSheet(this.#source, this.#pieces, this.#artefacts, this.#options);
    return this.#worksheet === null ? this.#pieces.next() : this.#worksheet.sheet;
  }

  /** The flow's progress, in bytes of the file and not of its text. */
  progress({ rows, bytes }: Progress): Progress {
    const worksheet = this.#worksheet ?? null;
    if (worksheet === null) return { rows, bytes, totalBytes: sizeOf(this.#source) };
    return { rows, bytes: worksheet.position(), totalBytes: worksheet.size };
  }

  /** The flow's report, likewise. */
  report(done: UploadReport): UploadReport {
    return this.#worksheet ? { ...done, bytes: this.#worksheet.size } : done;
  }

  /** The flow's error as the caller sees it: what a reader says of the file is no fault of the source. */
  error(error: unknown): unknown {
    return this.#refused !== undefined && error instanceof Error && error.cause === this.#refused
      ? this.#refused
      : error;
  }
}

/** Runs an upload's flow over its file. All steps but the reading are left to `perform`. */
export async function uploadOf(
  reading: Reading,
  engine: Engine,
  args: object,
  perform: Perform,
  now: () => number,
): Promise<UploadReport> {
  const read = async (progress: Progress) => {
    await perform("tell", reading.progress(progress));
    return reading.next();
  };
  const performed: Perform = (step, request) => {
    if (step === "read") return read(request as Progress);
    return perform(step, step === "settle" ? reading.progress(request as Progress) : request);
  };
  try {
    const { done } = await run(engine, "upload", args, performed, now);
    return reading.report(done as UploadReport);
  } catch (error) {
    throw reading.error(error);
  }
}
