/** What a server holds its requests to: sizes of bodies, and the most that an upload may ask for. */

import { checkLimits } from "../arguments.js";
import type { UploadLimits } from "../options.js";
import { wrong } from "./query.js";

/** Sizes past which a request is refused, in bytes. */
export interface HandlerLimits {
  /** JSON bodies. Default 64 kB; the largest setting is a ladder of ten rungs. */
  bodyBytes?: number;
  /** Templates to preview. Default 4 MB; mail programs cut mails off at 100 kB. */
  templateBytes?: number;
  /** Uploaded files. Default 1 GB, some 50 million codes; no file is held in memory. */
  uploadBytes?: number;
  /** Rejected rows that wait until the client takes them. Default 16 MB; a browser takes them when it has sent the file. */
  rejectedBytes?: number;
  /** The most that uploads may set as their own `limits`; clients may only lower them. Default: the defaults of `UploadLimits`. */
  upload?: UploadLimits;
}

/** Limits in force. */
export interface Limits extends Required<Omit<HandlerLimits, "upload">> {
  /** Those of `upload` that the host gave. */
  upload: UploadLimits;
}

const SIZES = {
  bodyBytes: 64 << 10,
  templateBytes: 4 << 20,
  uploadBytes: 1 << 30,
  rejectedBytes: 16 << 20,
};

/** The defaults of an upload's own limits, as in the core. */
export const UPLOAD_CEILINGS: Required<UploadLimits> = {
  rowBytes: 1 << 20,
  columns: 1_024,
  expiries: 4_096,
  dedupeBytes: 2 ** 31,
  expandedBytes: 2 ** 31,
  expansion: 100,
  cellBytes: 128 << 10,
  sheetRows: 1_048_576,
  sharedStringsBytes: 128 << 20,
  gatheredBytes: 64 << 20,
};

/** The limits that a host gives, checked; what it leaves out, or gives as `undefined`, is as usual. */
export function limitsOf({ upload = {}, ...given }: HandlerLimits = {}): Limits {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(SIZES, name)) throw wrong(`limits.${name}`, `one of ${Object.keys(SIZES).join(", ")}, upload`);
  }
  checkLimits(upload);
  return {
    ...SIZES,
    ...whole("limits", 0, given),
    upload: whole("limits.upload", 1, upload),
  };
}

/** What of an upload's own limits is in force: what the client asks for, as far as the host lets it. */
export function clamped(asked: UploadLimits = {}, ceilings: UploadLimits): UploadLimits {
  const limits = { ...ceilings };
  for (const [name, value] of Object.entries(asked) as [keyof UploadLimits, number][]) {
    limits[name] = Math.min(value, ceilings[name] ?? UPLOAD_CEILINGS[name]);
  }
  return limits;
}

/** Whole numbers from `least` up, without what is `undefined`: a limit that is none would limit nothing. */
function whole<Given extends object>(option: string, least: number, given: Given): { [Name in keyof Given]: number } {
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  for (const [name, value] of known) {
    if (!Number.isSafeInteger(value) || value < least)
      throw wrong(`${option}.${name}`, `a whole number from ${least} up`);
  }
  return Object.fromEntries(known) as { [Name in keyof Given]: number };
}
