/** The files that are uploaded: the same in every run and on every machine. */

import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";

export const ROWS = 1_000_000;

const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/** A generator of 32-bit numbers (Marsaglia's xorshift128, 2003). */
function xorshift(seed) {
  let [x, y, z, w] = [seed, 362436069, 521288629, 88675123];
  return () => {
    const t = x ^ (x << 11);
    x = y;
    y = z;
    z = w;
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return w >>> 0;
  };
}

/** Writes rows of one column to a file as they are made: 11 characters a code, 240 MB for twenty million. */
export async function writeOneColumn(path, rows, seed = 1) {
  const next = xorshift(seed);
  function* pieces() {
    yield "code\n";
    for (let made = 0; made < rows; ) {
      let piece = "";
      for (const end = Math.min(rows, made + 10_000); made < end; made++) {
        piece += `${codeOf(next)}${ALPHABET[next() & 31]}\n`;
      }
      yield piece;
    }
  }
  await pipeline(pieces, createWriteStream(path));
}

/** A code of ten characters. */
function codeOf(next) {
  let code = "";
  for (let word = 0; word < 2; word++) {
    let bits = next();
    for (let place = 0; place < 5; place++) {
      code += ALPHABET[bits & 31];
      bits >>>= 5;
    }
  }
  return code;
}

/** One column of codes without quotes. */
export function oneColumn(rows = ROWS, seed = 1) {
  const next = xorshift(seed);
  return written(rows, "code\n", () => `${codeOf(next)}\n`);
}

/** Three columns, every field quoted. */
export function threeQuotedColumns(rows = ROWS, seed = 2) {
  const next = xorshift(seed);
  const two = (number) => String(number).padStart(2, "0");
  return written(rows, '"code","expires_at","note"\r\n', () => {
    const code = codeOf(next);
    const bits = next();
    const day = `2027-${two((bits % 12) + 1)}-${two(((bits >>> 8) % 28) + 1)}`;
    return `"${code}","${day}","batch ${String(bits % 100_000_000).padStart(8, "0")}"\r\n`;
  });
}

function written(rows, header, row) {
  const lines = [header];
  for (let index = 0; index < rows; index++) lines.push(row());
  return new TextEncoder().encode(lines.join(""));
}
