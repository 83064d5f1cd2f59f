import assert from "node:assert/strict";
import { it } from "node:test";
import type { Alert } from "coupon-pools";
import { type Bench, codes, DAY, HOUR, NOON, overEveryStore, watched } from "./workbench.js";

let messages = 0;
/** Draws `count` codes, each for a message of its own. */
const draw = (bench: Bench, count: number, pools = bench.pools) => {
  messages += 1;
  return pools.drawMany(
    "a",
    codes("c", count).map((contact) => ({ message: `m${messages}`, contact })),
  );
};
const told = (bench: Bench) => bench.alerts.map(({ type, rung }) => `${type} ${rung}`);

overEveryStore("alerts", (open) => {
  it("are told once for each rung of the ladder, down to the last code", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 20), { name: "Spring sale", lowStock: [3, "50%"] });
    assert.deepEqual(told(bench), []);
    for (let left = 20; left > 0; left--) await draw(bench, 1);
    await draw(bench, 1);
    assert.deepEqual(told(bench), ["low-stock 50%", "low-stock 3", "out-of-codes 0"]);
    const [first, second, third] = bench.alerts as [Alert, Alert, Alert];
    assert.deepEqual(
      [first.pool, first.name, first.remaining, first.added, first.at],
      ["a", "Spring sale", 10, 20, NOON],
    );
    assert.deepEqual([second.remaining, third.remaining, first.expiresAt], [3, 0, null]);
    assert.equal(new Set(bench.alerts.map(({ id }) => id)).size, 3);
  });

  it("of several rungs crossed at once are one: the lowest", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 20), { lowStock: [3, 5, "50%"] });
    await draw(bench, 18);
    assert.deepEqual(told(bench), ["low-stock 3"]);
    await draw(bench, 2);
    assert.deepEqual(told(bench), ["low-stock 3", "out-of-codes 0"]);
  });

  it("are told again, under a new id, when the stock rose above the rung in between", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 6), { lowStock: [5] });
    await draw(bench, 1);
    await draw(bench, 1);
    await bench.pools.upload("a", codes("B", 6).join("\n"));
    await draw(bench, 6);
    assert.deepEqual(told(bench), ["low-stock 5", "low-stock 5"]);
    assert.notEqual(bench.alerts[0]?.id, bench.alerts[1]?.id);
  });

  it("never give an id a second time, though the rung was removed and set again", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 6), { lowStock: [5] });
    await draw(bench, 1);
    await bench.pools.edit("a", { lowStock: [] });
    await bench.pools.upload("a", codes("B", 6).join("\n"));
    await bench.pools.edit("a", { lowStock: [5] });
    await draw(bench, 6);
    assert.deepEqual(told(bench), ["low-stock 5", "low-stock 5"]);
    assert.notEqual(bench.alerts[0]?.id, bench.alerts[1]?.id);
  });

  it("are told once, however many instances see the crossing", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 40), { lowStock: [20] });
    const others = [bench.another(), bench.another(), bench.another(), bench.another()];
    await Promise.all(others.flatMap((pools) => [draw(bench, 5, pools), draw(bench, 4, pools)]));
    await bench.pools.maintain();
    assert.deepEqual(told(bench), ["low-stock 20"]);
  });

  it("whose notifier throws fail no draw, and are told again after the lease with the same id", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 6), { lowStock: [5] });
    const heard: string[] = [];
    let works = false;
    const pools = bench.over(bench.store, {
      onAlert: ({ id }) => {
        heard.push(id);
        if (!works) throw new Error("the mail server is down");
      },
    });
    assert.equal((await draw(bench, 1, pools))[0]?.status, "drawn");
    await draw(bench, 1, pools);
    assert.equal(heard.length, 1, "whoever wrote the crossing is at it");
    bench.now += 60_000;
    await draw(bench, 1, pools);
    assert.equal(heard.length, 2);
    works = true;
    bench.now += 60_000;
    await pools.maintain();
    bench.now += 60_000;
    await pools.maintain();
    await draw(bench, 1, pools);
    assert.deepEqual([heard.length, new Set(heard).size], [3, 1]);
  });

  it("wait for somebody who hears them where an instance has no onAlert", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 6), { lowStock: [5] });
    const deaf = bench.over(bench.store, { onAlert: undefined as never });
    await draw(bench, 1, deaf);
    bench.now += 5 * 60_000;
    await bench.pools.maintain();
    assert.deepEqual(told(bench), ["low-stock 5"]);
  });

  it("lost by a store that failed on the alert state fail no draw and are told later", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 6), { lowStock: [5] });
    for (const method of ["saveAlerts", "usage"] as const) {
      const { store } = watched(bench.store, (call) => {
        if (call.method === method) throw new Error("no connection");
        return call.go();
      });
      assert.equal((await draw(bench, 1, bench.over(store)))[0]?.status, "drawn");
    }
    bench.now += 60_000;
    await bench.pools.maintain();
    assert.deepEqual(told(bench), ["low-stock 5"]);
  });

  it("fail no draw although their stored state cannot be read", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 6), { lowStock: [5] });
    const { store } = watched(bench.store, async (call) => {
      const answer = (await call.go()) as object;
      return call.method === "claim"
        ? { ...answer, alerts: { revision: 1, state: { from: "a later version" } } }
        : answer;
    });
    assert.equal((await draw(bench, 1, bench.over(store)))[0]?.status, "drawn");
  });

  it("tell of stock that expires within a week, once, from maintain", async () => {
    const bench = open();
    await bench.pool("a", []);
    const soon = NOON + 20 * DAY;
    await bench.pools.upload(
      "a",
      `code,expires\nA-1,${new Date(soon).toISOString()}\nA-2,${new Date(soon).toISOString()}\nA-3,\n`,
    );
    await bench.pools.maintain();
    assert.deepEqual(told(bench), []);
    bench.now = soon - 6 * DAY;
    await bench.pools.maintain();
    await bench.pools.maintain();
    assert.deepEqual(told(bench), [`expiring-soon ${soon}`]);
    const [alert] = bench.alerts;
    assert.deepEqual([alert?.remaining, alert?.expiresAt, alert?.added], [2, soon, 3]);
    bench.now = soon + DAY;
    await bench.pools.maintain();
    assert.equal(bench.alerts.length, 1);
  });

  it("tell of codes that ran out by expiring, though nobody drew", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 3), { expiresAt: NOON + DAY });
    bench.now += DAY;
    assert.deepEqual(await bench.pools.maintain(), { pools: 1, unfinished: 0, generated: 0, failed: [] });
    assert.deepEqual(
      told(bench).filter((alert) => alert.startsWith("out")),
      ["out-of-codes 0"],
    );
  });

  it("are silent about a pool that was never filled", async () => {
    const bench = open();
    await bench.pool("a", [], { lowStock: [5, "10%"] });
    await bench.pools.edit("a", { name: "New name" });
    await bench.pools.maintain();
    assert.deepEqual(told(bench), []);
  });

  it("say how long the stock will last at the present rate", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 40), { lowStock: [20] });
    for (let hour = 0; hour < 10; hour++) {
      await draw(bench, 2);
      bench.now += HOUR;
    }
    const { runsOutAt } = bench.alerts[0] as Alert;
    assert.ok(runsOutAt !== null);
    const hours = (runsOutAt - (bench.alerts[0] as Alert).at) / HOUR;
    assert.ok(hours > 7 && hours < 13, `${hours} h for 20 codes at 2 an hour`);
    const row = await bench.pools.get("a");
    assert.ok(Math.abs(((row.runsOutAt ?? 0) - bench.now) / HOUR - 10) < 3);
    assert.deepEqual(
      row.usage.map(({ draws }) => draws),
      Array(10).fill(2),
    );
  });
});
