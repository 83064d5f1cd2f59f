import assert from "node:assert/strict";
import { it } from "node:test";
import { type CouponPoolsError, OutOfCodesError, StoreError } from "coupon-pools";
import { faulty } from "coupon-pools/testing";
import { seeded } from "../../pkg/src/testing/random.js";
import { Bench, codes, HOUR } from "./workbench.js";

/** Repeats a call until the store has answered it, as a host's retry would; waits where another upload is under way. */
async function stubborn<T>(call: () => Promise<T>, wait: () => void = () => undefined): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await call();
    } catch (error) {
      const { code } = error as CouponPoolsError;
      if (tries > 200 || !(error instanceof StoreError || code === "UPLOAD_IN_PROGRESS")) throw error;
      if (code === "UPLOAD_IN_PROGRESS") wait();
    }
  }
}

for (const seed of [1, 2, 3, 4]) {
  it(`nobody shares a code and every code is accounted for, whatever answers are lost (schedule ${seed})`, async () => {
    const bench = Bench.inMemory();
    const random = seeded(seed);
    const handles = ["a", "b", "c"];
    await bench.pool("a", codes("A", 400), { lowStock: ["50%", 5] });
    await bench.pool("b", codes("B", 150), { reuse: "per-contact", onEmpty: "omit" });
    await bench.pool("c", [], { reuse: "until-expired", onEmpty: { fallback: "HELLO5" } });
    const hosts = Array.from({ length: 4 }, (_, index) =>
      bench.over(faulty(bench.store, { seed: seed * 100 + index, before: 0.04, after: 0.04 })),
    );
    /** What each use was answered: it may only change by a release. */
    const answered = new Map<string, { code: string; number: number }>();
    const busy = new Set<string>();
    const template =
      '<p>{% coupon "a" %}{% ifcoupon "b" %}{% coupon "b" %}{% endifcoupon %} {% coupon "c", slot: "s" %}</p>';
    const note = (handle: string, message: string, contact: string, slot: string, code: string, number: number) => {
      const use = JSON.stringify([handle, message, contact, slot]);
      const before = answered.get(use);
      if (before) assert.deepEqual({ code, number }, before, `a retry of ${use} is the same draw`);
      answered.set(use, { code, number });
    };
    let uploads = 0;
    let given = 0;
    const host = async (index: number) => {
      const pools = hosts[index] as (typeof hosts)[number];
      for (let turns = 0; turns < 150; turns++) {
        // Each host has messages of its own, so that a use is released and drawn by one host only.
        const message = `m${index}-${random.below(40)}`;
        const contact = `c${random.below(60)}`;
        const handle = random.pick(handles);
        const turn = random.below(100);
        await new Promise((resolve) => setImmediate(resolve));
        if (turn < 45) {
          const draw = await stubborn(() => pools.draw(handle, { message, contact })).catch((error: unknown) => {
            if (error instanceof OutOfCodesError) return null;
            throw error;
          });
          if (draw?.number) note(handle, message, contact, "", draw.code ?? "", draw.number);
          given += draw?.number ? 1 : 0;
        } else if (turn < 65) {
          const mail = await stubborn(() => pools.render(template, { message, contact })).catch((error: unknown) => {
            if (error instanceof OutOfCodesError) return null;
            throw error;
          });
          for (const { handle, slot, code, number } of mail?.draws ?? []) {
            if (number) note(handle, message, contact, slot, code ?? "", number);
          }
        } else if (turn < 80) {
          const own = [...answered.entries()].filter(([use]) => use.includes(`"m${index}-`) && !busy.has(use));
          if (own.length === 0) continue;
          const [use, { number }] = random.pick(own);
          const [pool, message, contact, slot] = JSON.parse(use) as [string, string, string, string];
          busy.add(use);
          answered.delete(use);
          await stubborn(() => pools.release(pool, { message, contact, slot, number }));
          busy.delete(use);
        } else if (turn < 88) {
          uploads += 1;
          const name = `${handle.toUpperCase()}${uploads}`;
          const file = codes(name, 1 + random.below(30)).join("\n");
          const wait = () => {
            bench.now += 20_000;
          };
          await stubborn(() => pools.upload(handle, file, { header: false }), wait).catch((error: CouponPoolsError) =>
            assert.match(error.code, /^UPLOAD_/, error.stack),
          );
        } else if (turn < 91) {
          const [batch] = await stubborn(() => pools.batches(handle, { limit: 3 }));
          if (batch?.state === "committed") await stubborn(() => pools.undo(handle, batch.batch));
        } else if (turn < 95) {
          await stubborn(() => pools.edit(handle, { minValidity: random.below(1_000) }));
        } else if (turn < 98) {
          await stubborn(() => pools.maintain());
        } else {
          bench.now += HOUR;
        }
      }
    };
    await Promise.all(hosts.map((_, index) => host(index)));
    assert.ok(given > 50, `only ${given} draws were made`);
    for (const handle of handles) await bench.audit(handle);
    for (const [use, { code, number }] of answered) {
      const [handle, message, contact, slot] = JSON.parse(use) as [string, string, string, string];
      const again = await bench.pools.draw(handle, { message, contact, slot });
      assert.deepEqual([again.code, again.number, again.repeat], [code, number, true], use);
    }
  });
}
