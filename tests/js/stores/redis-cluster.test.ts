import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Cluster } from "ioredis";
import { createCluster } from "redis";
import type { Store } from "../../../pkg/src/store.js";
import { poolKeys } from "../../../pkg/src/stores/redis/keys.js";
import { type RedisOptions, redis } from "../../../pkg/src/stores/redis.js";
import { runStoreContract } from "../../../pkg/src/testing/index.js";
import { itemOf, Stand, series } from "../../../pkg/src/testing/stand.js";
import { command, type PrivateServer, startRedisCluster } from "../../servers/redis.js";

let nodes: PrivateServer[] = [];
before(async () => {
  nodes = await startRedisCluster();
});
after(async () => {
  for (const close of closing) await close();
  await Promise.all(nodes.map((node) => node.stop()));
});

const nodeRedis = () => createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) });
const ioRedis = () => new Cluster(nodes.map(({ port }) => ({ host: "127.0.0.1", port })));

/** Clients of tests that may fail before they close them. */
const closing: (() => unknown)[] = [];
async function nodeRedisStore(options?: RedisOptions): Promise<Store> {
  const client = await nodeRedis().connect();
  closing.push(() => client.destroy());
  return redis(client, options);
}
async function ioRedisStore(): Promise<Store> {
  const client = ioRedis();
  closing.push(() => client.disconnect());
  return redis(client);
}

runStoreContract({
  name: "redis cluster, node-redis",
  test: { describe, it },
  open: async () => {
    const clients = [nodeRedis(), nodeRedis()] as const;
    await Promise.all(clients.map((client) => client.connect()));
    return {
      store: await redis(clients[0]),
      connect: () => redis(clients[1]),
      close: async () => {
        for (const client of clients) await client.close();
      },
    };
  },
});

runStoreContract({
  name: "redis cluster, ioredis",
  test: { describe, it },
  open: async () => {
    const clients = [ioRedis(), ioRedis()] as const;
    return {
      store: await redis(clients[0]),
      connect: () => redis(clients[1]),
      close: async () => {
        for (const client of clients) await client.quit();
      },
    };
  },
});

describe("redis cluster", () => {
  it("keeps a pool in one slot, whatever its tenant is called, and spreads pools over the nodes", async () => {
    const store = await nodeRedisStore({ prefix: "spread" });
    for (const tenant of ["{a}", "}", "{}", "a}b{c", "ü 🎁", "a:b"]) {
      const stand = await new Stand(store, tenant).create();
      await stand.upload("b1", series("c", 10));
      assert.equal(await stand.draw("u1"), "c0");
      const slots = await Promise.all(poolKeys("spread", tenant, stand.pool).map(slotOf));
      assert.equal(new Set(slots).size, 1);
    }
    for (const handle of series("pool-", 30)) await new Stand(store, "default", {}, handle).create();
    const counts = await Promise.all(
      nodes.map(
        async ({ port }) => (await command(port, "KEYS", "spread:{default:*}:pool")).split("spread:").length - 1,
      ),
    );
    assert.equal(counts[0]! + counts[1]! + counts[2]!, 30);
    assert.ok(counts.every((count) => count > 0));
    const listed = await store.list({ tenant: "default", archived: false, cursor: null, limit: 50, usageFrom: 0 });
    assert.deepEqual(
      listed.rows.map(({ document }) => document.handle),
      series("pool-", 30).sort(),
    );
  });

  for (const [library, connect] of [
    ["node-redis", nodeRedisStore],
    ["ioredis", ioRedisStore],
  ] as const) {
    it(`nobody shares a code while the pool's slot moves to another node, key by key (${library})`, async () => {
      const stand = await new Stand(await connect(), library).create();
      await stand.upload("b1", series("c", 800));
      const drawn = new Map<string, string | null>();
      let isMoving = true;
      const draw = async (caller: number) => {
        for (let n = 0; isMoving || n < 3; n += 1) {
          const items = series(`u-${caller}-${n}-`, 3).map((use) => itemOf(use));
          const { outcomes } = await insist(() => stand.claim(items));
          for (const [i, { code }] of outcomes.entries()) drawn.set((items[i] as (typeof items)[number]).use, code);
          if (drawn.size > 600) await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      const drawing = Promise.all([0, 1, 2].map(draw));
      await move(poolKeys("coupon-pools", library, stand.pool)[0] as string);
      isMoving = false;
      await drawing;
      const codes = [...drawn.values()].filter((code) => code !== null);
      assert.equal(new Set(codes).size, codes.length);
      assert.equal((await stand.audit()).assigned, codes.length);
    });
  }
});

/** Repeats a call that was refused for longer than the store waits: on a busy machine a slot may take its time. */
async function insist<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!/TRYAGAIN|CLUSTERDOWN/.test(String(error))) throw error;
    }
  }
}

const slotOf = async (key: string) =>
  Number((await command(nodes[0]?.port as number, "CLUSTER", "KEYSLOT", key)).replace(":", ""));

/** Moves the slot of `key` to the next node, as resharding does. */
async function move(key: string): Promise<void> {
  const slot = String(await slotOf(key));
  const owns = await Promise.all(
    nodes.map(
      async ({ port }) => Number((await command(port, "CLUSTER", "COUNTKEYSINSLOT", slot)).replace(":", "")) > 0,
    ),
  );
  const from = nodes[owns.indexOf(true)] as PrivateServer;
  const to = nodes[(owns.indexOf(true) + 1) % 3] as PrivateServer;
  const id = async (node: PrivateServer) => (await command(node.port, "CLUSTER", "MYID")).split("\r\n")[1] as string;
  await command(to.port, "CLUSTER", "SETSLOT", slot, "IMPORTING", await id(from));
  await command(from.port, "CLUSTER", "SETSLOT", slot, "MIGRATING", await id(to));
  for (;;) {
    const names = (await command(from.port, "CLUSTER", "GETKEYSINSLOT", slot, "1")).split("\r\n");
    if (names[0] === "*0") break;
    await command(from.port, "MIGRATE", "127.0.0.1", String(to.port), names[2] as string, "0", "5000");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const { port } of nodes) await command(port, "CLUSTER", "SETSLOT", slot, "NODE", await id(to));
}
