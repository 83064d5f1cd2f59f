/** `copyPool`: a pool of every kind, between stores, whole and in spite of crashes at any call. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { copyPool } from "../../pkg/src/copy.js";
import type { MovedDraw, Reuse, Store } from "../../pkg/src/store.js";
import { memory } from "../../pkg/src/stores/memory.js";
import { type SqliteDatabase, sqlite } from "../../pkg/src/stores/sqlite.js";
import { seeded } from "../../pkg/src/testing/random.js";
import { blockOf, DAY, HOUR, itemOf, NOON, Stand, series } from "../../pkg/src/testing/stand.js";

const Database = createRequire(import.meta.url)("libsql") as new (path: string) => SqliteDatabase;
const STORES: Record<string, () => Store> = {
  memory: () => memory(),
  sqlite: () => sqlite(new Database(":memory:")),
};

/** A pool that has seen everything that can happen to one; then archived. */
async function livedIn(store: Store, reuse: Reuse, seed: number): Promise<Stand> {
  const random = seeded(seed);
  const stand = await new Stand(store, "t", { reuse, caseSensitive: false }).create();
  const drawn: { use: string; number: number; code: string }[] = [];
  for (let turn = 0; turn < 60; turn += 1) {
    stand.now += HOUR;
    const name = `b${turn}`;
    if (turn % 6 === 0) {
      const codes = series(`C${turn}-`, 30);
      const runs = [
        { expiresAt: stand.now + 20 * HOUR, count: 10 },
        { expiresAt: stand.now + 9 * DAY, count: 10 },
        { expiresAt: null, count: 10 },
      ];
      await stand.begin(name);
      const keys = codes.map((code) => code.toLowerCase());
      await stand.add(name, 0, blockOf(codes, runs, keys));
      await stand.commit(name, { fileName: `${name}.csv` });
    }
    const items = Array.from({ length: 1 + random.below(6) }, (_, i) => {
      const contact = `c${random.below(25)}`;
      return itemOf(`use-${turn}-${i}`, {
        holder: reuse === "per-message" ? null : `holder-${contact}`,
        contact,
        message: `mail-${turn}-${i}`,
        fallsBack: true,
      });
    });
    const { outcomes } = await stand.claim(items);
    for (const [i, outcome] of outcomes.entries()) {
      const use = items[i]?.use as string;
      if (outcome.code !== null) drawn.push({ use, number: outcome.number, code: outcome.code });
    }
    const some = random.pick(drawn);
    const key = some.code.toLowerCase();
    if (turn % 4 === 1) await stand.release(some.use, some.number);
    if (turn % 7 === 2) await store.markRedeemed({ ...stand.name, keys: [key], now: stand.now });
    if (turn % 9 === 3) await store.voidCodes({ ...stand.name, keys: [`c${turn - 3}-29`, `c${turn - 3}-15`] });
    if (turn === 40) await stand.undo("b12");
    if (turn === 45) await store.forget({ ...stand.name, contact: "c3" });
    if (turn === 50) await stand.claim(items);
  }
  await stand.stage("dropped", ["staged"]);
  await store.dropBatch({ ...stand.name, batch: "dropped" });
  await store.saveAlerts({ ...stand.name, expected: null, state: { armed: [10] } });
  await stand.edit({ archived: true });
  return stand;
}

/** All that can be seen of a pool, apart from what an undo has taken out of it. */
async function seen(stand: Stand) {
  const { store, name } = stand;
  const stock = await stand.stock();
  return {
    document: await store.load({ ...name, pools: [name.pool] }),
    draws: await stand.draws(100),
    codes: (await store.codes({ ...name, cursor: null, limit: 1_000 })).rows,
    stock: {
      ...stock,
      expiries: stock.expiries
        .map(({ added, undone, ...sum }) => ({ ...sum, added: added - undone }))
        .filter(({ added }) => added > 0),
    },
    batches: (await store.batches({ ...name, cursor: null, limit: 100 })).rows.map(({ added, undone, ...row }) => {
      return { ...row, added: added - undone };
    }),
    usage: await store.usage({ ...name, from: 0, to: 10 * NOON }),
    alerts: (await store.alerts(name))?.state,
    journal: await store.journal(name),
  };
}

/** Stores do not agree in which order an object's parts come. */
const sorted = (_: string, value: unknown): unknown =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value;

/** As `deepEqual` of plain data, but the first difference alone: of large lists a whole comparison takes minutes to print. */
function same(one: unknown, other: unknown): void {
  const [texts, others] = [one, other].map((value) => JSON.stringify(value, sorted, 1).split("\n")) as [
    string[],
    string[],
  ];
  const at = texts.findIndex((line, i) => line !== others[i]);
  if (at < 0 && texts.length === others.length) return;
  const around = (lines: string[]) => lines.slice(Math.max(at - 12, 0), at + 3).join("\n");
  assert.fail(`At line ${at}:\n${around(texts)}\nand\n${around(others)}`);
}

/** A store that dies at a call of its own choice, before or after it is done; then it lives again, for longer each time. */
function mortal(store: Store, seed: number): { store: Store; deaths: () => number } {
  const random = seeded(seed);
  let left = random.below(4);
  let deaths = 0;
  const die = () => {
    deaths += 1;
    left = random.below(6 + 2 * deaths);
    throw new Error("killed, on purpose");
  };
  const proxy = new Proxy(store, {
    get(target, name: keyof Store) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return async (request: unknown) => {
        left -= 1;
        if (left < 0 && random.chance(0.5)) die();
        const answer: unknown = await method.call(target, request);
        if (left < 0) die();
        return answer;
      };
    },
  });
  return { store: proxy, deaths: () => deaths };
}

/** A store that dies once, before the nth call of one method. */
function diesAt(store: Store, method: keyof Store, nth: number): Store {
  let calls = 0;
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const work: unknown = Reflect.get(target, name);
      if (name !== method || typeof work !== "function") return work;
      return async (request: unknown) => {
        calls += 1;
        if (calls === nth) throw new Error("killed, on purpose");
        return work.call(target, request);
      };
    },
  });
}

for (const [fromName, openFrom] of Object.entries(STORES)) {
  for (const [toName, openTo] of Object.entries(STORES)) {
    describe(`copyPool from ${fromName} to ${toName}`, () => {
      for (const reuse of ["per-message", "per-contact", "until-expired"] as const) {
        it(`moves a pool whole, whatever call it is killed at (${reuse})`, async (t) => {
          const from = await livedIn(openFrom(), reuse, 7);
          const before = await seen(from);
          const target = openTo();
          const [source, goal] = [mortal(from.store, 1), mortal(target, 2)];
          const options = { tenant: "t", pool: "spring-sale", clock: () => from.now };
          for (let tries = 0; ; tries += 1) {
            try {
              await copyPool(source.store, goal.store, options);
              break;
            } catch (error) {
              assert.match(String(error), /killed, on purpose/);
              assert.ok(tries < 500, "The copy does not end.");
            }
          }
          t.diagnostic(`${source.deaths() + goal.deaths()} deaths`);
          assert.ok(goal.deaths() > 5, "The new store was killed too seldom.");
          const to = from.through(target);
          same(await seen(to), before);
          same(await seen(from), before);
          await to.audit();
          assert.deepEqual(await copyPool(from.store, target, options), {
            batches: before.batches.length,
            codes: before.codes.length + (await to.figures()).assigned + (await to.figures()).void,
            draws: (await to.figures()).assigned,
          });
          await lifeGoesOn(from, to);
        });
      }
    });
  }
}

/** Both pools, opened again, give the same from here on. */
async function lifeGoesOn(from: Stand, to: Stand): Promise<void> {
  for (const stand of [from, to]) await stand.edit({ archived: false });
  const { reuse } = from.document;
  const holderOf = (contact: string) => (reuse === "per-message" ? null : `holder-${contact}`);
  const both = async <Answer>(work: (stand: Stand) => Promise<Answer>) => {
    const [one, other] = [await work(from), await work(to)];
    same(other, one);
    return one;
  };
  const [held] = (await from.draws(1_000)).filter(({ redeemedAt }) => redeemedAt === null);
  const uses = series("use-", 25).flatMap((turn) => series(`${turn}-`, 6));
  // Retries and new uses, holders old and new: the same codes, numbers, repeats and counts of answers.
  const items = [...uses, ...series("new-", 15)].map((use, i) => {
    return itemOf(use, { contact: `c${i % 40}`, holder: holderOf(`c${i % 40}`) });
  });
  const claimed = await both(async (stand) => {
    const { alerts, ...rest } = await stand.claim(items);
    return { ...rest, state: alerts?.state };
  });
  assert.ok(claimed.outcomes.some((outcome) => outcome.code !== null && outcome.repeat));
  assert.ok(claimed.outcomes.some((outcome) => outcome.code !== null && outcome.fresh));
  if (held) {
    const [row] = items.filter(({ use }) => held.message === `mail-${use.slice(4)}`);
    if (row) await both((stand) => stand.release(row.use, held.number as number));
  }
  await both((stand) => stand.undo("b54"));
  const duplicates = await both((stand) => stand.upload("later", ["c48-3", "c54-29", "fresh"]));
  assert.ok(Array.isArray(duplicates));
  await both(async (stand) => {
    return (await stand.claim(series("last-", 5).map((use) => itemOf(use, { holder: holderOf(use) })))).outcomes;
  });
  for (const stand of [from, to]) await stand.audit();
}

for (const [storeName, open] of Object.entries(STORES)) {
  describe(`copyPool into ${storeName}, broken off`, () => {
    const optionsOf = (from: Stand) => ({ tenant: "t", pool: "spring-sale", clock: () => from.now });

    /** A pool of A and B, with A drawn by u1 as number 1, archived. */
    async function drawnFrom(): Promise<Stand> {
      const from = await new Stand(memory(), "t").create();
      await from.upload("b1", ["A", "B"]);
      assert.equal(await from.draw("u1"), "A");
      await from.edit({ archived: true });
      return from;
    }

    /** u1 gives A back and u2 draws it: the sums are as before, and the pool is archived as before. */
    async function passOn(from: Stand): Promise<void> {
      await from.edit({ archived: false });
      await from.release("u1", 1);
      assert.equal(await from.draw("u2"), "A");
      await from.edit({ archived: true });
    }

    /** At once, before anything more is written. */
    const isOther = { code: "POOL_CHANGED", message: /since its copy was begun/ };

    it("does not go on when the old pool was drawn from since", async () => {
      const [from, to] = [await drawnFrom(), open()];
      // The mark is saved at the beginning, after the batch, and removed at the end.
      await assert.rejects(copyPool(from.store, diesAt(to, "saveJournal", 3), optionsOf(from)), /killed/);
      await passOn(from);
      await assert.rejects(copyPool(from.store, to, optionsOf(from)), isOther);
    });

    it("does not go on when the old pool's settings were edited since", async () => {
      const [from, to] = [await drawnFrom(), open()];
      await assert.rejects(copyPool(from.store, diesAt(to, "restore", 1), optionsOf(from)), /killed/);
      await from.edit({ expiresAt: NOON + DAY, minValidity: HOUR });
      await assert.rejects(copyPool(from.store, to, optionsOf(from)), isOther);
    });

    it("does not take an old copy for a new one when the old pool was used since", async () => {
      const [drawn, edited] = [await drawnFrom(), await drawnFrom()];
      const [one, other] = [open(), open()];
      await copyPool(drawn.store, one, optionsOf(drawn));
      // Opened and archived again, the copy counts as many edits as the old pool: the draws tell them apart.
      const copy = drawn.through(one);
      for (const archived of [false, true]) await copy.edit({ archived });
      await passOn(drawn);
      await assert.rejects(copyPool(drawn.store, one, optionsOf(drawn)), { code: "POOL_EXISTS" });
      await copyPool(edited.store, other, optionsOf(edited));
      await edited.edit({ expiresAt: NOON + DAY });
      await assert.rejects(copyPool(edited.store, other, optionsOf(edited)), { code: "POOL_EXISTS" });
    });

    it("does not go on, nor end, when the new pool was opened meanwhile", async () => {
      const [from, to] = [await drawnFrom(), open()];
      await assert.rejects(copyPool(from.store, diesAt(to, "restore", 1), optionsOf(from)), /killed/);
      const half = from.through(to);
      await half.edit({ archived: false });
      assert.equal(await half.draw("uX"), "A");
      await half.edit({ archived: true });
      await assert.rejects(copyPool(from.store, to, optionsOf(from)), { code: "POOL_CHANGED" });

      const other = open();
      const onProgress = () => from.through(other).edit({ archived: false });
      await assert.rejects(copyPool(from.store, other, { ...optionsOf(from), onProgress }), { code: "POOL_CHANGED" });
    });

    it("goes on after months, though the new store is swept meanwhile", async () => {
      const [from, to] = [await drawnFrom(), open()];
      await assert.rejects(copyPool(from.store, diesAt(to, "commitBatch", 1), optionsOf(from)), /killed/);
      from.now += 300 * DAY;
      const copy = from.through(to);
      await copy.sweep();
      await copyPool(from.store, to, optionsOf(from));
      await copy.edit({ archived: false });
      assert.deepEqual([await copy.draw("u1"), await copy.draw("u2")], ["A", "B"]);
      await copy.audit();
    });

    it("leaves another pool alone that nothing was uploaded to yet", async () => {
      const [from, to] = [await drawnFrom(), open()];
      const settings = { name: "Another", lowStock: [7], createdAt: NOON + 5, revision: from.document.revision };
      const other = await new Stand(to, "t", settings).create();
      for (let tries = 0; tries < 2; tries += 1) {
        await assert.rejects(copyPool(from.store, to, optionsOf(from)), { code: "POOL_EXISTS" });
        assert.deepEqual(await to.load({ tenant: "t", pools: ["spring-sale"] }), [other.document]);
        assert.deepEqual(await to.journal(other.name), []);
      }
    });

    it("says so when another process began the same copy at the same moment", async () => {
      const [from, to] = [await drawnFrom(), open()];
      await assert.rejects(copyPool(from.store, diesAt(to, "saveJournal", 1), optionsOf(from)), /killed/);
      const late: Store = {
        ...to,
        async save(request) {
          if (request.untouched) {
            await assert.rejects(copyPool(from.store, diesAt(to, "commitBatch", 1), optionsOf(from)), /killed/);
          }
          return to.save(request);
        },
      };
      const busy = { code: "POOL_CHANGED", message: /by somebody else/ };
      await assert.rejects(copyPool(from.store, late, optionsOf(from)), busy);
      await copyPool(from.store, to, optionsOf(from));
    });

    it("takes a draw for its own only if holder and uses are the same", async () => {
      const to = await new Stand(open(), "t").create();
      await to.upload("b1", ["A", "B"]);
      const use = (key: string) => ({ use: key, answers: 1, contact: null, message: null, slot: "" });
      const draw = { number: 1, holder: "h1", current: true, drawnAt: NOON, redeemedAt: null, answers: 2 };
      const restore = async (part: Partial<MovedDraw>) => {
        const draws = [{ key: "A", draw: { ...draw, uses: [use("u1"), use("u2")], ...part } }];
        await to.store.restore?.({ ...to.name, draws, totals: null });
      };
      await restore({});
      const before = await to.draws();
      assert.equal(before.length, 2);
      await restore({});
      for (const part of [
        { holder: "h2" },
        { holder: null },
        { uses: [use("u1")] },
        { uses: [use("u1"), use("u3")] },
      ]) {
        await assert.rejects(restore(part), /Draw 1 /);
      }
      assert.deepEqual(await to.draws(), before);
      await to.audit();
    });

    it("ends well, and again, when hours are rolled up into days meanwhile", async () => {
      const from = await drawnFrom();
      const [to, rollUpBefore] = [open(), NOON + 40 * DAY];
      const onProgress = () => from.sweep(rollUpBefore);
      await copyPool(from.store, to, { ...optionsOf(from), onProgress });
      await from.through(to).sweep(rollUpBefore);
      await copyPool(from.store, to, optionsOf(from));
    });
  });
}

describe("copyPool", () => {
  const options = { tenant: "t", pool: "spring-sale", clock: () => NOON };

  it("refuses a pool that somebody may draw from, or upload to", async () => {
    const stand = await new Stand(memory(), "t").create();
    await assert.rejects(copyPool(stand.store, memory(), options), { code: "POOL_NOT_ARCHIVED" });
    await stand.stage("b1", ["A"]);
    await stand.edit({ archived: true });
    await assert.rejects(copyPool(stand.store, memory(), options), { code: "UPLOAD_IN_PROGRESS" });
    await assert.rejects(copyPool(memory(), memory(), options), { code: "POOL_NOT_FOUND" });
  });

  it("refuses another pool of the same name, and leaves it as it is", async () => {
    const from = await livedIn(memory(), "per-message", 3);
    const to = await new Stand(memory(), "t").create();
    await to.upload("b1", ["A", "B"]);
    await assert.rejects(copyPool(from.store, to.store, options), { code: "POOL_EXISTS" });
    assert.deepEqual(await to.codes(), ["A", "B"]);
    assert.equal((await to.store.journal(to.name)).length, 0);
  });

  it("says so when the pool was changed while it was copied", async () => {
    const from = await livedIn(memory(), "per-message", 3);
    const [row] = await from.draws();
    const use = `use-${row?.message?.slice(5)}`;
    const onProgress = async ({ batches }: { batches: number }) => {
      if (batches === 5) await from.release(use, row?.number as number);
    };
    await assert.rejects(copyPool(from.store, memory(), { ...options, onProgress }), { code: "POOL_CHANGED" });
  });

  it("refuses a pool whose shop has work to do, which two stores would do against each other", async () => {
    const from = await livedIn(memory(), "per-message", 3);
    const to = memory();
    const topUp = { ...from.name, id: "top-up" };
    await from.store.saveJournal({ ...topUp, expected: null, entry: { step: 2 } });
    const refused = {
      code: "POOL_UNFINISHED",
      message: /maintain\(\)/,
      details: { pool: "spring-sale", journal: ["top-up"] },
    };
    await assert.rejects(copyPool(from.store, to, options), refused);
    assert.deepEqual(await to.load({ tenant: "t", pools: ["spring-sale"] }), [null]);
    await from.store.saveJournal({ ...topUp, expected: 1, entry: null });
    // One that began before the pool was archived may write its entry late.
    const onProgress = async ({ batches }: { batches: number }) => {
      if (batches === 5) await from.store.saveJournal({ ...topUp, expected: null, entry: { step: 2 } });
    };
    await assert.rejects(copyPool(from.store, to, { ...options, onProgress }), refused);
    assert.deepEqual(
      (await to.journal(from.name)).map(({ id }) => id),
      ["copy"],
    );
    await from.store.saveJournal({ ...topUp, expected: 1, entry: null });
    await copyPool(from.store, to, options);
    assert.deepEqual(await to.journal(from.name), []);
  });

  it("refuses a copy that is not finished as a source", async () => {
    const from = await livedIn(memory(), "per-message", 3);
    const half = memory();
    await assert.rejects(copyPool(from.store, diesAt(half, "restore", 2), options), /killed/);
    await assert.rejects(copyPool(half, memory(), options), { code: "POOL_UNFINISHED", message: /copy/ });
    await copyPool(from.store, half, options);
    await copyPool(half, memory(), options);
  });

  it("says which store it cannot copy", async () => {
    const { contents: _contents, ...rest } = memory();
    await assert.rejects(copyPool(memory(), rest, options), {
      code: "STORE_CANNOT_MOVE",
      details: { store: "memory" },
    });
  });
});
