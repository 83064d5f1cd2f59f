import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Redis } from "ioredis";
import { createClient, createClientPool } from "redis";
import { type RedisOptions, redis } from "../../../pkg/src/stores/redis.js";
import { Stand } from "../../../pkg/src/testing/stand.js";
import { command, type PrivateServer, startPrivateRedis } from "../../servers/redis.js";

let server: PrivateServer;
before(async () => {
  server = await startPrivateRedis();
});
after(() => server.stop());

/** What stores say they are worth, over each library, when the server is set like this. */
async function traits(settings: Record<string, string>, options?: RedisOptions, login: object = {}) {
  for (const [name, value] of Object.entries(settings)) await command(server.port, "CONFIG", "SET", name, value);
  const nodeRedis = createClient({ url: server.url, ...login });
  const ioRedis = new Redis(server.url, login);
  try {
    await nodeRedis.connect();
    const [first, second] = await Promise.all([redis(nodeRedis, options), redis(ioRedis, options)]);
    assert.deepEqual(first.traits, second.traits);
    return [first.traits.durability, first.traits.failover];
  } finally {
    nodeRedis.destroy();
    ioRedis.disconnect();
  }
}

describe("redis, what it is worth", () => {
  it("a power loss is survived where each write is flushed before it is answered, also during rewrites", async () => {
    assert.deepEqual(await traits({}), ["power-loss", "may-lose"]);
    assert.deepEqual(await traits({ "no-appendfsync-on-rewrite": "yes" }), ["process-crash", "may-lose"]);
    await command(server.port, "CONFIG", "SET", "no-appendfsync-on-rewrite", "no");
  });

  it("without a log nothing is, and under everysec what Redis holds back may be lost with its process", async () => {
    assert.deepEqual(await traits({ appendfsync: "no" }), ["process-crash", "may-lose"]);
    assert.deepEqual(await traits({ appendfsync: "everysec" }), ["none", "may-lose"]);
    assert.deepEqual(await traits({ appendonly: "no" }), ["none", "may-lose"]);
    await command(server.port, "CONFIG", "SET", "appendonly", "yes");
    await command(server.port, "CONFIG", "SET", "appendfsync", "always");
  });

  it("where CONFIG is forbidden the least is assumed, and an option says what is true", async () => {
    await command(server.port, "ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-config");
    const login = { username: "app", password: "secret" };
    assert.deepEqual(await traits({}, {}, login), ["none", "may-lose"]);
    const options = { durability: "power-loss", failover: "kept" } as const;
    assert.deepEqual(await traits({}, options, login), ["power-loss", "kept"]);
  });

  it("refuses a server that drops keys when its memory is full", async () => {
    const settings = { maxmemory: "1gb", "maxmemory-policy": "allkeys-lru" };
    await assert.rejects(traits(settings), /maxmemory-policy allkeys-lru.*codes would be lost/);
    assert.deepEqual(await traits({ "maxmemory-policy": "volatile-lru" }), ["power-loss", "may-lose"]);
    assert.deepEqual(await traits({ maxmemory: "0", "maxmemory-policy": "allkeys-lru" }), ["power-loss", "may-lose"]);
    await command(server.port, "CONFIG", "SET", "maxmemory-policy", "noeviction");
  });

  it("refuses a user who may not run what scripts run, before any script stops in its middle", async () => {
    await command(server.port, "ACL", "SETUSER", "weak", "on", ">secret", "~*", "+@all", "-zrem");
    const login = { username: "weak", password: "secret" };
    await assert.rejects(traits({}, {}, login), /may not run a command that coupon-pools needs.*ZREM/);
    await traits({});
    assert.match(
      await command(server.port, "KEYS", "*probe*"),
      /^\*0/,
      "A trial that went well leaves nothing behind.",
    );
  });

  it("a server that cannot be reached is that error, and no store", async () => {
    const client = createClient({ url: server.url });
    await assert.rejects(redis(client), /closed/i);
  });

  it("works over a client that speaks RESP3", async () => {
    const client = await createClient({ url: server.url, RESP: 3 }).connect();
    const store = await redis(client, { prefix: "resp3" });
    assert.equal(store.traits.durability, "power-loss");
    const stand = await new Stand(store, "default").create();
    await stand.upload("b1", ["A", "B"]);
    assert.equal(await stand.draw("u1"), "A");
    await stand.audit();
    await client.close();
  });

  it("works over a pool of node-redis clients, and keeps stores with other prefixes apart", async () => {
    const clients = createClientPool({ url: server.url }, { minimum: 1, maximum: 3 });
    await clients.connect();
    const one = await new Stand(await redis(clients, { prefix: "one" }), "default").create();
    const two = new Stand(await redis(clients, { prefix: "two" }), "default");
    assert.deepEqual(await two.store.load({ tenant: "default", pools: [two.pool] }), [null]);
    await one.upload("b1", ["A"]);
    await two.create();
    await two.upload("b1", ["A"]);
    assert.deepEqual([await one.draw("u1"), await two.draw("u1")], ["A", "A"]);
    await clients.close();
  });
});
