import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CouponPools, CouponPoolsError, PoolConflictError, PoolNotFoundError, type Store } from "coupon-pools";
import { memory } from "coupon-pools/stores/memory";
import { Bench, codes, DAY, failure, NOON, overEveryStore, watched } from "./workbench.js";

overEveryStore("pools", (open) => {
  it("are made with defaults that are safe", async () => {
    const { pools } = open();
    const row = await pools.create({ handle: "spring-sale", kind: "static" });
    assert.deepEqual(row, {
      handle: "spring-sale",
      name: "spring-sale",
      kind: "static",
      remaining: 0,
      assigned: 0,
      percentRemaining: 0,
      expired: 0,
      void: 0,
      added: 0,
      fellBack: 0,
      redeemed: 0,
      runsOutAt: null,
      usage: [],
      asOf: null,
      reuse: "per-message",
      onEmpty: "stop",
      lowStock: [],
      nextExpiry: null,
      expiresAt: null,
      minValidity: 0,
      timeZone: "UTC",
      caseSensitive: false,
      fixedCode: null,
      dynamic: null,
      buffered: null,
      warnings: [],
      archived: false,
      revision: 1,
      createdAt: NOON,
      updatedAt: NOON,
    });
    assert.deepEqual(await pools.get("spring-sale"), row);
  });

  it("keep every setting that they are given", async () => {
    const { pools } = open();
    const settings = {
      name: "Frühling 🎁",
      reuse: "until-expired",
      onEmpty: { fallback: "HELLO5" },
      lowStock: [500, "10%", "2.5%"],
      expiresAt: NOON + DAY,
      minValidity: 3_600_000,
      timeZone: "Europe/Berlin",
      caseSensitive: true,
    } as const;
    await pools.create({ handle: "a", kind: "static", ...settings, lowStock: [...settings.lowStock] });
    const { name, reuse, onEmpty, lowStock, expiresAt, minValidity, timeZone, caseSensitive } = await pools.get("a");
    assert.deepEqual({ name, reuse, onEmpty, lowStock, expiresAt, minValidity, timeZone, caseSensitive }, settings);
  });

  it("take a date alone as the end of that day in their time zone", async () => {
    const { pools } = open();
    const at = async (expiresAt: string | Date | number, timeZone?: string) => {
      const handle = `p${Math.random().toString(36).slice(2)}`;
      return (await pools.create({ handle, kind: "static", expiresAt, ...(timeZone && { timeZone }) })).expiresAt;
    };
    assert.equal(await at("2027-03-31"), Date.parse("2027-04-01T00:00:00Z"));
    assert.equal(await at("2027-03-31", "Europe/Berlin"), Date.parse("2027-03-31T22:00:00Z"));
    assert.equal(await at("2027-03-31T18:00", "America/New_York"), Date.parse("2027-03-31T22:00:00Z"));
    assert.equal(await at("2027-03-31T18:00:00Z", "America/New_York"), Date.parse("2027-03-31T18:00:00Z"));
    assert.equal(await at(new Date(NOON)), NOON);
    assert.equal(await at(NOON), NOON);
  });

  it("are renamed without a change of handle, stock or draws", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 3));
    const before = await bench.pools.draw("a", { message: "m", contact: "c" });
    assert.equal((await bench.pools.edit("a", { name: "New name" })).name, "New name");
    assert.deepEqual(await bench.pools.draw("a", { message: "m", contact: "c" }), { ...before, repeat: true });
    assert.equal((await bench.pools.get("a")).remaining, 2);
  });

  it("change their settings and clear their expiry", async () => {
    const { pools } = open();
    await pools.create({ handle: "a", kind: "static", expiresAt: "2027-01-31" });
    await pools.edit("a", { onEmpty: "omit", lowStock: [5] });
    const row = await pools.edit("a", { expiresAt: null });
    assert.deepEqual([row.onEmpty, row.lowStock, row.expiresAt, row.revision], ["omit", [5], null, 3]);
    assert.equal((await pools.edit("a", { expiresAt: undefined as never, name: "n" })).onEmpty, "omit");
  });

  it("fix kind, reuse and caseSensitive at the first upload", async () => {
    const bench = open();
    await bench.pool("a", []);
    assert.equal((await bench.pools.edit("a", { reuse: "per-contact" })).reuse, "per-contact");
    await bench.pools.upload("a", "A1\n");
    for (const patch of [
      { reuse: "per-message" },
      { caseSensitive: true },
      { kind: "fixed", fixedCode: "X" },
    ] as const) {
      const error = await failure(bench.pools.edit("a", patch));
      assert.ok(error instanceof PoolConflictError);
      assert.equal(error.code, "POOL_IN_USE");
    }
    assert.equal((await bench.pools.edit("a", { reuse: "per-contact", name: "same" })).name, "same");
  });

  it("can turn fixed and back while nothing was uploaded", async () => {
    const { pools } = open();
    await pools.create({ handle: "a", kind: "static" });
    await pools.edit("a", { kind: "fixed", fixedCode: "HELLO" });
    const row = await pools.edit("a", { kind: "static" });
    assert.deepEqual([row.kind, row.fixedCode], ["static", null]);
  });

  it("are archived: no uploads, no codes, listed apart, restored", async () => {
    const bench = open();
    const { pools } = bench;
    await bench.pool("a", codes("A", 2));
    assert.equal((await pools.archive("a")).archived, true);
    for (const call of [
      pools.upload("a", "X1\n"),
      pools.draw("a", { message: "m", contact: "c" }),
      pools.render('{% coupon "a" %}', { message: "m", contact: "c" }),
    ]) {
      assert.equal((await failure(call)).code, "POOL_ARCHIVED");
    }
    assert.deepEqual(
      (await pools.list()).map(({ handle }) => handle),
      [],
    );
    assert.deepEqual(
      (await pools.list({ archived: true })).map(({ handle }) => handle),
      ["a"],
    );
    await pools.edit("a", { archived: false });
    assert.equal((await pools.draw("a", { message: "m", contact: "c" })).status, "drawn");
  });

  it("stop giving codes at once when another instance archives them", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 2));
    await bench.pools.draw("a", { message: "m1", contact: "c" });
    await bench.another().archive("a");
    assert.equal((await failure(bench.pools.draw("a", { message: "m2", contact: "c" }))).code, "POOL_ARCHIVED");
  });

  it("are listed by handle, page by page, with the cursor of the next page", async () => {
    const { pools } = open();
    for (const handle of ["c", "a", "e", "b", "d"]) await pools.create({ handle, kind: "static" });
    const seen: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: Awaited<ReturnType<CouponPools["list"]>> = await pools.list({ cursor, limit: 2 });
      assert.ok(Array.isArray(page) && page.length <= 2);
      seen.push(...page.map(({ handle }) => handle));
      cursor = page.next;
      pages += 1;
    } while (cursor !== null);
    assert.deepEqual([seen.join(""), pages], ["abcde", 3]);
    for (const limit of [-1, 1.5, Number.NaN]) {
      assert.equal((await failure(pools.list({ limit }))).code, "INVALID_ARGUMENT");
    }
  });

  it("list the same figures as get", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 4));
    await bench.pools.drawMany("a", [
      { message: "m", contact: "1" },
      { message: "m", contact: "2" },
    ]);
    const [listed] = await bench.pools.list();
    assert.deepEqual(listed, await bench.pools.get("a"));
    assert.deepEqual([listed?.remaining, listed?.assigned, listed?.percentRemaining], [2, 2, 50]);
  });

  it("of one tenant are out of every other tenant's reach", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 2));
    const draw = await bench.pools.draw("a", { message: "m", contact: "c" });
    const other = bench.over(bench.store, { tenant: "other" });
    assert.deepEqual([...(await other.list())], []);
    for (const call of [
      other.get("a"),
      other.edit("a", { name: "mine" }),
      other.upload("a", "X1\n"),
      other.draw("a", { message: "m", contact: "c" }),
      other.find("a", { contact: "c" }),
      other.release("a", { message: "m", contact: "c", number: draw.number ?? 0 }),
      other.redeemed("a", ["A-1"]),
      other.batches("a"),
    ]) {
      const error = await failure(call);
      assert.ok(error instanceof PoolNotFoundError, error.message);
      assert.deepEqual(error.details.pool, "a");
    }
    assert.deepEqual(await other.forget("c"), { forgotten: 0 });
    await other.create({ handle: "a", kind: "static", name: "theirs" });
    await other.upload("a", "A-1\n");
    assert.equal((await other.draw("a", { message: "m", contact: "c" })).code, "A-1");
    assert.equal((await bench.pools.get("a")).name, "a");
    assert.equal((await bench.pools.find("a", { contact: "c" })).length, 1);
  });

  it("with one handle are made once, however many race for it", async () => {
    const bench = open();
    const racers = Array.from({ length: 8 }, () => bench.another());
    const results = await Promise.allSettled(
      racers.map((pools, index) => pools.create({ handle: "a", kind: "static", name: `n${index}` })),
    );
    const lost = results.filter((result) => result.status === "rejected");
    assert.equal(lost.length, 7);
    for (const { reason } of lost) assert.deepEqual([reason.name, reason.code], ["PoolConflictError", "POOL_EXISTS"]);
  });

  it("keep both of two edits that race", async () => {
    const bench = open();
    await bench.pool("a", []);
    const other = bench.another();
    await Promise.all([
      bench.pools.edit("a", { name: "new name" }),
      other.edit("a", { onEmpty: "omit" }),
      bench.pools.edit("a", { lowStock: [7] }),
      other.edit("a", { minValidity: 5 }),
    ]);
    const row = await bench.pools.get("a");
    assert.deepEqual(
      [row.name, row.onEmpty, row.lowStock, row.minValidity, row.revision],
      ["new name", "omit", [7], 5, 5],
    );
  });
});

describe("pools", () => {
  it("say that others keep changing them rather than try for ever", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", []);
    const rival = bench.over(bench.store);
    let turn = 0;
    const { store } = watched(bench.store, async (call) => {
      if (call.method === "save") await rival.edit("a", { name: `rival ${turn++}` });
      return call.go();
    });
    const error = await failure(bench.over(store).edit("a", { onEmpty: "omit" }));
    assert.deepEqual([error.name, error.code], ["PoolConflictError", "POOL_CHANGED"]);
  });

  it("refuse settings that cannot be right, and name the setting", async () => {
    const { pools } = Bench.inMemory();
    const wrong: [string, object][] = [
      ["handle", { handle: "Spring Sale", kind: "static" }],
      ["handle", { handle: "", kind: "static" }],
      ["handle", { handle: "__proto__", kind: "static" }],
      ["handle", { handle: "a".repeat(65), kind: "static" }],
      ["handle", { handle: 5, kind: "static" }],
      ["handle", { kind: "static" }],
      ["kind", { handle: "a" }],
      ["kind", { handle: "a", kind: "endless" }],
      ["reuse", { handle: "a", kind: "static", reuse: "always" }],
      ["onEmpty", { handle: "a", kind: "static", onEmpty: "halt" }],
      ["onEmpty", { handle: "a", kind: "static", onEmpty: { fallback: "a\nb" } }],
      ["onEmpty", { handle: "a", kind: "static", onEmpty: { fallback: "" } }],
      ["lowStock", { handle: "a", kind: "static", lowStock: ["ten"] }],
      ["lowStock", { handle: "a", kind: "static", lowStock: ["101%"] }],
      ["lowStock", { handle: "a", kind: "static", lowStock: [-1] }],
      ["lowStock", { handle: "a", kind: "static", lowStock: [1.5] }],
      ["lowStock", { handle: "a", kind: "static", lowStock: 5 }],
      ["expiresAt", { handle: "a", kind: "static", expiresAt: "01/02/2027" }],
      ["expiresAt", { handle: "a", kind: "static", expiresAt: "2027-02-30" }],
      ["expiresAt", { handle: "a", kind: "static", expiresAt: new Date(Number.NaN) }],
      ["expiresAt", { handle: "a", kind: "static", expiresAt: Number.POSITIVE_INFINITY }],
      ["minValidity", { handle: "a", kind: "static", minValidity: -1 }],
      ["minValidity", { handle: "a", kind: "static", minValidity: Number.NaN }],
      ["timeZone", { handle: "a", kind: "static", timeZone: "Mars/Phobos" }],
      ["timeZone", { handle: "a", kind: "static", timeZone: "" }],
      ["caseSensitive", { handle: "a", kind: "static", caseSensitive: "no" }],
      ["name", { handle: "a", kind: "static", name: " " }],
      ["name", { handle: "a", kind: "static", name: "n".repeat(201) }],
      ["name", { handle: "a", kind: "static", name: 5 }],
      ["fixedCode", { handle: "a", kind: "fixed" }],
      ["fixedCode", { handle: "a", kind: "fixed", fixedCode: "a\u200bb" }],
      ["fixedCode", { handle: "a", kind: "static", fixedCode: "X" }],
      ["lowstock", { handle: "a", kind: "static", lowstock: [5] }],
      ["tenant", { handle: "a", kind: "static", tenant: "x" }],
    ];
    for (const [option, pool] of wrong) {
      const error = await failure(pools.create(pool as never), JSON.stringify(pool));
      const what = `${JSON.stringify(pool)}: ${error}`;
      assert.ok(error instanceof CouponPoolsError, what);
      assert.deepEqual([error.code, error.details.option], ["INVALID_ARGUMENT", option], what);
    }
    assert.deepEqual([...(await pools.list())], []);
  });

  it("refuse to change a handle", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", []);
    const error = await failure(bench.pools.edit("a", { handle: "b" } as never));
    assert.deepEqual([error.code, error.details.option], ["INVALID_ARGUMENT", "handle"]);
  });

  it("need a store and a tenant", () => {
    for (const options of [
      undefined,
      {},
      { store: {} },
      { store: memory(), tenant: "" },
      { store: memory(), tenant: 7 },
    ]) {
      assert.throws(() => new CouponPools(options as never), { name: "CouponPoolsError", code: "INVALID_ARGUMENT" });
    }
  });

  it("that do not exist are named in a PoolNotFoundError by every call", async () => {
    const { pools } = Bench.inMemory();
    const use = { message: "m", contact: "c" };
    for (const call of [
      pools.get("nope"),
      pools.edit("nope", { name: "x" }),
      pools.archive("nope"),
      pools.upload("nope", "A\n"),
      pools.undo("nope", "b"),
      pools.batches("nope"),
      pools.draw("nope", use),
      pools.drawMany("nope", [use]),
      pools.render('{% coupon "nope" %}', use),
      pools.prepare("nope", { count: 1 }),
      pools.release("nope", { ...use, number: 1 }),
      pools.find("nope", { code: "A" }),
      pools.redeemed("nope", ["A"]),
      new Response(pools.export("nope", "draws") as unknown as BodyInit).text(),
    ]) {
      const error = await failure(call);
      assert.ok(error instanceof PoolNotFoundError, `${error.name}: ${error.message}`);
      assert.deepEqual([error.code, error.details.pool], ["POOL_NOT_FOUND", "nope"]);
    }
  });

  it("are told whether they hold enough ahead of a send", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", codes("A", 3));
    assert.deepEqual(await bench.pools.prepare("a", { count: 3 }), { enough: true, remaining: 3, short: 0 });
    assert.deepEqual(await bench.pools.prepare("a", { count: 5 }), { enough: false, remaining: 3, short: 2 });
    await bench.pools.create({ handle: "f", kind: "fixed", fixedCode: "HELLO" });
    assert.deepEqual(await bench.pools.prepare("f", { count: 5e6 }), { enough: true, remaining: null, short: 0 });
    for (const count of [-1, 1.5, Number.NaN, "5" as never]) {
      assert.equal((await failure(bench.pools.prepare("a", { count }))).code, "INVALID_ARGUMENT");
    }
  });

  it("do not accept a clock that tells no time: expired codes would be handed out", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", codes("A", 2), { expiresAt: NOON - DAY });
    for (const time of [Number.NaN, undefined, "soon", null]) {
      const pools = bench.over(bench.store, { clock: () => time as number });
      await assert.rejects(pools.draw("a", { message: "m", contact: "c" }), { code: "INVALID_ARGUMENT" }, String(time));
    }
    await bench.audit("a");
    assert.equal((await bench.pools.get("a")).assigned, 0);
  });

  it("split what a store takes in one call by the store's own limits", async () => {
    const bench = Bench.inMemory();
    const small = {
      ...bench.store,
      traits: { ...bench.store.traits, limits: { claimItems: 7, blockCodes: 3 } },
    } as Store;
    const { store, of } = watched(small);
    const pools = bench.over(store);
    await pools.create({ handle: "a", kind: "static" });
    await pools.upload("a", codes("A", 20).join("\n"), { dryRun: true });
    await pools.upload("a", codes("A", 20).join("\n"));
    const uses = codes("c", 20).map((contact) => ({ message: "m", contact }));
    const draws = await pools.drawMany("a", uses);
    assert.deepEqual(
      draws.map(({ code }) => code),
      codes("A", 20),
    );
    await pools.redeemed("a", codes("A", 20));
    for (const { block } of [...of("addBlock"), ...of("contains")]) assert.ok(block.codes.length <= 3);
    for (const { items } of of("claim")) assert.ok(items.length <= 7);
    for (const { keys } of of("markRedeemed")) assert.ok(keys.length <= 3, "markRedeemed takes as many as a block");
  });
});
