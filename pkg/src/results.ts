/** What draws and renders came to, out of the columns in which the engine hands it over. */

import type { EngineError } from "./engine-error.js";
import type { Draw, RenderedDraw } from "./options.js";
import { assemble, assembleBytes, type InEngine, staticBytes } from "./template.js";
import { type Texts, unpack } from "./texts.js";

/** Mails as the engine gives them, in columns. */
export interface MailColumns {
  /** `null` for a mail that was made. */
  errors: (EngineError | null)[];
  /** Pieces of all parts of all mails that were made; where each part ends; values that negative pieces name. */
  pieces: Int32Array;
  pieceEnds: Uint32Array;
  values: Texts;
  /** Handle, slot and code of each draw; where each mail's draws end. */
  drawTexts: Texts;
  drawEnds: Uint32Array;
  expiresAt: Float64Array;
  repeat: Uint8Array;
  numbers: Float64Array;
  now: number;
}

export interface ReadMail {
  error: EngineError | null;
  /** What each part became. */
  parts: (string | Uint8Array)[];
  draws: RenderedDraw[];
}

/** Mails out of their columns; `templates` are those of the mails, in order. */
export function readMails(columns: MailColumns, templates: readonly InEngine[], as: "text" | "bytes"): ReadMail[] {
  const values = unpack(columns.values);
  const drawTexts = unpack(columns.drawTexts);
  let part = 0;
  let piece = 0;
  let draw = 0;
  return templates.map((template, mail) => {
    const error = columns.errors[mail] ?? null;
    if (error) return { error, parts: [], draws: [] };
    const encoded = as === "bytes" ? staticBytes(template) : undefined;
    const parts = template.statics.map((segments, index) => {
      const end = columns.pieceEnds[part++] ?? piece;
      const pieces = columns.pieces.subarray(piece, end);
      piece = end;
      return encoded === undefined
        ? assemble(segments, pieces, values)
        : assembleBytes(encoded[index] as Uint8Array[], pieces, values);
    });
    const draws: RenderedDraw[] = [];
    for (const end = columns.drawEnds[mail] ?? draw; draw < end; draw++) {
      const expiresAt = orNull(columns.expiresAt[draw]);
      draws.push({
        handle: drawTexts[draw * 3] as string,
        slot: drawTexts[draw * 3 + 1] as string,
        code: drawTexts[draw * 3 + 2] as string,
        expiresAt,
        repeat: columns.repeat[draw] === 1,
        expired: expiresAt !== null && expiresAt <= columns.now,
        number: columns.numbers[draw] || null,
      });
    }
    return { error, parts, draws };
  });
}

/** Draws as the engine gives them, in columns. */
export interface DrawColumns {
  status: Uint8Array;
  codes: Texts;
  expiresAt: Float64Array;
  repeat: Uint8Array;
  numbers: Float64Array;
  /** What an empty hand means here: an error under `stop`. */
  whenEmpty: EngineError | null;
  whenExpired: EngineError | null;
}

const DRAWN = 0;
const FALLBACK = 1;
const EXPIRED = 3;

export function toDraws(columns: DrawColumns, now: number): Draw[] {
  const codes = unpack(columns.codes);
  const draws = new Array<Draw>(codes.length);
  for (let index = 0; index < codes.length; index++) {
    const status = columns.status[index];
    if (status === DRAWN) {
      const expiresAt = orNull(columns.expiresAt[index]);
      draws[index] = {
        status: "drawn",
        code: codes[index] as string,
        expiresAt,
        repeat: columns.repeat[index] === 1,
        expired: expiresAt !== null && expiresAt <= now,
        number: columns.numbers[index] || null,
      };
    } else {
      const fallback = status === FALLBACK;
      draws[index] = {
        status: fallback ? "fallback" : "empty",
        code: fallback ? (codes[index] as string) : null,
        expiresAt: null,
        repeat: false,
        expired: false,
        number: null,
        reason: status === EXPIRED ? "expired" : "empty",
      };
    }
  }
  return draws;
}

function orNull(number: number | undefined): number | null {
  return number === undefined || Number.isNaN(number) ? null : number;
}
