/** What `assemble` of the package would be with static text kept as bytes. */

const encoder = new TextEncoder();

export const encodeStatics = (statics) => statics.map((text) => encoder.encode(text));

/** Writes static segments and values into `buffer`; answers how many bytes. Pieces are as `assemble` takes them. */
export function assembleInto(buffer, statics, pieces, values) {
  let at = 0;
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index];
    if (piece >= 0) {
      buffer.set(statics[piece], at);
      at += statics[piece].length;
    } else {
      at += writeText(buffer, at, values[~piece]);
    }
  }
  return at;
}

/** A code is short and nearly always ASCII: byte by byte is faster than a call of the encoder. */
function writeText(buffer, start, text) {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) return encoder.encodeInto(text, buffer.subarray(start)).written;
    buffer[start + index] = unit;
  }
  return text.length;
}
