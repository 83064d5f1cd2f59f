import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fingerprints, fingerprintsOf, repeatsIn } from "../../../pkg/src/stores/indexeddb/fingerprints.js";

const BLOCK = 1_000;

/** Blocks of these keys, as the store records them: three lots, one after the other. */
function recorded(keys: readonly string[]) {
  const fingerprints = new Fingerprints();
  for (let from = 0; from < keys.length; from += BLOCK) {
    const block = from / BLOCK + 1;
    const prints = fingerprintsOf(keys.slice(from, from + BLOCK));
    fingerprints.add({ pool: 1, block, lot: block % 3, start: from, fingerprints: prints });
  }
  return fingerprints;
}

describe("the fingerprints of a pool's keys", () => {
  it("find each of 200,000 keys where it was put, and no other", () => {
    const keys = Array.from({ length: 200_000 }, (_, index) => `K-${(index * 7919).toString(36)}`);
    const fingerprints = recorded(keys);
    const prints = fingerprintsOf(keys);
    let mistaken = 0;
    for (let i = 0; i < keys.length; i += 1) {
      const hits = fingerprints.hits(prints[2 * i] as number, prints[2 * i + 1] as number);
      const start = i - (i % BLOCK);
      const place = { lot: (start / BLOCK + 1) % 3, start, offset: i % BLOCK };
      assert.ok(
        hits.some((hit) => hit.lot === place.lot && hit.start === place.start && hit.offset === place.offset),
        keys[i],
      );
      mistaken += hits.length - 1;
    }
    assert.ok(mistaken < 10, `${mistaken} keys share a fingerprint`);
    const strangers = fingerprintsOf(Array.from({ length: 10_000 }, (_, index) => `S-${index}`));
    let found = 0;
    for (let i = 0; i < strangers.length; i += 2)
      found += fingerprints.hits(strangers[i] as number, strangers[i + 1] as number).length;
    assert.ok(found < 10, `${found} keys that are not there were found`);
    assert.equal(fingerprints.block, 200);
  });

  it("find every key where all have the same fingerprint", () => {
    const fingerprints = new Fingerprints();
    for (const block of [1, 2, 3])
      fingerprints.add({ pool: 1, block, lot: 7, start: (block - 1) * 2, fingerprints: new Uint32Array(4) });
    assert.deepEqual(
      fingerprints.hits(0, 0).map(({ lot, start, offset }) => [lot, start, offset]),
      [
        [7, 0, 0],
        [7, 0, 1],
        [7, 2, 0],
        [7, 2, 1],
        [7, 4, 0],
        [7, 4, 1],
      ],
    );
  });

  it("tell which keys of a block stand further up in it, whatever their fingerprints", () => {
    const keys = Array.from({ length: 3_000 }, (_, index) => `R-${(index * index) % 1_777}`);
    const seen = new Set<string>();
    const expected = keys.map((key) => {
      const repeats = seen.has(key) ? 1 : 0;
      seen.add(key);
      return repeats;
    });
    assert.ok(expected.includes(1) && expected.includes(0));
    for (const prints of [fingerprintsOf(keys), new Uint32Array(2 * keys.length)])
      assert.deepEqual([...repeatsIn(keys, prints)], expected);
  });
});
