/** Uploads that are cancelled at random points: between any two things that an upload asks for. */

import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { indexeddb } from "coupon-pools/stores/indexeddb";
import { seeded } from "../../pkg/src/testing/random.js";
import { Bench, codes, overEveryStoreAndThread, textOf, watched } from "./workbench.js";

const ROUNDS = 12;
const SEED = Number(process.env.CANCEL_SEED ?? 20_260_122);
const OLD = codes("OLD", 30);
/** Some blocks, and ten codes that the pool has. */
const FILE = [...OLD.slice(0, 10), ...codes("NEW", 25_000)];
const BYTES = new TextEncoder().encode(FILE.join("\n"));

function cancelled(open: () => Bench) {
  it(`leaves nothing wherever it is cancelled, and the same one takes everything at once (seed ${SEED})`, async () => {
    const random = seeded(SEED);
    const points = await cancelledAt(open(), Number.POSITIVE_INFINITY);
    let aborted = 0;
    for (let round = 0; round < ROUNDS; round++) {
      // The last points, about the commit, are looked at more often than their number would have it.
      const point = 1 + (round % 4 === 3 ? points - 1 - random.below(6) : random.below(points));
      if ((await cancelledAt(open(), point)) === point) aborted += 1;
    }
    assert.ok(aborted > 0, "no upload was cancelled in time");
  });
}

/** Cancels an upload at its nth point, looks at what is left, and starts it again; answers how many points there were. */
async function cancelledAt(bench: Bench, point: number): Promise<number> {
  await bench.pool("a", OLD);
  const aborter = new AbortController();
  const reason = new Error("enough");
  let points = 0;
  const pass = () => {
    points += 1;
    if (points === point) aborter.abort(reason);
  };
  const { store } = watched(bench.store, async (call) => {
    pass();
    const answer = await call.go();
    pass();
    return answer;
  });
  async function* pieces() {
    for (let at = 0; at < BYTES.length; at += 1 << 15) {
      pass();
      yield BYTES.slice(at, at + (1 << 15));
    }
  }
  const pools = bench.over(store);
  const { signal } = aborter;
  const outcome = await pools
    .upload("a", pieces(), { header: false, signal, onProgress: pass })
    .catch((error) => error);
  const what = `cancelled at point ${point}`;
  const stored = !(outcome instanceof Error);
  if (!stored) assert.deepEqual([(outcome as { code?: string }).code, outcome.cause], ["ABORTED", reason], what);
  const drawable = async () => {
    const rows = (await textOf(bench.pools.export("a", "remaining"))).trim().split("\r\n").slice(1);
    return rows.map((row) => row.split(",")[0]).sort();
  };
  const all = [...new Set([...OLD, ...FILE])].sort();
  assert.deepEqual(await drawable(), stored ? all : [...OLD].sort(), `${what}: all of it or nothing`);
  const again = await bench.pools.upload("a", BYTES, { header: false });
  assert.deepEqual(
    [again.added, again.duplicatesInPool],
    stored ? [0, FILE.length] : [FILE.length - 10, 10],
    `${what}: started again at once`,
  );
  assert.deepEqual(await drawable(), all, what);
  await bench.pools.maintain();
  await bench.audit("a");
  return points;
}

overEveryStoreAndThread("an upload", cancelled);

let databases = 0;
describe("an upload, over indexeddb", () => {
  cancelled(() => {
    databases += 1;
    const name = `cancel-${databases}`;
    return new Bench(() => indexeddb({ name }));
  });
});
