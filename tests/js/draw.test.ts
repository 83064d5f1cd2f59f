import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Draw, OutOfCodesError, type Use } from "coupon-pools";
import { Bench, codes, DAY, failure, NOON, overEveryStore, watched } from "./workbench.js";

const uses = (count: number, message = "m"): Use[] => codes("c", count).map((contact) => ({ message, contact }));
const codesOf = (draws: Draw[]) => draws.map(({ code }) => code);

overEveryStore("a draw", (open) => {
  it("retried is the same draw", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 3));
    const use = { message: "m", contact: "c" };
    const first = await bench.pools.draw("a", use);
    assert.deepEqual(first, {
      status: "drawn",
      code: "A-1",
      expiresAt: null,
      repeat: false,
      expired: false,
      number: 1,
    });
    for (const pools of [bench.pools, bench.another()]) {
      assert.deepEqual(await pools.draw("a", use), { ...first, repeat: true });
    }
    assert.equal((await bench.pools.draw("a", { ...use, message: "m2" })).code, "A-2");
    assert.equal((await bench.pools.draw("a", { ...use, slot: "second" })).code, "A-3");
    assert.equal((await bench.audit("a")).assigned, 3);
  });

  it("retried after its answer was lost is the same draw", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 3));
    let lost = 0;
    const { store } = watched(bench.store, async (call) => {
      const answer = await call.go();
      if (call.method === "claim" && lost++ === 0) throw new Error("the answer was lost");
      return answer;
    });
    const pools = bench.over(store);
    assert.equal((await failure(pools.draw("a", { message: "m", contact: "c" }))).code, "STORE_FAILED");
    const draw = await pools.draw("a", { message: "m", contact: "c" });
    assert.deepEqual([draw.code, draw.repeat], ["A-1", true]);
    assert.equal((await bench.pools.get("a")).assigned, 1);
  });

  it("of one tick shares one claim with every other of its pool", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 100));
    await bench.pool("b", codes("B", 100));
    const { store, of } = watched(bench.store);
    const pools = bench.over(store);
    const draws = await Promise.all(
      uses(40).flatMap((use) => [pools.draw("a", use), pools.draw("b", use), pools.draw("a", use)]),
    );
    assert.deepEqual(
      of("claim")
        .map(({ pool, items }) => [pool, items.length])
        .sort(),
      [
        ["a", 40],
        ["b", 40],
      ],
    );
    assert.deepEqual(codesOf(draws.filter((_, index) => index % 3 === 0)), codes("A", 40));
    assert.deepEqual(codesOf(draws.filter((_, index) => index % 3 === 1)), codes("B", 40));
    assert.deepEqual(codesOf(draws.filter((_, index) => index % 3 === 2)), codes("A", 40));
    assert.equal((await bench.audit("a")).assigned, 40);
  });

  it("is one round trip once the document is known", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 10));
    const { store, calls } = watched(bench.store);
    const pools = bench.over(store);
    await pools.draw("a", { message: "m", contact: "1" });
    calls.length = 0;
    await pools.draw("a", { message: "m", contact: "2" });
    assert.deepEqual(
      calls.map(({ method }) => method),
      ["claim"],
    );
  });

  it("that is wrong does not hurt the others of its tick", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 10));
    const wrong: unknown[] = [
      { message: "", contact: "c" },
      { message: "m", contact: "x".repeat(513) },
      { message: "m" },
      { message: "m", contact: 5 },
      { message: "m", contact: "c", slot: "s".repeat(65) },
      { message: "m", contact: "c", slot: 5 },
      { message: "m", contact: "half a pair \ud83d" },
      { message: "m", contact: "cut off\u0000here" },
      { message: "cut off\u0000here", contact: "c" },
      { message: "m", contact: "c", slot: "cut off\u0000here" },
      undefined,
    ];
    for (const [index, use] of wrong.entries()) {
      const good = { message: `m${index}`, contact: "good" };
      const [before, bad, after] = await Promise.allSettled([
        bench.pools.draw("a", good),
        bench.pools.draw("a", use as Use),
        bench.pools.draw("a", { ...good, slot: "second" }),
      ]);
      const shown = JSON.stringify(use);
      assert.equal(bad?.status, "rejected", shown);
      assert.equal(bad.status === "rejected" && bad.reason.code, "INVALID_ARGUMENT", shown);
      assert.equal(before?.status, "fulfilled", shown);
      assert.equal(after?.status, "fulfilled", shown);
      assert.notEqual((before as { value: Draw }).value.code, (after as { value: Draw }).value.code, shown);
      for (const slot of ["", "second"]) {
        const { number } = await bench.pools.draw("a", { ...good, slot });
        await bench.pools.release("a", { ...good, slot, number: number ?? 0 });
      }
    }
    assert.equal((await bench.audit("a")).assigned, 0);
  });

  it("in drawMany answers in order, the first uses first, in one claim", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 5), { onEmpty: { fallback: "HELLO5" } });
    const { store, of } = watched(bench.store);
    const draws = await bench.over(store).drawMany("a", [...uses(3), ...uses(1), ...uses(7).slice(3)]);
    assert.equal(of("claim").length, 1);
    assert.deepEqual(codesOf(draws), ["A-1", "A-2", "A-3", "A-1", "A-4", "A-5", "HELLO5", "HELLO5"]);
    assert.deepEqual(
      draws.map(({ repeat }) => repeat),
      [false, false, false, true, false, false, false, false],
    );
    assert.deepEqual(await bench.pools.drawMany("a", []), []);
    assert.equal((await bench.pools.get("a")).fellBack, 2);
  });

  it("per message gives each mail its own code", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 3), { reuse: "per-message" });
    const of = async (message: string) => (await bench.pools.draw("a", { message, contact: "c" })).code;
    assert.deepEqual([await of("1"), await of("2"), await of("1")], ["A-1", "A-2", "A-1"]);
  });

  it("per contact gives a contact one code for ever, and nothing once it has expired", async () => {
    const bench = open();
    await bench.pool("a", [], { reuse: "per-contact", onEmpty: "omit" });
    await bench.pools.upload("a", `code,expires\nA-1,${new Date(NOON + DAY).toISOString()}\nA-2,\n`);
    const of = (message: string, slot = "") => bench.pools.draw("a", { message, contact: "c", slot });
    assert.deepEqual([(await of("1")).code, (await of("2")).code, (await of("2", "s")).code], ["A-1", "A-1", "A-2"]);
    assert.deepEqual((await of("2")).repeat, true);
    bench.now += DAY;
    const expired = await of("3");
    assert.deepEqual([expired.status, expired.code, expired.reason], ["empty", null, "expired"]);
    const old = await of("1");
    assert.deepEqual([old.code, old.repeat, old.expired, old.expiresAt], ["A-1", true, true, NOON + DAY]);
    assert.equal((await bench.audit("a")).assigned, 2);
  });

  it("until expired gives a contact the next code when the first has expired, and old mails keep the old one", async () => {
    const bench = open();
    await bench.pool("a", [], { reuse: "until-expired" });
    await bench.pools.upload("a", `code,expires\nA-1,${new Date(NOON + DAY).toISOString()}\nA-2,\n`);
    const of = (message: string) => bench.pools.draw("a", { message, contact: "c" });
    assert.deepEqual([(await of("1")).code, (await of("2")).code], ["A-1", "A-1"]);
    bench.now += DAY - 1;
    assert.equal((await of("3")).code, "A-1");
    bench.now += 1;
    assert.deepEqual([(await of("4")).code, (await of("5")).code, (await of("1")).code], ["A-2", "A-2", "A-1"]);
    assert.equal((await bench.audit("a")).assigned, 2);
  });

  it("takes the code that expires first, then the oldest batch, in upload order", async () => {
    const bench = open();
    await bench.pool("a", ["N-1", "N-2"]);
    const at = (days: number) => new Date(NOON + days * DAY).toISOString();
    await bench.pools.upload("a", `code,expires\nL-1,${at(9)}\nS-1,${at(2)}\nL-2,${at(9)}\nS-2,${at(2)}\n`);
    bench.now += 1;
    await bench.pools.upload("a", `code,expires\nS-3,${at(2)}\nM-1,${at(5)}\n`);
    assert.deepEqual(codesOf(await bench.pools.drawMany("a", uses(8))), [
      "S-1",
      "S-2",
      "S-3",
      "M-1",
      "L-1",
      "L-2",
      "N-1",
      "N-2",
    ]);
  });

  it("gives no code that has expired or does so within minValidity", async () => {
    const bench = open();
    await bench.pool("a", [], { minValidity: DAY, onEmpty: "omit" });
    const at = (ms: number) => new Date(NOON + ms).toISOString();
    await bench.pools.upload("a", `code,expires\nA-0,${at(-1)}\nA-1,${at(DAY)}\nA-2,${at(DAY + 1)}\n`);
    const { remaining, expired } = await bench.pools.get("a");
    assert.deepEqual([remaining, expired], [1, 2]);
    const [first, second] = await bench.pools.drawMany("a", uses(2));
    assert.deepEqual([first?.code, second?.status], ["A-2", "empty"]);
    await bench.pools.edit("a", { minValidity: 0 });
    assert.equal((await bench.pools.draw("a", uses(2)[1] as Use)).code, "A-1");
    await bench.audit("a");
  });

  it("honours the pool's own expiry, for codes without one, as it is at the draw", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 3), { expiresAt: NOON + DAY });
    const first = await bench.pools.draw("a", { message: "1", contact: "c" });
    assert.equal(first.expiresAt, NOON + DAY);
    await bench.another().edit("a", { expiresAt: NOON + 2 * DAY });
    assert.equal((await bench.pools.draw("a", { message: "2", contact: "c" })).expiresAt, NOON + 2 * DAY);
    bench.now += 2 * DAY;
    assert.equal((await failure(bench.pools.draw("a", { message: "3", contact: "c" }))).code, "OUT_OF_CODES");
    assert.deepEqual(await bench.audit("a"), { remaining: 0, assigned: 2, expired: 1, added: 3 });
  });

  it("of an empty pool is an error under stop, a code under fallback, nothing under omit", async () => {
    const bench = open();
    await bench.pool("s", []);
    await bench.pool("f", [], { onEmpty: { fallback: "HELLO5" } });
    await bench.pool("o", [], { onEmpty: "omit" });
    const use = { message: "m", contact: "c" };
    const error = await failure(bench.pools.draw("s", use));
    assert.ok(error instanceof OutOfCodesError);
    assert.deepEqual([error.code, error.details], ["OUT_OF_CODES", { pool: "s", reason: "empty" }]);
    const nothing = { expiresAt: null, repeat: false, expired: false, number: null, reason: "empty" };
    assert.deepEqual(await bench.pools.draw("f", use), { status: "fallback", code: "HELLO5", ...nothing });
    assert.deepEqual(await bench.pools.draw("o", use), { status: "empty", code: null, ...nothing });
    assert.equal((await bench.pools.drawMany("s", [use]))[0]?.status, "empty");
    const figures = async (handle: string) => {
      const { assigned, fellBack } = await bench.pools.get(handle);
      return [assigned, fellBack];
    };
    assert.deepEqual(
      [await figures("s"), await figures("f"), await figures("o")],
      [
        [0, 0],
        [0, 1],
        [0, 1],
      ],
    );
    for (const handle of ["s", "f", "o"]) {
      await bench.pools.upload(handle, "REAL-1\n");
      assert.equal((await bench.pools.draw(handle, use)).code, "REAL-1", "a refill reaches the same use");
    }
  });

  it("of a tick that the stock does not cover fails for the last ones only", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 2));
    const results = await Promise.allSettled(uses(4).map((use) => bench.pools.draw("a", use)));
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "fulfilled", "rejected", "rejected"],
    );
  });

  it("is released by its number only, and only once", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 2));
    const use = { message: "m", contact: "c" };
    const { number, code } = await bench.pools.draw("a", use);
    const wrong = await bench.pools.release("a", { ...use, number: 99 });
    assert.deepEqual(wrong, { released: false, reason: "other-number" });
    assert.deepEqual(await bench.pools.release("a", { ...use, contact: "d", number: number ?? 0 }), {
      released: false,
      reason: "unknown-use",
    });
    assert.equal((await bench.pools.get("a")).assigned, 1);
    assert.deepEqual(await bench.pools.release("a", { ...use, number: number ?? 0 }), { released: true });
    assert.deepEqual(await bench.pools.release("a", { ...use, number: number ?? 0 }), {
      released: false,
      reason: "unknown-use",
    });
    const again = await bench.pools.draw("a", use);
    assert.deepEqual([again.code, again.repeat], [code, false]);
    assert.notEqual(again.number, number, "a number is never used again");
    assert.deepEqual(await bench.pools.release("a", { ...use, number: number ?? 0 }), {
      released: false,
      reason: "other-number",
    });
    for (const bad of [0, -1, 1.5, Number.NaN, undefined]) {
      assert.equal(
        (await failure(bench.pools.release("a", { ...use, number: bad as number }))).code,
        "INVALID_ARGUMENT",
      );
    }
    await bench.audit("a");
  });

  it("shown by two mails stays held until both are released", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 1), { reuse: "per-contact" });
    const first = await bench.pools.draw("a", { message: "1", contact: "c" });
    const second = await bench.pools.draw("a", { message: "2", contact: "c" });
    assert.deepEqual([second.code, second.number, second.repeat], [first.code, first.number, false]);
    await bench.pools.release("a", { message: "1", contact: "c", number: first.number ?? 0 });
    assert.equal((await bench.pools.get("a")).remaining, 0);
    await bench.pools.release("a", { message: "2", contact: "c", number: first.number ?? 0 });
    assert.equal((await bench.audit("a")).remaining, 1);
  });

  it("whose code was redeemed is not released", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 2));
    const use = { message: "m", contact: "c" };
    const { number } = await bench.pools.draw("a", use);
    assert.deepEqual(await bench.pools.redeemed("a", [" a-1 ", "A-2", "NOPE"]), { marked: 1, unknown: 2 });
    assert.deepEqual(await bench.pools.redeemed("a", ["A-1"]), { marked: 1, unknown: 0 });
    assert.deepEqual(await bench.pools.release("a", { ...use, number: number ?? 0 }), {
      released: false,
      reason: "redeemed",
    });
    assert.equal((await bench.pools.get("a")).redeemed, 1);
  });

  it("is found by code, contact and message", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 4));
    await bench.pools.draw("a", { message: "m1", contact: "anna" });
    await bench.pools.draw("a", { message: "m2", contact: "anna", slot: "s" });
    await bench.pools.draw("a", { message: "m2", contact: "bob" });
    const found = async (what: { code: string } | { contact: string } | { message: string }) =>
      (await bench.pools.find("a", what)).map(({ code, contact, message, slot, status }) => [
        code,
        contact,
        message,
        slot,
        status,
      ]);
    assert.deepEqual(await found({ code: " a-2 " }), [["A-2", "anna", "m2", "s", "assigned"]]);
    assert.deepEqual(await found({ code: "A-4" }), [["A-4", null, null, null, "available"]]);
    assert.deepEqual(await found({ code: "A-5" }), []);
    assert.deepEqual(
      (await found({ contact: "anna" })).map(([code]) => code),
      ["A-1", "A-2"],
    );
    assert.deepEqual(
      (await found({ message: "m2" })).map(([code]) => code),
      ["A-2", "A-3"],
    );
    const page = await bench.pools.find("a", { contact: "anna" }, { limit: 1 });
    assert.deepEqual(
      [page[0]?.code, (await bench.pools.find("a", { contact: "anna" }, { cursor: page.next }))[0]?.code],
      ["A-1", "A-2"],
    );
    for (const what of [{}, { code: 5 }, { code: "A", contact: "b" }, { contract: "x" }]) {
      assert.equal((await failure(bench.pools.find("a", what as never))).code, "INVALID_ARGUMENT");
    }
  });

  it("found shows the pool's expiry as it is now, not as it once was read", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 1), { expiresAt: NOON + DAY });
    const other = bench.another();
    assert.equal((await other.find("a", { code: "A-1" }))[0]?.expiresAt, NOON + DAY);
    await bench.pools.edit("a", { expiresAt: NOON + 9 * DAY });
    assert.equal((await other.find("a", { code: "A-1" }))[0]?.expiresAt, NOON + 9 * DAY);
  });

  it("of a contact that is forgotten loses the person's text everywhere and is still the same draw", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 2));
    await bench.pool("b", codes("B", 2));
    const use = { message: "mail to anna@example.com", contact: "anna@example.com" };
    await bench.pools.draw("a", use);
    await bench.pools.draw("b", use);
    await bench.pools.draw("b", { ...use, contact: "bob@example.com", message: "other" });
    await bench.pools.archive("a");
    assert.deepEqual(await bench.pools.forget(use.contact), { forgotten: 2 });
    assert.deepEqual(await bench.pools.forget(use.contact), { forgotten: 0 });
    await bench.pools.edit("a", { archived: false });
    for (const handle of ["a", "b"]) {
      assert.deepEqual([...(await bench.pools.find(handle, { contact: use.contact }))], []);
      const text = await new Response(bench.pools.export(handle, "draws") as unknown as BodyInit).text();
      assert.ok(!text.includes("anna"), text);
      const draw = await bench.pools.draw(handle, use);
      assert.deepEqual([draw.repeat, draw.number], [true, 1]);
    }
    assert.equal((await bench.pools.find("b", { contact: "bob@example.com" })).length, 1);
  });

  it("of a fixed pool is one code for everybody and stores nothing", async () => {
    const bench = open();
    await bench.pools.create({ handle: "f", kind: "fixed", fixedCode: "HELLO10", expiresAt: NOON + DAY });
    const draws = await bench.pools.drawMany("f", [...uses(2), ...uses(1)]);
    for (const draw of draws) {
      assert.deepEqual(draw, {
        status: "drawn",
        code: "HELLO10",
        expiresAt: NOON + DAY,
        repeat: false,
        expired: false,
        number: null,
      });
    }
    const row = await bench.pools.get("f");
    assert.deepEqual([row.assigned, row.remaining, row.percentRemaining], [0, null, null]);
    await bench.another().edit("f", { fixedCode: "HELLO20" });
    assert.equal((await bench.pools.draw("f", uses(1)[0] as Use)).code, "HELLO20");
    bench.now += DAY;
    assert.equal((await failure(bench.pools.draw("f", uses(1)[0] as Use))).code, "OUT_OF_CODES");
  });

  describe("through an instance that knows old settings", () => {
    const stale = async (settings: object, held: string[] = codes("A", 2)) => {
      const bench = open();
      await bench.pool("a", held, settings);
      const old = bench.another();
      await old.drawMany("a", [{ message: "before", contact: "c" }]);
      return { bench, old };
    };

    it("follows a new onEmpty, and counts what it prints instead", async () => {
      const { bench, old } = await stale({}, []);
      await bench.pools.edit("a", { onEmpty: { fallback: "HELLO5" } });
      assert.equal((await old.draw("a", { message: "m", contact: "c" })).code, "HELLO5");
      assert.equal((await bench.pools.get("a")).fellBack, 1);
    });

    it("counts no fallback where the pool now says stop", async () => {
      const { bench, old } = await stale({ onEmpty: "omit" }, ["A-1"]);
      await bench.pools.edit("a", { onEmpty: "stop" });
      assert.equal((await failure(old.draw("a", { message: "m", contact: "c" }))).code, "OUT_OF_CODES");
      assert.equal((await bench.pools.get("a")).fellBack, 0);
    });

    it("follows a new minValidity", async () => {
      const { bench, old } = await stale({ expiresAt: NOON + DAY });
      await bench.pools.edit("a", { minValidity: 2 * DAY });
      assert.equal((await failure(old.draw("a", { message: "m", contact: "c" }))).code, "OUT_OF_CODES");
    });

    it("follows a new reuse", async () => {
      const { bench, old } = await stale({ onEmpty: "omit" }, []);
      await bench.pools.edit("a", { reuse: "per-contact" });
      await bench.pools.upload("a", "A-1\nA-2\n");
      const draws = [
        await old.draw("a", { message: "1", contact: "c" }),
        await old.draw("a", { message: "2", contact: "c" }),
      ];
      assert.deepEqual(codesOf(draws), ["A-1", "A-1"]);
    });

    it("follows a pool that has become fixed", async () => {
      const { bench, old } = await stale({ onEmpty: "omit" }, []);
      await bench.pools.edit("a", { kind: "fixed", fixedCode: "HELLO10" });
      assert.equal((await old.draw("a", { message: "m", contact: "c" })).code, "HELLO10");
    });

    it("that change between plan and claim", async () => {
      const bench = open();
      await bench.pool("a", codes("A", 1));
      let edits = 0;
      const { store } = watched(bench.store, async (call) => {
        if (call.method === "claim" && edits++ < 3) await bench.pools.edit("a", { onEmpty: { fallback: `F${edits}` } });
        return call.go();
      });
      const draws = await bench.over(store).drawMany("a", uses(2));
      assert.deepEqual(codesOf(draws), ["A-1", "F3"]);
      assert.equal((await bench.pools.get("a")).fellBack, 1);
    });
  });

  it("races others and shares a code with none of them", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 150));
    const racers = [bench.another(), bench.another(), bench.another()];
    const all = await Promise.all(
      racers.flatMap((pools, racer) =>
        Array.from({ length: 20 }, (_, turn) => pools.drawMany("a", uses(3, `${racer}/${turn}`))),
      ),
    );
    const drawn = all.flat().filter(({ status }) => status === "drawn");
    assert.equal(drawn.length, 150);
    assert.equal(new Set(codesOf(drawn)).size, 150);
    assert.deepEqual(await bench.audit("a"), { remaining: 0, assigned: 150, expired: 0, added: 150 });
  });

  it("raced for the same use is one draw", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 9));
    const draws = await Promise.all(
      Array.from({ length: 6 }, () => bench.another().draw("a", { message: "m", contact: "c" })),
    );
    assert.deepEqual([new Set(codesOf(draws)).size, draws.filter(({ repeat }) => !repeat).length], [1, 1]);
    assert.equal((await bench.audit("a")).assigned, 1);
  });

  it("tells apart uses that look alike", async () => {
    const bench = open();
    const alike: Use[] = [
      { message: "ab", contact: "c" },
      { message: "a", contact: "bc" },
      { message: "a", contact: "b", slot: "c" },
      { message: "a\u0001b", contact: "c" },
      { message: "A", contact: "bc" },
      { message: "a", contact: "bc " },
      { message: "a", contact: "b\u00fc" },
      { message: "a", contact: "bu\u0308" },
      { message: "🎁", contact: "🎁🎁" },
      { message: "🎁🎁", contact: "🎁" },
      { message: "x".repeat(512), contact: "🎁".repeat(512) },
      { message: "__proto__", contact: "constructor" },
    ];
    await bench.pool("a", codes("A", alike.length));
    const draws = await bench.pools.drawMany("a", alike);
    assert.deepEqual(codesOf(draws), codes("A", alike.length));
    for (const [index, use] of alike.entries()) {
      assert.equal((await bench.pools.draw("a", use)).code, `A-${index + 1}`);
    }
    assert.equal((await bench.pools.find("a", { contact: "b\u00fc" }))[0]?.contact, "b\u00fc");
    await bench.audit("a");
  });

  it("never takes two texts that are no Unicode for one contact", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 9));
    const halves = ["x\ud800", "x\ud801", "x\udc00", "\udc00x"];
    const results = await Promise.allSettled(halves.map((contact) => bench.pools.draw("a", { message: "m", contact })));
    const given = results.flatMap((result) => (result.status === "fulfilled" ? [result.value.code] : []));
    assert.equal(new Set(given).size, given.length, `two contacts share a code: ${given}`);
  });
});

describe("draws", () => {
  it("of a very large tick are made all the same", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", codes("A", 100_050));
    const { store, of } = watched(bench.store);
    const pools = bench.over(store);
    const results = await Promise.all(uses(100_010).map((use) => pools.draw("a", use)));
    assert.equal(new Set(codesOf(results)).size, 100_010);
    assert.ok(of("claim").length <= 20, `${of("claim").length} claims`);
  });

  it("of a tick with one wrong use cost no claim for each of the others", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", codes("A", 300));
    const { store, of } = watched(bench.store);
    const pools = bench.over(store);
    const bad = pools.draw("a", { message: "", contact: "c" });
    await Promise.allSettled([bad, ...uses(200).map((use) => pools.draw("a", use))]);
    assert.ok(of("claim").length <= 2, `${of("claim").length} claims`);
  });
});
