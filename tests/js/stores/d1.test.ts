import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type D1Connection, type D1Prepared, d1 } from "../../../pkg/src/stores/d1.js";
import { documentOf } from "../../../pkg/src/testing/stand.js";

/** A binding that answers batches as it is told, and keeps their statements. */
function binding(answer: (batch: string[], calls: number) => unknown[][]) {
  const batches: string[][] = [];
  const connection: D1Connection = {
    prepare(sql) {
      const prepared: D1Prepared & { sql: string } = { sql, bind: () => prepared };
      return prepared;
    },
    async batch(statements: { sql: string }[]) {
      const texts = statements.map(({ sql }) => sql);
      batches.push(texts);
      return answer(texts, batches.length).map((results) => ({ results }));
    },
  };
  return { connection, batches };
}

const empty = (batch: string[]) => batch.map(() => []);
const lost = () => new Error("D1_ERROR: Network connection lost.");
const counts = { tenant: "acme", pool: "spring-sale" };

describe("d1, the Worker's half", () => {
  it("tries again after an error that passes, a few times", async () => {
    const twice = binding((batch, calls) => {
      if (calls < 3) throw lost();
      return empty(batch);
    });
    assert.equal(await d1(twice.connection).counts(counts), null);
    assert.equal(twice.batches.length, 3);
    const error = lost();
    const always = binding(() => {
      throw error;
    });
    await assert.rejects(d1(always.connection).counts(counts), (thrown) => thrown === error);
    assert.equal(always.batches.length, 4);
  });

  it("hands any other error on untouched", async () => {
    const error = new Error("D1_ERROR: D1 DB is overloaded. Too many requests queued.");
    const { connection, batches } = binding(() => {
      throw error;
    });
    await assert.rejects(d1(connection).counts(counts), (thrown) => thrown === error);
    assert.equal(batches.length, 1);
  });

  it("tries nothing twice whose repeat would answer otherwise", async () => {
    const { connection, batches } = binding(() => {
      throw lost();
    });
    const store = d1(connection);
    const document = documentOf("spring-sale");
    await assert.rejects(store.save({ tenant: "acme", document, expected: null, untouched: false }), /lost/);
    await assert.rejects(store.release({ ...counts, items: [], now: 0 }), /lost/);
    await assert.rejects(store.saveAlerts({ ...counts, expected: null, state: {} }), /lost/);
    await assert.rejects(store.saveJournal({ ...counts, id: "j", expected: null, entry: {} }), /lost/);
    await assert.rejects(store.forget({ ...counts, contact: "ann" }), /lost/);
    assert.equal(batches.length, 5);
  });

  it("makes a claim one round trip, with the layout looked at in the first", async () => {
    const { connection, batches } = binding((batch) =>
      batch.map((sql) => (sql.includes("last_use") ? [{ version: 1, document: "{}", draws: 0, added: 0 }] : [])),
    );
    const store = d1(connection);
    const claim = { ...counts, version: 2, now: 0, reuse: "per-message", expiresAt: null, minValidity: 0 } as const;
    const item = { use: "u1", holder: null, contact: "ann", message: "m", slot: "", fallsBack: true };
    assert.equal((await store.claim({ ...claim, items: [item] })).status, "stale");
    assert.equal((await store.claim({ ...claim, items: [item] })).status, "stale");
    assert.deepEqual(
      batches.map((batch) => batch.filter((sql) => sql.includes("coupon_schema")).length),
      [1, 0],
    );
  });

  it("keeps every statement below D1's 100,000 bytes", async () => {
    const { connection, batches } = binding(empty);
    const store = d1(connection);
    const contact = "🎁".repeat(512);
    const items = Array.from({ length: store.traits.limits.claimItems }, (_, i) => ({
      ...{ use: `use-${i}`, holder: `holder-${i}`, contact, message: contact, slot: "", fallsBack: true },
    }));
    await store.claim({
      ...counts,
      version: 1,
      now: 0,
      reuse: "until-expired",
      expiresAt: null,
      minValidity: 0,
      items,
    });
    await store.sweep({ ...counts, now: 0, rollUpBefore: 0 });
    await store.release({ ...counts, items: [], now: 0 });
    const longest = Math.max(...batches.flat().map((sql) => sql.length));
    assert.ok(longest > 1000 && longest < 100_000, `${longest} bytes`);
  });
});
