import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { createClient } from "redis";
import type { Store } from "../../../pkg/src/store.js";
import { poolKeys } from "../../../pkg/src/stores/redis/keys.js";
import { redis } from "../../../pkg/src/stores/redis.js";
import { blockOf, DAY, itemOf, NOON, Stand, series } from "../../../pkg/src/testing/stand.js";
import { command, type PrivateServer, startPrivateRedis } from "../../servers/redis.js";

let server: PrivateServer;
const closing: (() => Promise<unknown> | unknown)[] = [];
before(async () => {
  server = await startPrivateRedis();
});
after(async () => {
  for (const close of closing) await close();
  await server.stop();
});

async function connectNodeRedis(url = server.url) {
  const client = createClient({ url, socket: { reconnectStrategy: 20 } });
  // Without a listener, node-redis ends the process when the server is gone.
  client.on("error", () => {});
  closing.push(() => client.destroy());
  return client.connect();
}

function connectIoRedis(url = server.url) {
  const client = new Redis(url, {
    retryStrategy: () => 20,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
  });
  client.on("error", () => {});
  closing.push(() => client.disconnect());
  return client;
}

/** Repeats a call until it is answered: what a caller does whose connection breaks. */
async function insist<Answer>(call: () => Promise<Answer>): Promise<{ answer: Answer; failures: number }> {
  for (let failures = 0; ; failures += 1) {
    try {
      return { answer: await call(), failures };
    } catch (error) {
      if (failures > 2_000) throw error;
      await sleep(5);
    }
  }
}

/** Draws through several stores at once until told to stop; what each use was told, and how many calls failed. */
function drawing(stands: readonly Stand[], size: number) {
  const told = new Map<string, string>();
  let isOver = false;
  let failures = 0;
  const work = Promise.all(
    stands.map(async (stand, caller) => {
      for (let n = 0; !isOver; n += 1) {
        const uses = series(`u-${caller}-${n}-`, size);
        const { answer, failures: failed } = await insist(() => stand.claim(uses.map((use) => itemOf(use))));
        failures += failed;
        for (const [i, { code }] of answer.outcomes.entries()) if (code !== null) told.set(uses[i] as string, code);
      }
    }),
  );
  return {
    told,
    end: async () => {
      isOver = true;
      await work;
      return failures;
    },
  };
}

/** Promises 1, 2 and 3, after a storm. */
async function check(stand: Stand, told: ReadonlyMap<string, string>): Promise<void> {
  assert.ok(told.size > 0);
  assert.equal(new Set(told.values()).size, told.size, "A code went to two uses.");
  const uses = [...told.keys()];
  for (let at = 0; at < uses.length; at += 500) {
    const some = uses.slice(at, at + 500);
    const { outcomes } = await stand.claim(some.map((use) => itemOf(use)));
    for (const [i, outcome] of outcomes.entries()) {
      assert.equal(outcome.code, told.get(some[i] as string), "A retry is another draw.");
    }
  }
  assert.equal((await stand.audit()).assigned, told.size);
}

describe("redis", () => {
  it("loads its scripts again when the server has forgotten them in the middle of a send", async () => {
    const stands: Stand[] = [];
    for (const [library, store] of [
      ["node-redis", await redis(await connectNodeRedis())],
      ["ioredis", await redis(connectIoRedis())],
    ] as const) {
      const stand = await new Stand(store, `flush-${library}`).create();
      await stand.upload("b1", series("c", 1_000));
      stands.push(stand);
    }
    for (const stand of stands) {
      const draws = drawing([stand, stand, stand], 2);
      for (let flush = 0; flush < 20; flush += 1) {
        await command(server.port, "SCRIPT", "FLUSH");
        await sleep(3);
      }
      assert.equal(await draws.end(), 0, "Nobody noticed.");
      await check(stand, draws.told);
    }
  });

  for (const [library, connect] of [
    ["node-redis", async () => redis(await connectNodeRedis())],
    ["ioredis", async () => redis(connectIoRedis())],
  ] as const) {
    it(`nobody shares a code when connections are killed in the middle of claims (${library})`, async () => {
      const stores = await Promise.all([connect(), connect(), connect()]);
      const stand = await new Stand(stores[0] as Store, `killed-${library}`).create();
      for (const batch of series("b", 5)) await stand.upload(batch, series(`${batch}-`, 1_000));
      const draws = drawing(
        stores.map((store) => stand.through(store)),
        5,
      );
      for (let kill = 0; kill < 20; kill += 1) {
        await sleep(15);
        await command(server.port, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      }
      assert.ok((await draws.end()) > 0, "No call was hit.");
      await check(stand, draws.told);
    });

    it(`nothing is lost when the server is killed and comes back, with appendfsync always (${library})`, async () => {
      const stores = await Promise.all([connect(), connect()]);
      assert.equal(stores[0]?.traits.durability, "power-loss");
      const stand = await new Stand(stores[0] as Store, `crashed-${library}`).create();
      for (const batch of series("b", 5)) await stand.upload(batch, series(`${batch}-`, 1_000));
      const draws = drawing(
        stores.map((store) => stand.through(store)),
        5,
      );
      for (let crash = 0; crash < 3; crash += 1) {
        await sleep(60);
        await server.kill();
        await server.restart();
      }
      await sleep(60);
      assert.ok((await draws.end()) > 0, "No call was hit.");
      await check(stand, draws.told);
    });
  }

  it("a script that Redis refuses for want of memory has changed nothing", async () => {
    const store = await redis(await connectNodeRedis());
    const stand = await new Stand(store, "full").create();
    await stand.upload("b1", series("c", 20));
    const { number } = await stand.drawn("u0");
    const look = async () => [await stand.stock(), await stand.draws(), await stand.codes(), await stand.audit()];
    const before = await look();
    await command(server.port, "CONFIG", "SET", "maxmemory", "1");
    const calls = [
      stand.claim(series("v", 3).map((use) => itemOf(use))),
      stand.release("u0", number),
      stand.undo("b1"),
      store.voidCodes({ ...stand.name, keys: ["c5"] }),
      store.markRedeemed({ ...stand.name, keys: ["c0"], now: NOON }),
      store.forget({ ...stand.name, contact: "u0@example.com" }),
      stand.begin("b2"),
    ];
    for (const call of await Promise.allSettled(calls)) assert.equal(call.status, "rejected");
    await command(server.port, "CONFIG", "SET", "maxmemory", "0");
    assert.deepEqual(await look(), before);
  });
});

describe("redis, its layout", () => {
  it("numbers and instants stay exact up to 2^53", async () => {
    const client = await connectNodeRedis();
    const stand = await new Stand(await redis(client), "large").create();
    const late = 8_639_999_999_999_999;
    await stand.upload("b1", ["A", "B", "C"], late);
    const far = 2 ** 53 - 10;
    const key = poolKeys("coupon-pools", "large", stand.pool)[0] as string;
    await client.hSet(key, { draws: String(far), uses: String(far) });
    stand.now = late - 1;
    const drawn = await stand.drawn("u1");
    assert.deepEqual([drawn.code, drawn.number, drawn.expiresAt], ["A", far + 1, late]);
    assert.equal((await stand.drawn("u2")).number, far + 2);
    const [row] = await stand.find({ contact: "u2@example.com" });
    assert.deepEqual([row?.number, row?.drawnAt, row?.expiresAt], [far + 2, late - 1, late]);
    assert.deepEqual(await stand.release("u1", far + 1), { released: true, freed: true });
    assert.deepEqual(await stand.stock().then(({ expiries }) => expiries[0]?.expiresAt), late);
    stand.now = late;
    assert.equal(await stand.draw("u3"), null);
    assert.equal(await stand.draw("u2"), "B");
  });

  it("tells codes with one fingerprint apart by their text", async () => {
    // Found by search: SHA-1 of each pair begins with the same 32 bits.
    const pairs = [
      ["CODE-15910", "CODE-19038"],
      ["CODE-140808", "CODE-182271"],
      ["CODE-100769", "CODE-206327"],
    ] as const;
    const stand = await new Stand(await redis(await connectNodeRedis()), "colliding").create();
    const [first, second] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
    assert.deepEqual(await stand.upload("b1", first), []);
    assert.deepEqual(await stand.upload("b2", [...second, ...first]), first);
    for (const code of [...first, ...second]) {
      assert.deepEqual(
        (await stand.find({ key: code })).map((row) => row.code),
        [code],
      );
    }
    await stand.undo("b1");
    await stand.sweep();
    assert.deepEqual(await stand.upload("b3", [...first, ...second]), second);
    await stand.audit();
  });

  it("a contact and a message with thousands of uses are found in pages, and forgotten in steps", async () => {
    const client = await connectNodeRedis();
    const store = await redis(client);
    const stand = await new Stand(store, "busy", { reuse: "per-message" }).create();
    for (const batch of series("b", 5)) await stand.upload(batch, series(`${batch}-`, 1_000));
    // Two messages in turns, so that each one's uses are never neighbours.
    for (let round = 0; round < 5; round += 1) {
      await stand.claim(
        series(`u${round}-`, 1_000).map((use, i) =>
          itemOf(use, { contact: i % 3 ? "busy" : use, message: `m${i % 2}` }),
        ),
      );
    }
    const codes = (rows: { code: string }[]) => rows.map(({ code }) => code);
    const expected = series("", 5_000).map((n) => `b${Math.floor(Number(n) / 1_000)}-${Number(n) % 1_000}`);
    const everyRow = async (by: { contact: string } | { message: string }) => {
      const rows = [];
      for (let cursor: string | null = null; ; ) {
        const page: Awaited<ReturnType<Store["find"]>> = await store.find({ ...stand.name, by, cursor, limit: 300 });
        rows.push(...page.rows);
        cursor = page.next;
        if (cursor === null) return codes(rows);
      }
    };
    assert.deepEqual(
      await everyRow({ contact: "busy" }),
      expected.filter((_, i) => (i % 1_000) % 3),
    );
    assert.deepEqual(
      await everyRow({ message: "m1" }),
      expected.filter((_, i) => i % 2),
    );
    const lists = await client.hVals("coupon-pools:{busy:spring-sale}:postings");
    assert.ok(Math.max(...lists.map((list) => list.length)) < 500, "A draw writes a list of bounded length.");
    const { forgotten } = await store.forget({ ...stand.name, contact: "busy" });
    assert.equal(forgotten, expected.filter((_, i) => (i % 1_000) % 3).length);
    assert.deepEqual(await everyRow({ contact: "busy" }), []);
    assert.deepEqual(
      await everyRow({ message: "m1" }),
      expected.filter((_, i) => i % 2 && (i % 1_000) % 3 === 0),
    );
    assert.equal((await stand.claim([itemOf("u0-1", { contact: "busy" })])).outcomes[0]?.code, "b0-1");
    assert.deepEqual(await everyRow({ contact: "busy" }), []);
    // A use each in one long row of neighbours.
    await stand.upload("b5", series("x", 1_000));
    await stand.upload("b6", series("y", 1_000));
    await stand.upload("b7", series("z", 1_000));
    for (const round of series("v", 3)) {
      await stand.claim(series(`${round}-`, 1_000).map((use) => itemOf(use, { contact: "neighbour" })));
    }
    assert.equal((await everyRow({ contact: "neighbour" })).length, 3_000);
    assert.deepEqual(await store.forget({ ...stand.name, contact: "neighbour" }), { forgotten: 3_000 });
    assert.deepEqual(await everyRow({ contact: "neighbour" }), []);
    await stand.audit();
  });

  it("a draw that thousands of uses share is listed in pages, and freed with the last", async () => {
    const client = await connectNodeRedis();
    const store = await redis(client);
    const stand = await new Stand(store, "shared", { reuse: "per-contact" }).create();
    await stand.upload("b1", ["A", "B"]);
    const uses = series("u", 1_500);
    for (const [i, use] of uses.entries()) if (i % 500 === 0) await stand.draw(use, { holder: "ann" });
    for (let at = 0; at < uses.length; at += 500) {
      await stand.claim(uses.slice(at, at + 500).map((use) => itemOf(use, { holder: "ann" })));
      await stand.draw(`bob-${at}`, { holder: "bob" });
    }
    assert.equal((await stand.draws(100)).length, 1_503);
    assert.equal((await stand.find({ key: "A" })).length, 1_500);
    const outcomes = await store.release({
      ...stand.name,
      items: uses.slice(0, 1_000).map((use) => ({ use, number: 1, answers: null })),
      now: NOON,
    });
    assert.ok(outcomes.every((outcome) => outcome.released && !outcome.freed));
    assert.equal((await stand.find({ key: "A" })).length, 500);
    const last = uses.slice(1_000).map((use) => ({ use, number: 1, answers: null }));
    const ends = await store.release({ ...stand.name, items: last, now: NOON });
    assert.deepEqual(ends.at(-1), { released: true, freed: true });
    const lists = await client.hKeys(`coupon-pools:{shared:spring-sale}:postings`);
    assert.deepEqual(
      lists.filter((field) => field.startsWith("d")),
      ["d2"],
      "The other draw's list of uses is all that is left.",
    );
    assert.equal(await stand.draw("again", { holder: "carl" }), "A");
    await stand.audit();
  });

  it("leaves no key and no text behind of batches that were undone or dropped", async () => {
    const client = await connectNodeRedis();
    const store = await redis(client);
    const stand = await new Stand(store, "swept").create();
    const keyOf = (name: string) => `coupon-pools:{swept:spring-sale}:${name}`;
    for (const round of [1, 2, 3]) {
      await stand.upload(`b${round}`, series("c", 900), NOON + DAY * round);
      await stand.begin(`d${round}`);
      await stand.add(`d${round}`, 0, blockOf([...series("d", 500), ...series("c", 10)]));
      await store.dropBatch({ ...stand.name, batch: `d${round}` });
      const drawn = await stand.drawn(`u${round}`);
      await stand.undo(`b${round}`);
      await stand.sweep();
      assert.deepEqual(await stand.release(`u${round}`, drawn.number), { released: true, freed: true });
      for (const name of [
        "codes",
        "open",
        "returned",
        "voids",
        "places",
        "uses",
        "rows",
        "draws",
        "postings",
        "chores",
      ]) {
        assert.equal(await client.exists(keyOf(name)), 0, name);
      }
    }
    assert.equal(await client.hGet(keyOf("pool"), "entries"), "0");
  });
});
