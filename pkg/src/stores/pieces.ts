/** Lists on their way into a database as JSON, where the engine bounds a parameter's length. */

const encoder = new TextEncoder();

/**
 * A list as JSON arrays of at most `most` bytes each, nearly always one, and the index at which each begins. A single
 * element is never split: the longest, a use with its texts, has less than 10 kB.
 */
export function inPieces(list: readonly unknown[], most: number): { from: number; json: string }[] {
  const json = JSON.stringify(list);
  // A UTF-16 unit is at most three bytes of UTF-8.
  if (3 * json.length <= most || encoder.encode(json).length <= most) return [{ from: 0, json }];
  const pieces: { from: number; json: string }[] = [];
  let [from, elements, bytes] = [0, [] as string[], 2];
  const close = () => pieces.push({ from, json: `[${elements.join()}]` });
  for (const [i, element] of list.entries()) {
    const text = JSON.stringify(element);
    const length = encoder.encode(text).length + 1;
    if (bytes + length > most && elements.length > 0) {
      close();
      [from, elements, bytes] = [i, [], 2];
    }
    elements.push(text);
    bytes += length;
  }
  close();
  return pieces;
}
