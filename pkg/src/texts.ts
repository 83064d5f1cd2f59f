/** Many texts in one string: the form in which codes and contacts cross between JavaScript and wasm. */

/** Texts end to end, and where each ends, in UTF-16 code units. */
export interface Texts {
  text: string;
  ends: Uint32Array;
}

/** Packs texts; `undefined` and `null` become empty texts. */
export function pack(texts: ArrayLike<string | null | undefined>): Texts {
  const ends = new Uint32Array(texts.length);
  let text = "";
  let end = 0;
  for (let index = 0; index < texts.length; index++) {
    const one = texts[index] ?? "";
    text += one;
    end += one.length;
    ends[index] = end;
  }
  return { text, ends };
}

/** The texts, in order. Equal neighbours, such as the message of a whole send, become one string. */
export function unpack(texts: Texts): string[] {
  const { text, ends } = texts;
  const list = new Array<string>(ends.length);
  let start = 0;
  let last = "";
  for (let index = 0; index < ends.length; index++) {
    const end = ends[index] as number;
    if (end - start !== last.length || !text.startsWith(last, start)) last = text.slice(start, end);
    list[index] = last;
    start = end;
  }
  return list;
}

/** Texts of one length, end to end. */
export function cut(text: string, length: number): string[] {
  const list = new Array<string>(text.length / length);
  for (let index = 0; index < list.length; index++) list[index] = text.slice(index * length, (index + 1) * length);
  return list;
}
