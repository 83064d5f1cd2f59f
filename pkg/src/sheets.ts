/** Spreadsheets: one worksheet as the text that the import reads, by a reader that is loaded when such a file comes. */

import { guarded } from "./driver.js";
import { instantiate, type SheetArtefacts } from "./engine.js";
import { UploadError } from "./errors.js";
import type { Pieces, UploadSource } from "./source.js";

/** How a spreadsheet is read. */
export interface SheetOptions {
  /** The worksheet's name, or its number from 1. */
  sheet: string | number | undefined;
  /** How much is read at most; what the readers do not know is left to others. */
  limits: object;
  /** Most bytes that are held where the source cannot be read by seeking. */
  gatheredBytes: number;
}

/** A worksheet that is being read. */
export interface Worksheet {
  /** What kind of file it is in, and its name. */
  readonly sheet: { kind: string; name: string };
  /** The file's size in bytes. */
  readonly size: number;
  /** The next piece of sheet text, which may be empty; `null` at the end. */
  next(): Uint8Array | null;
  /** How many bytes of the file have been used. */
  position(): number;
}

/** How files begin that the readers take: ZIP archives, empty ones too, and the container of Excel up to 2003. */
const SIGNATURES = [
  [0x50, 0x4b, 0x03, 0x04],
  [0x50, 0x4b, 0x05, 0x06],
  [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1],
];
const SIGNATURE_BYTES = 8;
const ZIP = 0x50;

/** Kinds of archives that the reader of `.xlsx` finds to be for the other one. */
const OTHERS: ReadonlySet<unknown> = new Set(["xlsb", "ods"]);

/**
 * Opens the worksheet of a source that is a spreadsheet by its first bytes; `null` if it is none. The reader is an
 * instance of its own: a crash in it ends this upload and nothing else, and its memory goes with it. Errors:
 * `UploadError` with a code, `EngineCrashedError`.
 */
export async function openSheet(
  source: UploadSource,
  pieces: Pieces,
  artefacts: SheetArtefacts,
  options: SheetOptions,
): Promise<Worksheet | null> {
  const start = await pieces.start(SIGNATURE_BYTES);
  if (!SIGNATURES.some((signature) => signature.every((byte, at) => start[at] === byte))) return null;
  const file = await fileOf(source, pieces, options.gatheredBytes);
  const others = () => read(artefacts.spreadsheets, file, options);
  if (start[0] !== ZIP) return others();
  return read(artefacts.xlsx, file, options).catch((error: unknown) => {
    if (error instanceof UploadError && OTHERS.has(error.details.kind)) return others();
    throw error;
  });
}

/** Opens a file by the reader in this artefact. */
async function read(
  artefact: SheetArtefacts["xlsx"],
  file: Blob | Uint8Array,
  options: SheetOptions,
): Promise<Worksheet> {
  const { Sheet } = await instantiate(artefact);
  const [bytes, size] =
    file instanceof Uint8Array
      ? [(offset: number, length: number) => file.subarray(offset, offset + length), file.length]
      : [file, file.size];
  // Only a key: what has crashed is not called again.
  const engine = {};
  const opened = guarded(engine, () => new Sheet(bytes, size, options));
  const sheet = guarded(engine, () => ({ kind: opened.kind(), name: opened.name() }));
  return {
    sheet,
    size,
    next: () => guarded(engine, () => opened.next()) ?? null,
    position: () => guarded(engine, () => opened.position()),
  };
}

/** The whole file: without holding it where a thread may wait for its parts, which only Workers of browsers may. */
async function fileOf(source: UploadSource, pieces: Pieces, limit: number): Promise<Blob | Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (typeof Blob !== "undefined" && source instanceof Blob) {
    if ("FileReaderSync" in globalThis) return source;
    if (source.size > limit) throw tooLarge(limit);
  }
  const bytes = await pieces.rest(limit);
  if (bytes === null) throw tooLarge(limit);
  return bytes;
}

function tooLarge(limit: number): UploadError {
  return new UploadError(
    `A spreadsheet that cannot be read by seeking is held in memory, and more than ${limit} bytes are not. Upload it in ` +
      "a Worker of a browser, pass its bytes, or raise `limits.gatheredBytes`.",
    { code: "UPLOAD_TOO_LARGE", details: { option: "limits.gatheredBytes", limit } },
  );
}
